"""Operators recompute, attest and claim by `feesvc node attest` and `feesvc node claim`; signatures and sums are checked here."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc.canonical import Reader, sha, tagged, text
from feesvc.http import Service
from feesvc.messages import hexadecimal
from feesvc.process import ServiceProcess, binary
from feesvc.statements import STAKE_DEPOSIT, address
from feesvc.tampering import Change, Tampering
from test_rewards import ATTESTATION, HOUR, REGISTER_NODE, grant, next_epoch, settle

STAKE = 10**9
NODES = 4  # Three of four are more than two thirds, two are not.
GRANT = 1_000_003
ZERO = "0x" + "00" * 32


@dataclass
class Operator:
    """An operator with its key file, whose claims go to an account of its own."""

    number: int
    key: LocalAccount
    node_key: LocalAccount
    payout: str
    file: str


@dataclass
class Network:
    """A service whose clock its acts move, with registered nodes that do not run."""

    process: ServiceProcess
    service: Service
    operators: list[Operator]

    @property
    def url(self) -> str:
        return f"http://{self.process.address}"

    def key_file(self, name: str, key: LocalAccount) -> str:
        path = self.process.folder / name
        path.touch(mode=0o600)
        path.write_text("0x" + bytes(key.key).hex() + "\n")
        return str(path)

    def register(self, number: int) -> Operator:
        key, node, payout = Account.create(), Account.create(), Account.create().address.lower()
        settle(self.service, "stakes", STAKE_DEPOSIT, address(key.address), STAKE, secrets.token_bytes(32))
        peer, http = f"127.0.0.1:{number}", f"127.0.0.1:{1_000 + number}"
        endpoints = sha(tagged("feesvc/endpoints/1", text(peer), text(http)))
        values = [address(key.address), address(node.address), address(payout), STAKE, endpoints]
        body = {"operator": key.address.lower(), "nodeKey": node.address.lower(), "payout": payout, "stake": str(STAKE)}
        body |= {"peer": peer, "http": http}
        body["operatorSignature"] = hexadecimal(self.service.domain.sign(key, REGISTER_NODE, *values))
        body["nodeSignature"] = hexadecimal(self.service.domain.sign(node, REGISTER_NODE, *values))
        answer = self.service.connection.post("/v1/nodes", body).ok()
        operator = Operator(answer["number"], key, node, payout, self.key_file(f"operator-{number}.key", key))
        self.operators.append(operator)
        return operator

    def sealed(self, *silent: Operator) -> int:
        """Gives to the open epoch's pool, ends it and seals it; returns its number.

        Before, all but some operators sign what waits for them: who says nothing in two epochs leaves the snapshot.
        """
        for operator in self.operators:
            assert operator in silent or self.attest(operator).returncode == 0
        grant(self.service, GRANT)
        return next_epoch(self.process, self.service) - 1

    def node(self, *words: str, at: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.process.command("node", words[0], "--service", at or self.url, *words[1:])

    def attest(self, operator: Operator, *words: str, at: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.node("attest", "--operator-key", operator.file, *words, at=at)

    def attested(self, operator: Operator, epoch: int) -> dict:
        done = self.attest(operator, "--epoch", str(epoch), "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def get(self, path: str) -> dict:
        return self.process.connect().connection.get(path).ok()

    def attesters(self, epoch: int) -> dict[str, str]:
        return {one["operator"]: one["signature"] for one in self.get(f"/v1/epochs/{epoch}/attestations")["attestations"]}


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with ServiceProcess("--manual-clock", "--epoch-length", str(HOUR), "--ruleset", "2") as process:
        service = process.connect()
        process.set_clock(service, max(service.time, service.genesis.start) + 1)
        network = Network(process, service, [])
        for number in range(1, NODES + 1):
            network.register(number)
        next_epoch(process, service)
        yield network
        assert scratch(network) == []


def scratch(network: Network) -> list[str]:
    """Folders of downloaded inputs."""
    return [path.name for path in network.process.folder.glob("feesvc-*-*-*")]


@dataclass
class Row:
    node: int
    payout: bytes
    reward: int
    cumulative: int
    reward_at: int  # Where its reward stands in the result.


@dataclass
class Result:
    """A sealed result of ruleset 2 (docs/protocol.md section 8)."""

    raw: bytes
    fields: list  # What an attestation says beside the epoch.
    dust_in: int
    rows: dict[int, Row]


def result_of(network: Network, epoch: int) -> Result:
    raw = address(network.get(f"/v1/epochs/{epoch}")["result"])
    reader = Reader(raw, "feesvc/result/2")
    place = 4 + len("feesvc/result/2")

    def take(size: int) -> bytes:
        nonlocal place
        place += size
        return reader.take(size)

    def number(size: int) -> int:
        return int.from_bytes(take(size), "big")

    ruleset, _, _, _, inputs = number(4), number(8), number(8), number(8), take(32)
    take(3 * 16)
    dust_in = number(16)
    take(5 * 16)
    rewards, _, _, root = number(16), number(16), number(1), take(32)
    rows = {}
    for _ in range(number(4)):
        node, payout = number(4), take(20)
        take(3 * 4 + 3 * 16)
        reward_at = place
        rows[node] = Row(node, payout, number(16), number(16), reward_at)
    reader.end()
    return Result(raw, [sha(raw), root, rewards, inputs, ruleset], dust_in, rows)


def test_an_operator_attests_what_it_recomputed_and_claims_it_once(network: Network):
    epoch = network.sealed()
    one, two, three, four = network.operators
    early = network.node("claim", "--operator-key", one.file, "--epoch", str(epoch))
    assert (early.returncode, early.stdout) == (1, "")
    for word in ("not attested", "more than two thirds are needed", "nodes 1, 2, 3, 4", "feesvc node attest"):
        assert word in early.stderr

    done = network.attest(one)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert line.startswith(f"epoch {epoch}: pool {GRANT} = ") and "; signed. " in line
    assert "not yet those of nodes 2, 3, 4" in line
    result = result_of(network, epoch)
    [(signer, signature)] = network.attesters(epoch).items()
    assert signer == one.key.address.lower()
    assert network.service.domain.signer(address(signature), ATTESTATION, epoch, *result.fields) == address(signer)
    assert (network.process.folder / "operator-1.key.attested").read_text() == f"{epoch} {hexadecimal(sha(result.raw))}\n"

    head = network.service.head()
    again = network.attest(one, "--epoch", str(epoch))
    assert again.returncode == 0 and "signed before, sent again: that changes nothing" in again.stdout
    assert network.service.head().size == head.size
    nothing = network.attest(one)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "No sealed epoch waits" in nothing.stderr

    second = network.attested(two, epoch)
    assert (second["attested"], second["signedBefore"], int(second["stakeSigned"])) == (False, False, 2 * STAKE)
    assert int(second["reward"]) == result.rows[two.number].reward > 0
    third = network.attested(three, epoch)
    assert third["attested"] and int(third["stake"]) == NODES * STAKE

    claim = ["claim", "--node", str(one.number), "--json"]
    paid = json.loads(network.node(*claim).stdout)
    row = result.rows[one.number]
    assert (paid["epoch"], int(paid["paid"]), int(paid["cumulative"])) == (epoch, row.reward, row.cumulative)
    assert paid["payout"] == one.payout == hexadecimal(row.payout)
    assert int(json.loads(network.node(*claim).stdout)["paid"]) == 0
    told = network.node("claim", "--operator-key", one.file)
    assert told.returncode == 0 and "all of it was claimed before" in told.stdout
    assert f"cumulative  {row.cumulative} units" in told.stdout
    [node] = [node for node in network.get("/v1/nodes")["nodes"] if node["number"] == one.number]
    assert int(node["claimed"]) == row.cumulative

    # Attested already, and the signature still counts for the operator's quality.
    assert network.attest(four).stdout.startswith(f"epoch {epoch}: ")


def test_what_is_not_over_or_not_there_is_said_with_when_to_come_back(network: Network):
    [one, *_] = network.operators
    epoch = network.service.head().epoch
    for words, said in [
        (["claim", "--operator-key", one.file, "--epoch", str(epoch)], f"Epoch {epoch} is open until "),
        (["attest", "--operator-key", one.file, "--epoch", str(epoch)], f"Epoch {epoch} is open until "),
        (["claim", "--operator-key", one.file, "--epoch", str(epoch + 1)], f"Epoch {epoch + 1} has not begun"),
        (["claim", "--operator-key", one.file, "--epoch", "1"], "not in the snapshot of epoch 1"),
        (["claim", "--node", "77"], "There is no node 77"),
    ]:
        done = network.node(*words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert said in done.stderr, done.stderr
    assert network.node("claim").returncode == 64


def test_a_key_that_is_not_the_nodes_operators_is_refused(network: Network):
    epoch = network.sealed()
    one, two, *_ = network.operators
    stranger = network.key_file("stranger.key", Account.create())
    own = network.key_file("node-1.key", one.node_key)
    shared = network.key_file("shared.key", one.key)
    os.chmod(shared, 0o644)
    for words, said in [
        (["--operator-key", stranger], "it runs no node there"),
        (["--operator-key", own], f"it is the key of node {one.number} itself"),
        (["--operator-key", one.file, "--node", str(two.number)], f"not of node {two.number}, whose operator is"),
        (["--operator-key", shared], "chmod 600"),
        (["--operator-key", one.file + ".missing"], "There is no file"),
    ]:
        done = network.node("attest", "--epoch", str(epoch), *words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert said in done.stderr, done.stderr
    assert network.attesters(epoch) == {}


def in_json(name: str, change: Callable) -> Change:
    def changed(body: bytes) -> bytes:
        content = json.loads(body)
        content[name] = change(content[name])
        return json.dumps(content).encode()

    return changed


def raised(raw: bytes, at: int) -> bytes:
    """Bytes in which the 16-byte number at a place is one more."""
    return raw[:at] + (int.from_bytes(raw[at : at + 16], "big") + 1).to_bytes(16, "big") + raw[at + 16 :]


def in_opening(cumulative: int) -> Change:
    """An opening in which the first node had earned so much more before."""

    def change(nodes: list[dict]) -> list[dict]:
        first = {**nodes[0], "cumulative": str(int(nodes[0]["cumulative"]) + cumulative)}
        return [first, *nodes[1:]]

    return in_json("nodes", change)


def refused(network: Network, epoch: int, path: str, change: Change, *words: str) -> str:
    """Attests and claims through a liar; nothing is signed, sent or noted. Returns what was said."""
    one = network.operators[0]
    record = network.process.folder / "tampered.attested"
    with Tampering(network.process.address, {path: change}) as liar:
        done = network.attest(one, "--epoch", str(epoch), "--record", str(record), *words, at=liar.url)
        claimed = network.node("claim", "--node", str(one.number), "--epoch", str(epoch), *words, at=liar.url)
        assert liar.posted == []
    for ended in (done, claimed):
        assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
        assert f"Epoch {epoch}:" in ended.stderr and "nothing was signed or claimed" in ended.stderr
    assert not record.exists() and network.attesters(epoch) == {}
    return done.stderr


def test_nothing_is_signed_where_a_figure_is_not_what_follows_from_the_inputs(network: Network):
    epoch = network.sealed()
    one, two, *_ = network.operators
    shown, inputs = f"/v1/epochs/{epoch}", f"/v1/epochs/{epoch}/inputs"
    result = result_of(network, epoch)
    with Tampering(network.process.address) as honest:
        assert network.node("claim", "--node", "1", "--epoch", str(epoch), at=honest.url).stderr.count("not attested") == 1

    row = result.rows[two.number]
    lie = hexadecimal(raised(result.raw, row.reward_at))
    said = refused(network, epoch, shown, in_json("result", lambda _: lie))
    assert f"node {two.number}: reward is {row.reward + 1} at the service, {row.reward} recomputed" in said

    # The inputs are the liar's: what follows from them is not what was sealed.
    first = result.rows[one.number]
    said = refused(network, epoch, inputs + "/opening.json", in_opening(5))
    assert f"node {one.number}: cumulative is {first.cumulative} at the service, {first.cumulative + 5} recomputed" in said
    assert "epoch: root is " in said
    dust = result.dust_in
    said = refused(network, epoch, inputs + "/opening.json", in_json("dustIn", lambda _: str(dust + 7)))
    assert f"epoch: dust in is {dust} at the service, {dust + 7} recomputed" in said

    # The sealed result as the log has it, and as the service shows it, are two.
    sealed = result.raw.hex().encode()
    said = refused(
        network, epoch, inputs + "/seal.csv", lambda body: body.replace(sealed, raised(result.raw, row.reward_at).hex().encode())
    )
    assert f"node {two.number}: reward is {row.reward + 1} at the service" in said

    # The log is signed: one digit of a leaf is found before anything is computed.
    def digit(body: bytes) -> bytes:
        place = body.index(b",0x") + 40
        return body[:place] + (b"1" if body[place : place + 1] != b"1" else b"2") + body[place + 1 :]

    assert "its public inputs are wrong" in refused(network, epoch, inputs + "/log.csv", digit)
    said = refused(network, epoch, inputs + "/opening.json", in_json("genesis", with_another_log_key))
    assert "opening.json: genesis is " in said

    # As it is, it agrees; and JSON names the figures as well.
    with Tampering(network.process.address, {shown: in_json("result", lambda _: lie)}) as liar:
        done = network.attest(one, "--epoch", str(epoch), "--json", at=liar.url)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    wanted = {"figure": "reward", "node": two.number, "own": str(row.reward), "service": str(row.reward + 1)}
    assert wanted in told["differences"]
    assert network.attested(one, epoch)["signedBefore"] is False


def with_another_log_key(hexed: str) -> str:
    """A genesis of the same domain with another log key."""
    raw = bytearray(address(hexed))
    raw[4 + len("feesvc/genesis/1") + 32 + 20] ^= 1
    return hexadecimal(bytes(raw))


def test_with_since_nothing_of_the_state_before_is_taken_on_the_services_word(network: Network):
    """What a liar changes in an opening need not change the result; where the epoch before ended, it shows."""
    epoch = network.sealed()
    one, two, *_ = network.operators
    opening = f"/v1/epochs/{epoch}/inputs/opening.json"
    lie = in_json("minuteCounts", lambda counts: [*counts[:-1], counts[-1] + 3])
    said = refused(network, epoch, opening, lie, "--since", "1")
    assert "its public inputs are wrong" in said and "opening.json: charge counts of minutes is " in said
    with Tampering(network.process.address, {opening: lie}) as liar:
        done = network.attest(one, "--epoch", str(epoch), at=liar.url)
    assert done.returncode == 0
    assert f"recomputed from the state before epoch {epoch} as the service has it" in done.stdout
    done = network.attest(two, "--epoch", str(epoch), "--since", "1")
    assert done.returncode == 0 and "agrees, recomputed from the beginning; signed." in done.stdout
    told = network.attest(two, "--epoch", str(epoch), "--since", str(epoch - 1), "--json")
    assert json.loads(told.stdout)["since"] == epoch - 1
    assert network.attest(two, "--since", "0").returncode == 64


def test_a_signal_ends_a_recomputation_and_nothing_is_left(network: Network):
    epoch = network.sealed()
    operator = network.operators[0]
    words = [binary(), "node", "attest", "--operator-key", operator.file, "--epoch", str(epoch), "--service"]
    slow = Tampering(network.process.address, {f"/v1/epochs/{epoch}/inputs/log.csv": slowly})
    with slow, subprocess.Popen([*words, slow.url], stdin=subprocess.DEVNULL, env=network.process.environment) as attest:
        eventually(lambda: scratch(network) != [])
        attest.terminate()
        assert attest.wait(30) == 130
    assert scratch(network) == [] and network.attesters(epoch) == {}


def slowly(body: bytes) -> bytes:
    time.sleep(3)
    return body


def test_a_second_result_of_an_epoch_is_never_signed(network: Network):
    epoch = network.sealed()
    [one, *_] = network.operators
    record = network.process.folder / "other.attested"
    record.touch(mode=0o600)
    record.write_text(f"{epoch} {ZERO}\n")
    done = network.attest(one, "--epoch", str(epoch), "--record", str(record))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{record}, line 1" in done.stderr and "another result was signed before" in done.stderr
    assert network.attesters(epoch) == {}
    record.write_text(f"{epoch - 1} {ZERO}\n")
    assert network.attest(one, "--epoch", str(epoch), "--record", str(record)).returncode == 0
    assert [line.split()[0] for line in record.read_text().splitlines()] == [str(epoch - 1), str(epoch)]


def eventually(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


def test_following_attests_each_epoch_and_outlives_the_services_absence(network: Network):
    process, operator = network.process, network.operators[1]
    network.sealed()
    network.attest(operator)
    said, complaints = process.folder / "follow.out", process.folder / "follow.err"
    words = [binary(), "node", "attest", "--operator-key", operator.file, "--follow", "--interval", "1", "--service"]
    with Tampering(process.address) as stable, said.open("w") as out, complaints.open("w") as err:
        follower = subprocess.Popen(
            [*words, stable.url], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=process.environment
        )
        try:
            first = network.sealed(operator)
            eventually(lambda: operator.key.address.lower() in network.attesters(first))
            second = network.sealed(operator)
            eventually(lambda: operator.key.address.lower() in network.attesters(second))
            eventually(lambda: said.read_text().count("\n") == 2)
            stable.away = True
            eventually(lambda: complaints.read_text().count("again in") >= 2)
            third = network.sealed(operator)
            stable.away = False
            eventually(lambda: operator.key.address.lower() in network.attesters(third))
            eventually(lambda: said.read_text().count("\n") == 3)
            follower.send_signal(signal.SIGTERM)
            assert follower.wait(30) == 0
        finally:
            follower.kill()
            follower.wait()
    lines = said.read_text().splitlines()
    assert [re.match(r"epoch (\d+): ", line)[1] for line in lines] == [str(first), str(second), str(third)]
    pauses = re.findall(r"again in (\d+) s", complaints.read_text())
    assert pauses[:2] == ["1", "2"]


def test_following_gives_up_where_nobody_answers(network: Network):
    words = ["--operator-key", network.operators[0].file, "--follow", "--patience", "2"]
    done = network.node("attest", *words, at="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Given up after 3 seconds" in done.stderr
