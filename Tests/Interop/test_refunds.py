"""Refunds over HTTP: evidence signed here, and every amount from the formulas of docs/protocol.md §4 and §7."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc.canonical import blob, fixed, listed, sha, tagged, u32
from feesvc.http import Channel, Refused, Service
from feesvc.messages import Item, envelope_head, hexadecimal, topic
from feesvc.process import ServiceProcess
from feesvc.statements import address
from test_rewards import register

DELETION = "Deletion(bytes32 topic,bytes32 envelopeHash)"
OUTAGE = "Outage(uint32 day,uint32 parts)"
DAY = 86_400
EPOCH = 4 * DAY
DEPOSIT = 10**12


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess("--manual-clock", "--epoch-length", str(EPOCH)) as process:
        yield process


@pytest.fixture
def here(own: ServiceProcess) -> Service:
    return own.connect()


class Message:
    """A message of 1,000 bytes for 20 days in a topic of its own, paid by a channel."""

    def __init__(self, channel: Channel, *, envelope: Message | None = None):
        self.channel, service = channel, channel.service
        self.owner: LocalAccount = envelope.owner if envelope else Account.create()
        self.salt = envelope.salt if envelope else secrets.token_bytes(32)
        self.day = service.time // DAY
        if envelope is None:
            named = topic(address(self.owner.address), self.salt)
            self.head = envelope_head(named, self.day + 20, secrets.token_bytes(32), bytes(1_000))
        else:
            self.head = envelope.head
        price = service.schedule.price(1_000, 20, 0)
        self.item = Item(sha(self.head), 1_000, self.day + 20, 0, price)
        (paid,) = service.pay(channel.voucher(self.item))
        assert not isinstance(paid, Refused), paid
        self.charge = paid[0].receipt.charge.number
        self.per_day = service.schedule.storage_per_byte_day * 1_000

    def deletion(self, by: LocalAccount | None = None) -> dict:
        who, domain = address(self.owner.address), self.channel.service.domain
        signature = domain.sign(by or self.owner, DELETION, topic(who, self.salt), sha(self.head))
        body = tagged("feesvc/deletion/1", blob(self.head), fixed(who, 20), fixed(self.salt, 32), fixed(signature, 65))
        return {"charge": self.charge, "deletion": hexadecimal(body)}

    def standing(self) -> dict:
        """What the service says became of it, with every part's units accounted for."""
        path = f"{self.channel.path}/charges/{self.charge}?{self.channel.query()}"
        told = self.channel.service.connection.get(path).ok()
        for part in told["parts"]:
            assert int(part["paid"]) == sum(int(part[name]) for name in ("held", "captured", "returned")), part
            assert ("heldUntil" in part) == (part["held"] != "0")
        return told


def code(answer) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        answer.ok()
    return refused.value.status, refused.value.code


def midnight(own: ServiceProcess, service: Service, days: int = 1) -> int:
    """Moves the clock to a midnight to come."""
    moment = (service.time // DAY + days) * DAY
    own.set_clock(service, moment)
    return moment


def edge(own: ServiceProcess, service: Service) -> None:
    """Moves the clock to the open epoch's edge."""
    own.set_clock(service, service.genesis.start + service.head().epoch * EPOCH)


def part(told: dict, name: str) -> dict[str, int]:
    (found,) = [part for part in told["parts"] if part["part"] == name]
    return {key: int(value) for key, value in found.items() if key in ("paid", "held", "captured", "returned")}


def test_a_deletion_gives_back_the_days_to_come_once(own: ServiceProcess, here: Service):
    midnight(own, here)
    message = Message(here.open(DEPOSIT))
    midnight(own, here, 3)
    before = int(message.channel.state()["available"])
    assert code(here.connection.post("/v1/deletions", message.deletion(by=Account.create()))) == (
        422,
        "deletion/signature",
    )
    answer = here.connection.post("/v1/deletions", message.deletion()).ok()
    assert (answer["amount"], answer["owed"]) == (str(17 * message.per_day), "0")
    assert int(message.channel.state()["available"]) == before + 17 * message.per_day
    assert code(here.connection.post("/v1/deletions", message.deletion())) == (409, "deletion/decided")
    midnight(own, here)
    told = message.standing()
    assert part(told, "storage") == {
        "paid": 20 * message.per_day,
        "held": 0,
        "captured": 3 * message.per_day,
        "returned": 17 * message.per_day,
    }
    states = {ground["ground"]: ground["state"] for ground in told["grounds"]}
    assert states["deleted-early"] == "given" and states["welcomed"] == "nothing"


def test_of_two_charges_for_one_envelope_the_later_goes_back_whole_after_the_edge(own: ServiceProcess, here: Service):
    midnight(own, here)
    first = Message(here.open(DEPOSIT))
    second = Message(here.open(DEPOSIT), envelope=first)
    pair = {"charge": second.charge, "first": first.charge}
    wrong = {"charge": first.charge, "first": second.charge}
    assert code(here.connection.post("/v1/double-charges", wrong)) == (422, "double/order")
    assert here.connection.post("/v1/double-charges", pair).status == 202
    edge(own, here)
    own.set_clock(here, here.time + DAY)  # the delivery cut
    edge(own, here)
    assert int(second.channel.state()["available"]) == DEPOSIT
    assert int(first.channel.state()["available"]) == DEPOSIT - first.item.max_fee
    told = second.standing()
    assert all(part["held"] == "0" for part in told["parts"])
    assert {(refund["part"], refund["source"]) for refund in told["refunds"]} == {
        ("base", "hold"),
        ("storage", "hold"),
        ("storage", "pool"),
    }
    assert code(here.connection.post("/v1/double-charges", pair)) == (409, "double/decided")


def test_a_right_price_gives_nothing_back_and_strangers_learn_nothing(own: ServiceProcess, here: Service):
    message = Message(here.open(DEPOSIT))
    body = {"charge": message.charge}
    assert code(here.connection.post("/v1/overcharges", body)) == (422, "overcharge/none")
    assert code(here.connection.post("/v1/overcharges", {"charge": 2**53})) == (404, "overcharge/unknown-charge")
    stranger = replace(message.channel, signer=Account.create())
    path = f"{stranger.path}/charges/{message.charge}?{stranger.query()}"
    assert code(here.connection.get(path)) == (404, "channel/unknown")
    other = here.open(DEPOSIT)
    path = f"{other.path}/charges/{message.charge}?{other.query()}"
    assert code(here.connection.get(path)) == (404, "charge/unknown")


def test_an_outage_that_every_operator_signs_gives_its_part_of_a_day_to_each_channel(own: ServiceProcess, here: Service):
    operator = register(here)
    edge(own, here)
    channels = [here.open(DEPOSIT), here.open(DEPOSIT)]
    messages = [Message(channels[0]), Message(channels[1])]
    day, parts = midnight(own, here) // DAY, 333_333_333
    midnight(own, here)
    before = [int(channel.state()["available"]) for channel in channels]

    def outage(by: LocalAccount) -> dict:
        signature = here.domain.sign(by, OUTAGE, day, parts)
        signers = listed([fixed(address(operator.address), 20) + fixed(signature, 65)])
        return {"outage": hexadecimal(tagged("feesvc/outage/1", u32(day), u32(parts), signers))}

    assert code(here.connection.post("/v1/outages", outage(Account.create()))) == (401, "outage/signature")
    total = int(here.connection.post("/v1/outages", outage(operator)).ok()["total"])
    each = [message.per_day * parts // 10**9 for message in messages]
    assert total >= sum(each)  # other channels of this service stored as well
    assert code(here.connection.post("/v1/outages", outage(operator))) == (409, "outage/decided")
    (known,) = here.connection.get("/v1/outages").ok()["outages"]
    assert (known["day"], known["parts"], known["total"]) == (day, parts, str(total))
    edge(own, here)
    assert [int(channel.state()["available"]) for channel in channels] == [
        available + part for available, part in zip(before, each, strict=True)
    ]
