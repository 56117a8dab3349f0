"""Every refusal of a voucher that docs/errors.md names, provoked over HTTP: code, status, and that nothing moved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from eth_account import Account

from feesvc.errors import documented
from feesvc.http import Channel, Refused, Service
from feesvc.messages import SEQUENCE_MAX, U128_MAX, Item, Voucher
from feesvc.process import ServiceProcess

DEPOSIT = 10**12
FEE = 38_566_000  # of the item that `Channel.item` makes: 38,500,000 + 22 × 100 × 30

Case = Callable[[Service, Channel], Voucher]


def paid_before(channel: Channel) -> None:
    """Puts sequence 5 with a ceiling of 10^9 on record in lane 0."""
    [result] = channel.service.pay(channel.voucher(channel.item(), sequence=5, ceiling=10**9))
    assert not isinstance(result, Refused), result


def closed(service: Service, channel: Channel) -> Voucher:
    channel.close(0)
    return channel.voucher(channel.item())


def item_twice(service: Service, channel: Channel) -> Voucher:
    item = channel.item()
    return channel.voucher(item, replace(item, max_fee=item.max_fee + 1))


def sequence_below(service: Service, channel: Channel) -> Voucher:
    paid_before(channel)
    return channel.voucher(channel.item(), sequence=4, ceiling=2 * 10**9)


def sequence_equal(service: Service, channel: Channel) -> Voucher:
    paid_before(channel)
    return channel.voucher(channel.item(), sequence=5, ceiling=2 * 10**9)


def ceiling_lowered(service: Service, channel: Channel) -> Voucher:
    paid_before(channel)
    return channel.voucher(channel.item(), sequence=6, ceiling=10**9 - 1)


def two_lanes_above_the_deposit(service: Service, channel: Channel) -> Voucher:
    [result] = service.pay(channel.voucher(channel.item(), lane=63, ceiling=DEPOSIT))
    assert not isinstance(result, Refused), result
    return channel.voucher(channel.item(), lane=0)


def retention(days: int) -> Case:
    return lambda service, channel: channel.voucher(channel.item(days=days, max_fee=10**9))


def postage(step: int) -> Case:
    return lambda service, channel: channel.voucher(channel.item(postage=service.schedule.postage + step))


def not_funded(service: Service, channel: Channel) -> Voucher:
    return service.open(service.minimum_deposit - 1).voucher(channel.item())


def closing(service: Service, channel: Channel) -> Voucher:
    channel.request_close()
    return channel.voucher(channel.item())


def delegated(service: Service, channel: Channel, expires_in: int = 3_600, **voucher) -> Voucher:
    """A voucher of a key that may sign for lane 3 up to 10^9."""
    key = Account.create()
    expires = service.time + service.notice + expires_in
    channel.delegate(key.address, 1, lane=3, ceiling=10**9, expires=expires)
    while service.time + service.notice <= expires < service.time + service.notice + 60:
        time.sleep(0.1)  # It is cut off a little before it ends; a delegation that is useless at once is refused.
    return replace(channel, signer=key).voucher(channel.item(), **voucher)


def revoked(service: Service, channel: Channel) -> Voucher:
    channel.revoke(channel.signer.address, 1)
    return channel.voucher(channel.item())


def stranger(service: Service, channel: Channel) -> Voucher:
    return replace(channel, signer=Account.create()).voucher(channel.item())


def unknown_channel(service: Service, channel: Channel) -> Voucher:
    return replace(channel, id=bytes(32)).voucher(channel.item())


def too_large(service: Service, channel: Channel) -> Voucher:
    item = channel.item(size=service.schedule.bytes_max, days=2, max_fee=10**11)
    return channel.voucher(replace(item, size=item.size + 1))


CASES: dict[str, tuple[str, Case]] = {
    "no item": ("voucher/item-count", lambda service, channel: channel.voucher()),
    "257 items": (
        "voucher/item-count",
        lambda service, channel: channel.voucher(*[channel.item() for _ in range(257)]),
    ),
    "an envelope twice": ("voucher/item-twice", item_twice),
    "other items": (
        "voucher/items-hash",
        lambda service, channel: channel.voucher(channel.item(), items_hash=bytes(32)),
    ),
    "lane 64": ("voucher/lane", lambda service, channel: channel.voucher(channel.item(), lane=64)),
    "lane 2^32 − 1": ("voucher/lane", lambda service, channel: channel.voucher(channel.item(), lane=2**32 - 1)),
    "a minute short": (
        "voucher/valid-until",
        lambda service, channel: channel.voucher(channel.item(), valid_until=service.time + service.notice - 60),
    ),
    "valid until 0": ("voucher/valid-until", lambda service, channel: channel.voucher(channel.item(), valid_until=0)),
    "a stranger": ("voucher/unknown-channel-or-signer", stranger),
    "an unknown channel": ("voucher/unknown-channel-or-signer", unknown_channel),
    "a revoked signer": ("voucher/unknown-channel-or-signer", revoked),
    "a channel with the least deposit − 1": ("voucher/channel-opening", not_funded),
    "a channel on its way out": ("voucher/channel-closing", closing),
    "a delegate's other lane": ("voucher/authority-lane", lambda s, c: delegated(s, c, lane=4)),
    "a delegate's ceiling + 1": (
        "voucher/authority-ceiling",
        lambda s, c: delegated(s, c, lane=3, ceiling=10**9 + 1),
    ),
    "a delegate whose time is nearly over": (
        "voucher/authority-expires",
        lambda s, c: delegated(s, c, expires_in=2, lane=3),
    ),
    "a closed channel": ("voucher/channel-closed", closed),
    "a sequence below": ("voucher/sequence", sequence_below),
    "a sequence that is used up": ("voucher/sequence", sequence_equal),
    "sequence 0": ("voucher/sequence-range", lambda service, channel: channel.voucher(channel.item(), sequence=0)),
    "sequence 2^63": (
        "voucher/sequence-range",
        lambda service, channel: channel.voucher(channel.item(), sequence=SEQUENCE_MAX + 1),
    ),
    "a ceiling lowered by 1": ("voucher/ceiling-lowered", ceiling_lowered),
    "a ceiling of price − 1": (
        "voucher/ceiling-too-low",
        lambda service, channel: channel.voucher(channel.item(), ceiling=FEE - 1),
    ),
    "a ceiling of deposit + 1": (
        "voucher/deposit",
        lambda service, channel: channel.voucher(channel.item(), ceiling=DEPOSIT + 1),
    ),
    "the largest ceiling": (
        "voucher/deposit",
        lambda service, channel: channel.voucher(channel.item(), ceiling=U128_MAX),
    ),
    "lanes above the deposit": ("voucher/deposit", two_lanes_above_the_deposit),
    "a payload of 1 byte too many": ("voucher/too-large", too_large),
    "retention of 1 day": ("voucher/retention", retention(1)),
    "retention of 366 days": ("voucher/retention", retention(366)),
    "a day that is over": ("voucher/retention", retention(-1)),
    "postage above": ("voucher/postage", postage(1)),
    "postage below": ("voucher/postage", postage(-1)),
    "a price of maxFee + 1": (
        "voucher/max-fee",
        lambda service, channel: channel.voucher(channel.item(max_fee=FEE - 1), ceiling=10**9),
    ),
}

# What a voucher can't provoke on an instance with bounded prices, or only with what other tests do.
ELSEWHERE = {
    "voucher/paused": "below, on a service of its own",
    "voucher/overflow": "no bounded schedule reaches 2^128: at most 10^10 + 10^4 × 2^20 × 3,650 + 10^12 units a message",
}


@pytest.mark.parametrize("form", ["pay", "pay_binary"])
@pytest.mark.parametrize("case", CASES)
def test_a_refusal_has_the_documented_code_and_moves_nothing(service: Service, case: str, form: str):
    code, make = CASES[case]
    channel = service.open(DEPOSIT)
    voucher = make(service, channel)
    if form == "pay_binary" and len(voucher.items) > 256:
        pytest.skip("more than the binary form holds: the request as a whole is not canonical")
    before = channel.state(channel.payer)
    [result] = getattr(service, form)(voucher)
    assert isinstance(result, Refused), result
    assert result.code == code
    assert str(result.status) in documented()[code]
    assert channel.state(channel.payer) == before
    if form == "pay":
        assert result.problem["type"] == f"tag:feesvc,2026:{code}"
        assert set(result.problem) == {"type", "title", "status", "detail", "code"}


def test_every_documented_refusal_of_a_voucher_is_provoked():
    named = {code for code in documented() if code.startswith("voucher/")}
    assert named == {code for code, _ in CASES.values()} | set(ELSEWHERE)


def test_what_a_later_state_allows_is_not_spent_by_its_refusal(service: Service):
    """A voucher that the deposit did not cover is good, byte for byte, after a top-up."""
    channel = service.open(service.minimum_deposit)
    voucher = channel.voucher(channel.item(), ceiling=service.minimum_deposit + 1)
    [result] = service.pay(voucher)
    assert result.code == "voucher/deposit"
    channel.deposit(1)
    [result] = service.pay(voucher)
    assert result[0].receipt.check(service.genesis).price == FEE


@dataclass(frozen=True)
class Boundary:
    """A value and the two beside it: which of them is taken."""

    name: str
    make: Callable[[Service, Channel, int], Voucher]
    middle: int
    taken: tuple[bool, bool, bool]


def item_of(channel: Channel, **change) -> Item:
    return replace(channel.item(max_fee=10**12), **change)


BOUNDARIES = [
    Boundary("lane", lambda s, c, n: c.voucher(c.item(), lane=n), 63, (True, True, False)),
    Boundary("lowest sequence", lambda s, c, n: c.voucher(c.item(), sequence=n), 1, (False, True, True)),
    Boundary("highest sequence", lambda s, c, n: c.voucher(c.item(), sequence=n), SEQUENCE_MAX, (True, True, False)),
    Boundary("ceiling of the price", lambda s, c, n: c.voucher(c.item(), ceiling=n), FEE, (False, True, True)),
    Boundary("ceiling of the deposit", lambda s, c, n: c.voucher(c.item(), ceiling=n), DEPOSIT, (True, True, False)),
    Boundary(
        "least deposit",
        lambda s, c, n: (other := s.open(n)).voucher(other.item()),
        10**9,
        (False, True, True),
    ),
    Boundary("maxFee", lambda s, c, n: c.voucher(c.item(max_fee=n), ceiling=10**9), FEE, (False, True, True)),
    Boundary("shortest retention", lambda s, c, n: c.voucher(c.item(days=n, max_fee=10**9)), 2, (False, True, True)),
    Boundary("longest retention", lambda s, c, n: c.voucher(c.item(days=n, max_fee=10**9)), 365, (True, True, False)),
    Boundary(
        "bytes",
        lambda s, c, n: c.voucher(item_of(c, size=n), ceiling=DEPOSIT),
        1_048_576,
        (True, True, False),
    ),
    Boundary("postage", lambda s, c, n: c.voucher(item_of(c, postage=n), ceiling=DEPOSIT), 10**9, (False, True, False)),
    Boundary("items", lambda s, c, n: c.voucher(*[c.item() for _ in range(n)]), 256, (True, True, False)),
    Boundary(
        "fewest items", lambda s, c, n: c.voucher(*[c.item() for _ in range(n)], ceiling=10**9), 1, (False, True, True)
    ),
]


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.name)
def test_a_limit_is_where_the_document_says(service: Service, boundary: Boundary):
    taken = []
    for value in (boundary.middle - 1, boundary.middle, boundary.middle + 1):
        channel = service.open(DEPOSIT)
        [result] = service.pay(boundary.make(service, channel, value))
        taken.append(not isinstance(result, Refused))
    assert tuple(taken) == boundary.taken


@pytest.fixture(scope="module")
def standing() -> Iterator[ServiceProcess]:
    """A service whose clock stands still, so that a second does not blur a limit in time."""
    with ServiceProcess("--manual-clock") as process:
        yield process


@pytest.fixture
def still(standing: ServiceProcess) -> Service:
    return standing.connect()


def test_a_pause_refuses_what_would_be_charged_until_it_ends(standing: ServiceProcess, still: Service):
    channel = still.open(DEPOSIT)
    paid, late = channel.voucher(channel.item()), channel.voucher(channel.item(), sequence=2, ceiling=10**9)
    [first] = still.pay(paid)
    standing.act(still, "pause", b"\x01")
    [again], [refused] = still.pay(paid), still.pay(late)
    assert again[0].receipt.leaf_bytes == first[0].receipt.leaf_bytes
    assert (refused.status, refused.code) == (503, "voucher/paused")
    standing.act(still, "pause", b"\x00")
    [result] = still.pay(late)
    assert result[0].receipt.check(still.genesis).price == FEE


def test_valid_until_is_compared_with_now_and_both_windows(still: Service):
    now = still.time
    channel = still.open(DEPOSIT)
    shortest = now + still.notice
    results = [
        still.pay(channel.voucher(channel.item(), sequence=n, ceiling=n * 10**9, valid_until=shortest + n - 2))[0]
        for n in (1, 2, 3)
    ]
    assert results[0].code == "voucher/valid-until"
    assert [line.receipt.check(still.genesis).price for line in results[1] + results[2]] == [FEE, FEE]
