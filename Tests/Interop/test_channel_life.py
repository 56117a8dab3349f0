"""The whole life of channels: random acts against a plain reference model, with a clock that acts move.

FEESVC_EXAMPLES and FEESVC_STEPS make it longer; FEESVC_SEED repeats it. What fails is shrunk and printed as a program.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conftest import SEED
from feesvc.canonical import sha, u64
from feesvc.database import Books
from feesvc.http import EVERY_LANE, Channel, Refused, Service
from feesvc.log import Follower, Receipt, commitment
from feesvc.messages import LANE_MAX, Item, Voucher
from feesvc.model import ChannelModel, Lane, Terms
from feesvc.process import ServiceProcess
from feesvc.statements import OPEN_CHANNEL, address

EXAMPLES = int(os.environ.get("FEESVC_EXAMPLES", "50"))
STEPS = int(os.environ.get("FEESVC_STEPS", "20"))
MINIMUM = 10**9
FLAGS = ["--manual-clock", "--challenge-window", "900", "--settlement-horizon", "600", "--epoch-length", "31622400"]

# Keys that may sign; nobody knows the last one.
SIGNERS: list[LocalAccount] = [Account.from_key(sha(b"signer" + bytes([n]))) for n in range(5)]

# A refusal for good: the same voucher is refused ever after (L7).
FOR_GOOD = {
    "voucher/sequence",
    "voucher/ceiling-lowered",
    "voucher/channel-closing",
    "voucher/channel-closed",
    "voucher/items-hash",
    "voucher/item-twice",
    "voucher/item-count",
    "voucher/lane",
    "voucher/sequence-range",
    "voucher/valid-until",
}

FLAWS = [
    "another key",
    "sequence",
    "sequence 0",
    "sequence + 9",
    "price - 1",
    "ceiling",
    "ceiling - 1",
    "all",
    "all + 1",
    "lane 64",
    "valid",
    "valid - 1",
    "maxFee - 1",
    "postage",
    "postage + 1",
    "2 days",
    "1 day",
    "365 days",
    "366 days",
    "and one that was paid",
    "twice",
    "none",
]

WAYS_OUT = [
    "withdraw least",
    "withdraw least - 1",
    "withdraw least late",
    "withdraw least last",
    "withdraw again",
    "withdraw back",
    "withdraw all + 1",
    "withdraw all",
    "close + 1",
    "close - 1",
    "close late",
    "close",
    "request late",
    "request",
    "request",
    "request last",
]

near = st.sampled_from([-1, 0, 1])


@dataclass
class Subject:
    """A channel, and what the model says of it."""

    channel: Channel
    model: ChannelModel
    opening: dict
    leaves: dict[bytes, bytes]


@dataclass
class Sent:
    """A voucher, who signed it, and whether it was refused for good."""

    subject: Subject
    voucher: Voucher
    signer: str
    refused: str | None = None


class ChannelLife(RuleBasedStateMachine):
    process: ServiceProcess
    service: Service
    follower: Follower
    counter = 0
    outcomes: Counter[str] = Counter()

    channels = Bundle("channels")
    vouchers = Bundle("vouchers")
    deposits = Bundle("deposits")

    def __init__(self) -> None:
        super().__init__()
        self.now = self.service.time
        self.subjects: list[Subject] = []
        self.before: dict[bytes, dict] = {}
        self.terms = Terms(
            self.service.schedule,
            self.service.parameters["challengeWindow"],
            self.service.parameters["settlementHorizon"],
            self.service.minimum_deposit,
        )
        self.payers: list[LocalAccount] = [Account.from_key(self.fresh()) for _ in range(2)]

    @classmethod
    def fresh(cls) -> bytes:
        """32 bytes that were not used before; the same in each run."""
        cls.counter += 1
        return sha(b"feesvc state machine" + u64(cls.counter))

    def expect(self, allowed: set[str], act) -> dict | None:
        """Runs an act: one of the allowed refusals, or where there is none its answer."""
        try:
            answer = act()
        except Refused as refused:
            assert refused.code in allowed, f"{refused}; the model allows {allowed or 'no refusal'}"
            self.outcomes[refused.code] += 1
            return None
        assert not allowed, f"accepted, and the model says {allowed}"
        self.outcomes[sys._getframe(1).f_code.co_name] += 1
        return answer

    # Opening and money

    @initialize(target=channels)
    def begin(self) -> Subject:
        subject = self.open_channel(0, 0)
        self.add_deposit(subject, 20 * MINIMUM)
        return subject

    @rule(
        target=channels,
        payer=st.integers(0, 1),
        key=st.integers(0, 1),
        amount=st.sampled_from([0, MINIMUM - 1, MINIMUM, 20 * MINIMUM, 50 * MINIMUM]),
    )
    @precondition(lambda self: len(self.subjects) < 5)
    def open(self, payer: int, key: int, amount: int) -> Subject:
        subject = self.open_channel(payer, key)
        if amount:
            self.add_deposit(subject, amount)
        return subject

    def open_channel(self, payer: int, key: int) -> Subject:
        payer, signer, opening = self.payers[payer], SIGNERS[key], self.fresh()
        values = (address(payer.address), address(signer.address), opening)
        body = {
            "payer": payer.address.lower(),
            "signer": signer.address.lower(),
            "opening": "0x" + opening.hex(),
            "signature": "0x" + self.service.domain.sign(payer, OPEN_CHANNEL, *values).hex(),
        }
        id = address(self.service.connection.post("/v1/channels", body).ok()["channelId"])
        assert id == self.service.domain.digest(OPEN_CHANNEL, *values)
        assert id not in {subject.channel.id for subject in self.subjects}
        model = ChannelModel(id, body["payer"], body["signer"], self.terms)
        subject = Subject(Channel(self.service, id, payer, signer), model, body, {})
        self.subjects.append(subject)
        return subject

    @rule(subject=channels)
    @precondition(lambda self: any(subject.model.stage == "closed" for subject in self.subjects))
    def open_again(self, subject: Subject) -> None:
        """The same opening is the same channel, whatever became of it: no id comes back (TIP-1034: no reopening)."""
        answer = self.service.connection.post("/v1/channels", subject.opening).ok()
        assert address(answer["channelId"]) == subject.channel.id

    @rule(
        target=deposits,
        subject=channels,
        amount=st.sampled_from([1, MINIMUM - 1, MINIMUM, MINIMUM + 1, 5 * MINIMUM, 50 * MINIMUM]),
    )
    def deposit(self, subject: Subject, amount: int) -> tuple[Subject, int, bytes]:
        return self.add_deposit(subject, amount)

    def add_deposit(self, subject: Subject, amount: int) -> tuple[Subject, int, bytes]:
        reference = self.fresh()
        subject.channel.deposit(amount, reference)
        subject.model.deposit(amount)
        return subject, amount, reference

    @rule(deposit=deposits, other=channels, step=st.sampled_from([0, 0, 1, -1]))
    def deposit_again(self, deposit: tuple[Subject, int, bytes], other: Subject, step: int) -> None:
        """A reference counts once; with another payload it is refused and changes nothing (L6)."""
        subject, amount, reference = deposit
        subject = other if step > 0 else subject
        same = subject is deposit[0] and step == 0
        nothing = {"settlement/nothing"} if amount + step == 0 else set()
        allowed = set() if same else {"settlement/reference"} | nothing
        self.expect(allowed, lambda: subject.channel.deposit(amount + step, reference))

    # Paying

    @rule(
        target=vouchers,
        subject=channels,
        lane=st.sampled_from([0, 1, 63]),
        count=st.integers(1, 3),
        size=st.sampled_from([0, 1, 1_024, 1_048_576]),
        room=st.sampled_from([0, 1, MINIMUM]),
        binary=st.booleans(),
    )
    def pay(self, subject: Subject, lane: int, count: int, size: int, room: int, binary: bool) -> Sent:
        """A voucher as a payer's client makes it, with more or less room below the ceiling."""
        sent = self.make(subject, lane, count, size)
        return self.sign_and_send(sent, binary, ceiling=sent.voucher.cumulative_amount + room)

    @rule(target=vouchers, subject=channels, lane=st.sampled_from([0, 1, 63]))
    def pay_for_one(self, subject: Subject, lane: int) -> Sent:
        """The most usual voucher, so that there are many."""
        return self.sign_and_send(self.make(subject, lane), binary=True)

    @rule(target=vouchers, subject=channels, size=st.sampled_from([0, 1_048_576]))
    def pay_for_two(self, subject: Subject, size: int) -> Sent:
        return self.sign_and_send(self.make(subject, 0, 2, size), binary=False)

    @rule(
        target=vouchers,
        subject=channels,
        lane=st.sampled_from([0, 1, 63]),
        flaw=st.sampled_from(FLAWS),
        key=st.sampled_from([None, None, None, 0, 1, 2, 3, 4]),
        binary=st.booleans(),
    )
    def pay_with_a_flaw(self, subject: Subject, lane: int, flaw: str, key: int | None, binary: bool) -> Sent:
        """A voucher that is at a limit or just beyond, or that another key signs."""
        model, schedule = subject.model, self.terms.schedule
        known = model.lanes.get(lane, Lane())
        others = sum(other.ceiling for number, other in model.lanes.items() if number != lane)
        covered = max(0, model.coverage - others)
        sent = self.make(subject, lane, days={"2 days": 2, "1 day": 1, "365 days": 365, "366 days": 366}.get(flaw, 30))
        [item] = sent.voucher.items
        postage = schedule.postage + {"postage": 0, "postage + 1": 1}.get(flaw, -schedule.postage)
        item = replace(item, postage=postage, max_fee=item.max_fee + postage - (flaw == "maxFee - 1"))
        items = {
            "and one that was paid": (Item(next(iter(model.paid), self.fresh()), 7, 0, 3, 0), item),
            "twice": (item, item),
            "none": (),
        }.get(flaw, (item,))
        changes = {
            "sequence": known.sequence,
            "sequence 0": 0,
            "sequence + 9": known.sequence + 10,
            "price - 1": known.charged + model.price(item, self.now) - 1,
            "ceiling": known.ceiling,
            "ceiling - 1": max(0, known.ceiling - 1),
            "all": covered,
            "all + 1": covered + 1,
            "lane 64": LANE_MAX + 1,
            "valid": self.earliest,
            "valid - 1": self.earliest - 1,
        }
        name = flaw.split()[0]
        ceiling = changes[flaw] if name in ("price", "ceiling", "all") else sent.voucher.cumulative_amount + postage
        return self.sign_and_send(
            sent,
            binary,
            key,
            items=items,
            ceiling=ceiling,
            sequence=changes[flaw] if name == "sequence" else sent.voucher.sequence,
            lane=changes.get(flaw, lane) if name == "lane" else lane,
            valid_until=changes[flaw] if name == "valid" else sent.voucher.valid_until,
        )

    @property
    def earliest(self) -> int:
        """Until when a voucher must be valid at least."""
        return self.now + self.terms.challenge_window + self.terms.settlement_horizon

    def make(self, subject: Subject, lane: int, count: int = 1, size: int = 100, days: int = 30) -> Sent:
        """A voucher for new messages at just their price, by whoever may sign for the lane."""
        model = subject.model
        known = model.lanes.get(lane, Lane())
        price = self.terms.schedule.price(size, days)
        items = tuple(Item(self.fresh(), size, self.now // 86_400 + days, 0, price) for _ in range(count))
        ceiling = max(known.ceiling, known.charged + count * price)
        may = [who for who, (where, *_) in model.authorities.items() if where in (lane, EVERY_LANE)]
        signer = may[-1] if may else SIGNERS[4].address.lower()
        valid_until = self.earliest + 3_600
        return Sent(subject, Voucher(model.id, lane, known.sequence + 1, ceiling, valid_until, items), signer)

    def sign_and_send(self, sent: Sent, binary: bool, key: int | None = None, **changes) -> Sent:
        names = {"ceiling": "cumulative_amount"}
        voucher = replace(sent.voucher, **{names.get(name, name): value for name, value in changes.items()})
        signer = sent.signer if key is None else SIGNERS[key].address.lower()
        account = next(account for account in SIGNERS if account.address.lower() == signer)
        sent = Sent(sent.subject, voucher.signed(self.service.domain, account), signer)
        self.send(sent, binary)
        return sent

    @rule(sent=vouchers, how=st.sampled_from(["same", "same", "same", "item", "channel"]), other=channels)
    def pay_again(self, sent: Sent, how: str, other: Subject) -> None:
        """The same bytes: the same receipts, or a refusal that stays one (L6, L7); and what a signature does not cover.

        A signature authorizes its items and no others (TIP-1034: every capture has a valid voucher), for its channel and no
        other, not even of one signer.
        """
        if how == "same":
            before = sent.refused
            self.send(sent, binary=True)
            assert sent.refused is not None or before not in FOR_GOOD, f"{before} before, accepted now"
        elif how == "channel" and other is not sent.subject:
            self.send(Sent(other, replace(sent.voucher, channel=other.channel.id), "nobody"), binary=True)
        elif how == "item" and sent.voucher.items:
            items = (replace(sent.voucher.items[0], max_fee=sent.voucher.items[0].max_fee + 1), *sent.voucher.items[1:])
            self.send(Sent(sent.subject, replace(sent.voucher, items=items), sent.signer), binary=True)

    def send(self, sent: Sent, binary: bool) -> None:
        subject, model = sent.subject, sent.subject.model
        known = set(model.paid)
        allowed = model.pay(sent.voucher, sent.signer, self.now)
        [result] = (self.service.pay_binary if binary else self.service.pay)(sent.voucher)
        if isinstance(result, Refused):
            assert result.code in allowed, f"{result}; the model allows {allowed or 'no refusal'}"
            self.outcomes[result.code] += 1
            sent.refused = result.code
            return
        assert not allowed, f"accepted, and the model says {allowed}"
        self.outcomes["voucher accepted" if set(model.paid) != known else "voucher repeated"] += 1
        sent.refused = None
        for line, item in zip(result, sent.voucher.items, strict=True):
            charge = line.receipt.check(self.service.genesis)
            assert charge.envelope_hash == item.envelope_hash
            assert charge.price == model.paid[item.envelope_hash]
            assert charge.commitment == commitment(subject.channel.id, line.salt)
            leaf = subject.leaves.setdefault(item.envelope_hash, line.receipt.leaf_bytes)
            assert leaf == line.receipt.leaf_bytes, "another receipt than before"
            if item.envelope_hash not in known:  # L9: epoch and time are the log's at acceptance.
                assert (charge.size, charge.expiry_day) == (item.size, item.expiry_day)
                assert (line.receipt.leaf.time, charge.epoch) == (self.now, line.receipt.head.epoch)

    # Signers

    @rule(
        subject=channels,
        key=st.integers(0, 3),
        lane=st.sampled_from([0, 1, EVERY_LANE, LANE_MAX, LANE_MAX + 1]),
        ceiling=st.sampled_from([0, MINIMUM, 10 * MINIMUM]),
        expires=st.sampled_from([0, -1, 1, 1_000, 10**9]),
        step=st.sampled_from([1, 1, 1, 0, 2]),
    )
    def delegate(self, subject: Subject, key: int, lane: int, ceiling: int, expires: int, step: int) -> None:
        model = subject.model
        ends = self.now + self.terms.challenge_window + self.terms.settlement_horizon + expires
        signer, nonce = SIGNERS[key].address.lower(), model.nonce + step
        allowed = model.delegate(signer, lane, ceiling, ends, nonce, self.now) if model.funded else {"channel/unknown"}
        answer = self.expect(
            allowed,
            lambda: subject.channel.delegate(signer, nonce, lane=lane, ceiling=ceiling, expires=ends),
        )
        if answer is not None:
            assert self.without_vouchers(answer) == model.state()

    @rule(subject=channels, key=st.integers(0, 4), step=st.sampled_from([1, 1, 1, 0, 2]))
    def revoke(self, subject: Subject, key: int, step: int) -> None:
        model = subject.model
        signer, nonce = SIGNERS[key].address.lower(), model.nonce + step
        allowed = model.revoke(signer, nonce) if model.funded else {"channel/unknown"}
        self.expect(allowed, lambda: subject.channel.revoke(signer, nonce))

    # Money out, and the end

    @rule(subject=channels, how=st.sampled_from(WAYS_OUT))
    def leave(self, subject: Subject, how: str) -> None:
        """Withdrawals and closes, most of them a little wrong: a channel that ended has little left to show."""
        what, _, detail = how.partition(" ")
        valid = {"late": -1, "last": 0}.get(detail.split(" ")[-1], 600)
        {"withdraw": self.withdraw, "close": self.close, "request": self.request_close}[what](subject, detail, valid)

    def request_close(self, subject: Subject, _: str, valid: int) -> None:
        model = subject.model
        allowed = model.request_close(self.now + valid, self.now) if model.funded else {"channel/unknown"}
        answer = self.expect(allowed, lambda: subject.channel.request_close(self.now + valid))
        if answer is not None:
            assert answer == {"closesAt": model.closes_at}

    def close(self, subject: Subject, step: str, valid: int) -> None:
        """MPP: a close captures what was charged, not the ceiling, and nothing else (CVE-2026-34209: not ± 1)."""
        model = subject.model
        charged = max(0, model.charged + {"+ 1": 1, "- 1": -1}.get(step, 0))
        left = model.available
        allowed = model.close(charged, self.now + valid, self.now) if model.funded else {"channel/unknown"}
        answer = self.expect(allowed, lambda: subject.channel.close(charged, self.now + valid))
        if answer is not None:
            assert answer == {"returned": str(left)}

    def withdraw(self, subject: Subject, what: str, valid: int) -> None:
        model = subject.model
        amounts = {
            "again": 0,
            "least": MINIMUM,
            "least - 1": MINIMUM - 1,
            "all": model.withdrawable,
            "all + 1": model.withdrawable + 1,
            "back": -1,
        }
        before = model.withdrawn
        cumulative = max(0, before + amounts.get(what, MINIMUM))
        allowed = model.withdraw(cumulative, self.now + valid, self.now) if model.funded else {"channel/unknown"}
        answer = self.expect(allowed, lambda: subject.channel.withdraw(cumulative, self.now + valid))
        if answer is not None:
            assert answer == {"withdrawn": str(model.withdrawn - before), "cumulative": str(model.withdrawn)}

    @rule(subject=channels, by=st.integers(0, 2), what=st.integers(0, 3))
    def act_as_a_stranger(self, subject: Subject, by: int, what: int) -> None:
        """TIP-1034: only the payer withdraws, closes or names signers; a signer may only sign vouchers."""
        by = [SIGNERS[0], SIGNERS[4], self.payers[1]][by]
        if by is subject.channel.payer:
            return
        channel, soon = subject.channel, self.now + 600
        acts = [
            lambda: channel.withdraw(MINIMUM, soon, by=by),
            lambda: channel.request_close(soon, by=by),
            lambda: channel.delegate(by.address, subject.model.nonce + 1, by=by),
            lambda: channel.revoke(channel.signer.address, subject.model.nonce + 1, by=by),
        ]
        self.expect({"channel/unknown"}, acts[what])

    # Time

    @rule(subject=channels, seconds=st.sampled_from([1, 60, 600]), step=near)
    def wait(self, subject: Subject, seconds: int, step: int) -> None:
        """Some time; or to the second before a close ends, to it, or beyond."""
        end = subject.model.closes_at
        self.move(self.now + seconds if end is None else max(self.now, end + step))

    def move(self, now: int) -> None:
        self.process.set_clock(self.service, now)
        self.now = now
        for subject in self.subjects:
            subject.model.pass_time(now)

    @rule(kill=st.booleans())
    @precondition(lambda self: len(self.subjects) > 1)
    def restart(self, kill: bool) -> None:
        """A service that ends, or is killed, comes back with the same channels."""
        if os.environ.get("FEESVC_RESTARTS") != "1":
            return
        self.process.kill() if kill else self.process.stop()
        self.process.start()
        type(self).service = self.process.connect()
        for subject in self.subjects:
            subject.channel.service = self.service

    # After each step

    @staticmethod
    def without_vouchers(state: dict) -> dict:
        lanes = [{k: v for k, v in lane.items() if k not in ("newest", "lastCharge")} for lane in state["lanes"]]
        left_out = ("withdrawable",) if state["stage"] == "closed" else ()
        return {k: v for k, v in state.items() if k not in left_out} | {"lanes": lanes}

    @invariant()
    def the_service_says_what_the_model_says(self) -> None:
        for subject in self.subjects:
            said = subject.channel.state(subject.channel.payer)
            assert self.without_vouchers(said) == subject.model.state()
            self.check_monotone(self.before.get(subject.channel.id), said)
            self.before[subject.channel.id] = said

    @staticmethod
    def check_monotone(before: dict | None, now: dict) -> None:
        """TIP-1034 and MPP: counters only grow, stages only go forward; authorised ≥ charged, and both are covered."""
        lanes = {lane["lane"]: lane for lane in now["lanes"]}
        for lane in lanes.values():
            assert 0 <= int(lane["charged"]) <= int(lane["ceiling"])
            assert lane["newest"]["sequence"] == lane["sequence"]
            assert lane["newest"]["cumulativeAmount"] == lane["ceiling"]
        money = int(now["deposited"]) + int(now["refunded"]) - int(now["withdrawn"])
        assert int(now["available"]) == money - sum(int(lane["charged"]) for lane in lanes.values()) >= 0
        if now["stage"] != "closed":
            assert sum(int(lane["ceiling"]) for lane in lanes.values()) <= money
        if before is None:
            return
        stages = ["opening", "open", "closing", "closed"]
        assert stages.index(before["stage"]) <= stages.index(now["stage"])
        for counter in ("deposited", "refunded", "withdrawn", "nonce"):
            assert int(before[counter]) <= int(now[counter])
        for lane in before["lanes"]:
            for counter in ("sequence", "ceiling", "charged"):
                assert int(lane[counter]) <= int(lanes[lane["lane"]][counter])
        if before["stage"] == "closed":
            assert now == before, "a closed channel changed"

    @invariant()
    def the_books_agree(self) -> None:
        """L3 conservation, L10 no account below zero; and what ended is payable to its payer, to the unit."""
        with Books.open(self.process.database_url) as books:
            books.check_totals()
            balances = books.balances()
            charged = books.number("SELECT sum(charged) FROM lanes")
        taken = sum(amount for name, amount in balances.items() if name.split(":")[0] in ("held", "pool", "protocol"))
        assert taken == charged, "what was charged is not what is held or captured"
        for payer in self.payers:
            payer = payer.address.lower()
            owed = sum(subject.model.payable for subject in self.subjects if subject.model.payer == payer)
            assert balances.get(f"payable:{payer}", 0) == owed

    @invariant()
    def the_log_only_grows(self) -> None:
        head, proof = self.service.consistency(self.follower.head.size)
        self.follower.accept(head, proof)
        assert head.time == self.now

    def teardown(self) -> None:
        """Every lane's statement is what was paid on it, newest first; L4: it sums to what the lane was charged."""
        for subject in self.subjects:
            leaves = set()
            for number, lane in subject.model.lanes.items():
                prices = [price for _, price in self.statement(subject, number, leaves)]
                assert sum(prices) == lane.charged
            assert leaves == set(subject.leaves.values())

    def statement(self, subject: Subject, lane: int, leaves: set[bytes]) -> Iterator[tuple[int, int]]:
        start, last = None, None
        by = subject.channel if subject.channel.signer.address.lower() in subject.model.authorities else None
        channel = by or replace(subject.channel, signer=subject.channel.payer)
        while True:
            page = channel.charges(lane, limit=3, start=start)
            for line in page["charges"]:
                receipt = Receipt.decode(address(line["receipt"]))
                charge = receipt.check(self.service.genesis)
                assert last is None or charge.number < last
                assert receipt.leaf_bytes == subject.leaves[charge.envelope_hash]
                leaves.add(receipt.leaf_bytes)
                last = charge.number
                yield charge.number, charge.price
            start = page.get("next")
            if start is None:
                return


@pytest.fixture
def machine() -> Iterator[type[ChannelLife]]:
    with ServiceProcess(*FLAGS) as process:
        ChannelLife.process = process
        ChannelLife.service = process.connect()
        ChannelLife.follower = Follower(ChannelLife.service.genesis)
        ChannelLife.follower.accept(ChannelLife.service.head(), [])
        yield ChannelLife


def test_channels_live_as_the_model_does(machine: type[ChannelLife]):
    print(f"seed {SEED}, {EXAMPLES} examples of {STEPS} steps")
    seed(SEED)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"outcomes: {dict(sorted(machine.outcomes.items()))}")
    if EXAMPLES * STEPS >= 1_000:  # A run that met too little proves less than it seems to.
        assert machine.outcomes["voucher accepted"] > EXAMPLES * STEPS // 20
        assert len(machine.outcomes) >= 20
