"""A plain reference model of a channel's life: docs/protocol.md §2 ("The life of a channel") and §4, docs/errors.md.

It says of each act which refusals the rules allow, as a set: where several rules are broken, which is named is for the
service to choose. An empty set means that the act must be done; the model's numbers are then what the service must say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .http import EVERY_LANE
from .log import Schedule
from .messages import LANE_MAX, SEQUENCE_MAX, U128_MAX, Item, Voucher, hexadecimal, items_hash

DELEGATES_MAX = 16
UNLIMITED = (EVERY_LANE, U128_MAX, 2**64 - 1)


@dataclass(frozen=True)
class Terms:
    """What the service asks of every channel."""

    schedule: Schedule
    challenge_window: int
    settlement_horizon: int
    minimum_deposit: int


@dataclass
class Lane:
    sequence: int = 0
    ceiling: int = 0
    charged: int = 0


@dataclass
class ChannelModel:
    id: bytes
    payer: str
    signer: str
    terms: Terms
    funded: bool = False
    stage: str = "opening"
    deposited: int = 0
    withdrawn: int = 0
    payable: int = 0
    nonce: int = 0
    closes_at: int | None = None
    authorities: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    lanes: dict[int, Lane] = field(default_factory=dict)
    paid: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.authorities = {self.signer: UNLIMITED}

    @property
    def charged(self) -> int:
        return sum(lane.charged for lane in self.lanes.values())

    @property
    def coverage(self) -> int:
        return self.deposited - self.withdrawn

    @property
    def available(self) -> int:
        return self.coverage - self.charged

    @property
    def withdrawable(self) -> int:
        return self.coverage - sum(lane.ceiling for lane in self.lanes.values())

    def state(self) -> dict:
        """What the service must say of it, but for the newest vouchers."""
        state = {
            "channelId": hexadecimal(self.id),
            "payer": self.payer,
            "stage": self.stage,
            "deposited": str(self.deposited),
            "refunded": "0",
            "withdrawn": str(self.withdrawn),
            "available": str(self.available),
            "nonce": self.nonce,
            "signers": [
                {"signer": signer, "lane": lane, "ceiling": str(ceiling), "expires": expires}
                for signer, (lane, ceiling, expires) in sorted(self.authorities.items())
            ],
            "lanes": [
                {"lane": n, "sequence": lane.sequence, "ceiling": str(lane.ceiling), "charged": str(lane.charged)}
                for n, lane in sorted(self.lanes.items())
            ],
        }
        if self.stage != "closed":  # Of a closed channel nothing can be withdrawn, whatever its ceilings were.
            state["withdrawable"] = str(self.withdrawable)
        return state | ({"closesAt": self.closes_at} if self.closes_at is not None else {})

    # Money in

    def deposit(self, amount: int) -> None:
        self.funded = True
        if self.stage == "closed":
            self.payable += amount
            return
        self.deposited += amount
        if self.stage == "opening" and self.deposited >= self.terms.minimum_deposit:
            self.stage = "open"

    # Vouchers

    def price(self, item: Item, now: int) -> int:
        return self.terms.schedule.price(item.size, item.expiry_day - now // 86_400, item.postage)

    def refusals_of_form(self, voucher: Voucher, now: int) -> set[str]:
        envelopes = [item.envelope_hash for item in voucher.items]
        earliest = now + self.terms.challenge_window + self.terms.settlement_horizon
        return named(
            ("voucher/item-count", not 1 <= len(envelopes) <= 256),
            ("voucher/item-twice", len(set(envelopes)) < len(envelopes)),
            ("voucher/items-hash", voucher.items_hash != items_hash(voucher.items)),
            ("voucher/lane", voucher.lane > LANE_MAX),
            ("voucher/sequence-range", not 1 <= voucher.sequence <= SEQUENCE_MAX),
            ("voucher/valid-until", voucher.valid_until < earliest),
        )

    def refusals_of_items(self, items: list[Item], now: int) -> set[str]:
        schedule, today = self.terms.schedule, now // 86_400
        shortest, longest = today + schedule.retention_days_min, today + schedule.retention_days_max
        return named(
            ("voucher/too-large", any(item.size > schedule.bytes_max for item in items)),
            ("voucher/retention", any(not shortest <= item.expiry_day <= longest for item in items)),
            ("voucher/postage", any(item.postage not in (0, schedule.postage) for item in items)),
            ("voucher/max-fee", any(self.price(item, now) > item.max_fee for item in items)),
        )

    def pay(self, voucher: Voucher, signer: str, now: int) -> set[str]:
        """Charges what was not charged before, or names the refusals."""
        refusals = self.refusals_of_form(voucher, now)
        authority = self.authorities.get(signer)
        if authority is None or not self.funded:
            return refusals | {"voucher/unknown-channel-or-signer"}
        if refusals:
            return refusals | self.refusals_of_state(voucher, authority, now)
        new = [item for item in voucher.items if item.envelope_hash not in self.paid]
        if not new:
            return set()
        prices = {item.envelope_hash: self.price(item, now) for item in new}
        lane = self.lanes.get(voucher.lane, Lane())
        others = sum(other.ceiling for number, other in self.lanes.items() if number != voucher.lane)
        refusals = self.refusals_of_state(voucher, authority, now) | self.refusals_of_items(new, now)
        refusals |= named(
            ("voucher/ceiling-too-low", voucher.cumulative_amount < lane.charged + sum(prices.values())),
            ("voucher/deposit", voucher.cumulative_amount + others > self.coverage),
        )
        if not refusals:
            charged = lane.charged + sum(prices.values())
            self.lanes[voucher.lane] = Lane(voucher.sequence, voucher.cumulative_amount, charged)
            self.paid |= prices
        return refusals

    def refusals_of_state(self, voucher: Voucher, authority: tuple[int, int, int], now: int) -> set[str]:
        allowed_lane, ceiling, expires = authority
        lane = self.lanes.get(voucher.lane, Lane())
        return named(
            (f"voucher/channel-{self.stage}", self.stage != "open"),
            ("voucher/authority-lane", allowed_lane not in (EVERY_LANE, voucher.lane)),
            (
                "voucher/authority-expires",
                expires < now + self.terms.challenge_window + self.terms.settlement_horizon,
            ),
            ("voucher/authority-ceiling", voucher.cumulative_amount > ceiling),
            ("voucher/sequence", voucher.sequence <= lane.sequence),
            ("voucher/ceiling-lowered", voucher.cumulative_amount < lane.ceiling),
        )

    # The payer's acts

    def delegate(self, signer: str, lane: int, ceiling: int, expires: int, nonce: int, now: int) -> set[str]:
        authority = (lane, ceiling, expires)
        if nonce == self.nonce and nonce > 0 and self.authorities.get(signer) == authority:
            return set()
        delegates = {key for key, value in self.authorities.items() if value != UNLIMITED}
        refusals = self.refusals_of_act() | named(
            ("channel/nonce", nonce != self.nonce + 1),
            ("channel/lane", lane > LANE_MAX and lane != EVERY_LANE),
            (
                "channel/authority-expires",
                expires < now + self.terms.challenge_window + self.terms.settlement_horizon,
            ),
            ("channel/delegates", signer not in delegates and len(delegates) >= DELEGATES_MAX),
        )
        if not refusals:
            self.authorities[signer] = authority
            self.nonce = nonce
        return refusals

    def revoke(self, signer: str, nonce: int) -> set[str]:
        if nonce == self.nonce and nonce > 0 and signer not in self.authorities:
            return set()
        refusals = named(
            ("channel/closed", self.stage == "closed"),
            ("channel/nonce", nonce != self.nonce + 1),
            ("channel/not-a-signer", signer not in self.authorities),
        )
        if not refusals:
            del self.authorities[signer]
            self.nonce = nonce
        return refusals

    def request_close(self, valid_until: int, now: int) -> set[str]:
        if self.stage == "closing":
            return set()
        refusals = named(
            ("channel/closed", self.stage == "closed"),
            ("channel/agreement-expired", valid_until < now),
        )
        if not refusals:
            self.stage = "closing"
            self.closes_at = now + self.terms.challenge_window
        return refusals

    def close(self, charged: int, valid_until: int, now: int) -> set[str]:
        refusals = named(
            ("channel/closed", self.stage == "closed"),
            ("channel/agreement-expired", valid_until < now),
            ("channel/charged", charged != self.charged),
        )
        if not refusals:
            self.end()
        return refusals

    def withdraw(self, cumulative: int, valid_until: int, now: int) -> set[str]:
        if cumulative == self.withdrawn:
            return set()
        amount = cumulative - self.withdrawn
        refusals = self.refusals_of_act() | named(
            ("channel/agreement-expired", valid_until < now),
            ("channel/withdrawn", amount < 0),
            ("channel/reserved", amount > self.withdrawable),
            ("channel/smallest", amount < self.terms.minimum_deposit and amount != self.withdrawable),
        )
        if not refusals:
            self.withdrawn = cumulative
            self.payable += amount
        return refusals

    def refusals_of_act(self) -> set[str]:
        return named((f"channel/{self.stage}", self.stage in ("closing", "closed")))

    # Time

    def pass_time(self, now: int) -> None:
        if self.stage == "closing" and self.closes_at <= now:
            self.end()

    def end(self) -> None:
        self.payable += self.available
        self.withdrawn += self.available
        self.stage = "closed"
        self.closes_at = None


def named(*rules: tuple[str, bool]) -> set[str]:
    """The codes of the rules that are broken."""
    return {code for code, broken in rules if broken}
