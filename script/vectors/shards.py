#!/usr/bin/env python3
"""Makes Tests/Vectors/shards.json: shards of topics and envelopes, costs, and who is assigned (docs/protocol.md, section 10).

Written from that page alone; shares no code with the node, needs nothing but Python.

    python script/vectors/shards.py [out.json]

Each cost is computed twice: by the page's squarings, and from the logarithm with 60 digits; they may differ in the last two bits,
by which squarings that are rounded down fall short. Two runs give the same file.
"""
import json, pathlib, sys
from decimal import Decimal, getcontext
from fractions import Fraction
from functools import cmp_to_key
from hashlib import sha256

getcontext().prec = 60
sha = lambda b: sha256(b).digest()
u16 = lambda n: n.to_bytes(2, "big")
u32 = lambda n: n.to_bytes(4, "big")
u64 = lambda n: n.to_bytes(8, "big")
tag = lambda t: u32(len(t)) + t.encode()
x = lambda b: "0x" + b.hex()


def shard(topic, bits): return int.from_bytes(sha(tag("feesvc/shard/1") + topic), "big") >> (256 - bits)


def envelope(topic, expiry, salt, payload, bits):
    head = tag("feesvc/sharded-envelope/1") + topic + u32(expiry) + salt + u32(len(payload)) + sha(payload) + bytes([bits])
    rest = int.from_bytes(sha(head), "big") & ((1 << (256 - bits)) - 1)
    return head, (shard(topic, bits) << (256 - bits) | rest).to_bytes(32, "big")


def cost(n):
    """64 - log2(n) in units of 2^-32, n at least 1."""
    n = max(n, 1)
    whole = n.bit_length() - 1
    m, fraction = n << (63 - whole), 0                    # 1 <= m / 2^63 < 2
    for _ in range(32):
        m = m * m
        if m >> 127: m, bit = m >> 64, 1
        else: m, bit = m >> 63, 0
        fraction = fraction << 1 | bit
    found = (64 << 32) - (whole << 32 | fraction)
    exact = (64 - Decimal(n).ln() / Decimal(2).ln()) * 2**32
    assert -Decimal(10) ** -40 <= found - exact < 4, (n, found, exact)
    return found


def holders(log_id, number, nodes, replication):
    key = sha(tag("feesvc/holders/1") + log_id + u16(number))
    shift = max(0, max(w for _, w in nodes).bit_length() - 32)
    ranked = []
    for n, weight in nodes:
        c = cost(int.from_bytes(sha(tag("feesvc/rendezvous/1") + key + u32(n))[:8], "big"))
        ranked.append((Fraction(c, max(1, weight >> shift)), n))
    return sorted(n for _, n in sorted(ranked)[:replication])


topics = [sha(b"topic %d" % i) for i in range(8)]
log_id = sha(b"log")
even = [(n, 10**18) for n in range(1, 8)]
uneven = [(1, 1), (2, 10**12), (3, 3 * 10**12), (4, 2**100), (5, 2**100 // 3), (9, 0), (2**32 - 1, 2**99)]
sealed = [(b, *envelope(topics[i], 20_600 + i, sha(b"salt %d" % i), b"payload %d" % i, b)) for i, b in enumerate((1, 4, 8, 12))]
hashes = [0, 1, 2, 3, 2**63, 2**63 + 1, 2**64 - 1] + [int.from_bytes(sha(u64(i))[:8], "big") for i in range(40)]
out = {
    "topics": [{"topic": x(t), "bits": b, "shard": shard(t, b)} for t in topics for b in (1, 4, 8, 12)],
    "envelopes": [{"bits": b, "head": x(head), "hash": x(h), "shard": int.from_bytes(h, "big") >> (256 - b)} for b, head, h in sealed],
    "costs": [{"hash": str(h), "cost": str(cost(h))} for h in hashes],
    "maps": [
        {"logId": x(log_id), "bits": b, "replication": r, "nodes": [{"number": n, "weight": str(w)} for n, w in nodes],
         "holders": [holders(log_id, s, nodes, r) for s in range(1 << b)]}
        for b, r, nodes in ((0, 1, even), (4, 3, even), (6, 2, even[:-1]), (4, 3, uneven), (0, 9, even))
    ],
}
if __name__ == "__main__":
    default = pathlib.Path(__file__).parents[2] / "Tests/Vectors/shards.json"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    path.write_text(json.dumps(out, indent=1) + "\n")
