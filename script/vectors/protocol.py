#!/usr/bin/env python3
"""Makes Tests/Vectors/protocol.json: vectors for every form of docs/protocol.md.

Written from that page alone; shares no code with the service.

    pip install eth-account coincurve pycryptodome          (in a venv)
    python script/vectors/protocol.py [out.json]

Statements are signed with eth-account; every struct hash and digest is computed a second time by hand here (pycryptodome's
keccak, own encoding), every signer is recovered a second time with coincurve (libsecp256k1), and both must agree. Known answers
checked: the EIP-712 standard's example, the Certificate Transparency roots of RFC 6962, the root in the README of
@openzeppelin/merkle-tree, and the price on the page. Keys and random-looking bytes are hashes of labels: two runs give the
same file.

In the file: bytes and addresses are lower-case hex, u128 and uint128 and chainId base-10 strings, other integers numbers.
"""
import json, pathlib, sys
from hashlib import sha256 as _sha
from Crypto.Hash import keccak as _k
from coincurve import PublicKey
from eth_account import Account
from eth_account.messages import encode_typed_data

CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = 10**9
ZERO = bytes(32)
x = lambda b: "0x" + b.hex()
sha = lambda b: _sha(b).digest()
keccak = lambda b: _k.new(digest_bits=256, data=b).digest()
rnd = lambda s: sha(b"feesvc/vectors/" + s.encode())                   # 32 fixed bytes named by a label


# --- section 1: bytes ---------------------------------------------------------------------------------------------------------
class Bad(Exception):
    """What a decoder refuses."""


UINT = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16}
FIXED = {"b32": 32, "addr": 20, "sig": 65}


class L:                                                               # list<T>; T is a type name or [(name, type), …]
    def __init__(self, of, most=None): self.of, self.most = of, most


def enc(t, v) -> bytes:
    if isinstance(t, L):
        return len(v).to_bytes(4, "big") + b"".join(enc(t.of, e) for e in v)
    if isinstance(t, list):
        assert [n for n, _ in t] == list(v), (list(v), t)
        return b"".join(enc(ft, v[n]) for n, ft in t)
    if t in UINT: return v.to_bytes(UINT[t], "big")
    if t in FIXED:
        assert isinstance(v, bytes) and len(v) == FIXED[t], (t, v)
        return v
    if t == "text": v = v.encode()
    return len(v).to_bytes(4, "big") + v


def dec(t, b, i):
    def take(n, i):
        if i + n > len(b): raise Bad("a missing byte")
        return b[i:i + n], i + n
    if isinstance(t, L):
        n, i = dec("u32", b, i); out = []
        if t.most is not None and n > t.most: raise Bad("too many")
        for _ in range(n):
            e, i = dec(t.of, b, i); out.append(e)
        return out, i
    if isinstance(t, list):
        out = {}
        for n, ft in t: out[n], i = dec(ft, b, i)
        return out, i
    if t in UINT:
        v, i = take(UINT[t], i); return int.from_bytes(v, "big"), i
    if t in FIXED: return take(FIXED[t], i)
    n, i = dec("u32", b, i); v, i = take(n, i)
    if t != "text": return v, i
    try: return v.decode(), i
    except UnicodeDecodeError: raise Bad("text is not UTF-8")


def readable(t, v):                                                    # what goes into the JSON
    if isinstance(t, L): return [readable(t.of, e) for e in v]
    if isinstance(t, list): return {n: readable(ft, v[n]) for n, ft in t}
    if t == "u128": return str(v)
    if t in UINT:
        assert v < 2**53
        return v
    return v if t == "text" else x(v)


T = lambda s: [tuple(reversed(f.strip().split(" "))) for f in s.split(",")]    # "u64 a, b32 c" -> [("a","u64"),("c","b32")]
SUBJECT = T("u32 node, u32 probes, u32 answered, u32 challenges, u32 passed, u64 firstDelivered, u64 bytesServed")
ROW = T("u32 node, addr payout, u32 held, u32 available, u32 attested, u128 earned, u128 shared, u128 reward, u128 cumulative")
FORMS = {
    "endpoints": T("text peer, text http"),
    "topic-rule": T("u8 rule, b32 salt"),
    "member": T("addr member, b32 salt"),
    "member-list": T("b32 topic, u64 version, u64 from, u64 until, b32 root"),
    "membership": T("bytes list, sig signature, b32 salt, u32 index") + [("path", L("b32", 16))],
    "authored": T("u8 rule, addr owner, b32 salt, addr author, u64 validUntil, bytes membership, bytes message, sig signature"),
    "topic": T("addr owner, b32 salt"),
    "envelope": T("b32 topic, u32 expiryDay, b32 salt, u32 payloadBytes, b32 payloadHash"),
    "sharded-envelope": T("b32 topic, u32 expiryDay, b32 salt, u32 payloadBytes, b32 payloadHash, u8 shardBits"),
    "item": T("b32 envelopeHash, u32 bytes, u32 expiryDay, u128 postage, u128 maxFee"),
    "items": [("items", L("bytes", 256))],
    "voucher": T("b32 channelId, u32 lane, u64 sequence, u128 cumulativeAmount, u64 validUntil, b32 itemsHash, sig signature") + [("items", L("bytes", 256))],
    "leaf": T("u64 index, u64 time, u16 kind, bytes body"),
    "genesis": T("b32 chainId, addr verifyingContract, addr logKey, addr settlementKey, addr adminKey, text currency, u8 ledgerScale, "
                 "u8 settlementScale, u64 start, u64 epochSeconds, u32 ruleset"),
    "sharded-genesis": T("b32 chainId, addr verifyingContract, addr logKey, addr settlementKey, addr adminKey, text currency, u8 ledgerScale, "
                         "u8 settlementScale, u64 start, u64 epochSeconds, u32 ruleset, u8 shardBits, u16 replication"),
    "schedule": T("u32 version, u64 effectiveFrom, u128 base, u128 storagePerByteDay, u128 congestionUnit, u32 targetPerMinute, u128 postage, "
                  "u64 postageWindow, u32 retentionDaysMin, u32 retentionDaysMax, u32 bytesMax"),
    "deposit": T("b32 commitment, u128 amount, b32 reference"),
    "charge": T("u64 number, u64 epoch, b32 commitment, b32 envelopeHash, u32 bytes, u32 expiryDay, u32 schedule, u128 base, u128 storage, "
                "u128 congestion, u128 postage, u64 publishBy"),
    "midnight": T("u32 day, u128 captured"),
    "node": T("u32 number, addr operator, addr nodeKey, addr payout, u128 stake, text peer, text http, sig operatorSignature, sig nodeKeySignature"),
    "edge": T("u64 epoch, u64 time"),
    "signed": T("bytes statement, sig signature"),
    "cut": T("u64 epoch, u128 base, u128 congestion, u64 charges, u64 voided"),
    "void": T("u64 charge, u8 ground, u128 base, u128 storage, u128 postage, b32 evidence"),
    "postage": T("u64 charge, u8 outcome, u128 amount, b32 evidence"),
    "attestation": T("u64 epoch, addr operator, sig signature"),
    "claim": T("u64 epoch, u32 node, addr payout, u128 cumulative, u128 paid"),
    "close": T("b32 commitment, u128 charged, u128 returned"),
    "payout": T("addr account, u128 amount, b32 reference"),
    "stake": T("addr operator, u128 amount, b32 reference"),
    "closing": T("b32 commitment, u8 cause, u64 closesAt, b32 statement"),
    "withdrawal": T("b32 commitment, u128 amount, b32 statement"),
    "signer": T("b32 commitment, b32 statement"),
    "restored": T("u64 index, u64 time, bytes charge"),
    "books": T("u64 epoch, u64 entry, b32 hash"),
    "refund": T("u64 charge, u8 ground, u128 heldBase, u128 heldCongestion, u128 heldStorage, u128 heldPostage, u128 owedBase, u128 owedCongestion, u128 owedStorage, "
                "u128 owedPostage, u128 stakeBase, u128 stakeCongestion, u128 stakeStorage, u128 stakePostage, u128 releasedPerDay, u32 node, b32 evidence"),
    "repayment": T("u64 epoch, u128 owed, u128 paid"),
    "logged-outage": T("bytes outage, u128 total"),
    "commitment": T("b32 channelId, b32 salt"),
    "log": T("bytes genesis"),
    "head": T("b32 logId, u64 size, b32 root, u64 time, u64 epoch"),
    "receipt": T("bytes leaf, bytes head, sig signature") + [("path", L("b32", 64))],
    "event": T("u32 originator, u64 sequence, b32 previous, b32 topic") + [("links", L("b32", 16))] + T("b32 envelopeHash, bytes receipt"),
    "acknowledgement": T("u32 node, b32 event, u64 charge, b32 envelopeHash, u64 time"),
    "refusal": T("u32 node, u64 charge, b32 envelopeHash, text code, u64 time"),
    "seal-notice": T("b32 logId, u64 epoch, u64 size"),
    "checkpoint": T("u32 node, u16 shard, u32 day, u64 count, u64 bytes, b32 root"),
    "possession": T("u32 node, b32 event, b32 nonce, b32 answer, u64 time"),
    "delivered": T("u64 epoch, u32 node") + [("runs", L(T("u64 first, u64 count")))],
    "observation": T("u64 epoch, u32 observer") + [("subjects", L(SUBJECT))],
    "set": [("ids", L("b32"))],
    "welcome": T("bytes envelopeHead, addr owner, b32 topicSalt, sig signature"),
    "deletion": T("bytes envelopeHead, addr owner, b32 topicSalt, sig signature"),
    "double-charge": T("u64 charge, u64 first"),
    "outage": T("u32 day, u32 parts") + [("signers", L(T("addr operator, sig signature")))],
    "inputs": T("b32 logRoot") + [("nodes", L(T("u32 node, addr operator, addr payout, u128 stake"))), ("observations", L("bytes")),
                                  ("attestations", L(T("u32 node, u32 due, u32 given"))), ("cumulativeBefore", L(T("u32 node, u128 cumulative"))),
                                  ("dustIn", "u128")],
    "result": T("u32 ruleset, u64 epoch, u64 firstIndex, u64 endIndex, b32 inputs, u128 base, u128 storage, u128 postage, u128 dustIn, u128 grants, "
                "u128 refunds, u128 pool, u128 rewards, u128 dust, u8 dropped, b32 root") + [("rows", L(ROW))],
    "entry": T("u64 number, b32 previous, u64 time, u64 epoch, text kind, text reference") + [("postings", L(T("text account, u128 debit, u128 credit")))],
    "act": T("text name, bytes body, u64 nonce"),
    "rotation": T("u8 role, addr key, sig proof"),
    "rollback": T("bytes head, sig signature, u64 time, u64 charges, u64 lastCharge"),
    "probe": T("b32 nonce, u32 answerer"),
    "challenge": T("b32 nonce, bytes envelope"),
}
KINDS = ["genesis", "schedule", "deposit", "charge", "midnight", "node", "edge", "delivered", "cut", "void", "postage", "observation", "result",
         "attestation", "claim", "close", "payout", "act", "stake", "closing", "withdrawal", "signer", "restored", "books",
         "refund", "repayment", "outage", "grant", "penalty", "silence"]           # kind 1 first
BODY = {8: "signed", 12: "signed", 18: "signed", 27: "logged-outage"}                       # the form of a kind's body where the names differ


VERSION = {"act": 2, "cut": 2, "checkpoint": 2}                                       # of a form's tag; 1 where nothing is said
tag_of = lambda form: f"feesvc/{form}/{VERSION.get(form, 1)}"
ORDERS = {"clock": T("u64 time"), "collect": T("u64 epoch"), "seal": T("u64 epoch"), "schedule": "schedule", "pause": T("u8 isPaused"), "close": T("b32 commitment"), "rotate": "rotation", "rollback": "rollback"}  # bodies of acts by name; a text is a form


def is_whole(t, b):
    if t == ORDERS["pause"] and b not in (b"\0", b"\1"): return False
    try: return bool(decode(t, b)) if isinstance(t, str) else dec(t, b, 0)[1] == len(b)
    except Bad: return False


def ascending(v): return all(a < b for a, b in zip(v, v[1:]))


def is_signature(sig): return 0 < int.from_bytes(sig[:32], "big") < CURVE and 0 < int.from_bytes(sig[32:64], "big") <= CURVE // 2 and sig[64] in (27, 28)


RULES = {                                                              # what the page asks beyond the shape
    "member-list": lambda f: f["from"] < f["until"] <= f["from"] + 31_622_400,
    "membership": lambda f: bool(decode("member-list", f["list"])) and f["index"] < 2 ** len(f["path"]) and is_signature(f["signature"]),
    "authored": lambda f: f["rule"] in (1, 2) and len(f["membership"]) <= 1024 and is_signature(f["signature"]) and (
        not f["membership"] or (bool(decode("membership", f["membership"])) and f["author"] != f["owner"])),
    "envelope": lambda f: f["payloadBytes"] <= 1_048_576,
    "items": lambda f: 1 <= len(f["items"]) <= 256 and len({decode("item", i)["envelopeHash"] for i in f["items"]}) == len(f["items"]),
    "leaf": lambda f: len(f["body"]) <= 16 << 20 and 1 <= f["kind"] <= len(KINDS),
    "event": lambda f: f["sequence"] >= 1 and (f["sequence"] > 1 or f["previous"] == ZERO) and ascending(f["links"]),
    "delivered": lambda f: all(r["count"] >= 1 for r in f["runs"]) and all(a["first"] + a["count"] < b["first"] for a, b in zip(f["runs"], f["runs"][1:])),
    "observation": lambda f: ascending([s["node"] for s in f["subjects"]]) and all(
        s["node"] != f["observer"] and s["answered"] <= s["probes"] and s["passed"] <= s["challenges"] for s in f["subjects"]),
    "set": lambda f: ascending(f["ids"]),
    "rotation": lambda f: 1 <= f["role"] <= 3,
    "rollback": lambda f: f["time"] > decode("head", f["head"])["time"] and f["charges"] <= f["lastCharge"] < 2**63 and is_signature(f["signature"]),
    "restored": lambda f: bool(decode("charge", f["charge"])),
    "act": lambda f: f["name"] in ORDERS and is_whole(ORDERS[f["name"]], f["body"]),
    "entry": lambda f: ascending([p["account"].encode() for p in f["postings"]]) and f["number"] >= 1 and (f["number"] > 1 or f["previous"] == ZERO),
}


def tagged(form, fields) -> bytes:
    return enc("text", tag_of(form)) + enc(FORMS[form], fields)


def decode(form, b):
    tag = enc("text", tag_of(form))
    if b[:len(tag)] != tag: raise Bad("a wrong tag")
    f, i = dec(FORMS[form], b, len(tag))
    if i != len(b): raise Bad("a trailing byte")
    if form in RULES and not RULES[form](f): raise Bad("a rule")
    return f


forms, refused_forms = [], []


def form(name, kind, fields, **more) -> bytes:                         # records a tagged form, returns its bytes
    b = tagged(kind, fields)
    assert decode(kind, b) == fields, name
    forms.append({"name": name, "tag": tag_of(kind), "fields": readable(FORMS[kind], fields), "bytes": x(b), "sha256": x(sha(b)), **more})
    return b


def wire(name, schema, fields, **more) -> bytes:                       # the same for bytes without a tag
    b = enc(schema, fields)
    assert dec(schema, b, 0) == (fields, len(b)), name
    forms.append({"name": name, "fields": readable(schema, fields), "bytes": x(b), "sha256": x(sha(b)), **more})
    return b


def refuse(name, kind, b, rule=True):
    try: decode(kind, b)
    except Bad as e: assert rule == (str(e) in ("a rule", "too many")), (name, e)
    else: raise AssertionError(name)
    refused_forms.append({"name": name, "tag": tag_of(kind), "because": "rule" if rule else "encoding", "bytes": x(b)})


# --- section 2: signatures ----------------------------------------------------------------------------------------------------
DOMAIN = {"name": "feesvc", "version": "1", "chainId": 31337, "verifyingContract": "0x5fbdb2315678afecb367f032d93f642f64180aa3"}
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
STRUCTS = {s.split("(")[0]: [tuple(f.split(" ")) for f in s.split("(")[1][:-1].split(",")] for s in """\
Voucher(bytes32 channelId,uint32 lane,uint64 sequence,uint128 cumulativeAmount,uint64 validUntil,bytes32 itemsHash)
OpenChannel(address payer,address signer,bytes32 opening)
CloseChannel(bytes32 channelId,uint128 charged,uint64 validUntil)
ChannelQuery(bytes32 channelId,uint64 time)
Delegation(bytes32 channelId,address signer,uint32 lane,uint128 ceiling,uint64 expires,uint64 nonce)
Revocation(bytes32 channelId,address signer,uint64 nonce)
RequestClose(bytes32 channelId,uint64 validUntil)
Withdrawal(bytes32 channelId,uint128 cumulative,uint64 validUntil)
Deposit(bytes32 channelId,uint128 amount,bytes32 reference)
StakeDeposit(address operator,uint128 amount,bytes32 reference)
Payout(address account,uint128 amount,bytes32 reference)
RegisterNode(address operator,address nodeKey,address payout,uint128 stake,bytes32 endpointsHash)
Welcome(bytes32 topic,bytes32 envelopeHash)
Attestation(uint64 epoch,bytes32 result,bytes32 root,uint128 rewards,bytes32 inputs,uint32 ruleset)
LogHead(bytes32 head)
Event(bytes32 id)
Acknowledgement(bytes32 acknowledgement)
Refusal(bytes32 refusal)
Possession(bytes32 possession)
SealNotice(bytes32 notice)
Checkpoint(bytes32 checkpoint)
Deletion(bytes32 topic,bytes32 envelopeHash)
MemberList(bytes32 list)
Authorship(bytes32 topic,uint32 expiryDay,bytes32 salt,bytes32 content)
Outage(uint32 day,uint32 parts)
Observation(bytes32 observation)
Delivered(bytes32 delivered)
PeerProof(bytes32 challenge,uint32 prover,uint32 verifier)
AdminAct(bytes32 act)
KeyRotation(uint8 role,address key,uint64 nonce)""".splitlines()}
word = lambda v: v.to_bytes(32, "big") if isinstance(v, int) else v.rjust(32, b"\0")
key = lambda label: rnd("key/" + label)


def domain_separator(d):
    return keccak(keccak(DOMAIN_TYPE.encode()) + keccak(d["name"].encode()) + keccak(d["version"].encode()) + word(d["chainId"])
                  + word(bytes.fromhex(d["verifyingContract"][2:])))


SEPARATOR = domain_separator(DOMAIN)
type_of = lambda s: f"{s}(" + ",".join(f"{t} {n}" for t, n in STRUCTS[s]) + ")"


def struct_hash(s, m):
    for t, n in STRUCTS[s]:
        if t.startswith("uint"): assert 0 <= m[n] < 2 ** int(t[4:])
        else: assert len(m[n]) == {"bytes32": 32, "address": 20}[t]
    return keccak(keccak(type_of(s).encode()) + b"".join(word(m[n]) for _, n in STRUCTS[s]))


def address(private) -> bytes: return bytes.fromhex(Account.from_key(private).address[2:])


def recover(digest, sig) -> bytes:                                     # the strict form of the page
    if len(sig) != 65: raise Bad("length")
    r, s, v = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:64], "big"), sig[64]
    if not (0 < r < CURVE and 0 < s <= CURVE // 2 and v in (27, 28)): raise Bad("signature")
    try: pub = PublicKey.from_signature_and_message(sig[:64] + bytes([v - 27]), digest, hasher=None)
    except Exception: raise Bad("signature")
    return keccak(pub.format(compressed=False)[1:])[12:]


def digest_of(s, m): return keccak(b"\x19\x01" + SEPARATOR + struct_hash(s, m))


statements = []


def sign(name, s, m, private, keep=True) -> bytes:
    full = {"types": {"EIP712Domain": [{"name": f.split(" ")[1], "type": f.split(" ")[0]} for f in DOMAIN_TYPE[13:-1].split(",")],
                      s: [{"name": n, "type": t} for t, n in STRUCTS[s]]},
            "primaryType": s, "domain": DOMAIN, "message": {n: x(v) if isinstance(v, bytes) else v for n, v in m.items()}}
    signed = Account.from_key(private).sign_typed_data(full_message=full)
    digest, sig, who = digest_of(s, m), bytes(signed.signature), address(private)
    assert digest == bytes(signed.message_hash), name                  # eth-account's digest and ours
    assert sig == signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v]) and len(sig) == 65
    assert recover(digest, sig) == who == bytes.fromhex(Account.recover_message(encode_typed_data(full_message=full), signature=sig)[2:])
    if keep:
        statements.append({"name": name, "struct": s, "type": type_of(s), "typeHash": x(keccak(type_of(s).encode())),
                           "message": {n: x(m[n]) if isinstance(m[n], bytes) else str(m[n]) if t == "uint128" else m[n] for t, n in STRUCTS[s]},
                           "structHash": x(struct_hash(s, m)), "digest": x(digest), "privateKey": x(private), "address": x(who), "signature": x(sig)})
    return sig


# --- section 5: the log's tree --------------------------------------------------------------------------------------------------
leaf_hash = lambda d: sha(b"\0" + d)
node_hash = lambda l, r: sha(b"\1" + l + r)


def split(n):
    k = 1
    while 2 * k < n: k *= 2
    return k


def mth(hashes):                                                       # RFC 6962 section 2.1
    if not hashes: return sha(b"")
    if len(hashes) == 1: return hashes[0]
    k = split(len(hashes))
    return node_hash(mth(hashes[:k]), mth(hashes[k:]))


def log_path(i, hashes):                                               # RFC 9162 section 2.1.3.1
    if len(hashes) == 1: return []
    k = split(len(hashes))
    return log_path(i, hashes[:k]) + [mth(hashes[k:])] if i < k else log_path(i - k, hashes[k:]) + [mth(hashes[:k])]


def path_leads(h, i, size, path, root):                                # RFC 9162 section 2.1.3.2
    if i >= size: return False
    fn, sn, r = i, size - 1, h
    for p in path:
        if sn == 0: return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn: fn >>= 1; sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1; sn >>= 1
    return sn == 0 and r == root


def receipt_good(b, log_key):
    try:
        f = decode("receipt", b)
        leaf, head = decode("leaf", f["leaf"]), decode("head", f["head"])
        if leaf["kind"] not in (4, 23): return False
        decode(KINDS[leaf["kind"] - 1], leaf["body"])
        return (recover(digest_of("LogHead", {"head": sha(f["head"])}), f["signature"]) == log_key
                and path_leads(leaf_hash(f["leaf"]), leaf["index"], head["size"], f["path"], head["root"]))
    except Bad:
        return False


def withdrawn(h, n, rollback):                                         # section 5, rollback: is the head of the lost history?
    head = decode("head", h)
    return head["size"] > n and head["time"] < rollback["time"]


def rollback_good(leaf, path, head, signature, keys, log_id):          # what section 5 has checked of an act's leaf that is shown with a head
    try:
        f, h = decode("leaf", leaf), decode("head", head)
        if f["kind"] != 18 or h["logId"] != log_id: return False
        signed = decode("signed", f["body"]); act = decode("act", signed["statement"])
        if act["name"] != "rollback": return False
        r = decode("rollback", act["body"]); lost = decode("head", r["head"])
        return (recover(digest_of("LogHead", {"head": sha(head)}), signature) == keys["log key"] and path_leads(leaf_hash(leaf), f["index"], h["size"], path, h["root"])
                and recover(digest_of("AdminAct", {"act": sha(signed["statement"])}), signed["signature"]) == keys["admin key"]
                and recover(digest_of("LogHead", {"head": sha(r["head"])}), r["signature"]) == keys["log key"]
                and lost["logId"] == log_id and lost["size"] > f["index"] and not withdrawn(head, f["index"], r))
    except Bad:
        return False


# --- section 3: closed topics -----------------------------------------------------------------------------------------------------
rule_salt = lambda rule, salt: sha(tagged("topic-rule", dict(rule=rule, salt=salt)))
closed_topic = lambda rule, owner, salt: sha(tagged("topic", dict(owner=owner, salt=rule_salt(rule, salt))))[:26] + b"closed"
member_leaf = lambda who_, salt: leaf_hash(tagged("member", dict(member=who_, salt=salt)))


def author_verdict(head, payload, t):                                  # the code of a refusal; nothing where the message is admitted
    h = decode("envelope", head)
    if h["topic"][26:] != b"closed": return None
    try:
        if len(payload) > 1_048_576: return "author/form"
        f = decode("authored", payload); m = decode("membership", f["membership"]) if f["membership"] else None
    except Bad: return "author/form"
    if closed_topic(f["rule"], f["owner"], f["salt"]) != h["topic"]: return "author/not-the-topic"
    if t > f["validUntil"]: return "author/late"
    if f["author"] != f["owner"]:
        if f["rule"] != 2: return "author/not-the-owner"
        if m is None: return "author/no-list"
        l = decode("member-list", m["list"])
        if l["topic"] != h["topic"]: return "author/other-topic"
        if t < l["from"]: return "author/not-yet"
        if t >= l["until"]: return "author/ended"
        if not path_leads(member_leaf(f["author"], m["salt"]), m["index"], 2 ** len(m["path"]), m["path"], l["root"]): return "author/not-a-member"
    def by(who_, s, message, sig):
        try: return recover(digest_of(s, message), sig) == who_
        except Bad: return False
    if not by(f["author"], "Authorship", dict(topic=h["topic"], expiryDay=h["expiryDay"], salt=h["salt"], content=sha(payload[:-65])), f["signature"]): return "author/signature"
    if m and not by(f["owner"], "MemberList", dict(list=sha(m["list"])), m["signature"]): return "author/list-signature"
    return None


def authored_cases():                                                  # envelopes in closed topics, each with its verdict
    day, t, end = DAY + 60, START + 3_600, START + 1_000_000
    owner, members = "closed topic's owner", ["member 1", "member 2", "member 3"]
    salt = rnd("closed topic's salt")
    topics = {rule: closed_topic(rule, who(owner), salt) for rule in (1, 2)}
    for rule in (1, 2):
        form(f"rule of a closed topic, {rule} (its hash is topicSalt)", "topic-rule", dict(rule=rule, salt=salt))
        form(f"a closed topic of rule {rule}, opened", "topic", dict(owner=who(owner), salt=rule_salt(rule, salt)), closedTopic=x(topics[rule]))
    salts = {m: rnd("salt of " + m) for m in members}
    leaves = sorted([leaf_hash(form(f"leaf of {m}", "member", dict(member=who(m), salt=salts[m]))) for m in members] + [rnd("nobody's leaf")])
    def listed(name, topic=topics[2], version=1, start=START, until=end, root=mth(leaves), by=owner, keep=False):
        b = form(name, "member-list", {"topic": topic, "version": version, "from": start, "until": until, "root": root}) if keep else tagged("member-list", {"topic": topic, "version": version, "from": start, "until": until, "root": root})
        return b, sign(name, "MemberList", dict(list=sha(b)), key(by), keep=keep)
    def membership(m, l, place_of=None, **c):
        at = leaves.index(member_leaf(who(place_of or m), salts[place_of or m]))
        return tagged("membership", {**dict(list=l[0], signature=l[1], salt=salts[place_of or m], index=at, path=log_path(at, leaves)), **c})
    def sealed(author, membership=b"", rule=2, owner_=owner, salt_=salt, valid=START + 7_200, message=b"hello", by=None, topic=None, signature=None, signed_salt=None, signed_day=day, signed_topic=None, name="", tail=b"", e="text"):
        topic = topic or topics[rule]
        fields = dict(rule=rule, owner=who(owner_), salt=salt_, author=who(author), validUntil=valid, membership=membership, message=message)
        unsigned = enc("text", tag_of("authored")) + enc(FORMS["authored"][:-1], fields)
        es = rnd("salt of envelope " + e)
        sig = signature or sign(name or "authorship", "Authorship", dict(topic=signed_topic or topic, expiryDay=signed_day, salt=signed_salt or es, content=sha(unsigned)), key(by or author), keep=bool(name))
        payload = unsigned + sig + tail
        if name: assert form(name, "authored", decode("authored", payload)) == payload
        return tagged("envelope", dict(topic=topic, expiryDay=day, salt=es, payloadBytes=len(payload), payloadHash=sha(payload))), payload
    good_list = listed("member list", keep=True)
    m1 = membership("member 1", good_list)
    assert form("membership", "membership", decode("membership", m1)) == m1
    form("member list, largest numbers", "member-list", {"topic": b"\xff" * 32, "version": 2**53 - 1, "from": 2**53 - 1 - 31_622_400, "until": 2**53 - 1, "root": b"\xff" * 32})
    alone = member_leaf(who("member 1"), salts["member 1"])
    single = listed("list of one", root=alone)
    m_single = form("membership in a list of one", "membership", dict(list=single[0], signature=single[1], salt=salts["member 1"], index=0, path=[]))
    deep = [rnd(f"sibling {i}") for i in range(16)]; r = alone
    for s_ in deep: r = node_hash(s_, r)
    deep_list = listed("the largest list", root=r)
    m_deep = form("membership in the largest list", "membership", dict(list=deep_list[0], signature=deep_list[1], salt=salts["member 1"], index=2**16 - 1, path=deep))
    cases = []
    def case(name, e, verdict, at=t):
        assert author_verdict(*e, at) == verdict, (name, author_verdict(*e, at), verdict)
        cases.append({"name": name, "head": x(e[0]), "payload": x(e[1]), "logged": at, "verdict": verdict or ""})
    by_owner, by_member = sealed(owner, name="authored by the owner"), sealed("member 1", m1, name="authored by a member")
    case("the owner, rule members", by_owner, None); case("the owner, rule owner", sealed(owner, rule=1), None); case("a member", by_member, None)
    case("another member", sealed("member 3", membership("member 3", good_list)), None)
    case("a member of a list of one", sealed("member 1", m_single), None); case("a member of the largest list", sealed("member 1", m_deep), None)
    case("an empty message", sealed("member 1", m1, message=b""), None)
    case("charged in the last second that the author wants", by_member, None, START + 7_200); case("charged a second later", by_member, "author/late", START + 7_201)
    late = lambda name, l: sealed("member 1", membership("member 1", l), valid=2**53 - 1)
    bounded = listed("", start=START + 100, until=START + 200)
    for at, verdict in ((99, "author/not-yet"), (100, None), (199, None), (200, "author/ended"), (2**40, "author/ended")):
        case(f"a list from 100 until 200, charged at {at}", late("", bounded), verdict, START + at)
    case("an older version of the list, in its time", late("", listed("", version=0)), None)
    case("an open topic's payload", (tagged("envelope", {**decode("envelope", by_owner[0]), "payloadBytes": 5, "payloadHash": sha(b"hello")}), b"hello"), "author/form")
    open_topic = rnd("an open topic")
    case("any payload in an open topic", (tagged("envelope", {**decode("envelope", by_owner[0]), "topic": open_topic, "payloadBytes": 5, "payloadHash": sha(b"hello")}), b"hello"), None)
    case("an author's payload in an open topic", (tagged("envelope", {**decode("envelope", by_owner[0]), "topic": open_topic}), by_owner[1]), None)
    case("a byte after the payload", sealed("member 1", m1, tail=b"\0"), "author/form")
    case("rule 3", sealed(owner, rule=3, topic=topics[2]), "author/form"); case("rule 0", sealed(owner, rule=0, topic=topics[2]), "author/form")
    case("an owner who shows a membership", sealed(owner, m1), "author/form")
    case("a membership with 17 siblings", sealed("member 1", tagged("membership", {**decode("membership", m1), "path": deep + [ZERO]})), "author/form")
    case("a membership whose index is beyond its leaves", sealed("member 1", membership("member 1", good_list, index=4)), "author/form")
    case("a list without time", sealed("member 1", membership("member 1", listed("", until=START))), "author/form")
    case("a list of 366 days and a second", sealed("member 1", membership("member 1", listed("", until=START + 31_622_401))), "author/form")
    case("a list of 366 days", sealed("member 1", membership("member 1", listed("", until=START + 31_622_400))), None)
    case("a rule of one's own", sealed("member 1", m1, rule=2, topic=topics[1]), "author/not-the-topic"); case("an owner of one's own", sealed("stranger", owner_="stranger", topic=topics[2]), "author/not-the-topic")
    case("another salt", sealed(owner, salt_=rnd("another salt"), topic=topics[2]), "author/not-the-topic")
    case("a member where only the owner publishes", sealed("member 1", rule=1), "author/not-the-owner")
    case("a member's list where only the owner publishes", sealed("member 1", membership("member 1", listed("", topic=topics[1])), rule=1), "author/not-the-owner")
    case("a member without a list", sealed("member 1"), "author/no-list")
    case("a list of another topic of the owner", sealed("member 1", membership("member 1", listed("", topic=closed_topic(2, who(owner), rnd("another topic"))))), "author/other-topic")
    case("another member's place", sealed("member 1", membership("member 1", good_list, place_of="member 2")), "author/not-a-member")
    case("a stranger with a member's place", sealed("stranger", m1), "author/not-a-member")
    case("a path cut", sealed("member 1", membership("member 1", good_list, path=log_path(leaves.index(alone), leaves)[:-1], index=leaves.index(alone) % 2)), "author/not-a-member")
    case("an inner node as a leaf", sealed("member 1", membership("member 1", good_list, path=[], index=0)), "author/not-a-member")
    case("signed by another member", sealed("member 1", m1, by="member 2"), "author/signature"); case("signed by the owner for a member", sealed("member 1", m1, by=owner), "author/signature")
    case("signed for another envelope's salt", sealed("member 1", m1, signed_salt=rnd("another envelope")), "author/signature"); case("signed for another day", sealed("member 1", m1, signed_day=day + 1), "author/signature")
    case("signed for another topic", sealed("member 1", m1, signed_topic=topics[1]), "author/signature")
    sig = decode("authored", by_member[1])["signature"]
    case("another message under the signature", sealed("member 1", m1, message=b"hullo", signature=sig), "author/signature")
    case("a later validUntil under the signature", sealed("member 1", m1, valid=START + 7_201, signature=sig), "author/signature")
    case("another list under the signature", sealed("member 1", membership("member 1", listed("", version=2)), signature=sig), "author/signature")
    case("the same message in another envelope", sealed("member 1", m1, signature=sig, e="another"), "author/signature")
    twin = sig[:32] + (CURVE - int.from_bytes(sig[32:64], "big")).to_bytes(32, "big") + bytes([55 - sig[64]])
    case("the signature's twin with a high s", sealed("member 1", m1, signature=twin), "author/form")
    case("the signature with the other v", sealed("member 1", m1, signature=sig[:64] + bytes([55 - sig[64]])), "author/signature")
    case("a list that a member signed", sealed("member 1", membership("member 1", listed("", by="member 1"))), "author/list-signature")
    case("a list under another list's signature", sealed("member 1", membership("member 1", (listed("", version=2)[0], good_list[1]))), "author/list-signature")
    return {"owner": x(who(owner)), "salt": x(salt), "topics": {"owner": x(topics[1]), "members": x(topics[2])}, "cases": cases}, by_member[1], m1, good_list[0]


# --- section 8: reward tree and ruleset 1 ---------------------------------------------------------------------------------------
pair = lambda a, b: keccak(min(a, b) + max(a, b))
reward_leaf = lambda index, payout, cumulative: keccak(keccak(word(index) + word(payout) + word(cumulative)))


def reward_tree(leaves):                                               # OpenZeppelin's StandardMerkleTree: root and a proof for each leaf
    n = len(leaves); order = sorted(range(n), key=lambda i: leaves[i]); tree = [b""] * (2 * n - 1)
    for k, i in enumerate(order): tree[2 * n - 2 - k] = leaves[i]
    for i in range(n - 2, -1, -1): tree[i] = pair(tree[2 * i + 1], tree[2 * i + 2])
    proofs = [None] * n
    for k, i in enumerate(order):
        at, proofs[i] = 2 * n - 2 - k, []
        while at: proofs[i].append(tree[at - 1 if at % 2 == 0 else at + 1]); at = (at - 1) // 2
        h = leaves[i]
        for p in proofs[i]: h = pair(h, p)
        assert h == tree[0]
    return tree[0], proofs


def fraction(part, whole): return part * G // whole if whole else 0


def held_view(s):                                                      # what one observer says of held; None is no view
    if s["challenges"]: return fraction(s["passed"], s["challenges"])
    return 0 if s["probes"] and not s["answered"] else None


def available_view(s): return fraction(s["answered"], s["probes"]) if s["probes"] else None


class NoResult(Exception):
    """What the page gives no result for."""


def below(v):
    if v >= 2**128: raise NoResult("a sum or product is not below 2^128")
    return v


def ruleset1(c):
    nodes, n, dropped, metric = c["nodes"], len(c["nodes"]), 0, {}
    numbers = {v["node"] for v in nodes}
    for bit, name, view in ((1, "held", held_view), (2, "available", available_view)):
        need, values = -(-2 * (n - 1) // 3), {}
        for v in nodes:
            views = [view(s) for o in c["observations"] if o["observer"] in numbers - {v["node"]} for s in o["subjects"] if s["node"] == v["node"]]
            values[v["node"]] = sorted(f for f in views if f is not None)
        if n > 1 and any(len(f) < need for f in values.values()):
            dropped |= bit; metric[name] = {v: G for v in values}
        elif n == 1:
            metric[name] = {v: G for v in values}                      # the only node: nobody to observe it
        else:
            metric[name] = {v: f[(len(f) - 1) // 2] for v, f in values.items()}
    if n == 1: dropped |= 4
    given = {a["node"]: G if a["due"] == 0 else fraction(a["given"], a["due"]) for a in c["attestations"]}
    before = {b["node"]: b["cumulative"] for b in c["cumulativeBefore"]}
    captured = below(sum(c["captured"].values()))
    pool = below(captured + c["dustIn"] + c["grants"]) - c["refunds"]
    if pool < 0: raise NoResult("the pool is negative")
    rows = []
    for v in nodes:
        h, a, t = metric["held"][v["node"]], metric["available"][v["node"]], given.get(v["node"], G)
        q = h * a * t // 10**18
        rows.append({"node": v["node"], "payout": v["payout"], "held": h, "available": a, "attested": t, "earned": min(pool, captured) * q // (n * G)})
    rest = pool - sum(r["earned"] for r in rows)
    weights = [below(v["stake"] * r["available"]) for v, r in zip(nodes, rows)]
    assert rest >= 0
    below(sum(weights))
    for r, w, v in zip(rows, weights, nodes):
        r["shared"] = rest * w // sum(weights) if sum(weights) else 0
        r["reward"] = r["earned"] + r["shared"]
        r["cumulative"] = below(before.get(v["node"], 0) + r["reward"])
    rewards = sum(r["reward"] for r in rows)
    assert pool == rewards + (pool - rewards) and 0 <= rewards <= pool
    return dict(pool=pool, rewards=rewards, dust=pool - rewards, dropped=dropped, rows=rows)


who = lambda label: address(key(label))
subject = lambda node, pa, hp, fd=0, bs=0: dict(node=node, probes=pa[1], answered=pa[0], challenges=hp[1], passed=hp[0], firstDelivered=fd, bytesServed=bs)


def snapshot(*stakes, first=1):
    return [dict(node=first + i, operator=who(f"operator {first + i}"), payout=who(f"payout {first + i}"), stake=s) for i, s in enumerate(stakes)]


def observe(nodes, say=None, observers=None):
    """Each observer on each other node: 7 of 7 probes and 20 of 20 challenges, unless say(observer, node) tells another pair or None."""
    out = []
    for o in (v["node"] for v in nodes):
        if observers is not None and o not in observers: continue
        subjects = []
        for s in (v["node"] for v in nodes if v["node"] != o):
            said = say(o, s) if say else ((7, 7), (20, 20))
            if said: subjects.append(subject(s, *said, fd=o * 10 + s, bs=o * 1000 + s))
        out.append(dict(observer=o, subjects=subjects))
    return out


def case(name, nodes, observations, captured=(1_000_000_000_000, 250_000_000_000, 3_000_000_000), dustIn=0, grants=0, refunds=0, attestations=None, before=None, note=None):
    return dict(name=name, note=note, nodes=nodes, observations=observations, captured=dict(zip(("base", "storage", "postage"), captured)), dustIn=dustIn,
                grants=grants, refunds=refunds, attestations=attestations if attestations is not None else [dict(node=v["node"], due=2, given=2) for v in nodes],
                cumulativeBefore=sorted([*(before or []), *(dict(node=v["node"], cumulative=0) for v in nodes if v["node"] not in [b["node"] for b in before or []])],
                                        key=lambda b: b["node"]))


def reward_cases():
    full, none, some = ((7, 7), (20, 20)), ((0, 7), (0, 20)), ((3, 7), (11, 20))
    four, E = snapshot(*[10**18] * 4), 10**18
    before4 = [dict(node=i, cumulative=i * 10**12 + 7) for i in (1, 2, 3, 4)]
    yield case("4 honest nodes", four, observe(four), dustIn=3, grants=50_000_000, refunds=1_234, before=before4)
    yield case("4 honest nodes, first epoch: no attestation was due, nothing before", four, observe(four), attestations=[dict(node=i, due=0, given=0) for i in (1, 2, 3, 4)],
               note="attested of 0 due is 10^9")
    yield case("no attestation listed", four, observe(four), attestations=[], note="a node that is not listed had none due")
    yield case("one absent for part: probes answered 3 of 7", four, observe(four, lambda o, s: some if s == 4 else full), before=before4)
    yield case("one answered nothing and observed nothing", four, observe(four, lambda o, s: none if s == 4 else full, observers={1, 2, 3}), dustIn=1)
    yield case("nobody answered: all to dust", four, observe(four, lambda o, s: none), note="the sum of stake x available is 0")
    yield case("attested 1 of 3 and 0 of 2", four, observe(four), attestations=[dict(node=1, due=3, given=3), dict(node=2, due=3, given=1), dict(node=3, due=2, given=0), dict(node=4, due=1, given=1)])
    yield case("all three metrics partial", four, observe(four, lambda o, s: ((s + 2, 7), (3 * s + o, 20))), attestations=[dict(node=i, due=7, given=i + 2) for i in (1, 2, 3, 4)], before=before4)
    yield case("no challenges though all answered: held has no quorum", four, observe(four, lambda o, s: ((7, 7), (0, 0))), note="0 of 0 is no view; dropped is 1")
    one = snapshot(5 * E, first=3)
    yield case("single unobserved node", one, [], dustIn=11, before=[dict(node=3, cumulative=99)], note="dropped is 4: a quorum of 0 is met, nobody could observe")
    yield case("single node, attested 1 of 2", one, [], attestations=[dict(node=3, due=2, given=1)])
    yield case("no nodes: all carried to dust", [], [], dustIn=17, grants=5, refunds=2)
    yield case("no nodes and nothing captured", [], [], captured=(0, 0, 0))
    yield case("no quorum: 1 observer of 3", four, observe(four, lambda o, s: some, observers={2}), note="need 2; node 2 has none at all")
    yield case("no quorum for one node drops both metrics for all", four, observe(four, lambda o, s: None if s == 3 and o != 1 else some))
    yield case("no observation at all", four, [])
    yield case("quorum just met: 2 observers of 3, lower median", four, observe(four, lambda o, s: ((o + 1, 7), (5 * o - 4, 20)) if s == 4 else full, observers={1, 2, 3}),
               note="nodes 1 to 3 have two observers, node 4 three")
    yield case("zero pool", four, observe(four), captured=(0, 0, 0), before=before4)
    yield case("zero captured, only dust and grants", four, observe(four), captured=(0, 0, 0), dustIn=2, grants=101)
    yield case("refunds above dust and grants, covered by what was not earned", four, observe(four, lambda o, s: some), refunds=200_000_000_000)
    big = 2**120
    hs = snapshot(2**90 + 1, 2**90 + 3, 3 * 2**89, 2**88 - 1)
    yield case("huge amounts near 2^120", hs, observe(hs, lambda o, s: some if s == 2 else full), captured=(big - 1, big - 3, big + 5), dustIn=big - 7, grants=big - 11, refunds=3,
               before=[dict(node=i, cumulative=big + i) for i in (1, 2, 3, 4)])
    hh = snapshot(2**96 - 1, 2**95 - 5, 3, 2**96 + 9)
    yield case("huge amounts and stakes: products just below 2^256", hh, observe(hh, lambda o, s: some if s in (1, 3) else full), captured=(2**127 - 1, 2**126 - 3, 2**125 + 5), dustIn=2**124 - 7)
    edge = snapshot(*[(2**128 - 1) // (4 * G)] * 4)
    yield case("the largest sums that still fit", edge, observe(edge), captured=(2**128 - 3, 1, 1), before=[dict(node=i, cumulative=2**127) for i in (1, 2, 3, 4)], refunds=2**128 - 1,
               note="stake x available adds up to at most 2^128 - 1; the pool is 0")
    yield case("refunds above what was captured eat into it", four, observe(four), refunds=253_000_000_001, dustIn=1, grants=2)
    yield case("refunds take the whole pool", four, observe(four), captured=(5, 6, 7), dustIn=1, grants=2, refunds=21)
    us = snapshot(1, 10**6, 7 * 10**17 + 3, 10**18)
    yield case("unequal stakes", us, observe(us, lambda o, s: ((5, 7), (19, 20)) if s == 3 else full), grants=777_777_777_777)
    zs = snapshot(0, 0, 0, 0)
    yield case("all stakes zero: nothing shared", zs, observe(zs), dustIn=5, grants=6)
    yield case("a lying observer says nobody answered", four, observe(four, lambda o, s: none if o == 4 else full), note="median of 0, 10^9, 10^9")
    yield case("a lying observer praises a silent node", four, observe(four, lambda o, s: (full if o == 3 else none) if s == 4 else full))
    yield case("two lying observers of three win", four, observe(four, lambda o, s: none if o in (3, 4) and s == 1 else full))
    two = snapshot(E, 2 * E)
    yield case("2 nodes", two, observe(two, lambda o, s: some if s == 2 else full), dustIn=1)
    yield case("2 nodes, one silent: no quorum for the other", two, observe(two, lambda o, s: none, observers={1}), note="node 1 has none of its 1")
    three = snapshot(E, E, E)
    yield case("3 nodes, lower median of two", three, observe(three, lambda o, s: ((7 - o, 7), (20 - o, 20))))
    yield case("3 nodes, one observer short: no quorum", three, observe(three, lambda o, s: full, observers={1, 2}), note="nodes 1 and 2 have one of the two they need")
    yield case("captured indivisible by N: 100 by 3", three, observe(three), captured=(98, 1, 1))
    seven = snapshot(*[10**6 + 13 * i for i in range(7)], first=2**32 - 7)
    yield case("captured indivisible by N: 7 nodes up to number 2^32 - 1", seven, observe(seven), captured=(1_000_000, 0, 1), dustIn=6)
    ten = snapshot(*[(i * 7919 % 13 + 1) * 10**17 + i for i in range(10)], first=5)
    yield case("10 nodes, all different", ten, observe(ten, lambda o, s: (((s * 3 + o % 3) % 8, 7), ((s * 11 + o * 7 % 4) % 21, 20)), observers={5, 6, 7, 8, 9, 10, 11, 12}),
               dustIn=9, grants=12_345, refunds=6, attestations=[dict(node=i, due=4, given=i % 5) for i in range(5, 15)], before=[dict(node=i, cumulative=10**13 * i) for i in range(5, 15, 2)])
    # what an observer that asked nothing, or was not answered, says
    unasked, silent = ((7, 7), (0, 0)), ((0, 7), (0, 0))
    yield case("a silent node could not be challenged: its held is 0", four, observe(four, lambda o, s: silent if s == 4 else full), note="probes without an answer are a view of held; nothing is dropped")
    yield case("nobody answered or was challenged: held and available are 0", four, observe(four, lambda o, s: silent), note="nothing is dropped")
    yield case("one of three did not challenge a node: the other two are enough", four, observe(four, lambda o, s: unasked if (o, s) == (1, 4) else some if s == 4 else full))
    yield case("two of three did not challenge a node: held is dropped, available stands", four, observe(four, lambda o, s: ((5, 7), (0, 0)) if s == 4 and o < 3 else some), note="dropped is 1")
    five = snapshot(*[10**18 + i for i in range(5)])
    yield case("5 nodes: who did not challenge does not lower the median", five, observe(five, lambda o, s: (unasked if o == 1 else ((7, 7), (2 * o + 8, 20))) if s == 5 else full),
               note="held of node 5 is the median of 12, 14 and 16 of 20; with a 0 for observer 1 it would be 12")
    yield case("5 nodes: who did not probe does not lower the median", five, observe(five, lambda o, s: ((0, 0), (20, 20)) if (o, s) == (1, 5) else ((o + 2, 7), (20, 20)) if s == 5 else full),
               note="available of node 5 is the median of 4, 5 and 6 of 7")
    yield case("5 nodes: silence is a view, so it does lower the median", five, observe(five, lambda o, s: (silent if o == 1 else ((7, 7), (2 * o + 8, 20))) if s == 5 else full))
    yield case("two of three did not probe a node: available is dropped, held stands", four, observe(four, lambda o, s: ((0, 0), (9, 20)) if s == 2 and o != 1 else some), note="dropped is 2")
    yield case("nobody asked anything: both are dropped", four, observe(four, lambda o, s: ((0, 0), (0, 0))), note="dropped is 3")
    yield case("challenges without probes: available is dropped", four, observe(four, lambda o, s: ((0, 0), (13, 20))), note="dropped is 2")
    yield case("held lacks views of one node, available of another: both are dropped", four, observe(four, lambda o, s: ((7, 7), (0, 0)) if s == 1 else ((0, 0), (20, 20)) if s == 2 else some))
    yield case("2 nodes: one view is needed, a silent peer is one", two, observe(two, lambda o, s: silent if s == 2 else full), note="nothing is dropped")
    stranger = [dict(observer=99, subjects=[subject(i, (0, 7), (0, 20)) for i in (1, 2, 3, 4)])]
    yield case("an observer outside the snapshot does not count", four, observe(four, observers={1, 2, 3}) + stranger, note="as without it")
    yield case("an observer outside the snapshot does not help the quorum", three, observe(three, observers={1, 2}) + stranger, note="dropped is 3")
    yield case("a node outside the snapshot is observed: nothing comes of it", three, observe(four), note="node 4 has left; its own words do not count either")
    yield case("the only node heard of others: still unobserved", one, [dict(observer=3, subjects=[subject(7, (1, 7), (1, 20))])], note="dropped is 4")


def refused_reward_cases():
    four, full = snapshot(*[10**18] * 4), lambda stake: snapshot(*[stake] * 4)
    top = 2**128 - 1
    yield case("refunds are one above the pool", four, observe(four), captured=(5, 6, 7), dustIn=1, grants=2, refunds=22)
    yield case("captured is 2^128", four, observe(four), captured=(top, 1, 0))
    yield case("captured and dust are 2^128", four, observe(four), captured=(top - 1, 1, 0), dustIn=1)
    yield case("grants make it 2^128, though refunds take them away", four, observe(four), captured=(top, 0, 0), grants=1, refunds=1)
    yield case("stake x available of one node is not below 2^128", snapshot(1, 1, 1, 2**128 // G + 1), observe(four))
    yield case("stake x available adds up to more than 2^128", full((2**128 - 1) // (4 * G) + 1), observe(four))
    yield case("a cumulative amount is 2^128", four, observe(four), captured=(4, 0, 0), before=[dict(node=2, cumulative=top)])


def reward_doc(number, c):
    epoch, first, end, log_root = 1 + number, 100 * number, 100 * number + 100, rnd(f"log root {number}")
    observations = [dict(epoch=epoch, **o) for o in sorted(c["observations"], key=lambda o: o["observer"])]
    ob = [tagged("observation", o) for o in observations]
    for b, o in zip(ob, observations): assert decode("observation", b) == o
    inputs = tagged("inputs", dict(logRoot=log_root, nodes=c["nodes"], observations=ob, attestations=c["attestations"], cumulativeBefore=c["cumulativeBefore"], dustIn=c["dustIn"]))
    try: r = ruleset1(c)
    except NoResult as e: r = e
    I, types = readable, dict(FORMS["inputs"])
    doc = {"name": c["name"], "ruleset": 1, "epoch": epoch, "firstIndex": first, "endIndex": end, "logRoot": x(log_root),
           "captured": {k: str(v) for k, v in c["captured"].items()}, "dustIn": str(c["dustIn"]), "grants": str(c["grants"]), "refunds": str(c["refunds"]),
           "nodes": I(types["nodes"], c["nodes"]), "observations": [{**I(FORMS["observation"], o), "bytes": x(b)} for o, b in zip(observations, ob)],
           "attestations": I(types["attestations"], c["attestations"]), "cumulativeBefore": I(types["cumulativeBefore"], c["cumulativeBefore"])}
    if c["note"]: doc["note"] = c["note"]
    if isinstance(r, NoResult): return {**doc, "because": str(r)}, None, inputs, None
    leaves = [reward_leaf(w["node"], w["payout"], w["cumulative"]) for w in r["rows"]]
    root, proofs = reward_tree(leaves) if leaves else (ZERO, [])
    fields = dict(ruleset=1, epoch=epoch, firstIndex=first, endIndex=end, inputs=sha(inputs), **c["captured"], dustIn=c["dustIn"], grants=c["grants"], refunds=c["refunds"],
                  pool=r["pool"], rewards=r["rewards"], dust=r["dust"], dropped=r["dropped"], root=root, rows=r["rows"])
    result = tagged("result", fields)
    assert decode("result", result) == fields
    doc["result"] = {"rows": [{**readable(ROW, w), "leaf": x(l), "proof": [x(p) for p in pr]} for w, l, pr in zip(r["rows"], leaves, proofs)],
                     "pool": str(r["pool"]), "rewards": str(r["rewards"]), "dust": str(r["dust"]), "dropped": r["dropped"], "root": x(root),
                     "inputsBytes": x(inputs), "inputsHash": x(sha(inputs)), "resultBytes": x(result), "resultHash": x(sha(result))}
    return doc, fields, inputs, result


# --- the sections of the file -----------------------------------------------------------------------------------------------------
def known_answers():
    mail = {"types": {"EIP712Domain": [{"name": f.split(" ")[1], "type": f.split(" ")[0]} for f in DOMAIN_TYPE[13:-1].split(",")],
                      "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
                      "Mail": [{"name": "from", "type": "Person"}, {"name": "to", "type": "Person"}, {"name": "contents", "type": "string"}]},
            "primaryType": "Mail", "domain": {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
            "message": {"from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"}, "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}, "contents": "Hello, Bob!"}}
    assert bytes(Account.from_key(keccak(b"cow")).sign_typed_data(full_message=mail).message_hash).hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    assert domain_separator(mail["domain"]).hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    ct = [leaf_hash(d) for d in LEAVES]
    for n, root in ((1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"), (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
                    (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")):
        assert mth(ct[:n]).hex() == root, n
    oz = [keccak(keccak(word(bytes([b]) * 20) + word(a))) for b, a in ((0x11, 5 * 10**18), (0x22, 25 * 10**17))]
    assert reward_tree(oz)[0].hex() == "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"


LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]   # Certificate Transparency's
LEAVES += [rnd(f"leaf {i}")[:i % 33] for i in range(8, 33)]


def merkle_log():
    trees = []
    for n in (*range(1, 10), 16, 17, 33):
        h = [leaf_hash(d) for d in LEAVES[:n]]; root = mth(h); paths = []
        for i in range(n):
            p = log_path(i, h); assert path_leads(h[i], i, n, p, root)
            paths.append({"index": i, "path": [x(e) for e in p]})
        trees.append({"size": n, "leaves": [x(d) for d in LEAVES[:n]], "root": x(root), "paths": paths})
    bad = []

    def no(name, size, index, leaf, path, root):
        assert not path_leads(leaf_hash(leaf), index, size, path, root), name
        bad.append({"name": name, "size": size, "index": index, "leaf": x(leaf), "path": [x(e) for e in path], "root": x(root)})
    flip = lambda b, bit=0: bytes([b[0] ^ 1 << bit]) + b[1:]
    for n, i in ((7, 3), (9, 8), (17, 16), (33, 20)):
        h = [leaf_hash(d) for d in LEAVES[:n]]; root, p, d = mth(h), log_path(i, h), LEAVES[i]
        at = lambda what: f"size {n}, index {i}: {what}"
        no(at("another leaf"), n, i, LEAVES[i - 1], p, root); no(at("bit flip in the leaf"), n, i, flip(d), p, root)
        no(at("a byte after the leaf"), n, i, d + b"\0", p, root); no(at("path cut at its end"), n, i, d, p[:-1], root)
        no(at("path cut at its start"), n, i, d, p[1:], root)
        no(at("path extended by zero"), n, i, d, p + [ZERO], root); no(at("path extended by its last"), n, i, d, p + p[-1:], root); no(at("empty path"), n, i, d, [], root)
        no(at("bit flip in the path"), n, i, d, [flip(p[0], 7)] + p[1:], root); no(at("bit flip in the root"), n, i, d, p, flip(root))
        no(at("index before"), n, i - 1, d, p, root); no(at("index is the size"), n, n, d, p, root); no(at("index 2^32 further"), n, i + 2**32, d, p, root)
        no(at("size cut to the index"), i, i, d, p, root); no(at("size 0"), 0, i, d, p, root); no(at("double size"), 2 * n, i, d, p, root)
        if len(p) > 1: no(at("path turned round"), n, i, d, p[::-1], root)
    h = [leaf_hash(d) for d in LEAVES[:2]]
    no("an inner node's content as a leaf: size 1", 1, 0, h[0] + h[1], [], mth(h)); no("size 1 with a path", 1, 0, LEAVES[0], [h[1]], mth(h[:1]))
    return trees, bad


START, DAY = 1_767_225_600, 20_454                                     # 2026-01-01T00:00:00Z
assert START == DAY * 86_400


def main(out):
    known_answers()
    cases = [reward_doc(i, c) for i, c in enumerate(reward_cases())]
    assert all(result for _, _, _, result in cases)
    no_result = [reward_doc(i, c)[0] for i, c in enumerate(refused_reward_cases())]
    assert all("because" in c for c in no_result)
    a = {n: who(n) for n in ("log key", "settlement key", "admin key", "payer", "signer", "topic owner")}
    channel_message = dict(payer=a["payer"], signer=a["signer"], opening=rnd("opening"))
    channel = digest_of("OpenChannel", channel_message)

    # section 2
    endpoints = [form(f"endpoints of node {i}", "endpoints", dict(peer=f"node{i}.example:4000", http=f"node{i}.example:443")) for i in (1, 2, 3, 4)]
    form("endpoints, not ASCII", "endpoints", dict(peer="[2001:db8::1]:4000", http="münchen.example:443")); form("endpoints, empty", "endpoints", dict(peer="", http=""))

    # section 3
    topic_salt = rnd("topic salt")
    topic = sha(form("topic", "topic", dict(owner=a["topic owner"], salt=topic_salt))); form("topic, zero", "topic", dict(owner=bytes(20), salt=ZERO))
    payloads = {"1,024 bytes": b"".join(rnd(f"payload {i}") for i in range(32)), "empty": b"", "text": "Grüße".encode()}
    ENVELOPE = T("bytes head, bytes payload")
    heads, envelopes = {}, {}
    for n, p in payloads.items():
        heads[n] = form(f"envelope head, payload {n}", "envelope", dict(topic=topic, expiryDay=DAY + 60, salt=rnd("salt " + n), payloadBytes=len(p), payloadHash=sha(p)))
        envelopes[n] = wire(f"full envelope, payload {n}", ENVELOPE, dict(head=heads[n], payload=p))
    form("envelope head, largest payload", "envelope", dict(topic=topic, expiryDay=2**32 - 1, salt=b"\xff" * 32, payloadBytes=1_048_576, payloadHash=sha(bytes(1_048_576))))
    eh = {n: sha(h) for n, h in heads.items()}
    form("envelope head in a network of 16 shards", "sharded-envelope", dict(topic=topic, expiryDay=DAY + 60, salt=rnd("salt sharded"), payloadBytes=4, payloadHash=sha(b"text"), shardBits=4))
    item1 = form("item", "item", dict(envelopeHash=eh["1,024 bytes"], bytes=1024, expiryDay=DAY + 60, postage=0, maxFee=39_851_680))
    item2 = form("item with postage", "item", dict(envelopeHash=eh["text"], bytes=len(payloads["text"]), expiryDay=DAY + 60, postage=5_000_000, maxFee=50_000_000))
    item3 = form("item, largest amounts", "item", dict(envelopeHash=eh["empty"], bytes=0, expiryDay=2**32 - 1, postage=2**128 - 1, maxFee=2**128 - 1))
    items1 = form("items, one (its hash is itemsHash)", "items", dict(items=[item1])); items3 = form("items, three", "items", dict(items=[item1, item2, item3]))
    form("items, the same three in another order", "items", dict(items=[item3, item1, item2]))

    # section 5: a log with every kind
    genesis = form("body 1 genesis", "genesis", dict(chainId=word(DOMAIN["chainId"]), verifyingContract=bytes.fromhex(DOMAIN["verifyingContract"][2:]), logKey=a["log key"],
                   settlementKey=a["settlement key"], adminKey=a["admin key"], currency="USDC", ledgerScale=12, settlementScale=6, start=START, epochSeconds=604_800, ruleset=1))
    form("genesis of a network of 4,096 shards", "sharded-genesis", {**decode("genesis", genesis), "shardBits": 12, "replication": 5})
    log_id = sha(form("log (its hash is logId)", "log", dict(genesis=genesis)))
    log, leaf_forms = [], []

    def append(kind, time, body, name=None):
        b = tagged("leaf", dict(index=len(log), time=START + time, kind=kind, body=body))
        leaf_forms.append((f"leaf {kind} {name or KINDS[kind - 1]}", dict(index=len(log), time=START + time, kind=kind, body=body), b)); log.append(b)
        return len(log) - 1

    def body(kind, fields, name=None): return form(f"body {kind} {name or KINDS[kind - 1]}", BODY.get(kind, KINDS[kind - 1]), fields)

    def commit(what, to=channel): return sha(form(f"commitment of {what}", "commitment", dict(channelId=to, salt=rnd("commitment salt " + what))))
    WEEK = 604_800
    append(1, 0, genesis)
    append(2, 0, body(2, dict(version=1, effectiveFrom=START, base=38_500_000, storagePerByteDay=22, congestionUnit=0, targetPerMinute=600, postage=5_000_000, postageWindow=604_800,
                              retentionDaysMin=1, retentionDaysMax=400, bytesMax=1_048_576)))
    form("body 2 schedule, largest amounts", "schedule", dict(version=2**32 - 1, effectiveFrom=2**53 - 1, base=2**128 - 1, storagePerByteDay=2**128 - 2, congestionUnit=2**128 - 3,
         targetPerMinute=2**32 - 2, postage=2**128 - 4, postageWindow=2**53 - 2, retentionDaysMin=2**32 - 3, retentionDaysMax=2**32 - 4, bytesMax=2**32 - 5))
    # open, stake, register
    sign("open channel", "OpenChannel", channel_message, key("payer"))
    stake_fields = dict(operator=who("operator 1"), amount=10**18, reference=rnd("stake reference"))
    sign("stake deposit", "StakeDeposit", stake_fields, key("settlement key")); append(19, 10, body(19, stake_fields))
    for i in (1, 2, 3, 4):
        m = dict(operator=who(f"operator {i}"), nodeKey=who(f"node {i}"), payout=who(f"payout {i}"), stake=10**18, endpointsHash=sha(endpoints[i - 1]))
        s1, s2 = (sign(f"register node {i}, by its {by}", "RegisterNode", m, key(f"{'operator' if by == 'operator' else 'node'} {i}")) for by in ("operator", "node key"))
        append(6, 20 + i, body(6, dict(number=i, operator=m["operator"], nodeKey=m["nodeKey"], payout=m["payout"], stake=m["stake"], peer=f"node{i}.example:4000",
                                       http=f"node{i}.example:443", operatorSignature=s1, nodeKeySignature=s2), f"node {i}"), f"node {i}")
    ref = rnd("deposit reference")
    sign("deposit", "Deposit", dict(channelId=channel, amount=10**16, reference=ref), key("settlement key"))
    append(3, 60, body(3, dict(commitment=commit("the deposit"), amount=10**16, reference=ref)))
    # three charges
    charges, prices = {}, []

    def price(schedule, size, accepted, expiry_day, postage):
        base, per, unit, post = schedule
        days = expiry_day - accepted // 86_400
        f = dict(base=base, storage=per * size * days, congestion=unit * 0, postage=post if postage else 0)
        prices.append({"schedule": {"base": str(base), "storagePerByteDay": str(per), "congestionUnit": str(unit), "postage": str(post)}, "bytes": size, "accepted": accepted,
                       "expiryDay": expiry_day, "withPostage": postage, "days": days, "price": {k: str(v) for k, v in f.items()}, "total": str(sum(f.values()))})
        return f
    S = (38_500_000, 22, 0, 5_000_000)
    for number, (n, p, t) in enumerate((("1,024 bytes", False, 3_600), ("text", True, 3_700), ("empty", False, 90_000)), 1):
        f = price(S, len(payloads[n]), START + t, DAY + 60, p)
        b = dict(number=number, epoch=1, commitment=commit(f"charge {number}"), envelopeHash=eh[n], bytes=len(payloads[n]), expiryDay=DAY + 60, schedule=1, **f, publishBy=START + t + 3_600)
        if number == 3: append(5, 86_400, body(5, dict(day=DAY, captured=1_234_567)))
        charges[n] = append(4, t, body(4, b, f"charge {number}"), f"charge {number}")
    assert prices[0]["total"] == "39851680"
    price((38_500_000, 22, 9, 5_000_000), 1024, START + 86_399, DAY + 60, True); price(S, 1024, START + 86_400, DAY + 60, True)
    price((1, 2**64, 0, 3), 1_048_576, START, DAY + 400, True); price(S, 1024, START, DAY, False)

    hashes = lambda n=None: [leaf_hash(d) for d in log[:n]]

    def head(size, time, epoch=1, name=None, signer="log key", root=None):
        h = tagged("head", dict(logId=log_id, size=size, root=root or mth(hashes(size)), time=START + time, epoch=epoch))
        if name: form(f"head {name}", "head", decode("head", h))
        return h, sign(f"log head {name}", "LogHead", {"head": sha(h)}, key(signer), keep=bool(name))

    def receipt(index, h, path=None, leaf=None, signature=None):
        size = decode("head", h[0])["size"]
        return tagged("receipt", dict(leaf=leaf or log[index], head=h[0], signature=signature or h[1], path=log_path(index, hashes(size)) if path is None else path))
    # kinds that need what comes later in time: events, acknowledgement
    h1 = head(len(log), 90_010, name="after the third charge")
    receipts = {n: receipt(i, h1) for n, i in charges.items()}
    for n, r in receipts.items(): assert receipt_good(r, a["log key"]); form(f"receipt, payload {n}", "receipt", decode("receipt", r))
    ids, events = [], []
    for seq, (n, links) in enumerate((("1,024 bytes", []), ("text", [0]), ("empty", [0, 1])), 1):
        f = dict(originator=1, sequence=seq, previous=ids[-1] if ids else ZERO, topic=topic, links=sorted(ids[i] for i in links), envelopeHash=eh[n], receipt=receipts[n])
        e = form(f"event {seq} (its hash is the id)", "event", f)
        sig = sign(f"event {seq}", "Event", {"id": sha(e)}, key("node 1"))
        wire(f"event {seq} on the wire", T("bytes event, sig signature"), dict(event=e, signature=sig))
        ids.append(sha(e)); events.append((e, sig, envelopes[n]))
    form("event, 16 links", "event", dict(originator=2**32 - 1, sequence=2**53 - 1, previous=rnd("previous"), topic=topic, links=sorted(rnd(f"link {i}") for i in range(16)), envelopeHash=eh["text"], receipt=receipts["text"]))
    alias = form("event of another originator with charge 1: the smaller id is shown", "event", dict(originator=2, sequence=1, previous=ZERO, topic=topic, links=[], envelopeHash=eh["1,024 bytes"], receipt=receipts["1,024 bytes"]))
    ack = form("acknowledgement", "acknowledgement", dict(node=2, event=ids[0], charge=1, envelopeHash=eh["1,024 bytes"], time=START + 3_650))
    ack_sig = sign("acknowledgement", "Acknowledgement", {"acknowledgement": sha(ack)}, key("node 2"))
    delivered = form("delivered", "delivered", dict(epoch=1, node=2, runs=[dict(first=1, count=1), dict(first=3, count=1)]))
    d_sig = sign("delivered", "Delivered", {"delivered": sha(delivered)}, key("node 2"))
    form("delivered, nothing", "delivered", dict(epoch=1, node=3, runs=[])); form("delivered, long runs", "delivered", dict(epoch=7, node=2**32 - 1, runs=[dict(first=1, count=10**6), dict(first=10**6 + 2, count=2**52)]))
    doc, result_fields, inputs_bytes, result_bytes = cases[0]
    assert doc["name"] == "4 honest nodes" and doc["epoch"] == 1
    observation = bytes.fromhex(doc["observations"][0]["bytes"][2:])
    form("observation", "observation", decode("observation", observation)); form("observation, no subject", "observation", dict(epoch=1, observer=9, subjects=[]))
    form("observation, largest numbers", "observation", dict(epoch=2**53 - 1, observer=2**32 - 1, subjects=[dict(node=0, probes=2**32 - 1, answered=2**32 - 2, challenges=2**32 - 3, passed=2**32 - 4, firstDelivered=2**53 - 2, bytesServed=2**53 - 3)]))
    o_sig = sign("observation", "Observation", {"observation": sha(observation)}, key("node 1"))
    welcome = form("welcome", "welcome", dict(envelopeHead=heads["text"], owner=a["topic owner"], topicSalt=topic_salt,
                   signature=sign("welcome", "Welcome", dict(topic=topic, envelopeHash=eh["text"]), key("topic owner"))))
    append(11, 95_000, body(11, dict(charge=2, outcome=1, amount=5_000_000, evidence=sha(welcome)), "postage, welcomed"), "postage, welcomed")
    form("body 11 postage, captured", "postage", dict(charge=2, outcome=0, amount=5_000_000, evidence=ZERO))
    append(7, WEEK, body(7, dict(epoch=1, time=START + WEEK)))
    append(8, WEEK + 50, body(8, dict(statement=delivered, signature=d_sig)))
    append(12, WEEK + 60, body(12, dict(statement=observation, signature=o_sig)))
    append(10, WEEK + 86_400, body(10, dict(charge=3, ground=1, base=38_500_000, storage=0, postage=0, evidence=sha(ack)), "void, undelivered"), "void, undelivered")
    for ground in range(2, 9):
        form(f"body 10 void, ground {ground}", "void", dict(charge=2**53 - ground, ground=ground, base=2**128 - ground, storage=ground, postage=2**64 + ground, evidence=ZERO if ground % 2 else rnd(f"evidence {ground}")))
    append(9, WEEK + 86_400, body(9, dict(epoch=1, base=77_000_000, congestion=1_250, charges=2, voided=1)))
    append(13, WEEK + 90_000, body(13, result_fields)); form("inputs of that result", "inputs", decode("inputs", inputs_bytes))
    at = dict(epoch=1, result=sha(result_bytes), root=result_fields["root"], rewards=result_fields["rewards"], inputs=sha(inputs_bytes), ruleset=1)
    for i in (1, 2, 3):
        s = sign(f"attestation by operator {i}", "Attestation", at, key(f"operator {i}"))
        append(14, WEEK + 90_000 + i, body(14, dict(epoch=1, operator=who(f"operator {i}"), signature=s), f"attestation by operator {i}"), f"attestation by operator {i}")
    row = result_fields["rows"][0]
    append(15, WEEK + 91_000, body(15, dict(epoch=1, node=row["node"], payout=row["payout"], cumulative=row["cumulative"], paid=row["reward"])))
    # what a payer does with a channel: the leaf names its statement by the digest
    for n, (s, m, kind, fields) in enumerate((
            ("Delegation", dict(channelId=channel, signer=who("gateway"), lane=7, ceiling=5 * 10**12, expires=START + 90 * 86_400, nonce=1), 22, {}),
            ("Revocation", dict(channelId=channel, signer=who("gateway"), nonce=2), 22, {}),
            ("Withdrawal", dict(channelId=channel, cumulative=10**15, validUntil=START + WEEK + 99_999), 21, dict(amount=10**15)),
            ("RequestClose", dict(channelId=channel, validUntil=START + WEEK + 99_999), 20, dict(cause=1, closesAt=START + WEEK + 91_100 + 86_400)))):
        sign(s, s, m, key("payer"))
        ordered = dict(commitment=commit(s), **fields, statement=digest_of(s, m))
        append(kind, WEEK + 91_001 + n, body(kind, ordered, s.lower()), s.lower())
    sign("close channel", "CloseChannel", dict(channelId=channel, charged=78_351_680, validUntil=START + WEEK + 99_999), key("payer"))
    append(16, WEEK + 92_000, body(16, dict(commitment=commit("the close"), charged=78_351_680, returned=10**16 - 78_351_680)))
    pay = dict(account=a["payer"], amount=10**16 - 78_351_680, reference=rnd("payout reference"))
    sign("payout", "Payout", pay, key("settlement key")); append(17, WEEK + 93_000, body(17, pay))
    order = lambda name, **fields: dict(name=name, body=tagged(ORDERS[name], fields) if isinstance(ORDERS[name], str) else enc(ORDERS[name], fields))
    act = form("act", "act", dict(**order("seal", epoch=1), nonce=1))
    form("act, clock", "act", dict(**order("clock", time=2**53 - 1), nonce=2**53 - 2)); form("act, collect", "act", dict(**order("collect", epoch=2), nonce=3))
    form("act, pause", "act", dict(**order("pause", isPaused=1), nonce=5)); form("act, resume", "act", dict(**order("pause", isPaused=0), nonce=6))
    form("act, close", "act", dict(**order("close", commitment=commit("the admin's close")), nonce=7))
    rotated = {}
    for nonce, (role, label) in enumerate(((1, "log key 2"), (2, "settlement key 2"), (3, "admin key 2")), 7):
        m = dict(role=role, key=address(key(label)), nonce=nonce)
        rotated[role] = dict(role=role, key=m["key"], proof=sign(f"key rotation to {label}", "KeyRotation", m, key(label)))
        form(f"rotation to {label}", "rotation", rotated[role]); form(f"act, rotate to {label}", "act", dict(**order("rotate", **rotated[role]), nonce=nonce))
    form("act, schedule", "act", dict(**order("schedule", version=2, effectiveFrom=START + 2 * WEEK, base=42_000_000, storagePerByteDay=22, congestionUnit=100, targetPerMinute=600, postage=5_000_000,
         postageWindow=604_800, retentionDaysMin=1, retentionDaysMax=400, bytesMax=1_048_576), nonce=4))
    append(18, WEEK + 94_000, body(18, dict(statement=act, signature=sign("admin act", "AdminAct", {"act": sha(act)}, key("admin key")))))
    for name, fields, b in leaf_forms:
        assert form(name, "leaf", fields, leafHash=x(leaf_hash(b))) == b
    h2 = head(len(log), WEEK + 94_010, 2, "before the rollback"); head(1, 0, name="of the genesis alone")
    h2_receipt = receipt(charges["text"], h2)
    # the log goes on from n leaves, though three more were shown; two of these are restored
    known, other_channel = len(leaf_forms), digest_of("OpenChannel", {**channel_message, "opening": rnd("opening of the other channel")})
    sign("open the other channel", "OpenChannel", {**channel_message, "opening": rnd("opening of the other channel")}, key("payer"))
    other_deposit = dict(amount=10**15, reference=rnd("reference of the other deposit"))
    sign("deposit to the other channel", "Deposit", dict(channelId=other_channel, **other_deposit), key("settlement key"))
    append(3, WEEK + 94_100, body(3, dict(commitment=commit("the other deposit", other_channel), **other_deposit), "deposit to the other channel"), "deposit to the other channel")
    n, later = len(log), {}

    def later_charge(number, t):                                       # 1,024 bytes for 60 days again, in epoch 2
        message = tagged("envelope", dict(topic=topic, expiryDay=DAY + 68, salt=rnd(f"salt {number}"), payloadBytes=1024, payloadHash=sha(payloads["1,024 bytes"])))
        assert (START + WEEK + t) // 86_400 == DAY + 8
        later[number] = dict(number=number, epoch=2, commitment=commit(f"charge {number}", other_channel), envelopeHash=sha(message), bytes=1024, expiryDay=DAY + 68, schedule=1,
                             base=38_500_000, storage=1_351_680, congestion=0, postage=0, publishBy=START + WEEK + t + 3_600)
        return form(f"body 4 charge {number}", "charge", later[number])
    lost_log = log + [tagged("leaf", dict(index=n + i, time=START + WEEK + t, kind=kind, body=b)) for i, (t, kind, b) in enumerate((
        (95_000, 4, later_charge(4, 95_000)),
        (95_050, 3, tagged("deposit", dict(commitment=sha(tagged("commitment", dict(channelId=other_channel, salt=rnd("lost salt")))), amount=5, reference=rnd("lost reference")))),
        (95_100, 4, later_charge(5, 95_100))))]
    lost_hashes = [leaf_hash(d) for d in lost_log]
    lost = head(len(lost_log), 95_110 + WEEK, 2, "of the lost history", root=mth(lost_hashes))
    rolled = dict(head=lost[0], signature=lost[1], time=START + WEEK + 96_000, charges=3, lastCharge=max(3 + len(lost_log) + 2**20, (START + WEEK + 96_000) * 2**20))
    rollback = form("rollback", "rollback", rolled); rolled_act = form("act, rollback", "act", dict(**order("rollback", **rolled), nonce=10))
    form("rollback, the least there is", "rollback", {**rolled, "time": START + WEEK + 95_111, "charges": 0, "lastCharge": 0})
    form("rollback, largest numbers", "rollback", {**rolled, "time": 2**53 - 1, "charges": 2**53 - 1, "lastCharge": 2**53 - 1})
    append(18, WEEK + 96_000, body(18, dict(statement=rolled_act, signature=sign("admin act, rollback", "AdminAct", {"act": sha(rolled_act)}, key("admin key"))), "act, rollback"), "act, rollback")
    restored = {}
    for number, first in ((4, n), (5, n + 2)):
        f = decode("leaf", lost_log[first])
        b = body(23, dict(index=first, time=f["time"], charge=f["body"]), f"restored charge {number}")
        restored[number] = append(23, WEEK + 96_100 + number, b, f"restored charge {number}")
    next_charge = rolled["lastCharge"] + 1
    append(4, WEEK + 96_200, later_charge(next_charge, 96_200), f"charge {next_charge}")
    form("body 23 restored, largest numbers", "restored", dict(index=2**53 - 1, time=2**53 - 1, charge=tagged("charge", dict(number=2**53 - 1, epoch=2**53 - 2, commitment=b"\xff" * 32, envelopeHash=b"\xff" * 32, bytes=1_048_576,
         expiryDay=2**32 - 1, schedule=2**32 - 1, base=2**128 - 1, storage=2**128 - 2, congestion=2**128 - 3, postage=2**128 - 4, publishBy=2**53 - 3))))
    append(24, WEEK + 96_250, body(24, dict(epoch=2, entry=17, hash=rnd("entry 17"))))
    form("body 24 books, before any entry", "books", dict(epoch=1, entry=0, hash=bytes(32)))
    # refunds on the other grounds
    refusal = form("refusal", "refusal", dict(node=2, charge=1, envelopeHash=eh["1,024 bytes"], code="disk_full", time=START + 3_650))
    sign("refusal", "Refusal", {"refusal": sha(refusal)}, key("node 2"))
    form("refusal, longest code", "refusal", dict(node=2**32 - 1, charge=2**53 - 1, envelopeHash=b"\xff" * 32, code="c" * 64, time=2**53 - 2))
    deletion = form("deletion", "deletion", dict(envelopeHead=heads["text"], owner=a["topic owner"], topicSalt=topic_salt,
                    signature=sign("deletion", "Deletion", dict(topic=topic, envelopeHash=eh["text"]), key("topic owner"))))
    no_parts = {f"{purse}{part}": 0 for purse in ("held", "owed", "stake") for part in ("Base", "Congestion", "Storage", "Postage")}
    append(25, WEEK + 96_251, body(25, {**dict(charge=2, ground=4), **no_parts, "heldStorage": 440 * 52, **dict(releasedPerDay=440, node=0, evidence=sha(deletion))}, "refund, deleted early"), "refund, deleted early")
    double = form("double-charge", "double-charge", dict(charge=3, first=1)); form("double-charge, largest numbers", "double-charge", dict(charge=2**53 - 1, first=2**53 - 2))
    for ground in range(1, 9):
        form(f"body 25 refund, ground {ground}", "refund", {**dict(charge=2**53 - ground, ground=ground), **{k: 2**128 - 1 - i - ground for i, k in enumerate(no_parts)},
                                                            **dict(releasedPerDay=2**128 - ground, node=2**32 - ground, evidence=sha(double) if ground == 6 else rnd(f"refund {ground}"))})
    declared = dict(day=DAY + 3, parts=250_000_000)
    signers = sorted(((who(f"operator {i}"), sign(f"outage by operator {i}", "Outage", declared, key(f"operator {i}"))) for i in (1, 2, 3)), key=lambda s: s[0])
    outage = form("outage", "outage", dict(**declared, signers=[dict(operator=o, signature=s) for o, s in signers])); form("outage, nobody signs all of a day", "outage", dict(day=2**32 - 1, parts=10**9, signers=[]))
    append(27, WEEK + 96_252, body(27, dict(outage=outage, total=337_920)))
    append(26, WEEK + 96_253, body(26, dict(epoch=2, owed=337_920, paid=337_919))); form("body 26 repayment, all of it", "repayment", dict(epoch=2**53 - 1, owed=2**128 - 1, paid=2**128 - 1))
    for name, fields, b in leaf_forms[known:]:
        assert form(name, "leaf", fields, leafHash=x(leaf_hash(b))) == b
    h3 = head(len(log), WEEK + 96_300, 2, "after the rollback")
    lost_receipts = {c: tagged("receipt", dict(leaf=lost_log[i], head=lost[0], signature=lost[1], path=log_path(i, lost_hashes))) for c, i in ((4, n), (5, n + 2))}
    restored_receipts = {c: receipt(i, h3) for c, i in restored.items()}
    for c in (4, 5):
        for r, what in ((lost_receipts[c], "of the lost history"), (restored_receipts[c], "restored")): assert receipt_good(r, a["log key"]); form(f"receipt, charge {c} {what}", "receipt", decode("receipt", r))

    # the other structs, and extremes
    v1 = dict(channelId=channel, lane=0, sequence=1, cumulativeAmount=39_851_680, validUntil=START + 7_200, itemsHash=sha(items1))
    form("signed voucher", "voucher", {**v1, "signature": sign("voucher", "Voucher", v1, key("signer")), "items": [item1]})
    v3 = dict(channelId=channel, lane=3, sequence=2, cumulativeAmount=139_851_680, validUntil=START + 7_200, itemsHash=sha(items3))
    form("signed voucher for three items", "voucher", {**v3, "signature": sign("voucher for three items", "Voucher", v3, key("signer")), "items": [item1, item2, item3]})
    sign("channel query", "ChannelQuery", dict(channelId=channel, time=START + 7_000), key("signer"))
    n_ask, n_answer = rnd("asker's nonce"), rnd("answerer's nonce")
    p_answer = sign("peer proof of the answerer", "PeerProof", dict(challenge=n_ask, prover=2, verifier=1), key("node 2"))
    p_ask = sign("peer proof of the asker", "PeerProof", dict(challenge=n_answer, prover=1, verifier=2), key("node 1"))
    largest = {"bytes32": b"\xff" * 32, "address": b"\xff" * 20, "uint8": 255, "uint32": 2**32 - 1, "uint64": 2**53 - 1, "uint128": 2**128 - 1}
    for s in STRUCTS:
        sign(f"{s}, zero in every field", s, {n: 0 if t.startswith("uint") else largest[t][:0].ljust(len(largest[t]), b"\0") for t, n in STRUCTS[s]}, key("extremes"))
        sign(f"{s}, largest in every field (uint64: 2^53 - 1)", s, {n: largest[t] for t, n in STRUCTS[s]}, key("extremes"))

    # section 6: set roots
    for name, s in (("of none", []), ("of one", ids[:1]), ("of three", sorted(ids)), ("of 40", sorted(rnd(f"id {i}") for i in range(40)))): form(f"set root {name}", "set", dict(ids=s))
    # section 9
    previous, own = ZERO, "channels"
    node_pay = f"payable:{x(who('payout 1'))}"
    for number, (kind, ref, postings) in enumerate((("deposit", "leaf 7", ((own, 0, 10**16), ("custody", 10**16, 0))),
                                                    ("charge", "charge 1", ((own, 39_851_680, 0), ("held:base", 0, 38_500_000), ("held:storage", 0, 1_351_680))),
                                                    ("cut", "cut of epoch 1: Größe", (("held:base", 38_500_000, 0), ("pool:1", 0, 38_500_000))),
                                                    ("distribution", "", (("dust", 0, 1), ("pool:1", 38_500_000, 0), (f"rewards:{x(who('operator 1'))}", 0, 38_499_999))),
                                                    ("payout", "largest", (("custody", 0, 2**128 - 1), (node_pay, 2**128 - 1, 0)))), 1):
        previous = sha(form(f"ledger entry {number}", "entry", dict(number=number, previous=previous, time=START + 60 * number, epoch=1, kind=kind, reference=ref,
                            postings=[dict(account=n, debit=d, credit=c) for n, d, c in postings])))
    form("ledger entry without postings", "entry", dict(number=6, previous=previous, time=2**53 - 1, epoch=0, kind="midnight", reference="", postings=[]))
    # section 10
    nonce = rnd("probe nonce")
    answer = sha(tagged("challenge", dict(nonce=nonce, envelope=envelopes["text"])))
    possession = form("possession", "possession", dict(node=2, event=ids[1], nonce=nonce, answer=answer, time=START + 3_700))
    sign("possession", "Possession", {"possession": sha(possession)}, key("node 2"))
    notice = form("seal notice", "seal-notice", dict(logId=log_id, epoch=3, size=len(log)))
    notice_signature = sign("seal notice", "SealNotice", {"notice": sha(notice)}, key("log key"))
    checkpoint = form("checkpoint", "checkpoint", dict(node=2, shard=0, day=20_599, count=3, bytes=4_321, root=sha(enc("text", "feesvc/ids/1") + enc(L("b32"), sorted(ids)))))
    sign("checkpoint", "Checkpoint", {"checkpoint": sha(checkpoint)}, key("node 2"))
    probe = sha(form("probe answer (its hash)", "probe", dict(nonce=nonce, answerer=2)))
    challenges = [sha(form(f"challenge answer (its hash), payload {n}", "challenge", dict(nonce=rnd("challenge " + n), envelope=envelopes[n]))) for n in payloads]

    def frame(name, type_, request, schema, fields):
        b = enc(schema, fields); f = bytes([type_]) + request.to_bytes(4, "big") + b; f = len(f).to_bytes(4, "big") + f
        assert dec(schema, b, 0) == (fields, len(b))
        forms.append({"name": f"frame: {name}", "fields": {"type": type_, "request": request, "body": readable(schema, fields)}, "bytes": x(f), "sha256": x(sha(f))})
    EV = L(T("bytes event, sig signature, bytes envelope"))
    ev = [dict(event=e, signature=s, envelope=v) for e, s, v in events]
    frame("hello", 1, 1, T("u16 version, b32 domainSeparator, b32 logId, u32 node, b32 nonce"), dict(version=4, domainSeparator=SEPARATOR, logId=log_id, node=1, nonce=n_ask))
    frame("hello, answer", 129, 1, T("u32 node, b32 nonce, sig proof"), dict(node=2, nonce=n_answer, proof=p_answer))
    frame("proof", 2, 2, T("sig proof"), dict(proof=p_ask)); frame("proof, answer", 130, 2, [], {})
    frame("push", 3, 3, [("events", EV)], dict(events=ev[1:])); frame("push, answer", 131, 3, [("states", L("u8"))], dict(states=[0, 2]))
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    def ranges(*of):
        out, last, after = len(of).to_bytes(4, "big"), 0, 1
        for originator, first, end in of:
            if originator != last: after = 1
            out += varint(originator - last) + varint(first - after) + varint(end - first)
            last, after = originator, end + 1
        return out

    def node(n, h): return varint(n) + (h if n else b"")

    def cell(n, h, i): return varint(2 * n if n >= 0 else -2 * n - 1) + h.to_bytes(8, "big") + i

    def raw_frame(name, type_, request, body):
        f = bytes([type_]) + request.to_bytes(4, "big") + body; f = len(f).to_bytes(4, "big") + f
        forms.append({"name": f"frame: {name}", "bytes": x(f), "sha256": x(sha(f))})

    u64 = lambda n: n.to_bytes(8, "big")
    s7 = (7).to_bytes(2, "big")
    leaf = sha(enc("text", "feesvc/ids/1") + enc(L("b32"), sorted(ids)))
    floor = (20_455).to_bytes(4, "big")
    state = floor + u64(3) + sha(enc("text", "feesvc/held/1") + (1).to_bytes(4, "big") + u64(20_600) + u64(3) + leaf)
    raw_frame("compare", 4, 4, s7 + floor + u64(2) + rnd("state")); raw_frame("compare, answer", 132, 4, b"\x00" + state + rnd("sketch key")[:16])
    raw_frame("compare, equal", 132, 5, b"\x01"); raw_frame("compare, absent", 132, 6, b"\x02")
    raw_frame("places", 5, 5, s7); raw_frame("places, answer", 133, 5, ranges((1, 1, 3), (1, 5, 5), (2, 300, 70_000), (2**32 - 1, 1, 2**63 - 1)))
    raw_frame("fetch", 6, 6, (2).to_bytes(4, "big") + ids[2][:8] + rnd("unknown")[:8]); frame("fetch, answer", 134, 6, [("events", EV)], dict(events=ev[2:]))
    raw_frame("cells", 10, 10, s7 + (32).to_bytes(4, "big") * 2)
    raw_frame("cells, answer", 138, 10, (3).to_bytes(4, "big") + cell(1, 2**63, ids[0]) + cell(-1, 7, ids[1]) + cell(-300, 0, ZERO))
    raw_frame("days", 11, 11, s7); raw_frame("days, answer", 139, 11, (1).to_bytes(4, "big") + u64(20_600) + node(3, leaf))
    raw_frame("tree", 12, 12, s7 + u64(20_600) + (2).to_bytes(4, "big") + bytes([0]) + u64(0) + bytes([3]) + u64(0xABC << 52))
    raw_frame("tree, answer", 140, 12, (2).to_bytes(4, "big") + b"\x01" + b"".join(node(200 * (d % 2), rnd(f"child {d}")) for d in range(16)) + b"\x00" + enc(L("b32"), sorted(ids)))
    raw_frame("fetch places", 13, 13, s7 + ranges((1, 2, 2), (7, 1, 255))); frame("fetch places, answer", 141, 13, [("events", EV)], dict(events=ev[1:]))
    frame("probe", 7, 7, T("u64 day, b32 nonce"), dict(day=DAY, nonce=nonce)); frame("probe, answer", 135, 7, T("b32 answer"), dict(answer=probe))
    frame("challenge", 8, 8, [("challenges", L(T("b32 event, b32 nonce"), 64))], dict(challenges=[dict(event=ids[0], nonce=rnd("challenge 1,024 bytes")), dict(event=rnd("unknown"), nonce=nonce), dict(event=ids[1], nonce=rnd("challenge text"))]))
    frame("challenge, answer", 136, 8, [("answers", L("b32", 64))], dict(answers=[challenges[0], ZERO, challenges[2]]))
    frame("chains", 9, 2**32 - 1, T("u32 originator, u16 shard"), dict(originator=1, shard=0)); frame("chains, answer", 137, 2**32 - 1, [("tips", L(T("bytes event, sig signature"), 32))], dict(tips=[dict(event=events[2][0], signature=events[2][1])]))
    frame("chains, answer, nothing", 137, 7, [("tips", L(T("bytes event, sig signature"), 32))], dict(tips=[]))
    signed_by_log = T("bytes head, sig signature")
    frame("signed", 14, 14, [], {})
    frame("signed, answer", 142, 14, [("heads", L(signed_by_log, 1)), ("notices", L(T("bytes notice, sig signature"), 1))], dict(heads=[dict(head=h1[0], signature=h1[1])], notices=[dict(notice=notice, signature=notice_signature)]))
    frame("signed, answer, nothing", 142, 15, [("heads", L(signed_by_log, 1)), ("notices", L(T("bytes notice, sig signature"), 1))], dict(heads=[], notices=[]))
    raw_frame("survey", 15, 16, (2).to_bytes(4, "big") + s7 + floor + u64(2) + rnd("state") + (4_095).to_bytes(2, "big") + floor + u64(0) + rnd("none"))
    raw_frame("survey, answer", 143, 16, (3).to_bytes(4, "big") + bytes([0, 1, 2]))
    frame("error", 255, 9, T("u16 code, text text"), dict(code=404, text="no such epoch"))
    # section 11
    wire("POST /v1/envelopes", [("envelopes", L(T("bytes head, bytes payload, bytes receipt"), 64))], dict(envelopes=[dict(head=heads[n], payload=payloads[n], receipt=receipts[n]) for n in ("text", "empty")]))

    # section 3, closed topics
    authors, authored, membership, member_list = authored_cases()

    # what a decoder refuses
    for kind, b in (("topic", tagged("topic", dict(owner=a["topic owner"], salt=topic_salt))), ("envelope", heads["text"]), ("item", item1), ("items", items3), ("head", h1[0]), ("leaf", log[0]), ("genesis", genesis),
                    ("acknowledgement", ack), ("act", act), ("delivered", delivered), ("observation", observation), ("event", events[2][0]), ("welcome", welcome), ("result", result_bytes), ("inputs", inputs_bytes),
                    ("authored", authored), ("membership", membership), ("member-list", member_list), ("rollback", rollback), ("restored", decode("leaf", log[restored[5]])["body"])):
        t = 4 + len(tag_of(kind))
        refuse(f"{kind}: a trailing byte", kind, b + b"\0", False); refuse(f"{kind}: the last byte missing", kind, b[:-1], False)
        refuse(f"{kind}: version {VERSION.get(kind, 1) + 1} in the tag", kind, b[:t - 1] + b"%d" % (VERSION.get(kind, 1) + 1) + b[t:], False); refuse(f"{kind}: no tag", kind, b[t:], False)
    mutate = lambda kind, b, **c: tagged(kind, {**decode(kind, b), **c})
    # a list of an encoding's values, given past the rules
    items_of = lambda n: tagged("items", dict(items=[tagged("item", dict(envelopeHash=rnd(f"item {i}"), bytes=1, expiryDay=DAY, postage=0, maxFee=1)) for i in range(n)]))
    refuse("items: none", "items", items_of(0)); refuse("items: 257", "items", items_of(257)); refuse("items: one envelope twice", "items", tagged("items", dict(items=[item1, item2, item1])))
    refuse("items: one envelope twice with other fields", "items", tagged("items", dict(items=[item1, mutate("item", item1, maxFee=1)])))
    refuse("items: an item with a trailing byte", "items", tagged("items", dict(items=[item1 + b"\0"])), False)
    refuse("items: a count of 2^32 - 1", "items", enc("text", "feesvc/items/1") + b"\xff" * 4 + item1)
    refuse("envelope: payload of 1,048,577 bytes", "envelope", mutate("envelope", heads["text"], payloadBytes=1_048_577))
    ev2 = events[2][0]; two = decode("event", ev2)["links"]
    refuse("event: links descending", "event", mutate("event", ev2, links=two[::-1])); refuse("event: a link twice", "event", mutate("event", ev2, links=two[:1] * 2))
    refuse("event: 17 links", "event", mutate("event", ev2, links=sorted(rnd(f"link {i}") for i in range(17)))); refuse("event: sequence 0", "event", mutate("event", ev2, sequence=0, previous=ZERO))
    refuse("event: sequence 1 with a previous", "event", mutate("event", ev2, sequence=1))
    run = lambda *r: mutate("delivered", delivered, runs=[dict(first=f, count=c) for f, c in r])
    refuse("delivered: runs touch", "delivered", run((1, 2), (3, 1))); refuse("delivered: runs overlap", "delivered", run((1, 5), (3, 1))); refuse("delivered: runs descend", "delivered", run((9, 1), (3, 1)))
    refuse("delivered: an empty run", "delivered", run((1, 0)))
    ob = lambda **c: mutate("observation", observation, subjects=[{**s, **(c if i == 0 else {})} for i, s in enumerate(decode("observation", observation)["subjects"])])
    refuse("observation: of itself", "observation", ob(node=1)); refuse("observation: a node twice", "observation", ob(node=3)); refuse("observation: nodes descend", "observation", ob(node=9))
    refuse("observation: answered above probes", "observation", ob(answered=8)); refuse("observation: passed above challenges", "observation", ob(passed=21))
    for name, body in (("no name", dict(name="", body=bytes(8))), ("a name of 33 bytes", dict(name="n" * 33, body=bytes(8))), ("a name that no order has", dict(name="cut", body=bytes(8))),
                       ("a body that is too short", dict(name="seal", body=bytes(7))), ("a body with a trailing byte", dict(name="seal", body=bytes(9))), ("another order's body", dict(name="schedule", body=bytes(8))),
                       ("neither paused nor not", dict(name="pause", body=b"\2")), ("a pause with a trailing byte", dict(name="pause", body=bytes(2))),
                       ("a rotation of no role", dict(name="rotate", body=tagged("rotation", {**rotated[1], "role": 4}))), ("a rotation of role 0", dict(name="rotate", body=tagged("rotation", {**rotated[1], "role": 0}))),
                       ("a rollback with a trailing byte", dict(name="rollback", body=rollback + b"\0")), ("a rollback without a body", dict(name="rollback", body=b"")),
                       ("a rollback with the body of a rotation", dict(name="rollback", body=tagged("rotation", rotated[1]))), ("a rotation with the body of a rollback", dict(name="rotate", body=rollback)),
                       ("a rollback at the time of the lost head", dict(name="rollback", body=tagged("rollback", {**rolled, "time": START + WEEK + 95_110}))),
                       ("a rollback whose last charge is below its charges", dict(name="rollback", body=tagged("rollback", {**rolled, "lastCharge": 2})))):
        refuse(f"act: {name}", "act", tagged("act", dict(**body, nonce=1)))
    bad_text = enc("bytes", b"\xff\xfe"); between = lambda b, old: b.replace(enc("text", old), bad_text, 1)
    refuse("act: a name that is not UTF-8", "act", between(act, "seal"), False); refuse("genesis: a currency that is not UTF-8", "genesis", between(genesis, "USDC"), False)
    refuse("node: an endpoint that is not UTF-8", "node", between(decode("leaf", log[3])["body"], "node1.example:4000"), False)
    refuse("set: descending", "set", tagged("set", dict(ids=sorted(ids)[::-1]))); refuse("set: an id twice", "set", tagged("set", dict(ids=ids[:1] * 2)))
    for name, c in (("time is the lost head's", dict(time=START + WEEK + 95_110)), ("time is before the lost head's", dict(time=START + WEEK + 95_109)), ("time 0", dict(time=0)),
                    ("lastCharge one below charges", dict(lastCharge=2)), ("lastCharge 0", dict(lastCharge=0)), ("lastCharge 2^63", dict(lastCharge=2**63)), ("lastCharge 2^64 - 1", dict(lastCharge=2**64 - 1)),
                    ("charges and lastCharge 2^63", dict(charges=2**63, lastCharge=2**63)), ("charges 2^64 - 1", dict(charges=2**64 - 1)), ("a signature of zeros", dict(signature=bytes(65))),
                    ("a signature with high s", dict(signature=lost[1][:32] + (CURVE - int.from_bytes(lost[1][32:64], "big")).to_bytes(32, "big") + bytes([55 - lost[1][64]]))),
                    ("a signature with v 0 or 1", dict(signature=lost[1][:64] + bytes([lost[1][64] - 27])))):
        refuse(f"rollback: {name}", "rollback", tagged("rollback", {**rolled, **c}))
    for name, b in (("no head", b""), ("a trailing byte in its head", lost[0] + b"\0"), ("its head's last byte missing", lost[0][:-1]), ("version 2 in its head's tag", lost[0].replace(b"feesvc/head/1", b"feesvc/head/2", 1)),
                    ("its head is a leaf", log[n]), ("its head is a rollback", rollback)):
        refuse(f"rollback: {name}", "rollback", tagged("rollback", {**rolled, "head": b}), False)
    huge = lambda kind, b, at: b[:at] + b"\xff" * 4 + b[at + 4:]         # a length of 2^32 - 1
    refuse("rollback: a head of 2^32 - 1 bytes", "rollback", huge("rollback", rollback, 4 + len(tag_of("rollback"))), False)
    refuse("rollback: the signature before the head", "rollback", enc("text", tag_of("rollback")) + lost[1] + enc("bytes", lost[0]) + rollback[-24:], False)
    again = decode("restored", decode("leaf", log[restored[5]])["body"]); bare = again["charge"]
    for name, b in (("no charge", b""), ("a trailing byte in its charge", bare + b"\0"), ("its charge's last byte missing", bare[:-1]), ("version 2 in its charge's tag", bare.replace(b"feesvc/charge/1", b"feesvc/charge/2", 1)),
                    ("its charge is a restored one", tagged("restored", again)), ("its charge is a leaf", lost_log[n + 2]), ("its charge is a deposit", decode("leaf", log[7])["body"])):
        refuse(f"restored: {name}", "restored", tagged("restored", {**again, "charge": b}), False)
    refuse("restored: a charge of 2^32 - 1 bytes", "restored", huge("restored", tagged("restored", again), 4 + len(tag_of("restored")) + 16), False)
    refuse("restored: the charge's bytes without their length", "restored", tagged("restored", {**again, "charge": b""})[:-4] + bare, False)
    for kind in (0, len(KINDS) + 1): refuse(f"leaf: kind {kind}", "leaf", tagged("leaf", {**decode("leaf", log[0]), "kind": kind}))
    entry = lambda *n: tagged("entry", dict(number=1, previous=ZERO, time=START, epoch=1, kind="k", reference="r", postings=[dict(account=s, debit=1, credit=1) for s in n]))
    refuse("entry: accounts descend", "entry", entry("b", "a")); refuse("entry: an account twice", "entry", entry("a", "a"))

    # receipts
    good, i = receipts["text"], charges["text"]
    f = decode("receipt", good); leaf, path = f["leaf"], f["path"]
    flip = lambda b, at, bit=1: b[:at] + bytes([b[at] ^ bit]) + b[at + 1:]
    rejected = []

    def no(name, b):
        assert not receipt_good(b, a["log key"]), name
        assert name not in [r["name"] for r in rejected]
        rejected.append({"name": name, "bytes": x(b)})
    with_ = lambda **c: tagged("receipt", {**f, **c})
    lf = decode("leaf", leaf); other = tagged("leaf", {**lf, "index": i + 1})
    no("bit flip in leaf (its last byte)", with_(leaf=flip(leaf, len(leaf) - 1))); no("bit flip in leaf (time)", with_(leaf=flip(leaf, 4 + 13 + 8 + 7)))
    no("bit flip in leaf (amount of base)", with_(leaf=tagged("leaf", {**lf, "body": tagged("charge", {**decode("charge", lf["body"]), "base": 38_500_001})})))
    no("path cut", with_(path=path[:-1])); no("path cut at its start", with_(path=path[1:])); no("path empty", with_(path=[])); no("path extended", with_(path=path + [ZERO]))
    no("path of 65", with_(path=path + [ZERO] * (65 - len(path)))); no("bit flip in path", with_(path=[flip(path[0], 31)] + path[1:])); no("path turned round", with_(path=path[::-1]))
    size = decode("head", f["head"])["size"]
    no("head signature by another key", with_(signature=head(size, 90_010, signer="settlement key")[1]))
    s = int.from_bytes(f["signature"][32:64], "big"); r = f["signature"][:32]
    no("head signature malleated (high s)", with_(signature=r + (CURVE - s).to_bytes(32, "big") + bytes([55 - f["signature"][64]])))
    no("head signature with the other v", with_(signature=f["signature"][:64] + bytes([55 - f["signature"][64]]))); no("head signature with v 0 or 1", with_(signature=f["signature"][:64] + bytes([f["signature"][64] - 27])))
    no("head signature zero", with_(signature=bytes(65))); no("head signature of a later head", with_(signature=h2[1]))
    no("bit flip in head (time)", with_(head=flip(f["head"], len(f["head"]) - 9))); no("head of another size under the old signature", with_(head=tagged("head", {**decode("head", f["head"]), "size": size + 1})))
    no("index moved", with_(leaf=other))
    no("index moved, path of the new index", receipt(i + 1, h1, leaf=other)); no("path of another leaf", with_(path=log_path(i - 1, hashes(size))))

    def signed_log(leaves, size=None, root=None):                      # a head that the log key did sign over such a log
        h = [leaf_hash(d) for d in leaves]
        return head(size if size is not None else len(leaves), 90_010, root=root or mth(h)), h
    def crafted(leaf_, at, size=None):
        leaves = log[:decode("head", f["head"])["size"]]; leaves[at] = leaf_
        h, hs = signed_log(leaves, size)
        return tagged("receipt", dict(leaf=leaf_, head=h[0], signature=h[1], path=log_path(at, hs)))
    assert receipt_good(crafted(leaf, i), a["log key"])
    no("index moved, though log key and path agree on the place", crafted(other, i))
    no("head size below index (an earlier head, signed)", with_(**dict(zip(("head", "signature"), head(i, 3_650)))))
    no("head size is index, root and path of the larger tree, signed", crafted(leaf, i, size=i)); no("head size 0, signed", crafted(leaf, i, size=0))
    no("leaf is no charge, path and head good", receipt(7, h1)); assert decode("leaf", log[7])["kind"] == 3
    no("kind is charge, body is a deposit, path and head good", crafted(tagged("leaf", {**lf, "body": decode("leaf", log[7])["body"]}), i))
    no("kind is no charge, body is one, path and head good", crafted(tagged("leaf", {**lf, "kind": 3}), i))
    no("a byte after the charge in its leaf, path and head good", crafted(tagged("leaf", {**lf, "body": lf["body"] + b"\0"}), i))
    no("a byte after the leaf, path and head good", crafted(leaf + b"\0", i))
    hb = f["head"] + b"\0"
    no("a byte after the head, signed", with_(head=hb, signature=sign("", "LogHead", {"head": sha(hb)}, key("log key"), keep=False)))
    no("trailing byte", good + b"\0"); no("last byte missing", good[:-1]); no("wrong tag", good.replace(b"feesvc/receipt/1", b"feesvc/receipt/2", 1)); no("no bytes", b"")
    no("count of the path one too large", good[:-32 * len(path) - 4] + (len(path) + 1).to_bytes(4, "big") + good[-32 * len(path):])
    no("count of the path one too small", good[:-32 * len(path) - 4] + (len(path) - 1).to_bytes(4, "big") + good[-32 * len(path):])
    also = [{"name": "against a later head", "bytes": x(h2_receipt)}, {"name": "against a head that ends with the charge", "bytes": x(receipt(i, head(i + 1, 3_701)))}]
    for g in also: assert receipt_good(bytes.fromhex(g["bytes"][2:]), a["log key"])
    receipt_doc = {"bytes": x(good), "sha256": x(sha(good)), "logKey": x(a["log key"]), "logId": x(log_id), "leaf": x(leaf), "leafHash": x(leaf_hash(leaf)), "index": i, "head": x(f["head"]), "headHash": x(sha(f["head"])),
                   "signature": x(f["signature"]), "path": [x(p) for p in path], "root": x(decode("head", f["head"])["root"]), "alsoGood": also, "rejected": rejected,
                   "log": [x(d) for d in log]}

    # receipts of a restored charge, and the act that an older copy went on with
    good, i, rejected = restored_receipts[5], restored[5], []
    f = decode("receipt", good); leaf = f["leaf"]; lf = decode("leaf", leaf); deposited = decode("leaf", log[7])["body"]
    with_body = lambda **c: tagged("leaf", {**lf, "body": tagged("restored", {**again, **c})})
    no("bit flip in the restored leaf (first index)", with_(leaf=with_body(index=again["index"] ^ 1))); no("bit flip in the restored leaf (first time)", with_(leaf=with_body(time=again["time"] ^ 1)))
    no("bit flip in the restored leaf (its last byte)", with_(leaf=flip(leaf, len(leaf) - 1))); no("amount of the restored charge", with_(leaf=with_body(charge=tagged("charge", {**decode("charge", bare), "base": 38_500_001}))))
    no("path cut", with_(path=f["path"][:-1])); no("path of the other restored leaf", with_(path=log_path(restored[4], hashes()))); no("path of the first leaf under the lost head", with_(path=log_path(n + 2, lost_hashes)))
    no("under the lost head", with_(head=lost[0], signature=lost[1])); no("under the lost head, with the first leaf's path", with_(head=lost[0], signature=lost[1], path=log_path(n + 2, lost_hashes)))
    no("the first leaf under the head after the rollback", receipt(n + 2, h3, leaf=lost_log[n + 2])); no("the first leaf with the restored leaf's path", receipt(i, h3, leaf=lost_log[n + 2]))
    no("the lost head's signature", with_(signature=lost[1]))
    assert receipt_good(crafted(leaf, i), a["log key"])
    no("kind is restored, body is the charge alone, path and head good", crafted(tagged("leaf", {**lf, "body": bare}), i))
    no("kind is charge, body is a restored one, path and head good", crafted(tagged("leaf", {**lf, "kind": 4}), i))
    no("kind is no charge, body is a restored one, path and head good", crafted(tagged("leaf", {**lf, "kind": 3}), i))
    no("kind is restored, body is a deposit, path and head good", crafted(tagged("leaf", {**lf, "body": deposited}), i))
    no("kind is restored, its charge is a deposit, path and head good", crafted(with_body(charge=deposited), i))
    no("a restored one in a restored one, path and head good", crafted(with_body(charge=tagged("restored", again)), i))
    no("a byte after the restored charge, path and head good", crafted(tagged("leaf", {**lf, "body": lf["body"] + b"\0"}), i))
    no("a byte after the charge in the restored one, path and head good", crafted(with_body(charge=bare + b"\0"), i))
    no("the act before it, path and head good", receipt(n, h3))
    lost_head, standing = decode("head", lost[0]), decode("head", h3[0])
    restored_doc = {"bytes": x(good), "sha256": x(sha(good)), "leaf": x(leaf), "leafHash": x(leaf_hash(leaf)), "index": i, "head": x(f["head"]), "headHash": x(sha(f["head"])), "signature": x(f["signature"]),
                    "path": [x(p) for p in f["path"]], "root": x(standing["root"]), "firstIndex": again["index"], "firstTime": again["time"], "charge": readable(FORMS["charge"], decode("charge", bare)), "chargeBytes": x(bare),
                    "alsoGood": [{"name": "of the other restored charge", "bytes": x(restored_receipts[4])}, {"name": "against a head that ends with the restored charge", "bytes": x(receipt(i, head(i + 1, WEEK + 96_110, 2)))}],
                    "rejected": rejected}
    for g in restored_doc["alsoGood"]: assert receipt_good(bytes.fromhex(g["bytes"][2:]), a["log key"])

    def shown(name, rollback_=rollback, name_of="rollback", signer="admin key", at=n, is_good=False, **c):    # an act in leaf `at`, the log around it, and the head over that
        act_ = tagged("act", dict(name=name_of, body=rollback_, nonce=10)); sig = sign("", "AdminAct", {"act": sha(act_)}, key(signer), keep=False)
        l = tagged("leaf", {**dict(index=at, time=START + WEEK + 96_000, kind=18, body=tagged("signed", dict(statement=act_, signature=sig))), **c})
        leaves = log[:]; leaves[at] = l; hs = [leaf_hash(d) for d in leaves]; h = head(len(leaves), WEEK + 96_300, 2, root=mth(hs))
        return evidence(name, l, log_path(at, hs), h, is_good)

    def evidence(name, l, path, h, is_good=False):
        assert rollback_good(l, path, h[0], h[1], a, log_id) == is_good, name
        return {"name": name, "leaf": x(l), "path": [x(p) for p in path], "head": x(h[0]), "signature": x(h[1])}
    lost_by = lambda signer="log key", **c: (lambda h: tagged("rollback", {**rolled, "head": h, "signature": sign("", "LogHead", {"head": sha(h)}, key(signer), keep=False)}))(tagged("head", {**lost_head, **c}))
    of_size = lambda size: lost_by(size=size, root=mth(lost_hashes[:size]))
    act_path = log_path(n, hashes())
    acts = [evidence("as it stands", log[n], act_path, h3, True), shown("made again", is_good=True), shown("a lost head of n + 1 leaves", of_size(n + 1), is_good=True)]
    no_acts = [shown("a lost head of n leaves", of_size(n)), shown("a lost head of n - 1 leaves", of_size(n - 1)), shown("a lost head signed by another key", lost_by("settlement key")),
               shown("a lost head of another log", lost_by(logId=rnd("another log"))), shown("a lost head under another head's signature", tagged("rollback", {**rolled, "signature": h2[1]})),
               shown("signed by the log key", signer="log key"), shown("signed by nobody known", signer="extremes"), shown("a leaf of another kind", kind=12),
               shown("a time after the head's that it is shown with", tagged("rollback", {**rolled, "time": START + WEEK + 96_301})),
               evidence("a path cut", log[n], act_path[:-1], h3), evidence("a path of another leaf", log[n], log_path(n + 1, hashes()), h3), evidence("under the lost head", log[n], act_path, lost),
               evidence("a head signed by another key", log[n], act_path, head(len(log), WEEK + 96_300, 2, signer="settlement key"))]
    heads_withdrawn = []
    for size in (0, 1, n - 1, n, n + 1, n + 2, len(lost_log), len(lost_log) + 1, 2**53 - 1):
        for time in (START, lost_head["time"], rolled["time"] - 1, rolled["time"], rolled["time"] + 1):
            h = tagged("head", {**lost_head, "size": size, "time": time, "epoch": 2})
            heads_withdrawn.append({"head": x(h), "size": size, "time": time, "withdrawn": withdrawn(h, n, rolled)})
    assert withdrawn(lost[0], n, rolled) and not any(withdrawn(h[0], n, rolled) for h in (h1, h2, h3))
    rollback_doc = {"leafIndex": n, "act": x(log[n]), "adminKey": x(a["admin key"]), "lostHead": x(lost[0]), "lostSignature": x(lost[1]), "time": rolled["time"], "charges": rolled["charges"], "lastCharge": rolled["lastCharge"],
                    "nextCharge": next_charge, "channelId": x(other_channel), "lost": [{"name": f"charge {c}", "charge": c, "leaf": x(decode("receipt", r)["leaf"]), "receipt": x(r), "salt": x(rnd(f"commitment salt charge {c}"))}
                    for c, r in lost_receipts.items()], "shown": acts, "shownRejected": no_acts, "withdrawn": heads_withdrawn, "restored": restored_doc}

    # more than two thirds of the stake
    quorum = [{"name": n, "stakes": [str(s) for s in st], "attested": by, "quorum": 3 * sum(st[i] for i in by) > 2 * sum(st)} for n, st, by in (
        ("three of four equal", [10] * 4, [0, 1, 2]), ("exactly two thirds", [10] * 3, [0, 1]), ("one unit above", [10, 11, 10], [0, 1]), ("two of four", [10] * 4, [0, 1]), ("none", [10], []), ("the only one", [7], [0]),
        ("all stakes zero", [0, 0], [0, 1]), ("no nodes", [], []), ("large stakes, exactly two thirds", [2**126] * 3, [0, 2]), ("large stakes, one above", [2**126, 2**126, 2**126 - 1], [0, 1]))]
    trees, bad = merkle_log()
    names = [e["name"] for e in forms]; assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    names = [e["name"] for e in statements]; assert len(names) == len(set(names))
    assert {e["struct"] for e in statements} == set(STRUCTS) and set(FORMS) == {e["tag"].split("/")[1] for e in forms if "tag" in e}
    assert {decode("leaf", d)["kind"] for d in log} == set(range(1, 28))                  # 28 and 29 are in no vector of this file
    text = json.dumps({"generator": "script/vectors/protocol.py", "domain": {**DOMAIN, "chainId": str(DOMAIN["chainId"]), "type": DOMAIN_TYPE, "typeHash": x(keccak(DOMAIN_TYPE.encode())), "separator": x(SEPARATOR)},
                       "forms": forms, "formsRejected": refused_forms, "statements": statements, "prices": prices, "merkleLog": trees, "merkleLogRejected": bad, "emptyLogRoot": x(mth([])),
                       "receipt": receipt_doc, "rollback": rollback_doc, "rewards": [c[0] for c in cases], "rewardsRefused": no_result, "quorum": quorum,
                       "authors": authors,
                       "channel": {"payer": x(a["payer"]), "signer": x(a["signer"]), "opening": x(channel_message["opening"]), "channelId": x(channel)},
                       "alias": {"charge": 1, "ids": sorted([x(ids[0]), x(sha(alias))]), "shown": min(x(ids[0]), x(sha(alias)))}}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    pathlib.Path(out).write_text(text, encoding="utf-8")
    print(out, len(text.encode()), "bytes:", len(forms), "forms,", len(refused_forms), "refused,", len(statements), "statements,", len(trees), "trees,", len(bad), "refused paths,",
          len(receipt_doc["rejected"]) + len(rejected), "refused receipts,", len(cases), "reward cases,", len(no_result), "without result")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "Tests/Vectors/protocol.json")
