"""A network with shards: who holds what is computed here, from docs/protocol.md sections 3 and 10 alone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from fractions import Fraction

import pytest

from feesvc.canonical import fixed, sha, tagged, u16, u32
from feesvc.http import Service
from feesvc.messages import Item, hexadecimal
from feesvc.process import ServiceProcess
from test_nodes import STAKE, SEQUENCES, Message, NodeProcess, publish, until, whole

BITS, REPLICATION = 3, 2


def shard(topic: bytes) -> int:
    return int.from_bytes(sha(tagged("feesvc/shard/1", fixed(topic, 32))), "big") >> (256 - BITS)


def cost(number: int) -> int:
    number = max(number, 1)
    whole, fraction = number.bit_length() - 1, 0
    m = number << (63 - whole)
    for _ in range(32):
        m = m * m
        m, bit = (m >> 64, 1) if m >> 127 else (m >> 63, 0)
        fraction = fraction << 1 | bit
    return (64 << 32) - (whole << 32 | fraction)


def holders(service: Service, topic: bytes, numbers: list[int]) -> list[int]:
    key = sha(tagged("feesvc/holders/1", fixed(service.genesis.log_id, 32), u16(shard(topic))))
    ranked = sorted(
        (Fraction(cost(int.from_bytes(sha(tagged("feesvc/rendezvous/1", fixed(key, 32), u32(n)))[:8], "big")), STAKE), n)
        for n in numbers
    )
    return sorted(n for _, n in ranked[:REPLICATION])


def buy(service: Service, topic: bytes) -> Message:
    """One message, whose hash begins with the topic's shard."""
    channel = service.open(10**15)
    payload, day = secrets.token_bytes(100), service.time // 86_400 + 20
    head = tagged(
        "feesvc/sharded-envelope/1", fixed(topic, 32), u32(day), secrets.token_bytes(32), u32(100), sha(payload), bytes([BITS])
    )
    rest = int.from_bytes(sha(head), "big") & ((1 << (256 - BITS)) - 1)
    envelope = (shard(topic) << (256 - BITS) | rest).to_bytes(32, "big")
    item = Item(envelope, 100, day, 0, service.schedule.price(100, 20, 0))
    sequence = next(SEQUENCES)
    [result] = service.pay(channel.voucher(item, sequence=sequence, ceiling=sequence * 10**12))
    return Message(topic, head, payload, result[0].receipt.bytes(), result[0].receipt.charge.number)


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess("--shards", str(1 << BITS), "--replication", str(REPLICATION)) as process:
        yield process


@pytest.fixture(scope="module")
def nodes(own: ServiceProcess) -> Iterator[dict[int, NodeProcess]]:
    service = own.connect()
    nodes = [NodeProcess(own, service, f"node-{number}") for number in (1, 2, 3)]
    try:
        for node in nodes:
            node.start()
        yield {node.number: node for node in nodes}
    finally:
        for node in nodes:
            if node.process and node.process.poll() is None:
                node.end()


def held(node: NodeProcess) -> set[int]:
    return {one["shard"] for one in node.ask().get("/v1/peers").ok()["shards"]}


def test_each_node_holds_what_it_is_assigned_and_others_send_on(own: ServiceProcess, nodes: dict[int, NodeProcess]):
    service = own.connect()
    topics: dict[int, bytes] = {}
    while len(topics) < 1 << BITS:
        topic = secrets.token_bytes(32)
        topics.setdefault(shard(topic), topic)
    expected = {number: {s for s, topic in topics.items() if number in holders(service, topic, list(nodes))} for number in nodes}
    until(lambda: all(held(node) == expected[number] for number, node in nodes.items()))
    for topic in topics.values():
        message, assigned = buy(service, topic), holders(service, topic, list(nodes))
        [other] = set(nodes) - set(assigned)
        [refused] = publish(nodes[other].ask(), [message])
        assert (refused["problem"]["status"], refused["problem"]["code"]) == (421, "shard")
        assert sorted(refused["holders"]) == sorted(nodes[number].http for number in assigned)
        assert "refusal" not in refused, "nobody gets money back for asking the wrong node"
        [taken] = publish(nodes[assigned[0]].ask(), [message])
        assert "acknowledgement" in taken, taken
        for number in assigned:
            [shown] = whole(nodes[number].ask(), topic, 1)
            assert shown["charge"] == message.charge
        path = f"/v1/topics/{hexadecimal(topic)}/messages?limit=5"
        moved = nodes[other].ask().get(path)
        assert moved.status == 307
        location = moved.headers["location"]
        assert location in {f"http://{nodes[number].http}{path}" for number in assigned}


def test_a_payer_who_names_one_node_is_led_to_a_holder(own: ServiceProcess, nodes: dict[int, NodeProcess]):
    folder, service = own.folder / "payer", ("--service", f"http://{own.address}")
    folder.mkdir()
    (folder / "passphrase").touch(mode=0o600)
    (folder / "passphrase").write_text("a passphrase\n")
    where = ("--wallet", str(folder / "wallet"), "--passphrase-file", str(folder / "passphrase"), "--json")

    def run(*words: str) -> str:
        done = own.command(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("channel", "open", "--key-cost", "light", *service, *where)
    settlement = str(own.data / "keys" / "settlement.key")
    run("channel", "topup", "--amount", "1000000000000", "--settlement-key", settlement, *where)
    (folder / "letter.txt").write_text("hello")
    for _ in range(3):
        topic = secrets.token_bytes(32)
        assigned = holders(own.connect(), topic, list(nodes))
        [other] = set(nodes) - set(assigned)
        words = ("channel", "pay", str(folder / "letter.txt"), "--topic", hexadecimal(topic), "--node", nodes[other].http)
        paid = json.loads(run(*words, *where))
        [shown] = whole(nodes[assigned[0]].ask(), topic, 1)
        assert shown["event"] == paid["event"]


def test_an_envelope_of_a_network_without_shards_is_refused(own: ServiceProcess, nodes: dict[int, NodeProcess]):
    from test_nodes import buy as plain

    channel = own.connect().open(10**15)
    for message in plain(channel, secrets.token_bytes(32), 2):
        answers = [publish(node.ask(), [message])[0]["problem"] for node in nodes.values()]
        assert {(answer["status"], answer["code"]) for answer in answers} <= {(422, "shards"), (421, "shard")}
        assert (422, "shards") in {(answer["status"], answer["code"]) for answer in answers}
