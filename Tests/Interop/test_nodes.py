"""Full nodes over HTTP: messages published, read, followed and proved, from docs/protocol.md and docs/openapi-node.yaml alone."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc import contract
from feesvc.canonical import Reader, blob, fixed, listed, sha, tagged
from feesvc.http import BINARY, Channel, Connection, Service
from feesvc.messages import Item, envelope_head, hexadecimal
from feesvc.process import ServiceProcess, binary
from feesvc.statements import STAKE_DEPOSIT, Domain, address
from test_rewards import settle

ACKNOWLEDGEMENT = "Acknowledgement(bytes32 acknowledgement)"
DELETION = "Deletion(bytes32 topic,bytes32 envelopeHash)"
POSSESSION = "Possession(bytes32 possession)"
STAKE = 10**9
SEQUENCES = count(1)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def until(holds: Callable[[], bool]) -> None:
    """Waits until something is so; a bound on a hang, not on speed."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


class NodeProcess:
    """`feesvc node run`, registered and staked for; `inside` as a ServiceProcess has it."""

    def __init__(
        self,
        own: ServiceProcess,
        service: Service,
        name: str,
        *,
        peer: str | None = None,
        http: str | None = None,
        inside: tuple[str, ...] = (),
    ):
        self.own, self.key, operator = own, Account.create(), Account.create()
        self.inside = inside
        self.folder = own.folder / name
        self.key_file = self.write(name + ".key", self.key)
        self.http = http or f"127.0.0.1:{free_port()}"
        peer = peer or f"127.0.0.1:{free_port()}"
        settle(service, "stakes", STAKE_DEPOSIT, address(operator.address), STAKE, secrets.token_bytes(32))
        words = ["--service", f"http://{own.address}", "--operator-key", self.write(name + ".operator", operator), "--node-key", self.key_file]
        words += ["--stake", str(STAKE), "--peer", peer, "--http", self.http]
        done = own.command("node", "register", *words)
        assert done.returncode == 0, done.stderr
        self.number = int(done.stdout.split()[1])
        self.process: subprocess.Popen | None = None

    def write(self, name: str, key: LocalAccount) -> str:
        path = self.own.folder / name
        path.touch(mode=0o600)
        path.write_text("0x" + bytes(key.key).hex() + "\n")
        return str(path)

    def start(self, *flags: str) -> Connection:
        """Starts it, and waits until it answers."""
        words = ["node", "run", "--data-dir", str(self.folder), "--service", f"http://{self.own.address}", "--key", self.key_file, *flags]
        with (self.own.folder / "nodes.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, binary(), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask().get("/v1/head").ok()
                return self.ask()
            except Exception:
                time.sleep(0.05)
        raise TimeoutError((self.own.folder / "nodes.log").read_text()[-2_000:])

    def ask(self) -> Connection:
        return Connection(self.http, document=contract.NODE)

    def end(self, ending: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(ending)
        return self.process.wait(60)


@dataclass
class Message:
    """A paid message: the parts that are published, and the charge."""

    topic: bytes
    head: bytes
    payload: bytes
    receipt: bytes
    charge: int

    @property
    def hash(self) -> bytes:
        return sha(self.head)

    @property
    def envelope(self) -> bytes:
        return blob(self.head) + blob(self.payload)


def buy(channel: Channel, topic: bytes, number: int, size: int = 200) -> list[Message]:
    """Messages of random bytes for 20 days, all paid by one voucher."""
    service, day = channel.service, channel.service.time // 86_400 + 20
    payloads = [secrets.token_bytes(size) for _ in range(number)]
    heads = [envelope_head(topic, day, secrets.token_bytes(32), payload) for payload in payloads]
    items = [Item(sha(head), size, day, 0, service.schedule.price(size, 20, 0)) for head in heads]
    sequence = next(SEQUENCES)
    [result] = service.pay(channel.voucher(*items, sequence=sequence, ceiling=sequence * 10**12))
    return [
        Message(topic, head, payload, paid.receipt.bytes(), paid.receipt.charge.number)
        for head, payload, paid in zip(heads, payloads, result, strict=True)
    ]


def publish(node: Connection, messages: list[Message]) -> list[dict]:
    body = listed(blob(m.head) + blob(m.payload) + blob(m.receipt) for m in messages)
    return node.ask("POST", "/v1/envelopes", body, BINARY).ok()["results"]


def owned(owner: LocalAccount, salt: bytes) -> bytes:
    """The topic that an owner made with a salt."""
    return sha(tagged("feesvc/topic/1", fixed(address(owner.address), 20), fixed(salt, 32)))


def deletion(domain: Domain, owner: LocalAccount, salt: bytes, message: Message, by: LocalAccount | None = None) -> dict:
    """The owner's order that a message be deleted, signed by another where one is named."""
    signature = domain.sign(by or owner, DELETION, message.topic, message.hash)
    body = tagged(
        "feesvc/deletion/1", blob(message.head), fixed(address(owner.address), 20), fixed(salt, 32), fixed(signature, 65)
    )
    return {"charge": message.charge, "deletion": hexadecimal(body)}


@contextmanager
def feed(node: NodeProcess, topic: bytes, last: str | None = None) -> Iterator[Iterator[tuple[str, dict]]]:
    """The events of a topic's feed (HTML standard, section 9.2), as (id, data)."""
    host, port = node.http.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        headers = f"Last-Event-ID: {last}\r\n" if last else ""
        connection.sendall(f"GET /v1/topics/{hexadecimal(topic)}/feed HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())
        reader = connection.makefile("rb")
        status = reader.readline().split()
        assert status[1] == b"200", status
        while reader.readline().strip():
            pass

        def chunks() -> Iterator[bytes]:
            while size := int(reader.readline(), 16):
                yield reader.read(size)
                reader.readline()

        def events() -> Iterator[tuple[str, dict]]:
            text = b""
            for chunk in chunks():
                text += chunk
                while b"\n\n" in text:
                    block, text = text.split(b"\n\n", 1)
                    fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)
                    if "data" in fields:
                        assert fields["event"] == "message"
                        yield fields["id"], json.loads(fields["data"])

        yield events()


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess() as process:
        yield process


@pytest.fixture(scope="module")
def nodes(own: ServiceProcess) -> Iterator[list[NodeProcess]]:
    service = own.connect()
    nodes = [NodeProcess(own, service, f"node-{number}") for number in (1, 2)]
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            if node.process and node.process.poll() is None:
                node.end()


@pytest.fixture
def channel(own: ServiceProcess) -> Channel:
    return own.connect().open(10**15)


def whole(node: Connection, topic: bytes, count: int, query: str = "") -> list[dict]:
    """A topic's messages in pages of two, once there are as many as expected."""
    end, path = time.monotonic() + 60, f"/v1/topics/{hexadecimal(topic)}/messages?limit=2{query}"
    while True:
        messages, page = [], node.get(path).ok()["messages"]
        while page:
            messages += page
            page = node.get(f"{path}&after={messages[-1]['cursor']}").ok()["messages"]
        if len(messages) == count or time.monotonic() > end:
            assert len(messages) == count
            return messages
        time.sleep(0.05)


def test_a_message_is_acknowledged_and_then_the_same_on_every_node(nodes: list[NodeProcess], channel: Channel):
    topic, domain = secrets.token_bytes(32), channel.service.domain
    messages = buy(channel, topic, 5)
    first, second = (node.ask() for node in nodes)
    for message, result in zip(messages, publish(first, messages), strict=True):
        body = address(result["acknowledgement"]["bytes"])
        signature = address(result["acknowledgement"]["signature"])
        assert domain.signer(signature, ACKNOWLEDGEMENT, sha(body)) == address(nodes[0].key.address)
        reader = Reader(body)
        assert reader.text() == "feesvc/acknowledgement/1"
        assert (reader.u32(), hexadecimal(reader.take(32))) == (nodes[0].number, result["event"])
        assert (reader.u64(), reader.take(32)) == (message.charge, message.hash)
    told = [whole(node, topic, 5) for node in (first, second)]
    assert told[0] == told[1]
    assert {m["charge"] for m in told[0]} == {m.charge for m in messages}
    bodies = {m["envelopeHash"]: m["envelope"] for m in whole(second, topic, 5, "&envelopes=true")}
    assert bodies == {hexadecimal(m.hash): hexadecimal(m.envelope) for m in messages}


def test_messages_are_found_by_the_time_of_their_charge(nodes: list[NodeProcess], channel: Channel):
    topic, node = secrets.token_bytes(32), nodes[0].ask()
    early = buy(channel, topic, 2)
    time.sleep(1.1)
    late = buy(channel, topic, 3)
    publish(node, late + early)
    times = {m["charge"]: m["time"] for m in whole(node, topic, 5)}
    edge = min(times[m.charge] for m in late)
    assert max(times[m.charge] for m in early) < edge
    for query, expected in ((f"&from={edge}", late), (f"&through={edge - 1}", early), (f"&from={edge + 3_600}", [])):
        assert {m["charge"] for m in whole(node, topic, len(expected), query)} == {m.charge for m in expected}


def test_a_feed_goes_on_after_a_lost_connection_without_loss_and_without_repeats(
    nodes: list[NodeProcess], channel: Channel
):
    topic, seen, last = secrets.token_bytes(32), [], "0"
    messages = buy(channel, topic, 12)
    for place in range(0, 12, 3):
        # Some come while nobody listens, others while somebody does; published at the other node as well as here.
        publish(nodes[place % 2].ask(), messages[place : place + 2])
        with feed(nodes[0], topic, last) as events:
            for last, data in events:
                seen.append(data)
                if len(seen) == place + 2:
                    publish(nodes[0].ask(), messages[place + 2 : place + 3])
                if len(seen) == place + 3:
                    break
    assert sorted(m["charge"] for m in seen) == sorted(m.charge for m in messages)
    assert {m["envelope"] for m in seen} == {hexadecimal(m.envelope) for m in messages}
    # Also after the node was killed and has started again.
    nodes[0].end(signal.SIGKILL)
    nodes[0].start()
    more = buy(channel, topic, 1)
    publish(nodes[0].ask(), more)
    with feed(nodes[0], topic, last) as events:
        assert next(events)[1]["charge"] == more[0].charge


def test_a_place_in_another_nodes_feed_is_refused(nodes: list[NodeProcess]):
    path = f"/v1/topics/{hexadecimal(secrets.token_bytes(32))}/feed?after="
    number = nodes[0].number
    for place, status in ((f"{number + 1}-0", 409), (f"{number}-{2**60}", 409), ("x", 400), (f"{number}--1", 400), (f"{number}-", 400)):
        answer = nodes[0].ask().get(path + place)
        assert answer.status == status, place
        assert answer.json["code"] == ("feed/other" if status == 409 else "request/query")


def test_a_node_proves_that_it_stores_an_envelope(nodes: list[NodeProcess], channel: Channel):
    [message] = buy(channel, secrets.token_bytes(32), 1, size=5_000)
    node = nodes[0].ask()
    [result] = publish(node, [message])
    event, nonce = result["event"], secrets.token_bytes(32)
    proof = node.get(f"/v1/events/{event}/possession?nonce={hexadecimal(nonce)}").ok()
    body = address(proof["bytes"])
    signer = channel.service.domain.signer(address(proof["signature"]), POSSESSION, sha(body))
    assert signer == address(nodes[0].key.address)
    answer = sha(tagged("feesvc/challenge/1", fixed(nonce, 32), blob(message.envelope)))
    reader = Reader(body)
    assert reader.text() == "feesvc/possession/1"
    assert (reader.u32(), hexadecimal(reader.take(32))) == (nodes[0].number, event)
    assert (reader.take(32), reader.take(32)) == (nonce, answer)
    assert node.get(f"/v1/events/{event}/envelope").body == message.envelope
    assert node.get(f"/v1/events/{event}").ok()["charge"] == message.charge
    unknown = hexadecimal(secrets.token_bytes(32))
    assert node.get(f"/v1/events/{unknown}").ok() == {"state": "unknown"}
    for path in (f"/v1/events/{unknown}/envelope", f"/v1/events/{unknown}/possession?nonce={unknown}"):
        answer = node.get(path)
        assert (answer.status, answer.json["code"]) == (404, "event/not-held")
    assert node.get(f"/v1/events/{event}/possession?nonce=7").json["code"] == "request/query"


def test_an_owner_has_a_message_deleted_on_all_nodes(nodes: list[NodeProcess], channel: Channel):
    owner, salt = Account.create(), secrets.token_bytes(32)
    topic = owned(owner, salt)
    kept, gone = buy(channel, topic, 2)
    results = publish(nodes[0].ask(), [kept, gone])
    path = f"/v1/topics/{hexadecimal(topic)}/messages"

    def order(by: LocalAccount) -> dict:
        return deletion(channel.service.domain, owner, salt, gone, by)

    def shown(node: NodeProcess) -> list[int]:
        return [message["charge"] for message in node.ask().get(path).ok()["messages"]]

    until(lambda: shown(nodes[1]) == [kept.charge, gone.charge])
    node = nodes[1].ask()
    for body, status, code in (
        (order(Account.create()), 422, "deletion/signature"),
        (order(owner) | {"charge": kept.charge}, 422, "deletion/other-message"),
        (order(owner) | {"charge": 2**40}, 404, "deletion/not-held"),
        (order(owner) | {"deletion": "0x12"}, 400, "request/canonical-bytes"),
    ):
        answer = node.post("/v1/deletions", body)
        assert (answer.status, answer.json["code"]) == (status, code)
    assert shown(nodes[1]) == [kept.charge, gone.charge]
    assert node.post("/v1/deletions", order(owner)).ok() == {"charge": gone.charge, "isNew": True}
    assert node.post("/v1/deletions", order(owner)).ok() == {"charge": gone.charge, "isNew": False}
    until(lambda: shown(nodes[0]) == [kept.charge])
    for one in nodes:
        assert one.ask().get(f"/v1/events/{results[1]['event']}/envelope").status == 404
        assert one.ask().get(f"/v1/events/{results[1]['event']}").ok()["state"] == "held"
    assert node.get("/v1/head-evidence").ok() == {"evidence": []}
    assert node.get("/v1/checkpoints").ok() == {"checkpoints": []}
    assert node.get("/v1/checkpoints?after=x").json["code"] == "request/query"


def test_peers_compare_until_they_are_equal(nodes: list[NodeProcess]):
    end = time.monotonic() + 60
    while True:
        told = [node.ask().get("/v1/peers").ok() for node in nodes]
        if all(peer["isEqual"] for one in told for peer in one["peers"]) and told[0]["chains"] == told[1]["chains"]:
            break
        assert time.monotonic() < end, told
        time.sleep(0.1)
    assert [peer["node"] for peer in told[0]["peers"]] == [nodes[1].number]


def test_a_stopped_node_is_checked_compacted_and_moved(own: ServiceProcess, nodes: list[NodeProcess], channel: Channel):
    messages = buy(channel, secrets.token_bytes(32), 4)
    publish(nodes[1].ask(), messages)
    held = nodes[1].ask().get("/v1/status").ok()["events"]
    where = ("--data-dir", str(nodes[1].folder))
    busy = own.command("node", "fsck", *where)
    assert busy.returncode == 1 and "in use by another process" in busy.stderr
    nodes[1].end(signal.SIGKILL)
    try:
        checked = own.command("node", "fsck", "--json", *where)
        assert checked.returncode == 0, checked.stderr
        assert json.loads(checked.stdout) | {"messages": 0} == {
            "node": nodes[1].number, "events": held, "messages": 0, "floor": 0, "faults": [],
        }
        assert own.command("node", "fsck", *where).stdout.splitlines()[-1] == "all is well"
        compacted = own.command("node", "compact", "--json", *where)
        assert json.loads(compacted.stdout)["events"] == held
        away = str(nodes[1].folder) + "-away"
        moved = own.command("node", "move", *where, away)
        assert moved.returncode == 0 and not nodes[1].folder.exists(), moved.stderr
        again = own.command("node", "move", *where, away)
        assert again.returncode == 1 and "holds no node.sqlite" in again.stderr
        assert own.command("node", "move", "--data-dir", away, str(nodes[1].folder)).returncode == 0
        memory = Path("/dev/shm")
        if memory.is_dir() and memory.stat().st_dev != nodes[1].folder.stat().st_dev:
            across = memory / f"feesvc-{secrets.token_hex(8)}"
            try:
                moved = own.command("node", "move", *where, str(across))
                assert moved.returncode == 0 and "copied" in moved.stdout, moved.stderr
                assert not nodes[1].folder.exists() and Path(str(nodes[1].folder) + ".moved").is_dir()
                assert own.command("node", "move", "--data-dir", str(across), str(nodes[1].folder)).returncode == 0
            finally:
                for left in (across, Path(f"{across}.moved"), Path(f"{nodes[1].folder}.moved")):
                    shutil.rmtree(left, ignore_errors=True)
        with sqlite3.connect(nodes[1].folder / "store" / "node.sqlite") as database:
            database.execute("PRAGMA journal_mode = WAL")
            [kept] = database.execute("SELECT bytes FROM envelope WHERE charge = ?", (messages[2].charge,)).fetchone()
            database.execute("UPDATE envelope SET bytes = zeroblob(length(bytes)) WHERE charge = ?", (messages[2].charge,))
        database.close()
        faulty = own.command("node", "fsck", *where)
        assert faulty.returncode == 1 and "is not what it was" in faulty.stdout and "move" in faulty.stderr
        with sqlite3.connect(nodes[1].folder / "store" / "node.sqlite") as database:
            database.execute("UPDATE envelope SET bytes = ? WHERE charge = ?", (kept, messages[2].charge))
        database.close()
    finally:
        nodes[1].start()


def test_commands_show_what_a_running_node_holds(own: ServiceProcess, nodes: list[NodeProcess], channel: Channel):
    [message] = buy(channel, secrets.token_bytes(32), 1)
    [result] = publish(nodes[0].ask(), [message])
    where = ("--node", f"http://{nodes[0].http}")

    def said(*words: str) -> str:
        done = own.command("node", *words, *where)
        assert done.returncode == 0, done.stderr
        return done.stdout

    status = json.loads(said("status", "--json"))
    assert status["node"] == nodes[0].number and status["events"] >= 1
    assert f"events                {status['events']}\n" in said("status")
    assert str(nodes[1].number) in said("peers").splitlines()[1]
    assert json.loads(said("peers", "--json"))["evidence"] == 0
    explained = said("explain", result["event"])
    assert explained.startswith("held: event ") and f"charge {message.charge} " in explained
    assert said("explain", hexadecimal(secrets.token_bytes(32))).startswith("unknown: ")
    assert own.command("node", "explain", "0x12", *where).returncode == 64
    gone = own.command("node", "status", "--node", f"http://127.0.0.1:{free_port()}")
    assert gone.returncode == 1 and "does not answer" in gone.stderr


def scrape(node: Connection) -> dict[str, float]:
    """`GET /metrics`, a value for each name with its labels."""
    answer = node.get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.body.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_a_nodes_metrics_follow_what_it_does(nodes: list[NodeProcess], channel: Channel):
    before = scrape(nodes[0].ask())
    messages = buy(channel, secrets.token_bytes(32), 3)
    publish(nodes[0].ask(), messages)
    publish(nodes[0].ask(), messages[:1])
    until(lambda: nodes[1].ask().get("/v1/status").ok()["events"] == nodes[0].ask().get("/v1/status").ok()["events"])
    after = scrape(nodes[0].ask())

    def grown(name: str) -> float:
        return after[f"feesvc_node_{name}"] - before.get(f"feesvc_node_{name}", 0)

    assert grown("events_published_total") == 3 and grown("events") == 3 and grown("messages") == 3
    assert grown("publish_repeats_total") == 1 and grown("commit_events_sum") == 4
    assert grown('http_requests_total{status="2xx"}') >= 2
    until(lambda: scrape(nodes[0].ask())['feesvc_node_peers{state="equal"}'] == 1)
    assert nodes[0].ask().get("/v1/nothing").status == 404
    assert scrape(nodes[0].ask())['feesvc_node_http_requests_total{status="4xx"}'] > before.get('feesvc_node_http_requests_total{status="4xx"}', 0)
    assert after["feesvc_node_store_up"] == 1 and after["feesvc_node_registered_nodes"] == 2
    assert after["feesvc_node_head_timestamp_seconds"] == pytest.approx(time.time(), abs=60)


def digests(file: bytes) -> list[tuple[int, int]]:
    """Cuts an exported file into blocks and checks each digest, from docs/protocol.md alone: `(begin, length)` of each."""
    magic = b"feesvc-export/1\n"
    assert file.startswith(magic)
    blocks, place = [], len(magic)
    while place < len(file):
        length = int.from_bytes(file[place : place + 4], "big")
        end = place + 4 + length
        assert file[end : end + 32] == sha(file[:end])
        blocks.append((place, length))
        place = end + 32
    assert place == len(file)
    return blocks


def test_a_stopped_node_is_exported_and_a_new_one_begins_with_the_file(
    own: ServiceProcess, nodes: list[NodeProcess], channel: Channel, tmp_path: Path
):
    topic = secrets.token_bytes(32)
    messages = buy(channel, topic, 5, size=30_000)
    assert all(result["event"] for result in publish(nodes[1].ask(), messages))
    held = nodes[1].ask().get("/v1/status").ok()["events"]
    where = ("--data-dir", str(nodes[1].folder))
    service = ("--service", f"http://{own.address}")
    file = tmp_path / "node.export"
    busy = own.command("node", "export", str(file), *where)
    assert busy.returncode == 1 and "in use by another process" in busy.stderr and not file.exists()
    third = NodeProcess(own, own.connect(), "node-3")
    nodes[1].end(signal.SIGKILL)
    try:
        done = own.command("node", "export", str(file), "--json", *where)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        assert made["node"] == nodes[1].number and made["bytes"] == file.stat().st_size and made["file"] == str(file)
        assert file.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [file]
        blocks = digests(file.read_bytes())
        again = own.command("node", "export", str(file), *where)
        assert again.returncode == 1 and "exists" in again.stderr
        named = own.command("node", "export", str(tmp_path), "--json", *where)
        assert Path(json.loads(named.stdout)["file"]).name.startswith(f"node-{nodes[1].number}-2")

        # Changed, cut, and of nobody.
        spoilt = bytearray(file.read_bytes())
        spoilt[blocks[0][0] + 100] ^= 1
        (tmp_path / "bad").write_bytes(spoilt)
        (tmp_path / "cut").write_bytes(file.read_bytes()[:-7])
        (tmp_path / "none").write_bytes(b"something else")
        for name, sentence in [
            ("bad", "byte {}: something was changed between byte 16 and here".format(sum(blocks[0]) + 4)),
            ("cut", f"byte {file.stat().st_size - 7}: the file ends here"),
            ("none", "byte 0: this is no file of feesvc node export"),
        ]:
            refused = own.command("node", "import", str(tmp_path / name), "--data-dir", str(third.folder))
            assert refused.returncode == 1 and sentence in refused.stderr, refused.stderr
        assert not (third.folder / "store").exists()
        stranger = own.command("node", "import", str(file), "--data-dir", str(third.folder), "--node", "99", *service)
        assert stranger.returncode == 1 and "node 99 is in no registry" in stranger.stderr

        # A new node begins with the file, and is what the old one was.
        words = (str(file), "--data-dir", str(third.folder), "--node", str(third.number), "--json", *service)
        for expected in ((made["events"], 0), (0, made["events"])):
            done = own.command("node", "import", *words)
            assert done.returncode == 0, done.stderr
            taken = json.loads(done.stdout)
            assert (taken["new"], taken["known"]) == expected and not taken["registryFromFile"]
            assert (taken["node"], taken["writer"]) == (third.number, nodes[1].number)
        checked = own.command("node", "fsck", "--json", "--data-dir", str(third.folder))
        assert checked.returncode == 0 and json.loads(checked.stdout)["events"] == held, checked.stderr
        third.start()
        shown = [message["charge"] for message in whole(third.ask(), topic, 5)]
        assert shown == [message.charge for message in messages]
        third.end()
    finally:
        nodes[1].start()
