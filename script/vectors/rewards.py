#!/usr/bin/env python3
"""Makes Tests/Vectors/rewards.json: rulesets, results of version 2, grants, equivocations and solvency trees of docs/protocol.md §8.

Written from that page alone, beside protocol.py, whose encoder, signer and cases it uses; shares no code with the service.

    python script/vectors/rewards.py [out.json]             (in the venv of protocol.py)

The same bytes on every run.
"""
import json, pathlib, random, sys
from fractions import Fraction
import protocol as P
from protocol import FORMS, G, L, NoResult, STRUCTS, T, ZERO, below, enc, fraction, key, readable, rnd, ruleset1, sha, x

RULESET = T("u32 version, u32 nodes, u32 apps, u32 protocol, u8 division, u32 stakeCap, u32 penalty, u32 penaltyCap")
SIDE = T("b32 result, b32 root, u128 rewards, b32 inputs, u32 ruleset, sig signature")
ROW2 = T("u32 node, addr payout, u32 held, u32 available, u32 attested, u128 earned, u128 shared, u128 taken, u128 reward, u128 cumulative")
INPUTS2 = T("b32 logRoot, b32 ruleset") + FORMS["inputs"][1:-1] + [("penalties", L(T("u32 node, u32 proofs"))), ("dustIn", "u128")]
RESULT2 = (T("u32 ruleset, u64 epoch, u64 firstIndex, u64 endIndex, b32 inputs, u128 base, u128 storage, u128 postage, u128 dustIn, u128 grants, "
             "u128 refunds, u128 pool, u128 apps, u128 protocol, u128 rewards, u128 dust, u8 dropped, b32 root") + [("rows", L(ROW2))])
STRUCTS["Grant"] = [("uint128", "amount"), ("bytes32", "reference")]
tagged = lambda tag, schema, fields: enc("text", "feesvc/" + tag) + enc(schema, {n: fields[n] for n, _ in schema})


def ruleset2(c, rules, proofs):
    """Version 2. Metrics are those of ruleset 1, whose code computes them; everything after is computed here with exact fractions."""
    measured = ruleset1({**c, "nodes": [{**v, "stake": min(v["stake"], 1)} for v in c["nodes"]], "cumulativeBefore": []})
    nodes, n = c["nodes"], len(c["nodes"])
    captured, pool = sum(c["captured"].values()), measured["pool"]
    part = lambda amount, parts: int(Fraction(amount * parts, G))
    apps, income = part(pool, rules["apps"]), part(pool, rules["protocol"])
    ours, base = pool - apps - income, part(min(pool, captured), rules["nodes"])
    most = part(below(sum(v["stake"] for v in nodes)), rules["stakeCap"]) if rules["stakeCap"] < G else None
    weight = {v["node"]: v["stake"] if most is None else min(v["stake"], most) for v in nodes}
    W, rows = below(sum(weight.values())), []
    for r in measured["rows"]:
        w, q = weight[r["node"]], r["held"] * r["available"] * r["attested"] // 10**18
        if rules["division"] == 2:
            below(w * G), below(W * G)
            earned = int(Fraction(base * w * q, W * G)) if W else 0
        else:
            earned = min(int(Fraction(base * q, n * G)), int(Fraction(base * w, W)) if W else 0)
        rows.append({k: r[k] for k in ("node", "payout", "held", "available", "attested")} | {"earned": earned})
    rest = ours - sum(r["earned"] for r in rows)
    assert rest >= 0
    weights = [below(weight[r["node"]] * r["available"]) for r in rows]
    below(sum(weights))
    before = {b["node"]: b["cumulative"] for b in c["cumulativeBefore"]}
    for r, w in zip(rows, weights):
        r["shared"] = int(Fraction(rest * w, sum(weights))) if sum(weights) else 0
        gross = r["earned"] + r["shared"]
        r["taken"] = part(gross, min(proofs.get(r["node"], 0) * rules["penalty"], rules["penaltyCap"]))
        r["reward"] = gross - r["taken"]
        r["cumulative"] = below(before.get(r["node"], 0) + r["reward"])
    rewards = sum(r["reward"] for r in rows)
    assert pool == apps + income + rewards + (ours - rewards) and 0 <= rewards <= ours
    return dict(pool=pool, apps=apps, protocol=income, rewards=rewards, dust=ours - rewards, dropped=measured["dropped"], rows=rows)


def rules(nodes=G, apps=0, protocol=0, division=2, stakeCap=G, penalty=G // 2, penaltyCap=G):
    return dict(version=2, nodes=nodes, apps=apps, protocol=protocol, division=division, stakeCap=stakeCap, penalty=penalty, penaltyCap=penaltyCap)


FIRST = dict(version=1, nodes=G, apps=0, protocol=0, division=0, stakeCap=G, penalty=0, penaltyCap=0)
SHAPES = [rules(), rules(division=1), rules(nodes=700_000_001, apps=200_000_000, protocol=99_999_999), rules(stakeCap=250_000_000),
          rules(division=1, stakeCap=100_000_000, nodes=G - 1, apps=1), rules(penalty=300_000_000, penaltyCap=700_000_000), rules(nodes=0, apps=G)]


def result_doc(number, c, r, proofs):
    epoch, first, end, log_root = 1 + number, 100 * number, 100 * number + 100, rnd(f"log root of version 2, {number}")
    observations = [dict(epoch=epoch, **o) for o in sorted(c["observations"], key=lambda o: o["observer"])]
    ob = [P.tagged("observation", o) for o in observations]
    penalties = [dict(node=k, proofs=v) for k, v in sorted(proofs.items())]
    inputs = tagged("inputs/2", INPUTS2, dict(logRoot=log_root, ruleset=sha(tagged("ruleset/1", RULESET, r)), nodes=c["nodes"], observations=ob,
                                              attestations=c["attestations"], cumulativeBefore=c["cumulativeBefore"], penalties=penalties, dustIn=c["dustIn"]))
    s = ruleset2(c, r, proofs)
    leaves = [P.reward_leaf(w["node"], w["payout"], w["cumulative"]) for w in s["rows"]]
    root = P.reward_tree(leaves)[0] if leaves else ZERO
    s["rows"] = [{n: w[n] for n, _ in ROW2} for w in s["rows"]]
    fields = dict(ruleset=2, epoch=epoch, firstIndex=first, endIndex=end, inputs=sha(inputs), **c["captured"], dustIn=c["dustIn"], grants=c["grants"],
                  refunds=c["refunds"], root=root, **s)
    result = tagged("result/2", RESULT2, fields)
    types = dict(FORMS["inputs"])
    return {"name": f"{c['name']}; rules {SHAPES.index(r)}", "rules": x(tagged("ruleset/1", RULESET, r)), "epoch": epoch, "firstIndex": first, "endIndex": end,
            "logRoot": x(log_root), "captured": {k: str(v) for k, v in c["captured"].items()}, "dustIn": str(c["dustIn"]), "grants": str(c["grants"]),
            "refunds": str(c["refunds"]), "nodes": readable(types["nodes"], c["nodes"]), "observations": [{"bytes": x(b)} for b in ob],
            "attestations": readable(types["attestations"], c["attestations"]), "cumulativeBefore": readable(types["cumulativeBefore"], c["cumulativeBefore"]),
            "penalties": penalties,
            "result": {"rows": readable(L(ROW2), [{n: w[n] for n, _ in ROW2} for w in s["rows"]]), **{k: str(s[k]) for k in ("pool", "apps", "protocol", "rewards", "dust")}, "dropped": s["dropped"],
                       "root": x(root), "inputsBytes": x(inputs), "resultBytes": x(result), "resultHash": x(sha(result))}}


def results():
    number, chance = 0, random.Random("feesvc/vectors/rewards")
    for c in P.reward_cases():
        for r in SHAPES:
            proofs = {v["node"]: chance.randint(1, 4) for v in c["nodes"] if chance.random() < 0.2}
            try: doc = result_doc(number, c, r, proofs)
            except NoResult: continue                                  # a product that only version 2 has
            # Every case with the two plain divisions, the other shapes with one case in three.
            if SHAPES.index(r) < 2 or number % 3 == 0: yield doc
            number += 1


def rulesets():
    good = [{**readable(RULESET, r), "bytes": x(tagged("ruleset/1", RULESET, r)), "sha256": x(sha(tagged("ruleset/1", RULESET, r)))} for r in [FIRST, *SHAPES]]
    bad = [{**rules(), "version": 0}, {**rules(), "version": 3}, rules(nodes=G - 1), rules(nodes=G, apps=1), rules(division=0), rules(division=3), rules(stakeCap=0),
           rules(stakeCap=G + 1), rules(penalty=2, penaltyCap=1), rules(penalty=G + 1, penaltyCap=G + 1), {**FIRST, "penalty": 1}, {**FIRST, "division": 2},
           {**FIRST, "stakeCap": G - 1}, rules(nodes=2**32 - 1, apps=2**32 - 1)]
    return good, [{**r, "bytes": x(tagged("ruleset/1", RULESET, r))} for r in bad]


def equivocations():
    who = key("operator 1")
    def side(label, signer=who, epoch=7, ruleset=2, rewards=10**13):
        m = dict(result=rnd("result " + label), root=rnd("root " + label), rewards=rewards, inputs=rnd("inputs " + label), ruleset=ruleset)
        return {**m, "signature": P.sign("", "Attestation", dict(epoch=epoch, **m), signer, keep=False)}
    def evidence(a, b, operator=P.address(who), epoch=7, order=True):
        sides = [enc(SIDE, s) for s in (a, b)]
        if order: sides.sort()
        return enc("text", "feesvc/equivocation/1") + enc("addr", operator) + enc("u64", epoch) + b"".join(sides)
    one, other, same_result = side("one"), side("other"), {**side("one", rewards=10**13 + 1)}
    stranger = key("operator 2")
    good = [("two results", evidence(one, other)), ("one result with other rewards", evidence(one, same_result)), ("one result under another ruleset", evidence(one, side("one", ruleset=1)))]
    flipped = bytearray(evidence(one, other)); flipped[60] ^= 1
    unproved = [("one side is another's", evidence(one, side("other", signer=stranger))), ("both are another's", evidence(side("one", stranger), side("other", stranger))),
                ("one side is of another epoch", evidence(one, side("other", epoch=8))), ("the epoch is another", evidence(one, other, epoch=8)), ("one bit of a result differs", bytes(flipped))]
    descending = evidence(*sorted((one, other), key=lambda s: enc(SIDE, s), reverse=True), order=False)
    malformed = [("descending", descending), ("the same side twice", evidence(one, one)), ("one more byte", evidence(one, other) + b"\0"), ("one byte short", evidence(one, other)[:-1])]
    doc = lambda rows: [{"name": n, "bytes": x(b), "operator": x(P.address(who))} for n, b in rows]
    return {"good": doc(good), "unproved": doc(unproved), "malformed": doc(malformed)}


# --- solvency ---------------------------------------------------------------------------------------------------------------------
leaf = lambda l: sha(tagged("liability/1", T("text account, b32 salt, u128 amount"), l))


def node(l, r):
    below(l[1] + r[1])
    return sha(tagged("liabilities/1", T("b32 left, u128 leftSum, b32 right, u128 rightSum"), dict(left=l[0], leftSum=l[1], right=r[0], rightSum=r[1]))), l[1] + r[1]


def tree(leaves):                                                      # (hash, sum), shaped as RFC 6962
    if not leaves: return sha(enc("text", "feesvc/no-liabilities/1")), 0
    if len(leaves) == 1: return leaves[0]
    k = P.split(len(leaves))
    return node(tree(leaves[:k]), tree(leaves[k:]))


def path(i, leaves):
    if len(leaves) == 1: return []
    k = P.split(len(leaves))
    return path(i, leaves[:k]) + [tree(leaves[k:])] if i < k else path(i - k, leaves[k:]) + [tree(leaves[:k])]


def solvency():
    for n in [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17]:
        ls = [dict(account=("channel:" + x(rnd(f"liable {i}"))) if i % 2 else f"stake:0x{rnd(f'liable {i}')[:20].hex()}", salt=rnd(f"liability salt {i}"), amount=(i * 7919) ** 3 % 10**15 if i else 0)
              for i in range(n)]
        hashes = sorted((leaf(l), l["amount"], l) for l in ls)
        pairs = [(h, a) for h, a, _ in hashes]
        root, total = tree(pairs)
        at = dict(logId=rnd("log id"), entry=n + 1, entryHash=rnd(f"entry {n}"), leaves=n, root=root, total=total)
        statement = tagged("solvency/1", T("b32 logId, u64 entry, b32 entryHash, u64 leaves, b32 root, u128 total"), at)
        yield {**readable(T("b32 logId, u64 entry, b32 entryHash, u64 leaves, b32 root, u128 total"), at), "name": f"{n} liabilities", "statement": x(statement), "hash": x(sha(statement)),
               "liabilities": [{"account": l["account"], "salt": x(l["salt"]), "amount": str(l["amount"]), "leaf": x(h),
                                "path": [{"hash": x(s), "sum": str(t)} for s, t in path(i, pairs)]} for i, (h, _, l) in enumerate(hashes)]}


def silences():
    def bytes_of(epoch, nodes): return tagged("silence/1", T("u64 epoch") + [("nodes", L("u32"))], dict(epoch=epoch, nodes=nodes))
    good = [(4, [2]), (7, [1, 3, 4_000_000_000]), (2**64 - 1, list(range(1, 40)))]
    bad = [("none", bytes_of(4, [])), ("one twice", bytes_of(4, [2, 2])), ("descending", bytes_of(4, [3, 2])), ("one more byte", bytes_of(4, [2]) + b"\0"),
           ("one byte short", bytes_of(4, [2])[:-1])]
    return {"good": [{"epoch": e, "nodes": n, "bytes": x(bytes_of(e, n))} for e, n in good], "malformed": [{"name": n, "bytes": x(b)} for n, b in bad]}


def corrections():
    who, other = ("rewards:0x" + P.address(key(f"operator {i}")).hex() for i in (1, 2))
    body = lambda epoch, source, to, amount, reason: enc(T("u64 epoch, text from, text to, u128 amount, text reason"),
                                                         {"epoch": epoch, "from": source, "to": to, "amount": amount, "reason": reason})
    good = [(3, who, other, 10**12, "payouts were swapped"), (1, "pool", who, 1, "x"), (2**64 - 1, "protocol", "pool", 2**128 - 1, "Grüße, \U0001f600 " * 15),
            (9, other, "protocol", 5, "r" * 256)]
    act = lambda b, nonce: tagged("act/2", T("text name, bytes body, u64 nonce"), dict(name="correct", body=b, nonce=nonce))
    bad = [("nothing", (3, who, other, 0, "x")), ("to itself", (3, who, who, 1, "x")), ("pool to pool", (3, "pool", "pool", 1, "x")), ("no reason", (3, who, other, 1, "")),
           ("a reason too long", (3, who, other, 1, "r" * 257)), ("a pool by number", (3, "pool:4", other, 1, "x")), ("upper case", (3, who.upper(), other, 1, "x")),
           ("another account", (3, "custody", other, 1, "x")), ("half an address", (3, who[:-2], other, 1, "x"))]
    return {"good": [{"epoch": v[0], "from": v[1], "to": v[2], "amount": str(v[3]), "reason": v[4], "nonce": n, "bytes": x(act(body(*v), n))} for n, v in enumerate(good, 7)],
            "malformed": [{"name": name, "bytes": x(act(body(*v), 7))} for name, v in bad] + [{"name": "one more byte", "bytes": x(act(body(*good[0]) + b"\0", 7))}]}


def main(out):
    good, bad = rulesets()
    m = dict(amount=123_456_789_012_345, reference=rnd("grant reference"))
    sig = P.sign("grant", "Grant", m, key("settlement key"))
    act = tagged("act/2", T("text name, bytes body, u64 nonce"), dict(name="ruleset", body=tagged("ruleset/1", RULESET, SHAPES[2]), nonce=9))
    doc = {"act": {"ruleset": good[3]["bytes"], "nonce": 9, "bytes": x(act)}, "rulesets": good, "rulesetsRefused": bad, "results": list(results()), "equivocations": equivocations(), "solvency": list(solvency()), "silences": silences(), "corrections": corrections(),
           "grant": {**P.statements[-1], "leafBody": x(tagged("grant/1", T("u128 amount, b32 reference"), m))}}
    pathlib.Path(out).write_text(json.dumps(doc, indent=1) + "\n")
    print(f"{out}: {len(doc['results'])} results")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "Tests/Vectors/rewards.json")
