"""The fee log: leaves, heads, proofs, receipts (docs/protocol.md §5; RFC 6962 §2.1, RFC 9162 §2.1.3 and §2.1.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .canonical import NotCanonical, Reader, blob, fixed, listed, sha, tagged, u16, u64
from .statements import ADMIN_ACT, LOG_HEAD, Domain

CHARGE_KIND = 4
ACT_KIND = 18
RESTORED_KIND = 23
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
        is_sharded = Reader(body).text() == "feesvc/sharded-genesis/1"
        reader = Reader(body, "feesvc/sharded-genesis/1" if is_sharded else "feesvc/genesis/1")
        chain_id = int.from_bytes(reader.b32(), "big")
        contract, log_key, settlement_key, admin_key = (reader.address() for _ in range(4))
        reader.text(), reader.u8(), reader.u8()
        start, epoch_seconds = reader.u64(), reader.u64()
        reader.u32()
        if is_sharded:
            reader.u8(), reader.u16()
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


@dataclass(frozen=True)
class Restored:
    """A charge of a lost history that was charged again, with index and time of its first leaf."""

    index: int
    time: int
    charge: Charge

    @classmethod
    def decode(cls, body: bytes) -> Restored:
        reader = Reader(body, "feesvc/restored/1")
        restored = cls(reader.u64(), reader.u64(), Charge.decode(reader.blob()))
        reader.end()
        return restored


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


@dataclass(frozen=True)
class Act:
    """What the admin key ordered, as a leaf has it."""

    name: str
    body: bytes
    nonce: int
    data: bytes
    signature: bytes

    @classmethod
    def decode(cls, body: bytes) -> Act:
        reader = Reader(body, "feesvc/signed/1")
        act, signature = reader.blob(), reader.signature()
        reader.end()
        reader = Reader(act, "feesvc/act/2")
        decoded = cls(reader.text(), reader.blob(), reader.u64(), act, signature)
        reader.end()
        return decoded


@dataclass(frozen=True)
class Rollback:
    """The admission that the log lost leaves that it had shown; `index` is that of its act's leaf."""

    index: int
    lost: Head
    time: int
    charges: int
    last_charge: int

    @classmethod
    def decode(cls, index: int, body: bytes) -> Rollback:
        reader = Reader(body, "feesvc/rollback/1")
        lost = Head.decode(reader.blob(), reader.signature())
        rollback = cls(index, lost, reader.u64(), reader.u64(), reader.u64())
        reader.end()
        return rollback

    def withdraws(self, head: Head) -> bool:
        """Tells whether a head is of the history that was lost."""
        return head.log_id == self.lost.log_id and head.size > self.index and head.time < self.time

    def explains(self, lost: Head, standing: Head) -> bool:
        """Tells whether it says why the two heads contradict each other: one was lost, the other came afterwards."""
        return self.withdraws(lost) and standing.size > self.index and not self.withdraws(standing)

    def check(self, genesis: Genesis) -> None:
        """What it says is possible where its leaf stands, and the lost head is the log key's."""
        self.lost.check(genesis)
        if self.lost.size <= self.index:
            raise BadProof("the lost head covers no leaf that was lost")
        if self.time <= self.lost.time:
            raise BadProof("it does not withdraw the lost head")
        if not self.charges <= self.last_charge < 2**63:
            raise BadProof("no such numbers of charges")


def proved_rollback(leaf_bytes: bytes, path: list[bytes], head: Head, genesis: Genesis) -> Rollback:
    """The rollback that a leaf with its path to a head shows: signed by the admin key, over a head of the log key."""
    head.check(genesis)
    leaf = Leaf.decode(leaf_bytes)
    if leaf.kind != ACT_KIND or len(path) > 64:
        raise BadProof("the leaf is no act")
    if root_by_path(leaf.index, head.size, leaf_hash(leaf_bytes), path) != head.root:
        raise BadProof("the path does not lead to the root")
    act = Act.decode(leaf.body)
    if act.name != "rollback":
        raise BadProof("the act is no rollback")
    if genesis.domain.signer(act.signature, ADMIN_ACT, sha(act.data)) != genesis.admin_key:
        raise BadProof("not signed by the admin key")
    rollback = Rollback.decode(leaf.index, act.body)
    rollback.check(genesis)
    if rollback.withdraws(head):
        raise BadProof("the head is withdrawn itself")
    return rollback


def contradict(one: Head, other: Head, rollbacks: Sequence[Rollback] = ()) -> str | None:
    """Why no honest log signs both: the table of §5; `None` where it may, or where a rollback explains it."""
    if any(rollback.explains(one, other) or rollback.explains(other, one) for rollback in rollbacks):
        return None
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
        leaf = self.leaf
        return Restored.decode(leaf.body).charge if leaf.kind == RESTORED_KIND else Charge.decode(leaf.body)

    @property
    def origin(self) -> tuple[int, int]:
        """Index and time of the leaf under which the charge was logged first."""
        leaf = self.leaf
        if leaf.kind != RESTORED_KIND:
            return leaf.index, leaf.time
        restored = Restored.decode(leaf.body)
        return restored.index, restored.time

    def check(self, genesis: Genesis) -> Charge:
        """The charge that it proves to be in the log; raises where it proves nothing."""
        self.head.check(genesis)
        leaf = self.leaf
        if leaf.kind not in (CHARGE_KIND, RESTORED_KIND):
            raise BadProof("the leaf is no charge")
        if root_by_path(leaf.index, self.head.size, leaf_hash(self.leaf_bytes), self.path) != self.head.root:
            raise BadProof("the path does not lead to the root")
        return self.charge


class Follower:
    """Follows a log: keeps one head, and takes only what proves to be the same history ("Following a log", §5)."""

    def __init__(self, genesis: Genesis):
        self.genesis = genesis
        self.head: Head | None = None
        self.rollbacks: list[Rollback] = []

    def learn(self, rollbacks: list[Rollback]) -> None:
        """Takes in what the log admits to have lost, as `proved_rollback` checked it."""
        self.rollbacks = rollbacks

    def accept(self, head: Head, proof: list[bytes]) -> None:
        head.check(self.genesis)
        if head.size == 0:
            raise BadProof("a head of no leaf")
        if any(rollback.withdraws(head) for rollback in self.rollbacks):
            raise BadProof("the head is withdrawn")
        if self.head is not None and any(
            rollback.withdraws(self.head) and head.size > rollback.index for rollback in self.rollbacks
        ):
            self.head = head
            return
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
