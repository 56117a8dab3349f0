"""Closed topics, deny lists and budgets of running nodes, from docs/protocol.md and docs/openapi-node.yaml alone."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc.canonical import Reader, blob, listed, sha
from feesvc.http import BINARY, Channel, Connection
from feesvc.messages import Item, envelope_head, hexadecimal
from feesvc.process import ServiceProcess
from feesvc.statements import address
from feesvc.topics import MEMBERS, OWNER, ClosedTopic, MemberList, authored
from test_nodes import SEQUENCES, Message, NodeProcess, buy, deletion, free_port, owned, publish, until, whole

REFUSAL = "Refusal(bytes32 refusal)"


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess() as process:
        yield process


@pytest.fixture(scope="module")
def nodes(own: ServiceProcess) -> Iterator[list[NodeProcess]]:
    """The first has a deny list and small budgets, the second takes what it is sent."""
    service = own.connect()
    nodes = [NodeProcess(own, service, f"topics-{number}") for number in (1, 2)]
    denied(own).write_text("# nothing yet\n")
    try:
        nodes[0].start("--deny-list", str(denied(own)), "--client-orders", "1", "--client-orders-burst", "4", "--behind-proxy")
        nodes[1].start()
        yield nodes
    finally:
        for node in nodes:
            if node.process and node.process.poll() is None:
                node.end()


@pytest.fixture
def channel(own: ServiceProcess) -> Channel:
    return own.connect().open(10**15)


def denied(own: ServiceProcess) -> Path:
    return own.folder / "denied.txt"


def pay(channel: Channel, topic: bytes, day: int, salt: bytes, payload: bytes) -> Message:
    service = channel.service
    head = envelope_head(topic, day, salt, payload)
    days = day - service.time // 86_400
    item = Item(sha(head), len(payload), day, 0, service.schedule.price(len(payload), days, 0))
    sequence = next(SEQUENCES)
    [result] = service.pay(channel.voucher(item, sequence=sequence, ceiling=sequence * 10**12))
    return Message(topic, head, payload, result[0].receipt.bytes(), result[0].receipt.charge.number)


def write(channel: Channel, topic: ClosedTopic, author: LocalAccount, **how) -> Message:
    """An author's message, paid."""
    service, salt = channel.service, secrets.token_bytes(32)
    day = service.time // 86_400 + 20
    how = {"valid_until": service.time + 3_600, **how}
    payload = authored(topic, service.domain, author, secrets.token_bytes(40), expiry_day=day, salt=salt, **how)
    return pay(channel, topic.id, day, salt, payload)


def test_members_publish_under_their_owners_list_and_nobody_else(nodes: list[NodeProcess], channel: Channel):
    owner, stranger = Account.create(), Account.create()
    people = [Account.create() for _ in range(4)]
    topic, alone = ClosedTopic(owner, MEMBERS), ClosedTopic(owner, OWNER)
    domain, now = channel.service.domain, channel.service.time

    def listed_for(where: ClosedTopic = topic, start: int = now - 100, end: int = now + 3_600, **how) -> MemberList:
        return MemberList(where, domain, people, start, end, **how)

    good, older = listed_for(), listed_for(start=now - 5_000, version=0)
    right = [
        write(channel, topic, people[0], membership=good.membership(people[0])),
        write(channel, topic, people[3], membership=older.membership(people[3])),
        write(channel, topic, owner),
    ]
    right_alone = write(channel, alone, owner)
    wrong = {
        "author/form": write(channel, topic, owner, membership=good.membership(people[0])),
        "author/not-the-topic": write(channel, topic, stranger, owner=stranger),
        "author/not-the-owner": write(channel, alone, people[0], membership=listed_for(alone).membership(people[0])),
        "author/late": write(channel, topic, owner, valid_until=now - 1),
        "author/no-list": write(channel, topic, people[0]),
        "author/other-topic": write(
            channel, topic, people[0], membership=listed_for(ClosedTopic(owner, MEMBERS)).membership(people[0])
        ),
        "author/not-yet": write(channel, topic, people[0], membership=listed_for(start=now + 3_000).membership(people[0])),
        "author/ended": write(channel, topic, people[0], membership=listed_for(end=now - 1).membership(people[0])),
        "author/not-a-member": write(channel, topic, stranger, membership=good.membership(people[1])),
        "author/signature": write(channel, topic, people[1], membership=good.membership(people[1]), key=people[2]),
        "author/list-signature": write(
            channel, topic, people[0], membership=listed_for(signer=people[0]).membership(people[0])
        ),
    }
    node = nodes[1].ask()
    for code, message in wrong.items():
        [result] = publish(node, [message])
        assert (result["problem"]["code"], result["problem"]["status"]) == (code, 422)
        assert "refusal" not in result
    [swapped] = publish(node, [write(channel, topic, people[0], membership=good.membership(people[0]), signed_salt=bytes(32))])
    assert swapped["problem"]["code"] == "author/signature"
    plain = pay(channel, topic.id, now // 86_400 + 9, secrets.token_bytes(32), b"not sealed")
    assert publish(node, [plain])[0]["problem"]["code"] == "author/form"
    assert all("event" in result for result in publish(node, right + [right_alone]))
    for one in nodes:
        shown = whole(one.ask(), topic.id, 3, "&envelopes=true")
        assert {m["envelope"] for m in shown} == {hexadecimal(m.envelope) for m in right}
        assert len(whole(one.ask(), alone.id, 1)) == 1


def test_the_owner_of_a_closed_topic_deletes_by_the_salt_that_evidence_shows(nodes: list[NodeProcess], channel: Channel):
    owner = Account.create()
    topic = ClosedTopic(owner, OWNER)
    message = write(channel, topic, owner)
    publish(nodes[1].ask(), [message])
    order = deletion(channel.service.domain, owner, topic.salt, message)
    assert nodes[1].ask().post("/v1/deletions", order).json["code"] == "deletion/not-the-topic"
    order = deletion(channel.service.domain, owner, topic.topic_salt, message)
    assert nodes[1].ask().post("/v1/deletions", order).ok()["isNew"]
    until(lambda: nodes[0].ask().get("/v1/peers").ok()["peers"][0].get("isEqual", False))
    assert whole(nodes[0].ask(), topic.id, 0) == []
    assert int(channel.service.connection.post("/v1/deletions", order).ok()["amount"]) > 0


def test_commands_make_topics_admit_members_and_publish_as_one(own: ServiceProcess, nodes: list[NodeProcess], channel: Channel):
    owner, member, other = (Account.create() for _ in range(3))
    files = {name: nodes[0].write(f"closed-{name}.key", key) for name, key in (("owner", owner), ("member", member), ("other", other))}
    folder, service = own.folder / "closed", ("--service", f"http://{own.address}")
    folder.mkdir()

    def run(*words: str, code: int = 0) -> str:
        done = own.command(*words)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    topic_file, salt = str(folder / "topic.json"), secrets.token_bytes(32)
    made = ("topic", "create", "--owner", owner.address, "--rule", "members", "--salt", hexadecimal(salt), "--out", topic_file)
    topic = json.loads(run(*made, "--json"))
    expected = ClosedTopic(owner, MEMBERS, salt)
    assert address(topic["topic"]) == expected.id and address(topic["topicSalt"]) == expected.topic_salt
    assert "exists" in run(*made, code=1)
    (folder / "members.txt").write_text(f"# the club\n{member.address}\n{Account.create().address}\n{Account.create().address}\n")
    admit = ["topic", "admit", topic_file, "--members", str(folder / "members.txt"), "--out", str(folder / "passes"), *service]
    assert "is the key of" in run(*admit, "--owner-key", files["other"], code=1)
    run(*admit, "--owner-key", files["owner"], "--days", "1")
    own_pass = str(folder / "passes" / f"{member.address.lower()}.json")
    shown = json.loads(run("topic", "show", own_pass, "--json", *service))
    assert shown["countsNow"] and shown["member"].lower() == member.address.lower()

    wallet, passphrase = folder / "wallet", folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("a passphrase\n")
    where = ("--wallet", str(wallet), "--passphrase-file", str(passphrase), "--json")
    run("channel", "open", "--key-cost", "light", *service, *where)
    settlement = str(own.data / "keys" / "settlement.key")
    run("channel", "topup", "--amount", "1000000000000", "--settlement-key", settlement, *where)
    letter = folder / "letter.txt"
    letter.write_text("hello, club")
    send = ["channel", "pay", str(letter), "--node", nodes[1].http, *where]
    paid = json.loads(run(*send, "--as", own_pass, "--author-key", files["member"]))
    assert address(paid["topic"]) == expected.id
    assert json.loads(run(*send, "--as", topic_file, "--author-key", files["owner"]))["event"]
    # What nodes would refuse is not paid for.
    before = json.loads(run("channel", "status", *where))
    assert "is the place of" in run(*send, "--as", own_pass, "--author-key", files["other"], code=1)
    assert "author/no-list" in run(*send, "--as", topic_file, "--author-key", files["member"], code=1)
    run(*admit, "--owner-key", files["owner"], "--days", "1", "--from", str(int(time.time()) - 90_000))
    assert "author/ended" in run(*send, "--as", own_pass, "--author-key", files["member"], code=1)
    assert json.loads(run("channel", "status", *where))["available"] == before["available"]
    run(*send[:3], "--topic", topic["topic"], *where, code=64)

    [message] = [m for m in whole(nodes[0].ask(), expected.id, 2) if m["event"] == paid["event"]]
    envelope = nodes[0].ask().get(f"/v1/events/{paid['event']}/envelope").body
    (folder / "envelope.bin").write_bytes(envelope)
    opening = ("topic", "open", str(folder / "envelope.bin"), "--out", str(folder / "opened.txt"), *service)
    opened = json.loads(run(*opening, "--logged", str(message["time"]), "--json"))
    assert opened["author"].lower() == member.address.lower() and not opened["isOwner"]
    assert (folder / "opened.txt").read_text() == "hello, club"
    assert "author/late" in run(*opening, "--logged", str(message["time"] + 90_000), code=1)


def test_what_an_operator_denies_is_replicated_and_neither_published_nor_shown(
    own: ServiceProcess, nodes: list[NodeProcess], channel: Channel
):
    strict, free = nodes[0].ask(), nodes[1].ask()
    bad, fine = secrets.token_bytes(32), secrets.token_bytes(32)
    owner = Account.create()
    club = ClosedTopic(owner, OWNER)
    counted = strict.get("/v1/status").ok()["refusals"]
    denied(own).write_text(f"topic {hexadecimal(bad)}\naddress {owner.address}\n")

    until(lambda: strict.get(f"/v1/topics/{hexadecimal(bad)}/messages").status == 403)
    [message], [other] = buy(channel, bad, 1), buy(channel, fine, 1)
    results = publish(strict, [message, other])
    assert results[0]["problem"]["code"] == "denied" and "event" in results[1]
    refusal = results[0]["refusal"]
    body = address(refusal["bytes"])
    signer = channel.service.domain.signer(address(refusal["signature"]), REFUSAL, sha(body))
    assert signer == address(nodes[0].key.address)
    reader = Reader(body, "feesvc/refusal/1")
    assert (reader.u32(), reader.u64(), reader.take(32), reader.text()) == (nodes[0].number, message.charge, message.hash, "denied")
    [published] = publish(free, [message])
    in_club = write(channel, club, owner)
    [of_owner] = publish(free, [in_club])
    # Held by both, and equal.
    until(lambda: strict.get(f"/v1/events/{published['event']}").ok()["state"] == "held")
    until(lambda: strict.get(f"/v1/events/{of_owner['event']}").ok()["state"] == "held")
    assert whole(free, bad, 1, "&envelopes=true")[0]["envelope"] == hexadecimal(message.envelope)
    assert strict.get(f"/v1/topics/{hexadecimal(bad)}/messages").json["code"] == "policy/denied"
    assert strict.get(f"/v1/topics/{hexadecimal(bad)}/feed").json["code"] == "policy/denied"
    assert strict.get(f"/v1/events/{published['event']}/envelope").json["code"] == "policy/denied"
    [withheld] = whole(strict, club.id, 1, "&envelopes=true")
    assert withheld["isWithheld"] and "envelope" not in withheld
    assert withheld["envelopeHash"] == hexadecimal(in_club.hash)
    told = strict.get("/v1/status").ok()["refusals"]
    assert told["denied"] == counted["denied"] + 1 and told["withheld"] > counted["withheld"]
    # A slip of the pen changes nothing, and stops a node that starts with it.
    denied(own).write_text(f"topic {hexadecimal(bad)}\nadress {owner.address}\n")
    until(lambda: "line 2: adress is no kind" in (own.folder / "nodes.log").read_text())
    assert strict.get(f"/v1/topics/{hexadecimal(bad)}/messages").status == 403
    words = ("node", "run", "--data-dir", str(own.folder / "never"), "--service", f"http://{own.address}", "--key", nodes[0].key_file)
    denied_at_start = own.command(*words, "--deny-list", str(denied(own)), "--listen-peers", f"127.0.0.1:{free_port()}")
    assert denied_at_start.returncode == 1 and "line 2" in denied_at_start.stderr
    denied(own).write_text("")
    until(lambda: strict.get(f"/v1/topics/{hexadecimal(bad)}/messages").status == 200)
    assert len(whole(strict, bad, 1)) == 1 and "isWithheld" not in whole(strict, club.id, 1)[0]


def test_a_client_beyond_its_budget_is_told_when_to_come_back_and_others_are_not(nodes: list[NodeProcess], channel: Channel):
    node, owner, salt = nodes[0].ask(), Account.create(), secrets.token_bytes(32)
    [message] = buy(channel, owned(owner, salt), 1)
    publish(node, [message])
    forged = json.dumps(deletion(channel.service.domain, owner, salt, message, Account.create())).encode()

    def order(client: str, body: bytes = forged):
        return node.ask("POST", "/v1/deletions", body, "application/json", X_Forwarded_For=client)

    answers = [order("9.9.9.9, 192.0.2.1") for _ in range(8)]
    assert [a.status for a in answers[:4]] == [422] * 4
    refused = [a for a in answers if a.status == 429]
    assert refused and {a.json["code"] for a in refused} == {"client/budget"}
    assert all(1 <= int(a.headers["retry-after"]) <= 2 for a in refused)
    # The last address counts, since the proxy wrote it; all of an IPv6 network is one client.
    assert order("192.0.2.1, 198.51.100.7").status == 422
    for last in range(1, 5):
        assert order(f"2001:db8::{last}").status == 422
    assert order("2001:db8::ffff").status == 429
    assert order("2001:db8:0:1::1").status == 422
    assert node.get("/v1/status").ok()["refusals"]["overBudget"] >= len(refused)
    time.sleep(int(refused[-1].headers["retry-after"]) + 1)
    good = json.dumps(deletion(channel.service.domain, owner, salt, message)).encode()
    assert order("192.0.2.1", good).json["isNew"]


def test_publishers_have_a_budget_of_envelopes(own: ServiceProcess, channel: Channel):
    third = NodeProcess(own, own.connect(), "topics-3")
    third.start("--client-envelopes", "1", "--client-envelopes-burst", "3")
    try:
        [message] = buy(channel, secrets.token_bytes(32), 1)
        assert "event" in publish(third.ask(), [message])[0]
        body = listed([blob(message.head) + blob(message.payload) + blob(message.receipt)])
        answers = [third.ask().ask("POST", "/v1/envelopes", body, BINARY) for _ in range(20)]
        refused = [answer for answer in answers if answer.status == 429]
        assert answers[0].status == 200 and len(refused) >= 10
        assert {answer.json["code"] for answer in refused} == {"client/budget"}
        time.sleep(int(refused[-1].headers["retry-after"]) + 1)
        assert "event" in publish(third.ask(), [message])[0]
        assert third.ask().get("/v1/status").ok()["refusals"]["overBudget"] == len(refused)
    finally:
        third.end()
