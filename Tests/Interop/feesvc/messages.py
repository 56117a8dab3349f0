"""Topics, envelopes, items and vouchers: docs/protocol.md §3."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from .canonical import blob, fixed, listed, sha, tagged, u32, u64, u128
from .statements import VOUCHER, WELCOME, Domain, address

LANE_MAX = 63
SEQUENCE_MAX = 2**63 - 1
U128_MAX = 2**128 - 1


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


def topic(owner: bytes, salt: bytes) -> bytes:
    return sha(tagged("feesvc/topic/1", fixed(owner, 20), fixed(salt, 32)))


def envelope_head(topic: bytes, expiry_day: int, salt: bytes, payload: bytes) -> bytes:
    return tagged(
        "feesvc/envelope/1", fixed(topic, 32), u32(expiry_day), fixed(salt, 32), u32(len(payload)), sha(payload)
    )


def welcome(domain: Domain, owner: LocalAccount, salt: bytes, envelope: bytes) -> bytes:
    """A topic's owner takes the message with this envelope head in: §7."""
    who = address(owner.address)
    signature = domain.sign(owner, WELCOME, topic(who, salt), sha(envelope))
    return tagged("feesvc/welcome/1", blob(envelope), fixed(who, 20), fixed(salt, 32), fixed(signature, 65))


@dataclass(frozen=True)
class Item:
    """One message that a voucher pays for."""

    envelope_hash: bytes
    size: int
    expiry_day: int
    postage: int
    max_fee: int

    def bytes(self) -> bytes:
        return tagged(
            "feesvc/item/1",
            fixed(self.envelope_hash, 32),
            u32(self.size),
            u32(self.expiry_day),
            u128(self.postage),
            u128(self.max_fee),
        )

    def json(self) -> dict:
        return {
            "envelopeHash": hexadecimal(self.envelope_hash),
            "bytes": self.size,
            "expiryDay": self.expiry_day,
            "postage": str(self.postage),
            "maxFee": str(self.max_fee),
        }


def items_hash(items: list[Item] | tuple[Item, ...]) -> bytes:
    return sha(tagged("feesvc/items/1", listed(blob(item.bytes()) for item in items)))


@dataclass(frozen=True)
class Voucher:
    """A ceiling for a lane, and the items that it pays for; signed once `signature` is there."""

    channel: bytes
    lane: int
    sequence: int
    cumulative_amount: int
    valid_until: int
    items: tuple[Item, ...]
    items_hash: bytes = b""
    signature: bytes = b""

    def values(self) -> tuple:
        """The members of the struct in its order."""
        return (
            self.channel,
            self.lane,
            self.sequence,
            self.cumulative_amount,
            self.valid_until,
            self.items_hash or items_hash(self.items),
        )

    def signed(self, domain: Domain, key: LocalAccount) -> Voucher:
        return replace(self, items_hash=self.values()[-1], signature=domain.sign(key, VOUCHER, *self.values()))

    def bytes(self) -> bytes:
        return tagged(
            "feesvc/voucher/1",
            fixed(self.channel, 32),
            u32(self.lane),
            u64(self.sequence),
            u128(self.cumulative_amount),
            u64(self.valid_until),
            fixed(self.items_hash, 32),
            fixed(self.signature, 65),
            listed(blob(item.bytes()) for item in self.items),
        )

    def json(self) -> dict:
        return {
            "channelId": hexadecimal(self.channel),
            "lane": self.lane,
            "sequence": self.sequence,
            "cumulativeAmount": str(self.cumulative_amount),
            "validUntil": self.valid_until,
            "itemsHash": hexadecimal(self.items_hash),
            "items": [item.json() for item in self.items],
            "signature": hexadecimal(self.signature),
        }


def random_hash() -> bytes:
    return secrets.token_bytes(32)
