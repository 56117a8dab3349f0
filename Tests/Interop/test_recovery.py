"""A database that is lost, and how a service goes on from an older copy: docs/protocol.md §5, rollback.

FEESVC_RECOVERY_KILLS says how often `recover` is killed.
"""

from __future__ import annotations

import csv
import json
import os
import random
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc.canonical import sha, u64
from feesvc.database import Books, LogCheck, check_conserved
from feesvc.errors import documented
from feesvc.http import JSON, Bought, Channel, Paid, Refused, Result, Service, restoration
from feesvc.log import (
    RESTORED_KIND,
    Act,
    BadProof,
    Charge,
    Follower,
    Head,
    Leaf,
    Receipt,
    Rollback,
    commitment,
    contradict,
    proved_rollback,
)
from feesvc.messages import Item, Voucher, envelope_head, hexadecimal, topic, welcome
from feesvc.process import ServiceProcess, binary
from feesvc.statements import LOG_HEAD, address

KILLS = int(os.environ.get("FEESVC_RECOVERY_KILLS", "2"))
DEPOSIT = 10**12
STEP = 10**10  # What each further sequence adds to a lane's ceiling.
MARGIN = 2**20  # More charges than a log takes in a second.
DAY = 86_400
KEPT_SECONDS = 1.2  # The newest head is kept within a second.


def buy(
    channel: Channel,
    *items: Item,
    sequence: int,
    lane: int = 0,
    binary: bool = False,
    by: LocalAccount | None = None,
    service: Service | None = None,
) -> Bought:
    """A voucher that is accepted."""
    payer = replace(channel, signer=by or channel.signer, service=service or channel.service)
    voucher = payer.voucher(*items, sequence=sequence, ceiling=sequence * STEP, lane=lane)
    [result] = (payer.service.pay_binary if binary else payer.service.pay)(voucher)
    return bought(voucher, result)


def bought(voucher: Voucher, result: Result) -> Bought:
    assert not isinstance(result, Refused), result
    return Bought(voucher, tuple(result))


def restore(service: Service, *lost: Bought) -> list[Bought]:
    """Vouchers that are charged again."""
    return [bought(one.voucher, result) for one, result in zip(lost, service.restore(*lost), strict=True)]


def numbers(some: Iterable[Bought]) -> list[int]:
    return [line.receipt.charge.number for one in some for line in one.paid]


def heads(some: Iterable[Bought]) -> list[Head]:
    return [line.receipt.head for one in some for line in one.paid]


@dataclass
class Subject:
    """A channel that paid before the copy of the database was made, and went on paying afterwards."""

    channel: Channel
    kept: Bought
    lost: list[Bought] = field(default_factory=list)
    before: dict = field(default_factory=dict)  # Its state when the database was lost.
    opening: bytes = b""  # Where the channel was lost.
    top_up: dict = field(default_factory=dict)  # Where a deposit was.
    envelope: bytes = b""  # The head of the message that somebody welcomes.

    @classmethod
    def open(cls, service: Service, deposit: int = DEPOSIT) -> Subject:
        channel = service.open(deposit)
        return cls(channel, buy(channel, channel.item(), sequence=1))

    def go_on(self) -> None:
        """Pays on two lanes, in both forms: several items, short and long storage, postage."""
        channel, postage = self.channel, self.channel.service.schedule.postage
        self.lost = [
            buy(channel, channel.item(), channel.item(size=5), sequence=2),
            buy(channel, channel.item(postage=postage), sequence=1, lane=1, binary=True),
            buy(channel, channel.item(days=2), channel.item(postage=postage), channel.item(0), sequence=3, binary=True),
            buy(channel, channel.item(days=365), sequence=5, lane=1),
        ]
        self.before = channel.state()


@dataclass
class Story:
    """What happened before and while the database was lost, and the service that goes on."""

    process: ServiceProcess
    subjects: list[Subject]
    service: Service | None = None
    standing: list[Head] = field(default_factory=list)  # Of at most as many leaves as the copy has.
    withdrawn: list[Head] = field(default_factory=list)
    busy: subprocess.CompletedProcess | None = None
    nothing: dict = field(default_factory=dict)
    nothing_said: subprocess.CompletedProcess | None = None
    refusals: list[tuple[int, str]] = field(default_factory=list)
    looked: dict = field(default_factory=dict)
    looked_said: subprocess.CompletedProcess | None = None
    stranger: subprocess.CompletedProcess | None = None
    recovered: dict = field(default_factory=dict)
    first_head: Head | None = None
    first_paid: Bought | None = None
    nonce_before: int = 0

    @property
    def rollback(self) -> Rollback:
        [rollback] = self.service.keys().proved_rollbacks(self.service.genesis)
        return rollback

    def refuse_to_start(self) -> None:
        with pytest.raises(RuntimeError) as refused:
            self.process.start()
        self.refusals.append((self.process.process.returncode, str(refused.value)))


# Subjects with a part of their own; any others are taken by the tests, one each.
POOR, NEWCOMER, DELEGATED, WELCOMED, REFUSED, STRANGER = range(6)
TOPIC_OWNER, TOPIC_SALT, PAYLOAD = Account.create(), secrets.token_bytes(32), b"hello, stranger"
DELEGATE = Account.create()
POOR_DEPOSIT = STEP + STEP // 2
PLAIN = 20


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Pays, copies the database, pays on, loses the database, recovers, and serves again."""
    with ServiceProcess() as process:
        service = process.connect()
        subjects = [Subject.open(service, POOR_DEPOSIT)] + [Subject.open(service) for _ in range(5 + PLAIN)]
        story = Story(process, subjects)
        process.act(service, "pause", b"\1")
        process.act(service, "pause", b"\0")
        story.nonce_before = nonce(service)
        story.standing = heads(subject.kept for subject in subjects) + [service.head()]
        story.busy = process.recover("--yes")
        process.stop()
        story.nothing_said = process.recover("--yes")
        story.nothing = process.recovered("--yes")
        copy = process.copy_database()

        process.start()
        service = process.connect()
        for subject in subjects:
            subject.channel.service = service
        lose_specially(service, subjects)
        time.sleep(KEPT_SECONDS)  # So that some head beyond the copy is kept; the last ones need not be.
        for subject in subjects[REFUSED:]:
            subject.go_on()
        [again] = service.pay(subjects[STRANGER].kept.voucher)
        subjects[STRANGER].kept = bought(subjects[STRANGER].kept.voucher, again)
        story.withdrawn = heads(one for subject in subjects for one in subject.lost) + [service.head()]
        process.kill()
        process.put_back(copy)

        story.refuse_to_start()
        story.looked_said = process.recover()
        story.looked = process.recovered()
        story.stranger = process.recover("--yes", "--admin-key", str(process.data / "keys/settlement.key"))
        story.refuse_to_start()
        story.recovered = process.recovered("--yes")
        process.start()
        story.service = process.connect()
        story.first_head = story.service.head()
        for subject in subjects:
            subject.channel.service = story.service
        first = subjects[STRANGER].channel
        story.first_paid = buy(first, *[first.item() for _ in range(8)], sequence=2, lane=9)
        yield story


def nonce(service: Service) -> int:
    return service.connection.get("/v1/admin/acts").ok()["nonce"]


def lose_specially(service: Service, subjects: list[Subject]) -> None:
    """What the copy lacks besides charges: a top-up, a channel, a delegate; and a message to be welcomed."""
    poor = subjects[POOR]
    poor.top_up = poor.channel.deposit_body(DEPOSIT, secrets.token_bytes(32))
    service.connection.post("/v1/settlement/deposits", poor.top_up).ok()
    poor.lost = [buy(poor.channel, poor.channel.item(), sequence=2)]

    opening = secrets.token_bytes(32)
    channel = service.open(DEPOSIT, opening=opening)
    newcomer = subjects[NEWCOMER] = Subject(channel, buy(channel, channel.item(), sequence=1))
    newcomer.opening = opening
    newcomer.lost = [newcomer.kept, buy(channel, channel.item(), sequence=2)]

    delegated = subjects[DELEGATED]
    delegated.channel.delegate(DELEGATE.address, 1, lane=7)
    delegated.lost = [buy(delegated.channel, delegated.channel.item(), sequence=1, lane=7, by=DELEGATE)]

    welcomed = subjects[WELCOMED]
    item = welcomed.channel.item(size=len(PAYLOAD), postage=service.schedule.postage)
    where = topic(address(TOPIC_OWNER.address), TOPIC_SALT)
    welcomed.envelope = envelope_head(where, item.expiry_day, secrets.token_bytes(32), PAYLOAD)
    item = replace(item, envelope_hash=sha(welcomed.envelope))
    welcomed.lost = [buy(welcomed.channel, item, sequence=2)]
    for subject in (poor, newcomer, delegated, welcomed):
        subject.before = subject.channel.state()


@pytest.fixture
def subject(story: Story) -> Subject:
    """A channel of the test's own, whose charges since the copy are lost."""
    assert len(story.subjects) > STRANGER + 1, "more PLAIN subjects are needed"
    return story.subjects.pop()


def check_restored(lost: Bought, again: Bought, rollback: Rollback, service: Service) -> None:
    """The charges are those of before, under leaves and heads of the history that goes on."""
    for before, now in zip(lost.paid, again.paid, strict=True):
        charge = now.receipt.check(service.genesis)
        assert charge == before.receipt.charge
        assert now.salt == before.salt
        assert commitment(lost.voucher.channel, now.salt) == charge.commitment
        leaf = now.receipt.leaf
        assert (leaf.kind, now.receipt.origin) == (RESTORED_KIND, before.receipt.origin)
        assert rollback.index < leaf.index < now.receipt.head.size
        assert leaf.time >= rollback.time > now.receipt.origin[1]
        assert not rollback.withdraws(now.receipt.head)


# The loss, and what recover does


def test_a_service_on_a_copy_that_lacks_what_was_shown_refuses_to_start(story: Story):
    assert [status for status, _ in story.refusals] == [1, 1]
    for _, said in story.refusals:
        assert "older copy" in said and "feesvc recover" in said


def test_recover_refuses_while_the_service_runs(story: Story):
    assert story.busy.returncode == 1
    assert story.busy.stderr.startswith("feesvc: ")


def test_recover_where_nothing_is_missing_says_so_and_changes_nothing(story: Story):
    assert story.nothing_said.returncode == 0
    assert "Nothing is missing" in story.nothing_said.stdout
    assert story.nothing == {"size": story.rollback.index}
    assert max(head.size for head in story.standing) <= story.nothing["size"]


def test_recover_without_yes_says_what_is_lost_and_changes_nothing(story: Story):
    """What it says twice is the same, and the service refuses to start as before."""
    looked = story.looked
    assert looked["size"] == story.nothing["size"]
    assert looked["size"] < looked["lostSize"] <= max(head.size for head in story.withdrawn)
    assert looked["lostTime"] <= max(head.time for head in story.withdrawn)
    assert looked["holder"] and (looked["charges"], looked["amount"]) == (0, "0")
    assert "rollback" not in looked
    assert story.looked_said.returncode == 0
    for word in (str(looked["size"]), str(looked["lostSize"]), "--yes"):
        assert word in story.looked_said.stdout


def test_recover_takes_the_admin_keys_word_only(story: Story):
    assert story.stranger.returncode == 1
    assert story.stranger.stderr.startswith("feesvc: ")


def test_recover_with_yes_logs_the_act_where_the_first_leaf_was_lost(story: Story):
    assert story.recovered == story.looked | {"rollback": story.looked["size"]}


# From public keys alone


def test_keys_prove_the_rollback(story: Story):
    keys = story.service.keys()
    [(leaf, path)] = keys.rollbacks
    rollback = proved_rollback(leaf, path, keys.head, story.service.genesis)
    assert rollback.index == story.nothing["size"]
    assert (rollback.lost.size, rollback.lost.time) == (story.looked["lostSize"], story.looked["lostTime"])
    assert rollback.charges == max(numbers(subject.kept for subject in story.subjects[REFUSED:]))
    by_size = rollback.charges + rollback.lost.size + MARGIN
    assert rollback.last_charge == max(by_size, rollback.time * MARGIN)
    assert max(head.time for head in story.standing) <= Leaf.decode(leaf).time < rollback.time
    assert rollback.time > max(head.time for head in story.withdrawn)
    assert Act.decode(Leaf.decode(leaf).body).nonce == rollback.last_charge == nonce(story.service) > story.nonce_before
    assert keys.rotations == []


def test_no_bit_of_the_proof_can_be_changed(story: Story, dice: random.Random):
    keys = story.service.keys()
    [(leaf, path)] = keys.rollbacks
    for place in range(len(leaf)):
        bad = leaf[:place] + bytes([leaf[place] ^ 1 << dice.randrange(8)]) + leaf[place + 1 :]
        with pytest.raises(Exception):
            proved_rollback(bad, path, keys.head, story.service.genesis)
    for bad in (path[:-1], [*path, bytes(32)], [sha(path[0]), *path[1:]]):
        with pytest.raises(BadProof):
            proved_rollback(leaf, bad, keys.head, story.service.genesis)


def test_the_lost_heads_and_the_new_ones_are_no_evidence_where_the_rollback_is_known(story: Story):
    rollback, now = story.rollback, story.service.head()
    now.check(story.service.genesis)
    assert any(contradict(head, now) for head in story.withdrawn)
    for head in story.withdrawn:
        head.check(story.service.genesis)
        assert rollback.withdraws(head)
        for new in (story.first_head, now):
            assert not rollback.withdraws(new)
            assert contradict(head, new, [rollback]) is None
    for head in story.standing:
        assert not rollback.withdraws(head)
        assert contradict(head, now) is None


def test_no_head_is_shown_that_is_older_than_the_rollback(story: Story):
    assert story.first_head.time >= story.rollback.time
    assert story.first_head.size > story.rollback.index


def test_who_follows_the_log_goes_on_with_the_rollback(story: Story):
    service, rollback = story.service, story.rollback
    early, late = Follower(service.genesis), Follower(service.genesis)
    early.accept(story.standing[-1], [])
    late.accept(story.withdrawn[-1], [])
    early.accept(*service.consistency(early.head.size))
    with pytest.raises(BadProof):
        late.accept(service.head(), [])
    late.learn([rollback])
    late.accept(service.head(), [])
    late.accept(*service.consistency(late.head.size))
    for head in story.withdrawn:
        with pytest.raises(BadProof, match="withdrawn"):
            late.accept(head, [])


def test_a_receipt_under_a_withdrawn_head_is_still_signed(story: Story):
    service, rollback = story.service, story.rollback
    for subject in story.subjects:
        for one in subject.lost:
            for line, item in zip(one.paid, one.voucher.items, strict=True):
                charge = line.receipt.check(service.genesis)
                assert rollback.withdraws(line.receipt.head)
                assert charge.envelope_hash == item.envelope_hash
                assert rollback.charges < charge.number <= rollback.last_charge


def test_a_running_service_rolls_nothing_back(story: Story):
    """The act comes from `recover` alone; what answers it is documented."""
    [(leaf, _)] = story.service.keys().rollbacks
    before = story.service.head().size
    story.process.acts = nonce(story.service)
    with pytest.raises(Refused) as refused:
        story.process.act(story.service, "rollback", Act.decode(Leaf.decode(leaf).body).body)
    assert str(refused.value.status) in documented()[refused.value.code]
    assert story.service.head().size == before


def test_a_salt_of_the_lost_history_opens_nothing_of_the_new_one(story: Story):
    """Leaves of both histories stand at one index; who was told the one's salt learns nothing of the other."""
    told = {
        line.receipt.leaf.index: line.salt for subject in story.subjects for one in subject.lost for line in one.paid
    }
    both = [line for line in story.first_paid.paid if line.receipt.leaf.index in told]
    assert both
    for line in both:
        assert told[line.receipt.leaf.index] != line.salt


# Restoring


def test_a_channel_is_what_it_was_once_its_vouchers_are_restored(story: Story, subject: Subject):
    assert subject.channel.state() != subject.before
    again = restore(story.service, *subject.lost)
    for lost, now in zip(subject.lost, again, strict=True):
        check_restored(lost, now, story.rollback, story.service)
    assert numbers(again) == numbers(subject.lost)
    assert subject.channel.state() == subject.before
    spent = sum(line.receipt.charge.price for one in [subject.kept, *subject.lost] for line in one.paid)
    assert int(subject.before["available"]) == DEPOSIT - spent


def test_one_voucher_at_a_time_restores_as_much(story: Story, subject: Subject):
    for lost in subject.lost:
        [again] = restore(story.service, lost)
        check_restored(lost, again, story.rollback, story.service)
    assert subject.channel.state() == subject.before


def test_the_lanes_of_a_channel_are_restored_in_any_order(story: Story, subject: Subject):
    lanes = [[one for one in subject.lost if one.voucher.lane == lane] for lane in (1, 0)]
    for lost in lanes[0] + lanes[1]:
        [again] = restore(story.service, lost)
        check_restored(lost, again, story.rollback, story.service)
    assert subject.channel.state() == subject.before


def test_restoring_again_changes_nothing_and_brings_receipts(story: Story, subject: Subject):
    first = restore(story.service, *subject.lost)
    size = story.service.head().size
    for lost in (subject.lost, first, [Bought(one.voucher, ()) for one in first]):
        again = restore(story.service, *lost)
        for one, now in zip(first, again, strict=True):
            check_restored(one, now, story.rollback, story.service)
            assert [line.receipt.leaf_bytes for line in now.paid] == [line.receipt.leaf_bytes for line in one.paid]
    assert subject.channel.state() == subject.before
    assert story.service.head().size == size


def test_an_idempotency_key_brings_the_first_answer_again(story: Story, subject: Subject):
    body = json.dumps({"vouchers": [one.json() for one in subject.lost]}).encode()
    key = secrets.token_hex(8)
    first, again = (
        story.service.connection.ask("POST", "/v1/restorations", body, JSON, Idempotency_Key=key) for _ in range(2)
    )
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert subject.channel.state() == subject.before


def test_one_restoration_many_times_at_once_is_charged_once(story: Story, subject: Subject):
    clients = [story.process.connect() for _ in range(8)]
    with ThreadPoolExecutor(len(clients)) as threads:
        results = list(threads.map(lambda client: restore(client, *subject.lost), clients))
    leaves = {tuple(line.receipt.leaf_bytes for one in result for line in one.paid) for result in results}
    assert len(leaves) == 1
    assert subject.channel.state() == subject.before


def test_restoring_and_paying_at_once_lose_nothing(story: Story, subject: Subject):
    """Two lanes are restored while two others pay."""
    channel, postage = subject.channel, story.service.schedule.postage
    clients = [story.process.connect() for _ in range(4)]

    def restores(lane: int, client: Service) -> list[Bought]:
        return [restore(client, one)[0] for one in subject.lost if one.voucher.lane == lane]

    def pays(lane: int, client: Service) -> list[Bought]:
        payer = replace(channel, service=client)
        return [buy(payer, payer.item(postage=postage), sequence=n, lane=lane) for n in range(1, 9)]

    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(restores if lane < 2 else pays, lane, client) for lane, client in enumerate(clients)]
        some = [one for run in runs for one in run.result()]
    spent = sum(line.receipt.check(story.service.genesis).price for one in [subject.kept, *some] for line in one.paid)
    assert channel.state()["available"] == str(DEPOSIT - spent)
    assert len(set(numbers(some))) == len(numbers(some))


def test_a_restored_voucher_that_is_sent_as_a_new_one_costs_nothing(story: Story, subject: Subject):
    again = restore(story.service, *subject.lost)
    size = story.service.head().size
    for pay in (story.service.pay, story.service.pay_binary):
        results = pay(*[one.voucher for one in subject.lost])
        for lost, restored, result in zip(subject.lost, again, results, strict=True):
            paid = bought(lost.voucher, result)
            check_restored(lost, paid, story.rollback, story.service)
            assert [line.receipt.leaf_bytes for line in paid.paid] == [
                line.receipt.leaf_bytes for line in restored.paid
            ]
    assert subject.channel.state() == subject.before
    assert story.service.head().size == size


def test_paying_goes_on_above_every_number_that_was_lost(story: Story, subject: Subject):
    restore(story.service, *subject.lost)
    rollback, channel = story.rollback, subject.channel
    new = [
        buy(channel, channel.item(), channel.item(), sequence=6),
        buy(channel, channel.item(), sequence=7, lane=1, binary=True),
        buy(channel, channel.item(), sequence=1, lane=2),
    ]
    assert min(numbers(new)) > rollback.last_charge
    for one in new:
        for line in one.paid:
            line.receipt.check(story.service.genesis)
            assert line.receipt.leaf.kind != RESTORED_KIND
    state = channel.state()
    spent = sum(line.receipt.charge.price for one in new for line in one.paid)
    assert int(state["available"]) == int(subject.before["available"]) - spent
    assert {lane["lane"]: lane["lastCharge"] for lane in state["lanes"]} == {
        0: numbers(new)[1],
        1: numbers(new)[2],
        2: numbers(new)[3],
    }


def test_a_lanes_statement_has_its_restored_charges_between_the_others(story: Story, subject: Subject):
    channel = subject.channel
    restore(story.service, *subject.lost)
    new = buy(channel, channel.item(), sequence=6)
    lane = [one for one in [subject.kept, *subject.lost, new] if one.voucher.lane == 0]
    listed = []
    start = None
    while True:
        page = channel.charges(0, limit=2, start=start)
        for line in page["charges"]:
            charge = Receipt.decode(address(line["receipt"])).check(story.service.genesis)
            assert commitment(channel.id, address(line["salt"])) == charge.commitment
            listed.append(charge)
        start = page.get("next")
        if start is None:
            break
    assert listed == [line.receipt.charge for one in lane for line in one.paid][::-1]


def test_what_was_paid_anew_is_not_charged_again(story: Story, subject: Subject):
    """Who sends a lost voucher as a new one pays today's price for it; the receipts of then bring nothing more."""
    vouchers = [one.voucher for one in subject.lost]
    anew = [bought(voucher, paid) for voucher, paid in zip(vouchers, story.service.pay(*vouchers), strict=True)]
    assert min(numbers(anew)) > story.rollback.last_charge
    state = subject.channel.state()
    for one, now in zip(anew, restore(story.service, *subject.lost), strict=True):
        assert [line.receipt.leaf_bytes for line in now.paid] == [line.receipt.leaf_bytes for line in one.paid]
    assert subject.channel.state() == state
    assert state["available"] == subject.before["available"]


def test_an_item_that_is_charged_needs_no_receipt(story: Story, subject: Subject):
    """Another voucher paid for one of the items meanwhile: the receipts of the others are enough."""
    first, channel = subject.lost[0], subject.channel
    anew = buy(channel, first.voucher.items[0], sequence=1, lane=3)
    [result] = story.service.restore(restoration(first.voucher.bytes(), first.paid[1:]))
    now = bought(first.voucher, result)
    assert numbers([now]) == [numbers([anew])[0], numbers([first])[1]]
    [result] = story.service.restore(restoration(first.voucher.bytes(), first.paid))
    assert numbers([bought(first.voucher, result)]) == numbers([now])


def test_a_channel_that_is_closing_is_restored(story: Story, subject: Subject):
    subject.channel.request_close()
    for lost, now in zip(subject.lost, restore(story.service, *subject.lost), strict=True):
        check_restored(lost, now, story.rollback, story.service)
    state = subject.channel.state()
    assert (state["stage"], state["available"]) == ("closing", subject.before["available"])


def test_a_pause_stops_no_restoration(story: Story, subject: Subject):
    story.process.acts = nonce(story.service)
    story.process.act(story.service, "pause", b"\1")
    try:
        restore(story.service, *subject.lost)
    finally:
        story.process.act(story.service, "pause", b"\0")
    assert subject.channel.state() == subject.before


def test_vouchers_of_a_request_are_decided_one_by_one_in_order(story: Story, subject: Subject):
    bad = restoration(subject.lost[1].voucher.bytes(), subject.lost[0].paid)
    results = story.service.restore(subject.lost[0], bad, subject.lost[2], *subject.lost)
    refused = [result.code if isinstance(result, Refused) else None for result in results]
    assert refused == [None, "restoration/receipts", None, None, None, None, None]
    assert subject.channel.state() == subject.before


def test_a_lost_deposit_comes_first(story: Story):
    """Until the settlement says again that it came, nothing that it paid for is charged."""
    poor = story.subjects[POOR]
    [refused] = story.service.restore(*poor.lost)
    check_refused(refused, "voucher/deposit")
    for _ in range(2):
        story.service.connection.post("/v1/settlement/deposits", poor.top_up).ok()
    [again] = restore(story.service, *poor.lost)
    check_restored(poor.lost[0], again, story.rollback, story.service)
    assert poor.channel.state() == poor.before


def test_a_lost_channel_comes_first(story: Story):
    newcomer, service = story.subjects[NEWCOMER], story.service
    check_refused(service.restore(newcomer.lost[0])[0], "voucher/unknown-channel-or-signer")
    channel = newcomer.channel
    again = service.open(payer=channel.payer, signer=channel.signer, opening=newcomer.opening)
    assert again.id == channel.id
    assert isinstance(service.restore(newcomer.lost[0])[0], Refused)
    again.deposit(DEPOSIT)
    for lost, now in zip(newcomer.lost, restore(service, *newcomer.lost), strict=True):
        check_restored(lost, now, story.rollback, service)
    assert channel.state() == newcomer.before


def test_a_lost_delegation_comes_first(story: Story):
    delegated, service = story.subjects[DELEGATED], story.service
    check_refused(service.restore(*delegated.lost)[0], "voucher/unknown-channel-or-signer")
    delegated.channel.delegate(DELEGATE.address, 1, lane=7)
    [again] = restore(service, *delegated.lost)
    check_restored(delegated.lost[0], again, story.rollback, service)
    assert delegated.channel.state() == delegated.before


def test_postage_of_a_restored_charge_goes_back_once(story: Story):
    welcomed, service = story.subjects[WELCOMED], story.service
    [number] = numbers(restore(service, *welcomed.lost))
    assert welcomed.channel.state() == welcomed.before
    body = {
        "charge": number,
        "welcome": hexadecimal(welcome(service.domain, TOPIC_OWNER, TOPIC_SALT, welcomed.envelope)),
    }
    answer = service.connection.post("/v1/welcomes", body).ok()
    assert (answer["charge"], answer["amount"]) == (number, str(service.schedule.postage))
    [again] = service.restore(*welcomed.lost)
    assert numbers([bought(welcomed.lost[0].voucher, again)]) == [number]
    state = welcomed.channel.state()
    assert int(state["available"]) == int(welcomed.before["available"]) + service.schedule.postage


# Refusals


def check_refused(result: Result, code: str) -> None:
    assert isinstance(result, Refused), f"{code} is due, and it was restored"
    assert result.code == code, result
    assert str(result.status) in documented()[code]


def resigned(subject: Subject, voucher: Voucher, by: LocalAccount | None = None, **changes) -> bytes:
    """The voucher with other members, signed by the channel's signer or whom else."""
    changed = replace(voucher, items_hash=b"", **changes)
    return changed.signed(subject.channel.service.domain, by or subject.channel.signer).bytes()


def with_receipt(paid: tuple[Paid, ...], **changes) -> list[Paid]:
    return [replace(paid[0], receipt=replace(paid[0].receipt, **changes)), *paid[1:]]


def with_head(paid: tuple[Paid, ...], **changes) -> list[Paid]:
    """The receipts, the first under a head that was changed."""
    return with_receipt(paid, head=replace(paid[0].receipt.head, **changes))


def strangers(story: Story, head: Head) -> bytes:
    """The signature of a key that is not the log's."""
    return story.service.domain.sign(Account.create(), LOG_HEAD, sha(head.bytes()))


def cheaper(charge: Charge, leaf: Leaf) -> bytes:
    """The leaf of the charge with a lower base fee."""
    base = charge.base.to_bytes(16, "big")
    assert leaf.body.count(base) == 1
    return replace(leaf, body=leaf.body.replace(base, (charge.base - 1).to_bytes(16, "big"))).bytes()


Case = Callable[[Story, Subject, Bought], dict]


CASES: dict[str, tuple[str, Case]] = {
    "no receipts": ("restoration/receipts", lambda s, c, v: restoration(v.voucher.bytes(), [])),
    "a receipt too few": ("restoration/receipts", lambda s, c, v: restoration(v.voucher.bytes(), v.paid[:1])),
    "a receipt too many": (
        "restoration/receipts",
        lambda s, c, v: restoration(v.voucher.bytes(), [*v.paid, v.paid[0]]),
    ),
    "a receipt that is no receipt": (
        "restoration/receipt",
        lambda s, c, v: (
            restoration(v.voucher.bytes(), v.paid)
            | {"receipts": [{"receipt": "0x00", "salt": hexadecimal(line.salt)} for line in v.paid]}
        ),
    ),
    "a path that leads elsewhere": (
        "restoration/receipt",
        lambda s, c, v: restoration(
            v.voucher.bytes(), with_receipt(v.paid, path=[bytes(32), *v.paid[0].receipt.path[1:]])
        ),
    ),
    "a path without its end": (
        "restoration/receipt",
        lambda s, c, v: restoration(v.voucher.bytes(), with_receipt(v.paid, path=v.paid[0].receipt.path[:-1])),
    ),
    "a cheaper charge": (
        "restoration/receipt",
        lambda s, c, v: restoration(
            v.voucher.bytes(),
            with_receipt(v.paid, leaf_bytes=cheaper(v.paid[0].receipt.charge, v.paid[0].receipt.leaf)),
        ),
    ),
    "a leaf that is no charge": (
        "restoration/receipt",
        lambda s, c, v: restoration(
            v.voucher.bytes(), with_receipt(v.paid, leaf_bytes=replace(v.paid[0].receipt.leaf, kind=3).bytes())
        ),
    ),
    "a head of another time": (
        "restoration/receipt",
        lambda s, c, v: restoration(v.voucher.bytes(), with_head(v.paid, time=v.paid[0].receipt.head.time - 1)),
    ),
    "a head that a stranger signed": (
        "restoration/receipt",
        lambda s, c, v: restoration(
            v.voucher.bytes(), with_head(v.paid, signature=strangers(s, v.paid[0].receipt.head))
        ),
    ),
    "another log's head": (
        "restoration/receipt",
        lambda s, c, v: restoration(v.voucher.bytes(), with_head(v.paid, log_id=bytes(32))),
    ),
    "a receipt of before the copy": (
        "restoration/standing",
        lambda s, c, v: restoration(v.voucher.bytes(), [c.kept.paid[0]] * 2),
    ),
    "a receipt under a head of now": (
        "restoration/standing",
        lambda s, c, v: restoration(v.voucher.bytes(), s.service.pay(c.kept.voucher)[0] * 2),
    ),
    "a kept charge under a head that was withdrawn": (
        "restoration/not-lost",
        lambda s, c, v: restoration(v.voucher.bytes(), [s.subjects[STRANGER].kept.paid[0]] * 2),
    ),
    "another channel's salt": (
        "restoration/commitment",
        lambda s, c, v: restoration(
            v.voucher.bytes(), [replace(v.paid[0], salt=s.subjects[STRANGER].lost[0].paid[0].salt), v.paid[1]]
        ),
    ),
    "salts that were swapped": (
        "restoration/commitment",
        lambda s, c, v: restoration(v.voucher.bytes(), [replace(v.paid[n], salt=v.paid[1 - n].salt) for n in range(2)]),
    ),
    "another channel's receipts": (
        "restoration/commitment",
        lambda s, c, v: restoration(v.voucher.bytes(), s.subjects[STRANGER].lost[0].paid),
    ),
    "receipts that were swapped": (
        "restoration/item",
        lambda s, c, v: restoration(v.voucher.bytes(), v.paid[::-1]),
    ),
    "the same receipt twice": (
        "restoration/item",
        lambda s, c, v: restoration(v.voucher.bytes(), [v.paid[0]] * 2),
    ),
    "a maxFee below the price": (
        "restoration/item",
        lambda s, c, v: restoration(
            resigned(c, v.voucher, items=(replace(v.voucher.items[0], max_fee=1), v.voucher.items[1])), v.paid
        ),
    ),
    "an item of another size": (
        "restoration/item",
        lambda s, c, v: restoration(
            resigned(c, v.voucher, items=(replace(v.voucher.items[0], size=99), v.voucher.items[1])), v.paid
        ),
    ),
    "an item with postage that was paid without": (
        "restoration/item",
        lambda s, c, v: restoration(
            resigned(c, v.voucher, items=(replace(v.voucher.items[0], postage=1), v.voucher.items[1])), v.paid
        ),
    ),
    "a voucher that a stranger signed": (
        "voucher/unknown-channel-or-signer",
        lambda s, c, v: restoration(resigned(c, v.voucher, by=Account.create()), v.paid),
    ),
    "a voucher of a channel that there is not": (
        "voucher/unknown-channel-or-signer",
        lambda s, c, v: restoration(resigned(c, v.voucher, channel=bytes(32)), v.paid),
    ),
    "items that were not signed": (
        "voucher/items-hash",
        lambda s, c, v: restoration(replace(v.voucher, items=v.voucher.items[:1]).bytes(), v.paid[:1]),
    ),
    "no item": ("voucher/item-count", lambda s, c, v: restoration(resigned(c, v.voucher, items=()), [])),
    "an envelope twice": (
        "voucher/item-twice",
        lambda s, c, v: restoration(resigned(c, v.voucher, items=(v.voucher.items[0],) * 2), [v.paid[0]] * 2),
    ),
    "lane 64": ("voucher/lane", lambda s, c, v: restoration(resigned(c, v.voucher, lane=64), v.paid)),
    "sequence 0": ("voucher/sequence-range", lambda s, c, v: restoration(resigned(c, v.voucher, sequence=0), v.paid)),
    "a sequence that is used up": (
        "voucher/sequence",
        lambda s, c, v: restoration(resigned(c, v.voucher, sequence=1), v.paid),
    ),
    "a ceiling below the lane's": (
        "voucher/ceiling-lowered",
        lambda s, c, v: restoration(resigned(c, v.voucher, cumulative_amount=STEP - 1), v.paid),
    ),
    "a ceiling that does not cover the price": (
        "voucher/ceiling-too-low",
        lambda s, c, v: restoration(resigned(c, v.voucher, lane=3, cumulative_amount=10**7), v.paid),
    ),
    "a ceiling above the deposit": (
        "voucher/deposit",
        lambda s, c, v: restoration(resigned(c, v.voucher, cumulative_amount=DEPOSIT + 1), v.paid),
    ),
}
ELSEWHERE = {"restoration/order", "restoration/epoch"}


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_has_the_documented_code_and_moves_nothing(story: Story, case: str):
    code, make = CASES[case]
    subject = story.subjects[REFUSED]
    asked = make(story, subject, subject.lost[0])
    state, size = subject.channel.state(), story.service.head().size
    [result] = story.service.restore(asked)
    check_refused(result, code)
    assert subject.channel.state() == state
    assert story.service.head().size == size


def test_every_documented_refusal_of_restorations_is_provoked():
    named = {code for code in documented() if code.startswith("restoration/")}
    assert named == {code for code, _ in CASES.values() if code.startswith("restoration/")} | ELSEWHERE


def test_no_bit_of_a_receipt_can_be_changed(story: Story, dice: random.Random):
    subject = story.subjects[REFUSED]
    one = subject.lost[1]
    good, salt = one.paid[0].receipt.bytes(), hexadecimal(one.paid[0].salt)
    bits = dice.sample(range(8 * len(good)), 256)
    for first in range(0, len(bits), 64):
        asked = []
        for bit in bits[first : first + 64]:
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            asked.append(
                {
                    "voucher": hexadecimal(one.voucher.bytes()),
                    "receipts": [{"receipt": hexadecimal(bytes(bad)), "salt": salt}],
                }
            )
        for result in story.service.restore(*asked):
            check_refused(result, "restoration/receipt")


def test_a_lane_that_has_paid_anew_restores_nothing_before(story: Story, subject: Subject):
    """Numbers ascend on a lane; the others are restored."""
    buy(subject.channel, subject.channel.item(), sequence=9)
    size = story.service.head().size
    for lost in subject.lost:
        [result] = story.service.restore(lost)
        if lost.voucher.lane == 0:
            check_refused(result, "restoration/order")
        else:
            check_restored(lost, bought(lost.voucher, result), story.rollback, story.service)
    assert story.service.head().size == size + 2


def test_a_voucher_is_not_restored_after_a_later_one(story: Story, subject: Subject):
    early, late = subject.lost[0], subject.lost[2]
    restore(story.service, late)
    check_refused(story.service.restore(early)[0], "restoration/order")


def test_a_revoked_signer_restores_nothing(story: Story, subject: Subject):
    subject.channel.revoke(subject.channel.signer.address, 1)
    check_refused(story.service.restore(subject.lost[0])[0], "voucher/unknown-channel-or-signer")


def test_a_closed_channel_is_not_restored(story: Story, subject: Subject):
    subject.channel.close(int(subject.channel.state()["lanes"][0]["charged"]))
    check_refused(story.service.restore(subject.lost[0])[0], "voucher/channel-closed")


@pytest.mark.parametrize("count", [0, 65])
def test_a_request_has_1_to_64_vouchers(story: Story, count: int):
    with pytest.raises(Refused) as refused:
        story.service.restore(*[story.subjects[REFUSED].lost[0]] * count)
    assert (refused.value.status, refused.value.code) == (400, "request/body")


def test_a_voucher_that_is_not_canonical_is_the_requests_refusal(story: Story):
    one = story.subjects[REFUSED].lost[0]
    for bad in (b"", one.voucher.bytes()[:-1], one.voucher.bytes() + b"\0"):
        with pytest.raises(Refused) as refused:
            story.service.restore(one, restoration(bad, one.paid))
        assert (refused.value.status, refused.value.code) == (400, "request/canonical-bytes")


def test_the_books_agree_after_the_restorations(story: Story):
    with Books.open(story.process.database_url) as books:
        _, log = check_conserved(books, story.service.genesis)
    assert [rollback.index for rollback in log.rollbacks] == [story.rollback.index]
    envelopes = [charge.envelope_hash for _, charge in log.charges.values()]
    assert len(set(envelopes)) == len(envelopes), "a message is charged twice"


# Loss after loss


@dataclass
class Losses:
    """A database that is lost four times: twice back to one copy, twice to one from after a rollback.

    Acts move the clock, so that times are what they are whatever the machine does.
    """

    process: ServiceProcess
    start: int
    size: int = 0  # Of the first copy.
    rollbacks: list[Rollback] = field(default_factory=list)  # As they were shown after each recovery.
    shown: list[list[Rollback]] = field(default_factory=list)
    heads: list[list[Head]] = field(default_factory=list)  # Of each history, the last stands.
    lost: list[Bought] = field(default_factory=list)
    restored: list[list[Result]] = field(default_factory=list)  # The same vouchers, after each recovery.
    anew: list[Bought] = field(default_factory=list)  # After the first recovery.
    anew_restored: list[Result] = field(default_factory=list)  # After the second.
    late: list[Bought] = field(default_factory=list)  # Lost with the first history, restored after the second recovery.
    late_once: list[Bought] = field(default_factory=list)
    late_again: list[Result] = field(default_factory=list)  # From these receipts, after the third recovery.
    late_first: list[Result] = field(default_factory=list)  # From those of `late`.
    newest: list[list[Bought]] = field(default_factory=list)  # Paid after each recovery but the last.
    log: LogCheck | None = None

    def lose(self, copy: Path, *flags: str) -> Service:
        """Stops the service, puts a copy back, recovers and serves again."""
        self.process.stop()
        self.process.put_back(copy)
        self.process.recovered("--yes", *flags)
        self.process.start()
        service = self.process.connect()
        self.shown.append(service.keys().proved_rollbacks(service.genesis))
        self.rollbacks.append(self.shown[-1][-1])
        return service

    def move(self, service: Service, hours: int) -> None:
        self.process.acts = nonce(service)
        self.process.set_clock(service, self.start + 3_600 * hours)


def receipt_file(service: Service, one: Bought, path: Path) -> str:
    """A receipt as `feesvc channel pay` keeps it."""
    line = one.paid[-1]
    document = {
        "version": 1,
        "genesis": hexadecimal(service.genesis.body),
        "channelId": hexadecimal(one.voucher.channel),
        "receipt": hexadecimal(line.receipt.bytes()),
        "salt": hexadecimal(line.salt),
    }
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture(scope="module")
def losses() -> Iterator[Losses]:
    start = ahead()
    with ServiceProcess("--manual-clock", "--start", str(start)) as process:
        losses = Losses(process, start)
        service = process.connect()
        paying, idle, late = (Subject.open(service) for _ in range(3))
        process.stop()
        losses.size = process.recovered()["size"]
        copy = process.copy_database()

        process.start()
        service = process.connect()
        losses.move(service, 1)
        for subject in (paying, idle, late):
            subject.channel.service = service
            subject.go_on()
        losses.lost, losses.late = paying.lost, late.lost
        losses.heads.append(heads(paying.lost + idle.lost + late.lost))

        service = losses.lose(copy)
        losses.move(service, 2)
        paying.channel.service = service
        losses.restored.append(service.restore(*paying.lost))
        once = [bought(one.voucher, result) for one, result in zip(paying.lost, losses.restored[0], strict=True)]
        losses.anew = [buy(paying.channel, paying.channel.item(), sequence=sequence) for sequence in (6, 7, 8)]
        losses.newest.append(losses.anew)
        losses.heads.append(heads(once + losses.anew))

        service = losses.lose(copy)
        losses.move(service, 3)
        paying.channel.service = service
        losses.restored.append(service.restore(paying.lost[0], *once[1:]))
        losses.anew_restored = service.restore(*losses.anew)
        losses.newest.append([buy(paying.channel, paying.channel.item(), sequence=9)])
        losses.heads.append(heads(losses.newest[-1]))
        process.stop()
        later_copy = process.copy_database("later")

        process.start()
        service = process.connect()
        losses.move(service, 4)
        idle.channel.service = service
        losses.late_once = restore(service, *late.lost)
        many = buy(idle.channel, *[idle.channel.item() for _ in range(20)], sequence=9)
        losses.heads.append(heads([*losses.late_once, many]))
        largest = receipt_file(service, many, process.folder / "receipt.json")

        service = losses.lose(later_copy)
        losses.move(service, 5)
        paying.channel.service = service
        losses.restored.append(service.restore(*paying.lost))
        losses.late_again = service.restore(*losses.late_once)
        losses.late_first = service.restore(*losses.late)
        losses.newest.append([buy(paying.channel, paying.channel.item(), sequence=10)])
        losses.heads.append(heads(losses.newest[-1]))
        with Books.open(process.database_url) as books:
            losses.log = check_conserved(books, service.genesis)[1]

        losses.lose(later_copy, "--receipt", largest)
        yield losses


def ahead() -> int:
    """A midnight that the system's clock stays behind, where acts move the service's."""
    return (int(time.time()) // DAY + 2) * DAY


def test_a_copy_from_before_a_rollback_can_be_recovered_again(losses: Losses):
    first, second = losses.rollbacks[:2]
    assert losses.shown[:2] == [[first], [second]]
    assert first.index == second.index == losses.size
    assert second.time > first.time
    for head in losses.heads[0]:
        assert first.withdraws(head) and second.withdraws(head)
    for head in losses.heads[1]:
        assert not first.withdraws(head) and second.withdraws(head)


def test_a_copy_from_after_a_rollback_keeps_it(losses: Losses):
    second, third = losses.rollbacks[1:3]
    assert losses.shown[2] == [second, third]
    assert third.index > second.index and third.time > second.time
    assert third.charges >= second.last_charge
    for head in losses.heads[2]:
        assert not third.withdraws(head)
    for head in losses.heads[3]:
        assert third.withdraws(head) and not second.withdraws(head)


def test_every_head_that_is_known_is_withdrawn_not_only_those_before_the_largest(losses: Losses):
    """A payer's receipt may be of more leaves than the newest head that was kept, and older: lost before, as both are now."""
    third, fourth = losses.rollbacks[2:]
    [kept] = losses.heads[4]
    assert fourth.time > kept.time
    assert fourth.index == third.index and fourth.time > third.time
    for head in losses.heads[3] + losses.heads[4]:
        assert fourth.withdraws(head)
    assert contradict(kept, losses.process.connect().head(), losses.shown[3]) is None


def test_what_stands_is_explained_against_every_history_that_was_lost(losses: Losses):
    [standing] = losses.heads[4]
    for history in losses.heads[:4]:
        for head in history:
            assert contradict(head, standing, losses.shown[2]) is None


def test_no_number_of_a_lost_history_is_given_again(losses: Losses):
    """A rollback that is lost itself had left numbers out, and the history after it had given some above them."""
    given = numbers(losses.lost + losses.late)
    for rollback, paid in zip(losses.rollbacks, losses.newest, strict=False):
        highest, lowest = max(given), min(numbers(paid))
        assert rollback.last_charge >= highest
        assert lowest > highest
        given += numbers(paid)


def test_what_was_restored_is_restored_again_after_another_loss(losses: Losses):
    """From receipts of the first history or of the second: the same number, index and time."""
    for results in losses.restored:
        for lost, result in zip(losses.lost, results, strict=True):
            for before, now in zip(lost.paid, bought(lost.voucher, result).paid, strict=True):
                assert now.receipt.charge == before.receipt.charge
                assert now.receipt.origin == before.receipt.origin
                assert now.salt == before.salt


def test_what_was_paid_after_a_recovery_is_restored_after_the_next(losses: Losses):
    for one, result in zip(losses.anew, losses.anew_restored, strict=True):
        again = bought(one.voucher, result)
        assert numbers([again]) == numbers([one])
        assert again.paid[0].receipt.origin == one.paid[0].receipt.origin


def test_a_restored_charge_that_is_lost_again_is_restored_from_its_newer_receipt(losses: Losses):
    for lost, result in zip(losses.late_once, losses.late_again, strict=True):
        again = bought(lost.voucher, result)
        assert numbers([again]) == numbers([lost])
        assert [line.receipt.origin for line in again.paid] == [line.receipt.origin for line in lost.paid]


def test_a_restored_charge_that_is_lost_again_is_restored_from_its_first_receipt(losses: Losses):
    for lost, result in zip(losses.late, losses.late_first, strict=True):
        again = bought(lost.voucher, result)
        assert numbers([again]) == numbers([lost])
        assert [line.receipt.origin for line in again.paid] == [line.receipt.origin for line in lost.paid]


def test_the_books_agree_after_three_losses(losses: Losses):
    assert losses.log.rollbacks == losses.shown[2]
    envelopes = [charge.envelope_hash for _, charge in losses.log.charges.values()]
    assert len(set(envelopes)) == len(envelopes), "a message is charged twice"


# Crashes, and what may be missing besides


@dataclass
class Wreck:
    """A lost database, from which each test begins anew."""

    process: ServiceProcess
    copy: Path
    newest_head: bytes
    size: int
    subject: Subject

    def again(self) -> None:
        self.process.kill()
        self.process.put_back(self.copy)
        (self.process.data / "newest-head").write_bytes(self.newest_head)

    def begin_on_copy(self) -> None:
        """Serves from the copy as if nothing had been shown since."""
        self.again()
        (self.process.data / "newest-head").unlink()
        self.process.start()

    def check_serves(self) -> None:
        """The service starts with one rollback, restores what was lost, and its books agree."""
        self.process.start()
        service = self.process.connect()
        [rollback] = service.keys().proved_rollbacks(service.genesis)
        assert rollback.index == self.size
        assert service.head().time >= rollback.time
        channel = replace(self.subject.channel, service=service)
        for lost, again in zip(self.subject.lost, restore(service, *self.subject.lost), strict=True):
            check_restored(lost, again, rollback, service)
        assert channel.state() == self.subject.before
        new = buy(channel, channel.item(), sequence=9)
        assert numbers([new]) == [rollback.last_charge + 1]
        with Books.open(self.process.database_url) as books:
            check_conserved(books, service.genesis)


@pytest.fixture(scope="module")
def wreck() -> Iterator[Wreck]:
    with ServiceProcess() as process:
        subject = Subject.open(process.connect())
        process.stop()
        copy, size = process.copy_database(), process.recovered()["size"]
        process.start()
        subject.channel.service = process.connect()
        subject.go_on()
        time.sleep(KEPT_SECONDS)
        process.kill()
        assert process.recovered("--yes").keys() == {"size"}, "a killed service's own database lacks nothing"
        yield Wreck(process, copy, (process.data / "newest-head").read_bytes(), size, subject)


@pytest.mark.parametrize("attempt", range(KILLS))
def test_a_recover_that_is_killed_can_be_run_again(wreck: Wreck, dice: random.Random, attempt: int):
    """At any moment; every other time PostgreSQL is ended with it."""
    wreck.again()
    process = wreck.process
    words = [binary(), "recover", "--data-dir", str(process.data), "--yes", "--json"]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=process.environment)
    try:
        run.communicate(timeout=dice.uniform(0.02, 0.8))
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.communicate()
    if attempt % 2:
        process.end_database()
    report = process.recovered("--yes")
    assert report.get("rollback", wreck.size) == wreck.size
    assert process.recovered("--yes").keys() == {"size"}
    wreck.check_serves()


def test_a_recover_that_is_killed_once_the_act_is_logged_is_finished_by_serve(wreck: Wreck):
    """PostgreSQL says when: the log has one leaf more, whatever of the command's work is left."""
    wreck.again()
    process = wreck.process
    words = [binary(), "recover", "--data-dir", str(process.data), "--yes"]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=process.environment)
    try:
        while run.poll() is None:
            try:
                with Books.open(process.database_url) as books:
                    if books.number("SELECT log_size FROM instance") > wreck.size:
                        break
            except psycopg.OperationalError:
                pass
            time.sleep(0.001)
        run.send_signal(signal.SIGKILL)
    finally:
        run.wait()
    wreck.check_serves()


def test_a_payers_receipt_tells_of_a_loss_that_nobody_else_knows_of(wreck: Wreck, tmp_path: Path):
    wreck.again()
    process = wreck.process
    (process.data / "newest-head").unlink()
    assert process.recovered("--yes") == {"size": wreck.size}
    wreck.again()
    (process.data / "newest-head").unlink()
    lost = wreck.subject.lost[-1]
    path = receipt_file(wreck.subject.channel.service, lost, tmp_path / "receipt.json")
    report = process.recovered("--receipt", path)
    assert (report["lostSize"], report["lostTime"]) == (heads([lost])[-1].size, heads([lost])[-1].time)
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    refused = process.recover("--yes", "--receipt", path, str(broken))
    assert refused.returncode == 1 and str(broken) in refused.stderr
    assert process.recovered("--yes", "--receipt", path) == report | {"rollback": wreck.size}
    wreck.check_serves()


def test_a_head_of_the_second_in_which_it_was_recovered_is_withdrawn(wreck: Wreck):
    """The newest head is kept within a second: the last one is known to its payer alone."""
    wreck.begin_on_copy()
    process = wreck.process
    spare = process.folder / "spare"
    subprocess.run(["cp", "-a", str(wreck.copy), str(spare)], check=True)
    service = process.connect()
    channel = replace(wreck.subject.channel, service=service)
    buy(channel, channel.item(), sequence=2)
    time.sleep(KEPT_SECONDS)
    voucher = channel.voucher(channel.item(), sequence=3, ceiling=3 * STEP)
    time.sleep(1 - time.time() % 1)
    last = bought(voucher, service.pay(voucher)[0])
    process.kill()
    process.put_back(spare, keep=False)
    process.recovered("--yes")
    process.start()
    service = process.connect()
    [rollback] = service.keys().proved_rollbacks(service.genesis)
    [head] = heads([last])
    assert rollback.withdraws(head)
    assert contradict(head, service.head(), [rollback]) is None


def test_another_history_is_not_recovered(wreck: Wreck):
    """A service went on from the copy as if nothing had been: no act mends that."""
    wreck.begin_on_copy()
    process = wreck.process
    channel = replace(wreck.subject.channel, service=process.connect())
    buy(channel, *[channel.item() for _ in range(20)], sequence=2)
    process.stop()
    (process.data / "newest-head").write_bytes(wreck.newest_head)
    with pytest.raises(RuntimeError, match="another history"):
        process.start()
    refused = process.recover("--yes")
    assert refused.returncode == 1 and "another history" in refused.stderr


def test_a_log_keys_rotation_that_was_lost_does_not_end_the_log(wreck: Wreck, tmp_path: Path):
    """Heads that the new key signed are beyond the copy; its file stays in `keys/`."""
    wreck.begin_on_copy()
    process = wreck.process
    service = process.connect()
    channel = replace(wreck.subject.channel, service=service)
    lost = buy(channel, channel.item(), sequence=2)
    key = tmp_path / "new.key"
    key.touch(0o600)
    key.write_text(Account.create().key.to_0x_hex())
    words = ["--new-key", str(key), "--data-dir", str(process.data), "--service", f"http://{process.address}"]
    rotated = process.command(
        "admin", "rotate", "log", *words, "--admin-key", str(process.data / "keys/admin.key"), "--yes"
    )
    assert rotated.returncode == 0, rotated.stderr
    buy(channel, channel.item(), sequence=3)
    process.stop()
    process.put_back(wreck.copy)
    with pytest.raises(RuntimeError, match="feesvc recover"):
        process.start()
    result = process.recover("--yes")
    assert result.returncode == 0, result.stderr
    process.start()
    restore(process.connect(), lost)


# Epochs


EPOCH_DAYS = 4
POSTAGE_WINDOW = 7_200
BUSY = 100_000_000  # 100 units of congestion: where a minute has had one and a half times its target of 2.


@dataclass
class Epochs:
    """A service whose clock its acts move, over three epochs; it loses a part of the first, and later what spans two.

    What is restored days later is so after its validUntil, and a part of it after its signer's authority.
    """

    process: ServiceProcess
    start: int
    folder: Path
    service: Service | None = None
    charged: list[Bought] = field(default_factory=list)  # All that stands of epoch 1, as it was bought first.
    never: list[Bought] = field(default_factory=list)
    lost_congestion: list[int] = field(default_factory=list)
    restored_congestion: list[int] = field(default_factory=list)
    anew_congestion: list[int] = field(default_factory=list)
    flows: dict = field(default_factory=dict)
    too_late: Result | None = None
    ended: Result | None = None  # A charge of an epoch that ended before the database was lost.
    spanning: list[Bought] = field(
        default_factory=list
    )  # Of the epoch that was open then; the copy is of the one before.
    spanning_result: list[Result] = field(default_factory=list)
    exported: subprocess.CompletedProcess | None = None
    audited: subprocess.CompletedProcess | None = None

    def move(self, day: int, seconds: int = 0) -> None:
        self.process.acts = nonce(self.service)
        self.process.set_clock(self.service, self.start + day * DAY + seconds)

    def seal(self, epoch: int) -> None:
        self.process.acts = nonce(self.service)
        self.process.act(self.service, "seal", u64(epoch))

    def connect(self, *channels: Channel) -> None:
        self.service = self.process.connect()
        for channel in channels:
            channel.service = self.service

    def lose(self, copy: Path) -> None:
        self.process.stop()
        self.process.put_back(copy)
        self.process.recovered("--yes")
        self.process.start()


@pytest.fixture(scope="module")
def epochs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Epochs]:
    start = ahead()
    flags = ["--manual-clock", "--start", str(start), "--epoch-length", str(EPOCH_DAYS * DAY)]
    flags += ["--postage-window", str(POSTAGE_WINDOW), "--congestion-fee", str(BUSY // 100), "--target-per-minute", "2"]
    flags += ["--challenge-window", "900", "--settlement-horizon", "600"]
    with ServiceProcess(*flags) as process:
        epochs = Epochs(process, start, tmp_path_factory.mktemp("reports"))
        first_epoch(epochs)
        second_epoch(epochs)
        yield epochs


def congestion(some: Iterable[Bought]) -> list[int]:
    """The congestion fee of each charge."""
    return [line.receipt.charge.congestion for one in some for line in one.paid]


def first_epoch(epochs: Epochs) -> None:
    process = epochs.process
    epochs.connect()
    epochs.move(0, 36_000)
    names = ("now", "later", "expired", "never", "late", "anew")
    channels = {name: epochs.service.open(DEPOSIT) for name in names}
    stamp = epochs.service.schedule.postage

    def item(name: str, days: int = 30, postage: int = 0) -> Item:
        return channels[name].item(days=days, postage=postage, max_fee=STEP // 8)

    for sequence in (1, 2):
        epochs.charged += [buy(channel, item(name), sequence=sequence) for name, channel in channels.items()]
    ends = epochs.start + 75_000 + epochs.service.notice
    channels["later"].delegate(DELEGATE.address, 1, lane=7, expires=ends)
    process.stop()
    copy = process.copy_database()

    process.start()
    epochs.connect(*channels.values())
    epochs.move(0, 72_000)
    lost = {
        "now": [buy(channels["now"], *[item("now") for _ in range(5)], sequence=3)],
        "never": [buy(channels["never"], item("never", postage=stamp), sequence=3)],
    }
    epochs.lost_congestion = congestion(lost["now"])
    epochs.move(0, 75_000)
    for name in ("later", "expired", "late"):
        items = [item(name), item(name, days=2, postage=stamp), item(name, days=365, postage=stamp)]
        lost[name] = [buy(channels[name], *items, sequence=3)]
    lost["later"] += [buy(channels["later"], item("later", days=3), sequence=4, binary=True)]
    lost["later"] += [buy(channels["later"], item("later"), sequence=1, lane=7, by=DELEGATE)]
    epochs.move(0, 75_600)
    lost["now"] += [buy(channels["now"], item("now", postage=stamp), item("now"), sequence=4)]
    epochs.lose(copy)

    epochs.connect(*channels.values())
    epochs.restored_congestion = congestion(restore(epochs.service, *lost["now"]))
    anew = [buy(channels["anew"], item("anew"), sequence=sequence) for sequence in range(3, 7)]
    process.stop()
    process.start()
    epochs.connect(*channels.values())
    anew += [buy(channels["anew"], item("anew"), item("anew", postage=stamp), sequence=7)]
    epochs.anew_congestion = congestion(anew)
    epochs.move(2, 3_600)
    restore(epochs.service, *lost["later"])
    anew += [buy(channels["later"], item("later"), sequence=9)]
    epochs.move(3, 18_000)
    restore(epochs.service, *lost["expired"])
    epochs.move(3, 18_001)
    epochs.charged += anew + lost["now"] + lost["later"] + lost["expired"]
    epochs.never = lost["never"] + lost["late"]

    epochs.move(EPOCH_DAYS)
    epochs.seal(1)
    [epochs.too_late] = epochs.service.restore(*lost["late"])
    epochs.flows = epochs.service.connection.get("/v1/epochs/1").ok()


def second_epoch(epochs: Epochs) -> None:
    process, stamp = epochs.process, epochs.service.schedule.postage
    epochs.move(EPOCH_DAYS, 100_000)  # After the cut of epoch 1.
    channels = [epochs.service.open(DEPOSIT) for _ in range(2)]
    for channel in channels:
        buy(channel, channel.item(max_fee=STEP // 8), channel.item(postage=stamp, max_fee=STEP // 8), sequence=1)
    process.stop()
    copy = process.copy_database()

    process.start()
    epochs.connect(*channels)
    ended = buy(channels[0], channels[0].item(max_fee=STEP // 8), sequence=2)
    epochs.move(2 * EPOCH_DAYS, 3_600)
    items = [channels[1].item(days=days, postage=stamp, max_fee=STEP // 8) for days in (2, 30)]
    epochs.spanning = [buy(channels[1], *items, sequence=2), buy(channels[1], items[0], sequence=3)]
    epochs.lose(copy)

    epochs.connect(*channels)
    [epochs.ended] = epochs.service.restore(ended)
    epochs.move(2 * EPOCH_DAYS + 1, 60)
    epochs.spanning_result = epochs.service.restore(*epochs.spanning)
    buy(channels[1], channels[1].item(max_fee=STEP // 8), sequence=9)
    epochs.seal(2)
    epochs.move(3 * EPOCH_DAYS)
    epochs.seal(3)
    words = ["--database-url", process.database_url, "--out", str(epochs.folder)]
    epochs.exported = process.command("export", *words)
    epochs.audited = process.command("audit", str(epochs.folder))


def test_an_audit_agrees_on_epochs_with_rollbacks_and_restored_charges(epochs: Epochs):
    assert epochs.exported.returncode == 0, epochs.exported.stderr
    assert epochs.audited.returncode == 0, epochs.audited.stdout + epochs.audited.stderr
    lines = epochs.audited.stdout.splitlines()
    assert [line.split(":")[0] for line in lines if "agrees" in line] == ["epoch 1", "epoch 2", "epoch 3"]


def test_restored_charges_count_for_no_congestion_and_keep_theirs(epochs: Epochs):
    """Three charges a minute are cheap; after the rollback counting begins anew, also where the service starts again."""
    assert epochs.lost_congestion == [0, 0, 0, BUSY, BUSY]
    assert epochs.restored_congestion[:5] == epochs.lost_congestion
    assert epochs.anew_congestion == [0, 0, 0, BUSY, BUSY, BUSY]


def test_an_epoch_captures_of_restored_charges_what_it_would_have_captured(epochs: Epochs):
    """Storage by the midnights since acceptance, in part before the restoration, and postage whose window is over."""
    edge = (epochs.start // DAY) + EPOCH_DAYS
    charged = storage = postage = 0
    for one in epochs.charged:
        for line in one.paid:
            charge, accepted = line.receipt.charge, line.receipt.leaf.time // DAY
            charged += charge.price
            per_day, rest = divmod(charge.storage, charge.expiry_day - accepted)
            assert rest == 0
            storage += per_day * (min(edge, charge.expiry_day) - accepted)
            postage += charge.postage
    assert int(epochs.flows["charged"]) == charged
    assert int(epochs.flows["captured"]) == storage + postage
    assert (epochs.flows["refunded"], epochs.flows["state"]) == ("0", "sealed")


def test_a_report_opens_restored_charges_to_their_channels(epochs: Epochs):
    with (epochs.folder / "epoch-0001/charges.csv").open(newline="") as file:
        rows = {int(row["number"]): row for row in csv.DictReader(file)}
    assert rows.keys() == set(numbers(epochs.charged))
    for one in epochs.charged:
        for line in one.paid:
            row, charge = rows[line.receipt.charge.number], line.receipt.charge
            assert address(row["channel"]) == one.voucher.channel
            assert commitment(address(row["channel"]), address(row["salt"])) == charge.commitment
            assert (int(row["time"]), int(row["total"])) == (line.receipt.leaf.time, charge.price)


def test_nothing_is_restored_into_an_epoch_that_is_over(epochs: Epochs):
    check_refused(epochs.too_late, "restoration/epoch")
    check_refused(epochs.ended, "restoration/epoch")


def test_a_charge_that_was_numbered_before_the_open_epoch_began_is_not_restored(epochs: Epochs):
    """The copy is of the epoch before: its rollback left the numbers out there."""
    for result in epochs.spanning_result:
        check_refused(result, "restoration/epoch")


def test_the_books_agree_after_three_epochs(epochs: Epochs):
    with Books.open(epochs.process.database_url) as books:
        check_conserved(books, epochs.service.genesis)
