"""Receipts, heads and consistency proofs, verified from docs/protocol.md §5 alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_account import Account

from feesvc.canonical import NotCanonical, sha
from feesvc.http import Channel, Paid, Service
from feesvc.log import (
    BadProof,
    Follower,
    Head,
    Leaf,
    Receipt,
    check_consistency,
    commitment,
    contradict,
    leaf_hash,
    node_hash,
    root_by_path,
    root_of,
)
from feesvc.statements import LOG_HEAD, address

REFUSED = (BadProof, NotCanonical)


@pytest.fixture
def paid(service: Service, channel: Channel) -> list[Paid]:
    """What a voucher of three items brings, on a log of more than a handful of leaves."""
    for sequence in range(1, 12):
        [result] = service.pay(channel.voucher(channel.item(), sequence=sequence, ceiling=sequence * 10**9))
    [result] = service.pay(channel.voucher(*[channel.item() for _ in range(3)], sequence=20, ceiling=10**12))
    return result


def test_a_receipt_proves_its_charge(service: Service, channel: Channel, paid: list[Paid]):
    charges = [line.receipt.check(service.genesis) for line in paid]
    assert [charge.number for charge in charges] == list(range(charges[0].number, charges[0].number + 3))
    for line, charge in zip(paid, charges, strict=True):
        leaf = line.receipt.leaf
        assert line.receipt.leaf_bytes == leaf.bytes()
        assert charge.epoch == line.receipt.head.epoch
        assert leaf.time < charge.publish_by <= leaf.time + 3_600
        assert (charge.schedule, charge.congestion) == (service.schedule.version, 0)


def test_the_commitment_opens_to_the_channel_alone(channel: Channel, paid: list[Paid]):
    for line in paid:
        assert commitment(channel.id, line.salt) == line.receipt.charge.commitment
        assert commitment(sha(channel.id), line.salt) != line.receipt.charge.commitment
        assert channel.id not in line.receipt.bytes()
    assert len({line.salt for line in paid}) == len({line.receipt.charge.commitment for line in paid}) == 3


def test_no_bit_of_a_receipt_can_be_changed(service: Service, paid: list[Paid]):
    good = paid[1].receipt.bytes()
    Receipt.decode(good).check(service.genesis)
    for place in range(len(good)):
        for bit in (1, 2, 4, 8, 16, 32, 64, 128):
            bad = good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :]
            with pytest.raises(REFUSED):
                Receipt.decode(bad).check(service.genesis)


def resigned(receipt: Receipt, head: Head, service: Service) -> Receipt:
    """The receipt with another head, signed by a key that is not the log's."""
    signature = service.domain.sign(Account.create(), LOG_HEAD, sha(head.bytes()))
    return replace(receipt, head=replace(head, signature=signature))


BROKEN: dict[str, Callable[[Receipt, Service], Receipt]] = {
    "a head signed by another key": lambda r, s: resigned(r, r.head, s),
    "another log's head": lambda r, s: resigned(r, replace(r.head, log_id=bytes(32)), s),
    "a path without its end": lambda r, s: replace(r, path=r.path[:-1]),
    "a path with a hash more": lambda r, s: replace(r, path=[*r.path, bytes(32)]),
    "a path in reverse": lambda r, s: replace(r, path=r.path[::-1]),
    "no path": lambda r, s: replace(r, path=[]),
    "a later head with the path to the former": lambda r, s: replace(r, head=s.head()),
    "a leaf that is no charge": lambda r, s: replace(r, leaf_bytes=replace(r.leaf, kind=3).bytes()),
    "a leaf at another index": lambda r, s: replace(r, leaf_bytes=replace(r.leaf, index=r.leaf.index ^ 1).bytes()),
    "a leaf beyond the head": lambda r, s: replace(r, leaf_bytes=replace(r.leaf, index=r.head.size).bytes()),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_receipt_proves_nothing(service: Service, channel: Channel, paid: list[Paid], how: str):
    service.pay(channel.voucher(channel.item(), sequence=21, ceiling=2 * 10**12))  # A later head has another root.
    with pytest.raises(REFUSED):
        BROKEN[how](paid[0].receipt, service).check(service.genesis)


def test_a_node_hash_is_no_leaf(paid: list[Paid]):
    """Without its domain byte an inner node could be shown as a leaf."""
    left, right = bytes(32), b"\x01" * 32
    assert node_hash(left, right) != leaf_hash(left + right)


def test_the_log_only_grows(service: Service, channel: Channel):
    follower = Follower(service.genesis)
    follower.accept(service.head(), [])
    heads = [follower.head]
    for sequence in range(1, 40):
        items = [channel.item() for _ in range(1 + sequence % 3)]
        service.pay(channel.voucher(*items, sequence=sequence, ceiling=sequence * 10**9))
        head, proof = service.consistency(heads[-1].size)
        follower.accept(head, proof)
        heads.append(head)
    last = heads[-1]
    for old in heads[:-1]:
        head, proof = service.consistency(old.size)
        check_consistency(old.size, head.size, old.root, head.root, proof)
        assert contradict(old, head) is None
        if old.size == head.size:
            continue
        for wrong in (sha(old.root), last.root):
            with pytest.raises(BadProof):
                check_consistency(old.size, head.size, wrong, head.root, proof)
        with pytest.raises(BadProof):
            check_consistency(old.size, head.size, old.root, sha(head.root), proof)
        for place in range(len(proof)):
            for bad in (
                [*proof[:place], sha(proof[place]), *proof[place + 1 :]],
                proof[:place] + proof[place + 1 :],
                [*proof[:place], bytes(32), *proof[place:]],
            ):
                with pytest.raises(BadProof):
                    check_consistency(old.size, head.size, old.root, head.root, bad)


def test_a_proof_from_every_size_verifies_against_the_leaves_themselves(dice: random.Random):
    """The verifier itself, against trees made by the definition: every pair of sizes up to 40."""
    leaves = [sha(dice.randbytes(8)) for _ in range(40)]

    def proof(m: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
        """RFC 9162's PROOF and SUBPROOF."""
        n = len(hashes)
        if m == n:
            return [] if whole else [root_of(hashes)]
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            return [*proof(m, hashes[:k], whole), root_of(hashes[k:])]
        return [*proof(m - k, hashes[k:], False), root_of(hashes[:k])]

    for n in range(1, 41):
        for m in range(1, n + 1):
            old, new = root_of(leaves[:m]), root_of(leaves[:n])
            check_consistency(m, n, old, new, proof(m, leaves[:n]))
            with pytest.raises(BadProof):
                check_consistency(m, n, sha(old), new, proof(m, leaves[:n]))


def test_proofs_begin_at_any_size_and_end_at_the_newest_head(service: Service, channel: Channel):
    service.pay(channel.voucher(channel.item()))
    head, proof = service.consistency(0)
    check_consistency(0, head.size, sha(b""), head.root, proof)
    head, proof = service.consistency(head.size)
    assert proof == []
    answer = service.connection.get(f"/v1/log/consistency?from={service.head().size + 1_000}")
    assert (answer.status, answer.json["code"]) == (409, "log/size")


def test_a_repeated_voucher_brings_the_same_leaf_under_a_newer_head(service: Service, channel: Channel):
    voucher = channel.voucher(channel.item())
    [first] = service.pay(voucher)
    service.pay(channel.voucher(channel.item(), sequence=2, ceiling=10**12))
    [again] = service.pay(voucher)
    assert again[0].receipt.leaf_bytes == first[0].receipt.leaf_bytes
    assert again[0].salt == first[0].salt
    assert again[0].receipt.head.size > first[0].receipt.head.size
    again[0].receipt.check(service.genesis)


def test_waiting_for_a_head_ends_with_the_next_one(service: Service, process, channel: Channel):
    old = service.head()
    other = process.connect()
    other.pay(channel.voucher(channel.item()))
    answer = service.connection.get(f"/v1/head?size={old.size}&time={old.time}").ok()
    head = Head.decode(address(answer["head"]), address(answer["signature"]))
    head.check(service.genesis)
    assert (head.size, head.time) > (old.size, old.time)


def test_a_leaf_is_found_by_its_index_alone(dice: random.Random):
    """The inclusion verifier, against trees made by the definition: every leaf of every size up to 40."""
    leaves = [sha(dice.randbytes(8)) for _ in range(40)]

    def path(index: int, hashes: list[bytes]) -> list[bytes]:
        """RFC 9162's PATH."""
        if len(hashes) == 1:
            return []
        k = 1 << (len(hashes) - 1).bit_length() - 1
        if index < k:
            return [*path(index, hashes[:k]), root_of(hashes[k:])]
        return [*path(index - k, hashes[k:]), root_of(hashes[:k])]

    for size in range(1, 41):
        root = root_of(leaves[:size])
        for index in range(size):
            way = path(index, leaves[:size])
            assert root_by_path(index, size, leaves[index], way) == root
            for wrong in {0, size - 1, index ^ 1} - {index}:
                try:
                    assert root_by_path(wrong, size, leaves[index], way) != root
                except BadProof:
                    pass


def test_leaf_bytes_have_one_reading(paid: list[Paid]):
    for line in paid:
        assert Leaf.decode(line.receipt.leaf_bytes).bytes() == line.receipt.leaf_bytes
        with pytest.raises(NotCanonical):
            Leaf.decode(line.receipt.leaf_bytes + b"\0")
