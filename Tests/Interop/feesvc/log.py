"""The fee log: leaves, heads, proofs, receipts (docs/protocol.md §5; RFC 6962 §2.1, RFC 9162 §2.1.3 and §2.1.4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .canonical import NotCanonical, Reader, blob, fixed, listed, sha, tagged, u16, u64
from .statements import LOG_HEAD, Domain

CHARGE_KIND = 4
BODY_MAX = 16 * 1_048_576
EMPTY_ROOT = hashlib.sha256(b"").digest()


class BadProof(Exception):
    """A signature, path or proof that does not prove what it should."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha(b"\x01" + left + right)


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes, by the definition: RFC 6962's MTH."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def root_by_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to: RFC 9162 §2.1.3.2."""
    if index >= size:
        raise BadProof("the leaf is not below the size")
    fn, sn, root = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise BadProof("the path is too long")
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise BadProof("the path is too short")
    return root


def check_consistency(first: int, second: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """Checks that the log of `second` leaves begins with the `first`: RFC 9162 §2.1.4.2, and the two edges of §5."""
    if len(proof) > 65 or first > second:
        raise BadProof("no such consistency proof")
    if first in (0, second):
        expected = EMPTY_ROOT if first == 0 else new_root
        if proof or old_root != expected:
            raise BadProof("the roots differ")
        return
    if not proof:
        raise BadProof("the proof is empty")
    path = [old_root, *proof] if first & (first - 1) == 0 else proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for node in path[1:]:
        if sn == 0:
            raise BadProof("the proof is too long")
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or old != old_root or new != new_root:
        raise BadProof("the log did not only grow")


@dataclass(frozen=True)
class Genesis:
    """What the log begins with. `body` holds its tagged bytes, to which the log's id commits."""

    body: bytes
    chain_id: int
    contract: bytes
    log_key: bytes
    settlement_key: bytes
    admin_key: bytes
    start: int
    epoch_seconds: int

    @classmethod
    def decode(cls, body: bytes) -> Genesis:
        reader = Reader(body, "feesvc/genesis/1")
        chain_id = int.from_bytes(reader.b32(), "big")
        contract, log_key, settlement_key, admin_key = (reader.address() for _ in range(4))
        reader.text(), reader.u8(), reader.u8()
        start, epoch_seconds = reader.u64(), reader.u64()
        reader.u32()
        reader.end()
        return cls(body, chain_id, contract, log_key, settlement_key, admin_key, start, epoch_seconds)

    @property
    def log_id(self) -> bytes:
        return sha(tagged("feesvc/log/1", blob(self.body)))

    @property
    def domain(self) -> Domain:
        return Domain(self.chain_id, self.contract)


@dataclass(frozen=True)
class Schedule:
    version: int
    effective_from: int
    base: int
    storage_per_byte_day: int
    congestion_unit: int
    target_per_minute: int
    postage: int
    postage_window: int
    retention_days_min: int
    retention_days_max: int
    bytes_max: int

    @classmethod
    def decode(cls, body: bytes) -> Schedule:
        reader = Reader(body, "feesvc/schedule/1")
        fields = [reader.u32(), reader.u64(), reader.u128(), reader.u128(), reader.u128(), reader.u32(), reader.u128()]
        fields += [reader.u64(), reader.u32(), reader.u32(), reader.u32()]
        reader.end()
        return cls(*fields)

    def price(self, size: int, days: int, postage: int = 0) -> int:
        """What a message costs where nothing is congested: §4."""
        return self.base + self.storage_per_byte_day * size * days + postage


@dataclass(frozen=True)
class Leaf:
    index: int
    time: int
    kind: int
    body: bytes

    @classmethod
    def decode(cls, data: bytes) -> Leaf:
        reader = Reader(data, "feesvc/leaf/1")
        leaf = cls(reader.u64(), reader.u64(), reader.u16(), reader.blob())
        reader.end()
        if len(leaf.body) > BODY_MAX:
            raise NotCanonical("a leaf's body has at most 16 MiB")
        return leaf

    def bytes(self) -> bytes:
        return tagged("feesvc/leaf/1", u64(self.index), u64(self.time), u16(self.kind), blob(self.body))


@dataclass(frozen=True)
class Charge:
    number: int
    epoch: int
    commitment: bytes
    envelope_hash: bytes
    size: int
    expiry_day: int
    schedule: int
    base: int
    storage: int
    congestion: int
    postage: int
    publish_by: int

    @classmethod
    def decode(cls, body: bytes) -> Charge:
        reader = Reader(body, "feesvc/charge/1")
        fields = [reader.u64(), reader.u64(), reader.b32(), reader.b32(), reader.u32(), reader.u32(), reader.u32()]
        fields += [reader.u128(), reader.u128(), reader.u128(), reader.u128(), reader.u64()]
        reader.end()
        return cls(*fields)

    @property
    def price(self) -> int:
        return self.base + self.storage + self.congestion + self.postage


def commitment(channel: bytes, salt: bytes) -> bytes:
    """What a leaf says of a channel; whoever has the salt can open it."""
    return sha(tagged("feesvc/commitment/1", fixed(channel, 32), fixed(salt, 32)))


@dataclass(frozen=True)
class Head:
    log_id: bytes
    size: int
    root: bytes
    time: int
    epoch: int
    signature: bytes

    @classmethod
    def decode(cls, data: bytes, signature: bytes) -> Head:
        reader = Reader(data, "feesvc/head/1")
        head = cls(reader.b32(), reader.u64(), reader.b32(), reader.u64(), reader.u64(), signature)
        reader.end()
        return head

    def bytes(self) -> bytes:
        return tagged(
            "feesvc/head/1",
            fixed(self.log_id, 32),
            u64(self.size),
            fixed(self.root, 32),
            u64(self.time),
            u64(self.epoch),
        )

    def check(self, genesis: Genesis) -> None:
        """Checks that it is a head of the log and signed by its key."""
        if self.log_id != genesis.log_id:
            raise BadProof("another log's head")
        try:
            signer = genesis.domain.signer(self.signature, LOG_HEAD, sha(self.bytes()))
        except Exception as error:
            raise BadProof("no signature of the log key") from error
        if signer != genesis.log_key:
            raise BadProof("not signed by the log key")


def contradict(one: Head, other: Head) -> str | None:
    """Why no honest log signs both: the table of §5; `None` where it may."""
    earlier, later = sorted((one, other), key=lambda head: (head.size, head.time))
    if one.size == other.size and one.root != other.root:
        return "roots"
    if one.size != other.size and one.root == other.root:
        return "sizes"
    if earlier.size < later.size and later.time < earlier.time:
        return "time"
    if later.epoch < earlier.epoch or later.epoch - earlier.epoch > later.size - earlier.size:
        return "epoch"
    return None


@dataclass(frozen=True)
class Receipt:
    leaf_bytes: bytes
    head: Head
    path: list[bytes]

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        reader = Reader(data, "feesvc/receipt/1")
        leaf, head, signature = reader.blob(), reader.blob(), reader.signature()
        path = reader.list(reader.b32, most=64)
        reader.end()
        return cls(leaf, Head.decode(head, signature), path)

    def bytes(self) -> bytes:
        return tagged(
            "feesvc/receipt/1",
            blob(self.leaf_bytes),
            blob(self.head.bytes()),
            fixed(self.head.signature, 65),
            listed(self.path),
        )

    @property
    def leaf(self) -> Leaf:
        return Leaf.decode(self.leaf_bytes)

    @property
    def charge(self) -> Charge:
        return Charge.decode(self.leaf.body)

    def check(self, genesis: Genesis) -> Charge:
        """The charge that it proves to be in the log; raises where it proves nothing."""
        self.head.check(genesis)
        leaf = self.leaf
        if leaf.kind != CHARGE_KIND:
            raise BadProof("the leaf is no charge")
        if root_by_path(leaf.index, self.head.size, leaf_hash(self.leaf_bytes), self.path) != self.head.root:
            raise BadProof("the path does not lead to the root")
        return Charge.decode(leaf.body)


class Follower:
    """Follows a log: keeps one head, and takes only what proves to be the same history ("Following a log", §5)."""

    def __init__(self, genesis: Genesis):
        self.genesis = genesis
        self.head: Head | None = None

    def accept(self, head: Head, proof: list[bytes]) -> None:
        head.check(self.genesis)
        if head.size == 0:
            raise BadProof("a head of no leaf")
        if self.head is None:
            if proof:
                raise BadProof("the first head comes without a proof")
            self.head = head
            return
        why = contradict(self.head, head)
        if why is not None:
            raise BadProof(f"two heads contradict each other: {why}")
        older, newer = sorted((self.head, head), key=lambda head: (head.size, head.time))
        check_consistency(older.size, newer.size, older.root, newer.root, proof)
        self.head = newer
