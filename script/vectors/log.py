#!/usr/bin/env python3
"""Makes Tests/Vectors/log.json: consistency proofs of the fee log, head evidence, and what a follower of the log says.

Written from RFC 9162 section 2.1 and docs/protocol.md sections 1, 2 and 5; shares no code with the service or protocol.py.

    pip install eth-account          (in a venv)
    python script/vectors/log.py [out.json]

Proofs are made by the recursive definition (2.1.4.1) and judged twice: by the RFC's loop (2.1.4.2) and by unfolding the definition;
both must agree on every case, good or bad. Heads are signed with eth-account, whose digest must be the one computed here by hand.
Two runs give the same file.
"""
import hashlib, json, pathlib, sys
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.backends.native.jacobian import fast_multiply
from eth_utils import keccak

HASHES_MAX = 65
H = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
EMPTY = H()
x = lambda b: "0x" + b.hex()


# --- trees: RFC 9162, 2.1.1 -----------------------------------------------------------------------------------------------------
def power_below(n):                                                    # the largest power of two smaller than n
    return 1 << (n - 1).bit_length() - 1


class Tree:
    """MTH over leaves that `leaf` names; a leaf is bytes."""

    def __init__(self, leaf): self.leaf, self.known = leaf, {}

    def mth(self, start, end):
        if start == end: return EMPTY
        if end - start == 1: return H(b"\x00", self.leaf(start))
        if (start, end) not in self.known:
            k = power_below(end - start)
            self.known[start, end] = H(b"\x01", self.mth(start, start + k), self.mth(start + k, end))
        return self.known[start, end]

    def root(self, n): return self.mth(0, n)

    def proof(self, m, n):                                             # 2.1.4.1; 0 < m < n, else empty
        return self.subproof(m, 0, n, True) if 0 < m < n else []

    def subproof(self, m, start, end, b):
        n = end - start
        if m == n: return [] if b else [self.mth(start, end)]
        k = power_below(n)
        if m <= k: return self.subproof(m, start, start + k, b) + [self.mth(start + k, end)]
        return self.subproof(m - k, start + k, end, False) + [self.mth(start, start + k)]


class Uniform(Tree):
    """All leaves alike, so that a tree of nearly 2^64 of them can be hashed: only counts matter."""

    def __init__(self, leaf): super().__init__(lambda i: leaf)

    def mth(self, start, end): return super().mth(0, end - start)


# --- judging proofs -------------------------------------------------------------------------------------------------------------
def by_loop(first, first_hash, second, second_hash, path):             # 2.1.4.2, step by step; 0 < first < second
    if not path: return False
    if first & (first - 1) == 0: path = [first_hash] + path
    fn, sn = first - 1, second - 1
    while fn & 1: fn >>= 1; sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0: return False
        if fn & 1 or fn == sn:
            fr, sr = H(b"\x01", c, fr), H(b"\x01", c, sr)
            while not fn & 1 and fn != 0: fn >>= 1; sn >>= 1
        else:
            sr = H(b"\x01", sr, c)
        fn >>= 1; sn >>= 1
    return fr == first_hash and sr == second_hash and sn == 0


def by_definition(m, old, n, new, path):                               # SUBPROOF read backwards; 0 < m < n
    rest = list(path)

    def unfold(m, n, b):                                               # (root of the first m, root of all n)
        if m == n:
            h = old if b else rest.pop()
            return h, h
        k = power_below(n); c = rest.pop()
        if m <= k:
            f, s = unfold(m, k, b)
            return f, H(b"\x01", s, c)
        f, s = unfold(m - k, n - k, False)
        return H(b"\x01", c, f), H(b"\x01", c, s)
    try: f, s = unfold(m, n, True)
    except IndexError: return False
    return not rest and (f, s) == (old, new)


def consistent(m, old, n, new, path):                                  # docs/protocol.md section 5
    if m > n or m == 0 and old != EMPTY: return False
    if m == n: return not path and old == new
    if m == 0: return not path
    verdict = len(path) <= HASHES_MAX and by_loop(m, old, n, new, path)
    assert verdict == by_definition(m, old, n, new, path)
    return verdict


flip = lambda b, i=0, bit=1: b[:i] + bytes([b[i] ^ bit]) + b[i + 1:]
MAIN = Tree(lambda i: b"leaf %d" % i)
SMALL, LARGE = range(41), [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]


def good_proofs():
    pairs = [(m, n) for n in SMALL for m in range(n + 1)]
    pairs += [(m, n) for n in LARGE for m in [0, 1, 2, 128, 254, *LARGE] if m <= n]
    for m, n in pairs: assert consistent(m, MAIN.root(m), n, MAIN.root(n), MAIN.proof(m, n)), (m, n)
    return [{"old": m, "new": n, "proof": [x(h) for h in MAIN.proof(m, n)]} for m, n in pairs]


def huge_proofs():
    tree, top, out = Uniform(b"leaf"), 2**64 - 1, []
    for m, n in ((1, top), (2, top), (3, top), (2**32, top), (2**32 + 1, top), (2**63 - 1, top), (2**63, top), (2**63 + 1, top), (2**63 + 3, top), (top - 1, top),
                 (1, 2**63), (3, 2**63), (2**63 - 1, 2**63), (1, 2**63 + 1), (2**63, 2**63 + 1), (2**53 - 1, 2**53 + 1), (0, top), (top, top)):
        p = tree.proof(m, n)
        assert consistent(m, tree.root(m), n, tree.root(n), p)
        out.append({"old": str(m), "oldRoot": x(tree.root(m)), "new": str(n), "newRoot": x(tree.root(n)), "proof": [x(h) for h in p]})
    assert max(len(c["proof"]) for c in out) == HASHES_MAX
    return out


def bad_proofs():
    out = []

    def no(name, m, old, n, new, path):
        assert not consistent(m, old, n, new, path), name
        assert name not in [c["name"] for c in out], name
        out.append({"name": name, "old": m, "oldRoot": x(old), "new": n, "newRoot": x(new), "proof": [x(h) for h in path]})
    for m, n in ((1, 2), (2, 3), (1, 4), (3, 4), (3, 7), (4, 7), (6, 7), (4, 8), (6, 8), (7, 8), (13, 40), (32, 40), (33, 40), (39, 40), (255, 257), (256, 513),
                 (513, 65_537), (65_535, 65_537), (65_536, 65_537)):
        old, new, p = MAIN.root(m), MAIN.root(n), MAIN.proof(m, n)
        name = lambda s: f"{m} to {n}: {s}"
        for i in range(len(p)):
            no(name(f"bit flip in hash {i}"), m, old, n, new, p[:i] + [flip(p[i], (7 * i) % 32, 1 << i % 8)] + p[i + 1:])
            no(name(f"hash {i} dropped"), m, old, n, new, p[:i] + p[i + 1:])
            no(name(f"hash {i} twice"), m, old, n, new, p[:i] + [p[i]] + p[i:])
            if i: no(name(f"hashes {i - 1} and {i} swapped"), m, old, n, new, p[:i - 1] + [p[i], p[i - 1]] + p[i + 1:])
        for i in range(len(p) + 1): no(name(f"zero added at {i}"), m, old, n, new, p[:i] + [bytes(32)] + p[i:])
        no(name("old root added in front"), m, old, n, new, [old] + p); no(name("new root alone"), m, old, n, new, [new])
        if len(p) > 1: no(name("empty"), m, old, n, new, []); no(name("cut to its first hash"), m, old, n, new, p[:1])
        if len(p) > 1 and p != p[::-1]: no(name("turned round"), m, old, n, new, p[::-1])
        no(name("filled to 66 hashes"), m, old, n, new, p + [bytes(32)] * (66 - len(p)))
        no(name("another old root"), m, flip(old, 31), n, new, p); no(name("another new root"), m, old, n, flip(new), p)
        no(name("roots exchanged"), m, new, n, old, p); no(name("sizes exchanged"), n, old, m, new, p); no(name("both exchanged"), n, new, m, old, p)
        no(name("sizes equal, roots not"), n, old, n, new, p); no(name("sizes equal, proof not empty"), n, new, n, new, p)
        no(name("from size 0"), 0, EMPTY, n, new, p); no(name("old size 0 with the old root"), 0, old, n, new, [])
        no(name("to size 0"), m, old, 0, EMPTY, []); no(name("old root of one leaf fewer"), m, MAIN.root(m - 1), n, new, p)
    no("size 0 twice, no empty tree's root", 0, bytes(32), 0, bytes(32), []); no("size 0 twice, a proof", 0, EMPTY, 0, EMPTY, [EMPTY])
    no("size 0 twice, different roots", 0, EMPTY, 0, bytes(32), []); no("to the empty tree's root of a size", 5, MAIN.root(5), 5, EMPTY, [])
    return out


def moved_sizes():                                                     # good proofs under wrong sizes: not all are refused
    out = []
    for n in range(2, 21):
        for m in range(1, n):
            for a, b in ((m - 1, n), (m + 1, n), (m, n - 1), (m, n + 1), (m - 1, n - 1), (m + 1, n + 1)):
                out.append({"old": m, "new": n, "asOld": a, "asNew": b, "isAccepted": consistent(a, MAIN.root(m), b, MAIN.root(n), MAIN.proof(m, n))})
    return out


# --- heads: docs/protocol.md sections 1, 2, 5 -----------------------------------------------------------------------------------
DOMAIN = {"name": "feesvc", "version": "1", "chainId": 31_337, "verifyingContract": "0x5fbdb2315678afecb367f032d93f642f64180aa3"}
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
label = lambda s: H(b"feesvc/vectors/log/", s.encode())
LOG, OTHER_LOG = label("log"), label("other log")
LOG_KEY, OTHER_KEY = label("log key"), label("other key")
who = lambda k: bytes.fromhex(Account.from_key(k).address[2:])
u = lambda v, n: v.to_bytes(n, "big")
sized = lambda b: u(len(b), 4) + b


def head(size, root, time, epoch, log=LOG): return sized(b"feesvc/head/1") + log + u(size, 8) + root + u(time, 8) + u(epoch, 8)


def read_head(b):
    t = sized(b"feesvc/head/1")
    if b[:len(t)] != t or len(b) != len(t) + 88: raise ValueError("form")
    f = b[len(t):]; n = lambda i: int.from_bytes(f[i:i + 8], "big")
    return {"log": f[:32], "size": n(32), "root": f[40:72], "time": n(72), "epoch": n(80)}


def digest(b, domain=DOMAIN):
    separator = keccak(keccak(DOMAIN_TYPE.encode()) + keccak(domain["name"].encode()) + keccak(domain["version"].encode()) + u(domain["chainId"], 32)
                       + bytes(12) + bytes.fromhex(domain["verifyingContract"][2:]))
    return keccak(b"\x19\x01" + separator + keccak(keccak(b"LogHead(bytes32 head)") + H(b)))


def sign(b, key=LOG_KEY, domain=DOMAIN):
    full = {"types": {"EIP712Domain": [{"name": n, "type": t} for t, n in (f.split(" ") for f in DOMAIN_TYPE[13:-1].split(","))], "LogHead": [{"name": "head", "type": "bytes32"}]},
            "primaryType": "LogHead", "domain": domain, "message": {"head": x(H(b))}}
    signed = Account.from_key(key).sign_typed_data(full_message=full)
    assert bytes(signed.message_hash) == digest(b, domain)
    assert Account.recover_message(encode_typed_data(full_message=full), signature=signed.signature) == Account.from_key(key).address
    return bytes(signed.signature)


def sign_again(b, nonce, key=LOG_KEY):                                 # another signature of the same head: ECDSA with a nonce of our own
    (rx, ry), z, d = fast_multiply(G, nonce), int.from_bytes(digest(b), "big"), int.from_bytes(key, "big")
    s = pow(nonce, -1, ORDER) * (z + rx * d) % ORDER; odd = ry & 1
    if s > ORDER // 2: s, odd = ORDER - s, odd ^ 1
    assert 0 < rx < ORDER
    return u(rx, 32) + u(s, 32) + bytes([27 + odd])


def recover(b, sig):
    r, s, v = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:64], "big"), sig[64]
    if not (len(sig) == 65 and 0 < r < ORDER and 0 < s <= ORDER // 2 and v in (27, 28)): raise ValueError("form")
    try: return bytes.fromhex(Account._recover_hash(digest(b), signature=sig)[2:])
    except Exception: return b""                                       # nobody's key


def contradiction(a, b):                                               # the page's table, row by row
    if a["log"] != b["log"]: return None
    a, b = sorted((a, b), key=lambda h: h["size"]); n = b["size"] - a["size"]
    if n == 0 and a["root"] != b["root"]: return "roots"
    if n > 0 and a["root"] == b["root"]: return "sizes"
    if n > 0 and b["time"] < a["time"]: return "time"
    if n == 0 and a["epoch"] != b["epoch"]: return "epoch"
    if b["epoch"] < a["epoch"] or b["epoch"] - a["epoch"] > n: return "epoch"
    return None


def evidence(a, b, sig_a=None, sig_b=None, order=True):
    pair = [(a, sig_a or sign(a)), (b, sig_b or sign(b))]
    if order: pair.sort(key=lambda p: p[0])
    return sized(b"feesvc/head-evidence/1") + b"".join(sized(h) + s for h, s in pair)


def why_not(e, log=LOG, key=who(LOG_KEY)):                             # None where it is good evidence
    def take(n, i):
        if i + n > len(e): raise ValueError("form")
        return e[i:i + n], i + n
    def block(i):
        n, i = take(4, i)
        return take(int.from_bytes(n, "big"), i)
    try:
        tag, i = block(0); h1, i = block(i); s1, i = take(65, i); h2, i = block(i); s2, i = take(65, i)
        if tag != b"feesvc/head-evidence/1" or i != len(e): raise ValueError("form")
        a, b = read_head(h1), read_head(h2); signers = recover(h1, s1), recover(h2, s2)
    except ValueError: return "form"
    if contradiction(a, b) is None: return "noContradiction"
    if not h1 < h2: return "form"
    if a["log"] != log: return "otherLog"
    return None if signers == (key, key) else "signature"


def head_evidence():
    good, bad, r = [], [], MAIN.root
    top = 2**64 - 1
    h = lambda size=100, time=5_000, epoch=3, root=None, log=LOG: head(size, root or r(size), time, epoch, log)
    other = label("another root")

    def yes(name, rule, a, b):
        e = evidence(a, b)
        assert why_not(e) is None and contradiction(read_head(a), read_head(b)) == contradiction(read_head(b), read_head(a)) == rule, name
        good.append({"name": name, "contradiction": rule, "bytes": x(e)})

    def no(name, because, e):
        assert why_not(e) == because, (name, why_not(e))
        bad.append({"name": name, "because": because, "bytes": x(e)})

    def fine(name, a, b):                                              # what one honest log can say
        no(name, "noContradiction", evidence(a, b)); no(name + ", in the other order", "noContradiction", evidence(b, a, order=False))
    yes("same size, other root", "roots", h(), h(root=other)); yes("same size, other root, later time", "roots", h(), h(root=other, time=9_000))
    yes("same size, other root, other epoch", "roots", h(), h(root=other, epoch=4)); yes("same size, roots one bit apart", "roots", h(), h(root=flip(r(100), 31)))
    yes("size 0, other root", "roots", h(0), h(0, root=other)); yes("largest size, other root", "roots", h(top, root=r(3)), h(top, root=other))
    yes("one leaf more, same root", "sizes", h(), h(101, root=r(100))); yes("one leaf more, same root, smaller time and epoch", "sizes", h(), h(101, 4_999, 2, r(100)))
    yes("size 0 and the largest, same root", "sizes", head(0, other, 5, 1), head(top, other, 5, 1))
    yes("one leaf more, one second earlier", "time", h(), h(101, 4_999)); yes("more leaves, time 0", "time", h(), h(200, 0))
    yes("one leaf more, one second earlier, later epoch", "time", h(), h(101, 4_999, 4)); yes("more leaves, smaller time and epoch", "time", h(), h(101, 4_999, 2))
    yes("most leaves, time one below the largest", "time", h(time=top), h(top, top - 1, root=other))
    yes("one leaf more, one epoch fewer", "epoch", h(), h(101, epoch=2)); yes("more leaves, later, epoch 0", "epoch", h(), h(200, 6_000, 0))
    yes("same size, one epoch more", "epoch", h(), h(epoch=4)); yes("same size, later, one epoch more", "epoch", h(), h(time=6_000, epoch=4))
    yes("same size, later, one epoch fewer", "epoch", h(), h(time=6_000, epoch=2))
    yes("one leaf, two epochs", "epoch", h(), h(101, epoch=5)); yes("five leaves, six epochs", "epoch", h(), h(105, 9_000, 9))
    yes("largest numbers, one epoch too many", "epoch", head(1, r(1), 0, 0), head(top, other, top, top)); yes("largest numbers, epoch falls to 0", "epoch", head(1, r(1), 0, top), head(top, other, top, 0))

    fine("the same head twice", h(), h()); fine("same size, later", h(), h(time=5_001)); fine("same size, largest and smallest time", h(time=0), h(time=top))
    fine("one leaf more at the same time", h(), h(101)); fine("one leaf more, one second later", h(), h(101, 5_001)); fine("one leaf, one epoch", h(), h(101, epoch=4))
    fine("five leaves, five epochs", h(), h(105, 9_000, 8)); fine("largest numbers", head(0, EMPTY, 0, 0), head(top, other, top, top))
    fine("histories that forked, of different sizes", h(), h(101, 6_000, root=other))
    fine("heads of two logs, same size, other root", h(), h(root=other, log=OTHER_LOG)); fine("heads of two logs, smaller time", h(), h(200, 0, log=OTHER_LOG))
    again = sign_again(h(), int.from_bytes(label("nonce"), "big") % ORDER)
    assert again != sign(h()) and recover(h(), again) == who(LOG_KEY)
    no("the same head with two signatures", "noContradiction", evidence(h(), h(), sign(h()), again))

    a, b = h(), h(root=other)
    if b < a: a, b = b, a
    e = evidence(a, b)
    no("heads descend", "form", evidence(b, a, order=False)); no("larger size first", "form", evidence(h(101, 4_999), h(), order=False))
    no("both heads of another log", "otherLog", evidence(h(log=OTHER_LOG), h(root=other, log=OTHER_LOG)))
    no("both by another key", "signature", evidence(a, b, sign(a, OTHER_KEY), sign(b, OTHER_KEY))); no("first by another key", "signature", evidence(a, b, sign(a, OTHER_KEY)))
    no("second by another key", "signature", evidence(a, b, None, sign(b, OTHER_KEY))); no("signatures exchanged", "signature", evidence(a, b, sign(b), sign(a)))
    no("first signature twice", "signature", evidence(a, b, None, sign(a))); no("second signature twice", "signature", evidence(a, b, sign(b), None))
    far = {**DOMAIN, "chainId": 1}; elsewhere = {**DOMAIN, "verifyingContract": "0x" + "11" * 20}
    no("signed for another chain", "signature", evidence(a, b, sign(a, domain=far), sign(b, domain=far))); no("signed for another instance", "signature", evidence(a, b, None, sign(b, domain=elsewhere)))
    s = sign(b); other_v = s[:64] + bytes([55 - s[64]]); high = s[:32] + u(ORDER - int.from_bytes(s[32:64], "big"), 32) + bytes([55 - s[64]])
    no("second signature with the other v", "signature", evidence(a, b, None, other_v)); no("second signature malleated (high s)", "form", evidence(a, b, None, high))
    no("second signature with v 0 or 1", "form", evidence(a, b, None, s[:64] + bytes([s[64] - 27]))); no("second signature zero", "form", evidence(a, b, None, bytes(65)))
    no("second head changed after signing", "signature", evidence(a, flip(b, len(b) - 1, 4), None, s))
    no("a trailing byte", "form", e + b"\0"); no("the last byte missing", "form", e[:-1]); no("no bytes", "form", b""); no("tag alone", "form", e[:26]); no("one head", "form", e[:26 + 4 + len(a) + 65])
    no("version 2 in the tag", "form", e.replace(b"head-evidence/1", b"head-evidence/2", 1)); no("no tag", "form", e[26:]); no("tag of a head", "form", e.replace(sized(b"feesvc/head-evidence/1"), sized(b"feesvc/head/1"), 1))
    no("a head with a trailing byte, signed", "form", evidence(a, b + b"\0")); no("a head without its last byte, signed", "form", evidence(a, b[:-1]))
    no("a head of version 2, signed", "form", evidence(a, b.replace(b"feesvc/head/1", b"feesvc/head/2", 1))); no("an empty head", "form", evidence(b"", b))
    no("a head's length of 2^32 - 1", "form", e[:26] + b"\xff" * 4 + e[30:]); no("three heads", "form", e + sized(b) + sign(b))
    assert len({c["name"] for c in good}) == len(good) and len({c["name"] for c in bad}) == len(bad)
    return good, bad


# --- who follows the log --------------------------------------------------------------------------------------------------------
def judge(newest, b, sig, path):                                       # (verdict, newest): the page's "Following a log"
    f = read_head(b)
    if f["log"] != LOG: return "otherLog", newest
    if f["size"] == 0: return "empty", newest
    if recover(b, sig) != who(LOG_KEY): return "signature", newest
    if newest is None: return ("accepted", b) if not path else ("proof", newest)
    n = read_head(newest); rule = contradiction(f, n)
    if rule: return rule, newest
    later = (f["size"], f["time"]) > (n["size"], n["time"]); old, new = (n, f) if later else (f, n)
    if not consistent(old["size"], old["root"], new["size"], new["root"], path): return "proof", newest
    return ("accepted", b) if later else ("older", newest)


def story():
    steps, newest, r, proof = [], None, MAIN.root, MAIN.proof
    fork = Tree(lambda i: b"leaf %d" % i if i < 12 else b"fork %d" % i)

    def step(name, expected, b, path=(), key=LOG_KEY):
        nonlocal newest
        path, sig = list(path), sign(b, key)
        verdict, newest = judge(newest, b, sig, path)
        assert verdict == expected, (name, verdict)
        n = newest and read_head(newest)
        steps.append({"name": name, "verdict": expected, "head": x(b), "signature": x(sig), "proof": [x(p) for p in path], "newestSize": n["size"] if n else 0, "newestTime": n["time"] if n else 0})
    first = head(7, r(7), 1_000, 1)
    step("first, of another log", "otherLog", head(7, r(7), 1_000, 1, OTHER_LOG)); step("first, by another key", "signature", first, key=OTHER_KEY)
    step("first, without leaves", "empty", head(0, EMPTY, 1_000, 1)); step("first, with a proof", "proof", first, proof(3, 7)); step("first", "accepted", first)
    step("first again", "older", first); step("first again, with a proof", "proof", first, proof(3, 7)); step("without leaves, later", "empty", head(0, EMPTY, 1_001, 1))
    step("time alone passed", "accepted", head(7, r(7), 1_001, 1)); step("time alone passed, the head before", "older", first); step("time alone passed, with a proof", "proof", head(7, r(7), 1_002, 1), proof(3, 7))
    step("six leaves more", "accepted", head(13, r(13), 1_002, 1), proof(7, 13)); step("a head between, learnt later", "older", head(8, r(8), 1_001, 1), proof(8, 13)); step("a head before all", "older", head(2, r(2), 900, 1), proof(2, 13))
    step("a head between, no proof", "proof", head(8, r(8), 1_001, 1)); step("a head between, hash flipped", "proof", head(8, r(8), 1_001, 1), [flip(proof(8, 13)[0])] + proof(8, 13)[1:])
    step("a head between of another history", "proof", head(8, label("root"), 1_001, 1), proof(8, 13))
    second = head(20, r(20), 2_000, 2)
    step("seven more, no proof", "proof", second); step("seven more, proof from an earlier head", "proof", second, proof(7, 20)); step("seven more, proof to another size", "proof", second, proof(13, 21)); step("seven more, proof cut", "proof", second, proof(13, 20)[:-1])
    step("seven more, by another key", "signature", second, proof(13, 20), OTHER_KEY); step("seven more of another history", "proof", head(20, fork.root(20), 2_000, 2), fork.proof(13, 20)); step("seven more", "accepted", second, proof(13, 20))
    step("same size, other root", "roots", head(20, fork.root(20), 2_000, 2)); step("same size, other root, with a proof", "roots", head(20, fork.root(20), 2_000, 2), proof(13, 20)); step("one more, one second earlier, good proof", "time", head(21, r(21), 1_999, 2), proof(20, 21))
    step("one fewer, one second later, good proof", "time", head(19, r(19), 2_001, 2), proof(19, 20)); step("one more, one epoch fewer, good proof", "epoch", head(21, r(21), 2_000, 1), proof(20, 21)); step("one more, two epochs more, good proof", "epoch", head(21, r(21), 2_000, 4), proof(20, 21))
    step("same size, next epoch", "epoch", head(20, r(20), 2_001, 3)); step("one more, same root", "sizes", head(21, r(20), 2_001, 2)); step("one fewer, epochs that no edge ended", "epoch", head(19, r(19), 2_000, 0), proof(19, 20))
    step("a contradiction by another key", "signature", head(20, fork.root(20), 2_000, 2), key=OTHER_KEY); step("a contradiction of another log", "otherLog", head(20, fork.root(20), 2_000, 2, OTHER_LOG))
    step("longer fork, with its own proof", "proof", head(24, fork.root(24), 2_100, 2), fork.proof(20, 24)); step("shorter fork, with its own proof", "proof", head(19, fork.root(19), 1_990, 2), fork.proof(19, 20)); step("the last that both histories share", "older", head(12, fork.root(12), 1_002, 1), proof(12, 20))
    step("one more with the next epoch at the same time", "accepted", head(21, r(21), 2_000, 3), proof(20, 21)); step("a thousandfold", "accepted", head(65_537, r(65_537), 3_000, 9), proof(21, 65_537))
    step("long past", "older", head(255, r(255), 2_500, 5), proof(255, 65_537)); step("at the end, the first", "older", first, proof(7, 65_537)); step("at the end, the first, no proof", "proof", first)
    assert len({s["name"] for s in steps}) == len(steps)
    return steps


# --- the file -------------------------------------------------------------------------------------------------------------------
def lines(value):                                                      # one line for each element of each list
    return "{\n" + ",\n".join(f' "{k}": ' + ("[\n" + ",\n".join("  " + json.dumps(e) for e in v) + "\n ]" if isinstance(v, list) else json.dumps(v)) for k, v in value.items()) + "\n}\n"


def main(out):
    assert MAIN.root(0).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    # The tree of the Certificate Transparency tests: its root at 8 leaves, and the proof from 6 to 8 that they publish.
    ct = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
    known = Tree(lambda i: ct[i])
    assert known.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert [h.hex() for h in known.proof(6, 8)] == ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]
    good, bad = head_evidence()
    doc = {"generator": "script/vectors/log.py", "leaf": "leaf i, counted from 0, is the text \"leaf \" and i in base 10", "domain": {**DOMAIN, "chainId": str(DOMAIN["chainId"])}, "logId": x(LOG), "logKey": x(who(LOG_KEY)),
           "roots": [{"size": n, "root": x(MAIN.root(n))} for n in sorted({*SMALL, 128, 254, *LARGE})], "consistency": good_proofs(), "consistencyHuge": huge_proofs(), "consistencyRejected": bad_proofs(),
           "consistencySizesMoved": moved_sizes(), "evidence": good, "evidenceRejected": bad, "following": story()}
    text = lines(doc)
    assert json.loads(text) == doc
    pathlib.Path(out).write_text(text)
    print(out, len(text), "bytes:", ", ".join(f"{len(v)} {k}" for k, v in doc.items() if isinstance(v, list)), "accepted under moved sizes:", sum(c["isAccepted"] for c in doc["consistencySizesMoved"]))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "Tests/Vectors/log.json")
