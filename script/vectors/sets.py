#!/usr/bin/env python3
"""Makes Tests/Vectors/sets.json: trees, roots and sketches of sets of ids (docs/protocol.md, section 10).

Written from that page alone; shares no code with the node, needs nothing but Python.

    python script/vectors/sets.py [out.json]

SipHash-2-4 is checked against the known answer of its paper (appendix A). Ids are hashes of numbers: two runs give the same
file.
"""
import json, math, pathlib, sys
from hashlib import sha256

MASK = (1 << 64) - 1
sha = lambda b: sha256(b).digest()
u32 = lambda n: n.to_bytes(4, "big")
u64 = lambda n: n.to_bytes(8, "big")
tag = lambda t: u32(len(t)) + t.encode()
x = lambda b: "0x" + b.hex()


def siphash(key, data):
    rotl = lambda v, n: (v << n | v >> (64 - n)) & MASK
    k0, k1 = (int.from_bytes(key[i:i + 8], "little") for i in (0, 8))
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK; v[2] = (v[2] + v[3]) & MASK
            v[1] = rotl(v[1], 13) ^ v[0]; v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[1]) & MASK; v[0] = (v[0] + v[3]) & MASK
            v[1] = rotl(v[1], 17) ^ v[2]; v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = rotl(v[2], 32)

    padded = data + bytes((7 - len(data)) % 8) + bytes([len(data) & 255])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i:i + 8], "little")
        v[3] ^= word; rounds(2); v[0] ^= word
    v[2] ^= 0xFF; rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


assert siphash(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


def node(ids, digits=0):
    """(count, hash) of the ids that share their first `digits` hex digits, ascending."""
    if not ids: return 0, bytes(32)
    if len(ids) <= 64 or digits == 16: return len(ids), sha(tag("feesvc/ids/1") + u32(len(ids)) + b"".join(ids))
    children = [node([i for i in ids if int(i.hex()[digits], 16) == d], digits + 1) for d in range(16)]
    return len(ids), sha(tag("feesvc/branch/1") + b"".join(u64(n) + h for n, h in children))


def held(days):
    body = b"".join(u64(e) + u64(node(sorted(ids))[0]) + node(sorted(ids))[1] for e, ids in sorted(days.items()))
    return sha(tag("feesvc/held/1") + u32(len(days)) + body)


def places(hash_, limit):
    state, place = hash_ | 1, 0
    while place < limit:
        yield place
        state = state * 0xDA942042E4DD58B5 & MASK
        place += max(1, math.ceil((place + 1.5) * (4294967296 / math.sqrt(float(state) + 1) - 1)))


def cells(ids, key, limit):
    out = [[0, 0, 0] for _ in range(limit)]
    for i in ids:
        h = siphash(key, i)
        for p in places(h, limit):
            out[p][0] += 1; out[p][1] ^= h; out[p][2] ^= int.from_bytes(i, "big")
    return [{"count": c, "hashes": x(u64(h)), "ids": x(i.to_bytes(32, "big"))} for c, h, i in out]


ids = lambda first, count: [sha(u64(n)) for n in range(first, first + count)]
key = sha(b"feesvc/vectors/sketch")[:16]
out = {
    "about": "id n is SHA-256 of n as eight bytes, big-endian; sets are ids first ... first + count - 1",
    "siphash": [{"key": x(key), "id": x(i), "hash": x(u64(siphash(key, i)))} for i in ids(0, 8)],
    "trees": [
        {"first": f, "count": n, "hash": x(node(sorted(ids(f, n)))[1])}
        for f, n in ((0, 0), (0, 1), (5, 2), (0, 64), (0, 65), (7, 300), (1000, 2000), (0, 9000))
    ],
    "held": [
        {"days": [{"day": e, "first": f, "count": n} for e, f, n in parts],
         "root": x(held({e: ids(f, n) for e, f, n in parts}))}
        for parts in ([], [(1, 0, 3)], [(1, 0, 100), (2, 100, 70), (900, 500, 1)])
    ],
    "sketch": {"key": x(key), "first": 0, "count": 500, "cells": cells(ids(0, 500), key, 64)},
}
if __name__ == "__main__":
    default = pathlib.Path(__file__).parents[2] / "Tests/Vectors/sets.json"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    path.write_text(json.dumps(out, indent=1) + "\n")
