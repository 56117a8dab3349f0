"""Clients that pay without pause and never give up: what they were promised is kept, to be asked for again."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from coincurve import PrivateKey

from . import speed
from .canonical import blob, listed
from .http import BINARY, JSON, Channel, Connection, Paid, Refused, binary_results
from .log import Genesis, Head, Receipt, commitment, leaf_hash, root_by_path
from .messages import Item, Voucher

AGAIN = (429, 503)
LATER = 0.05


@dataclass(frozen=True)
class Promise:
    """An accepted voucher and what was answered: it must be answered so for ever."""

    voucher: Voucher
    leaves: tuple[bytes, ...]
    salts: tuple[bytes, ...]


@dataclass
class Record:
    """What clients know together. Appending is atomic; nothing else is done to the lists while they run."""

    promises: list[Promise] = field(default_factory=list)
    heads: dict[bytes, Head] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def check_paid(paid: Paid, item: Item, channel: bytes, genesis: Genesis, checked: dict[bytes, Head]) -> None:
    """A receipt for this item, good against a head whose signature is checked once."""
    head = paid.receipt.head
    if head.bytes() not in checked:
        speed.check_head(head, genesis)
        checked[head.bytes()] = head
    receipt: Receipt = paid.receipt
    leaf = receipt.leaf
    assert root_by_path(leaf.index, head.size, leaf_hash(receipt.leaf_bytes), receipt.path) == head.root, "path"
    charge = receipt.charge
    named = (charge.envelope_hash, charge.size, charge.expiry_day, charge.postage)
    assert named == (item.envelope_hash, item.size, item.expiry_day, item.postage), "another item"
    assert charge.price <= item.max_fee, "above maxFee"
    assert charge.commitment == commitment(channel, paid.salt), "another channel"


class Payer(threading.Thread):
    """One connection, lanes of its own in two channels: one of its own, one that all share."""

    def __init__(
        self, number: int, address: Callable[[], str], shared: Channel, own: Channel, seed: str, record: Record
    ):
        super().__init__(name=f"payer {number}", daemon=True)
        self.dice = random.Random(f"{seed} payer {number}")
        self.address = address
        self.genesis = own.service.genesis
        self.schedule = own.service.schedule
        self.today = own.service.time // 86_400
        self.valid_until = own.service.time + own.service.notice + 86_400
        self.purses = [Purse(own, lane) for lane in (0, 1, 63)] + [Purse(shared, number)]
        self.own = own
        self.record = record
        self.ended = threading.Event()
        self.accepted = self.retries = self.deposited = 0
        self.connection: Connection | None = None

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                if self.dice.random() < 0.05:
                    self.top_up()
                else:
                    self.pay(self.batch())
        except BaseException as error:
            self.record.violations.append(f"{self.name}: {type(error).__name__}: {error}")
            raise

    def batch(self) -> list[Voucher]:
        """1 to 12 new vouchers of 1 to 3 items, and now and then one that was accepted before."""
        vouchers = []
        for _ in range(self.dice.randint(1, 12)):
            purse = self.dice.choice(self.purses)
            items = tuple(self.item() for _ in range(self.dice.randint(1, 3)))
            vouchers.append(purse.voucher(items, self.valid_until, self.dice))
        if self.record.promises and self.dice.random() < 0.3:
            vouchers.insert(self.dice.randint(0, len(vouchers)), self.dice.choice(self.record.promises).voucher)
        return vouchers

    def item(self) -> Item:
        days, size = self.dice.randint(2, 365), self.dice.choice((0, 1, 512, 1_048_576))
        postage = self.schedule.postage if self.dice.random() < 0.2 else 0
        price = self.schedule.price(size, days, postage)
        return Item(self.dice.randbytes(32), size, self.today + days, postage, price + self.dice.randint(0, 5))

    def ask(self, path: str, body: bytes, kind: str) -> bytes:
        """The answer, however often it takes; the request stays the same."""
        while True:
            try:
                if self.connection is None:
                    self.connection = Connection(self.address(), timeout=30)
                answer = self.connection.ask("POST", path, body, kind)
                if answer.status == 200:
                    return answer.body
                if answer.status not in AGAIN:
                    raise AssertionError(f"{path} answered {answer.status}: {answer.body[:300]!r}")
                assert answer.headers.get("retry-after"), f"{answer.status} without Retry-After"
            except (OSError, http.client.HTTPException):
                self.connection = None
            self.retries += 1
            time.sleep(LATER * (0.5 + self.dice.random()))

    def pay(self, vouchers: list[Voucher]) -> None:
        body = self.ask("/v1/vouchers", listed(blob(voucher.bytes()) for voucher in vouchers), BINARY)
        results = binary_results(body)
        assert len(results) == len(vouchers)
        for voucher, result in zip(vouchers, results, strict=True):
            if isinstance(result, Refused):
                raise AssertionError(f"a good voucher was refused: {result}")
            for paid, item in zip(result, voucher.items, strict=True):
                check_paid(paid, item, voucher.channel, self.genesis, self.record.heads)
            leaves, salts = zip(*((paid.receipt.leaf_bytes, paid.salt) for paid in result), strict=True)
            self.record.promises.append(Promise(voucher, leaves, salts))
        self.accepted += len(vouchers)

    def top_up(self) -> None:
        """A deposit, which counts once however often it has to be sent."""
        amount = self.dice.randint(1, 1_000)
        body = self.own.deposit_body(amount, self.dice.randbytes(32))
        self.ask("/v1/settlement/deposits", json.dumps(body).encode(), JSON)
        self.deposited += amount


class Purse:
    """A lane: the next sequence and ceiling."""

    def __init__(self, channel: Channel, lane: int):
        self.channel = channel
        self.lane = lane
        self.key = PrivateKey(bytes(channel.signer.key))
        self.sequence = 0
        self.ceiling = 0

    def voucher(self, items: tuple[Item, ...], valid_until: int, dice: random.Random) -> Voucher:
        self.sequence += dice.choice((1, 1, 1, 7))
        self.ceiling += sum(item.max_fee for item in items)
        voucher = Voucher(self.channel.id, self.lane, self.sequence, self.ceiling, valid_until, items)
        return speed.sign_voucher(self.channel.service.domain, self.key, voucher)
