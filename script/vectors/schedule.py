#!/usr/bin/env python3
"""Makes Tests/Vectors/schedule.json: which fee schedules may follow which, and what previews show.

Written from docs/protocol.md §4 alone; shares no code with the service and needs nothing besides Python:

    python3 script/vectors/schedule.py [out.json]

Around a few pairs of schedules that may follow each other, each value is moved below, onto and above each limit of the page.
Two runs give the same file.
"""
import itertools, json, pathlib, sys

DAY = 86_400
NOW = 1_800_000_000
RATES = {"base": -2, "storagePerByteDay": -8, "congestionUnit": -4, "postage": 0}           # exponents of the largest rate
FIELDS = ["base", "storagePerByteDay", "congestionUnit", "targetPerMinute", "postage", "postageWindow", "retentionDaysMin",
          "retentionDaysMax", "bytesMax"]
LARGEST = {f: 2**128 - 1 for f in RATES} | {"targetPerMinute": 2**32 - 1, "postageWindow": 2**53 - 1, "retentionDaysMin": 2**32 - 1,
                                           "retentionDaysMax": 2**32 - 1, "bytesMax": 2**32 - 1, "version": 2**32 - 1, "effectiveFrom": 2**53 - 1}


# --- the rule -----------------------------------------------------------------------------------------------------------------
def power(x): return 10**x if x >= 0 else 0


def bounds(field, s, schedule):
    if field in RATES: return 0, power(s + RATES[field])
    if field == "targetPerMinute": return 0, 100_000_000
    if field == "postageWindow": return 3_600, 30 * DAY
    if field == "retentionDaysMin": return 1, 3_650
    if field == "retentionDaysMax": return schedule["retentionDaysMin"], 3_650
    if field == "bytesMax": return 1, 2**20


def from_zero(field, s):
    if field == "targetPerMinute": return 600, 100_000_000
    most = bounds(field, s, None)[1]
    return 0, (max(1, power(s + RATES[field] - 2)) if most else 0)


def step(field, s, v):
    if v == 0: return from_zero(field, s)
    most = bounds(field, s, None)[1]
    return min(v // 2, most), min(2 * v + 1, most)


def notice(epoch_seconds): return min(7 * DAY, epoch_seconds)


def moments(case):
    start = max(case["now"], case["last"]["effectiveFrom"])
    return start + notice(case["epochSeconds"]), start + 366 * DAY


def times(schedule): return max(10**9, schedule["effectiveFrom"] - 365 * DAY), schedule["effectiveFrom"] + 365 * DAY


def refused_alone(p, s):
    for field in FIELDS:
        low, high = bounds(field, s, p)
        if not low <= p[field] <= high: return "schedule/bounds", field, low, high
        low, high = times(p)
        if field in RATES and low <= p[field] <= high: return "schedule/looks-like-time", field, low, high


def refused(case):
    """None, or code, field, and the range that was allowed (or, for times, was not)."""
    last, p, s = case["last"], case["proposed"], case["scale"]
    if p["version"] != last["version"] + 1: return "schedule/version", "version", last["version"] + 1, last["version"] + 1
    low, high = moments(case)
    if not low <= p["effectiveFrom"] <= high: return "schedule/effective-from", "effectiveFrom", low, high
    alone = refused_alone(p, s)
    if alone: return alone
    for field in [*RATES, "targetPerMinute"]: assert field in FIELDS
    for field in FIELDS:
        if field not in RATES and field != "targetPerMinute": continue
        low, high = step(field, s, last[field])
        if field == "targetPerMinute" and p[field] == 0: continue
        if not low <= p[field] <= high: return "schedule/step", field, low, high


# --- cases --------------------------------------------------------------------------------------------------------------------
def schedule(version, effective_from, **fields):
    values = dict(base=38_500_000, storagePerByteDay=22, congestionUnit=385_000, targetPerMinute=6_000, postage=10**9, postageWindow=259_200,
                  retentionDaysMin=2, retentionDaysMax=365, bytesMax=2**20) | fields
    return {"version": version, "effectiveFrom": effective_from} | {f: values[f] for f in FIELDS}


def pair(scale=12, epoch=7 * DAY, effective=None, last_effective=NOW - 30 * DAY, **last):
    old = schedule(1, last_effective, **last)
    return {"scale": scale, "epochSeconds": epoch, "now": NOW, "last": old,
            "proposed": old | {"version": 2, "effectiveFrom": effective if effective is not None else max(NOW, last_effective) + 10 * DAY}}


def around(*values): return sorted({w for v in values for w in (v - 1, v, v + 1) if w >= 0})


def pairs():
    yield "the defaults", pair()
    zero = dict(base=0, storagePerByteDay=0, congestionUnit=0, targetPerMinute=0, postage=0)
    for s in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 18, 30): yield f"nothing is charged, {s} decimals", pair(s, **zero)
    for v in (1, 2, 3, 4, 5): yield f"rates of {v}", pair(12, base=v, storagePerByteDay=v, congestionUnit=v, targetPerMinute=v, postage=v)
    for s in (8, 12, 17, 18, 30):
        for name, part in (("at", lambda c: c), ("just below half of", lambda c: max(c // 2 - 1, 0)), ("half of", lambda c: c // 2)):
            most = {f: part(bounds(f, s, None)[1]) for f in [*RATES, "targetPerMinute"]}
            yield f"{name} the bounds, {s} decimals", pair(s, **most)
    beyond = {f: 100 * bounds(f, 12, None)[1] for f in RATES}
    yield "far beyond the bounds", pair(12, **beyond, targetPerMinute=2**32 - 1) | {"fix": True}
    yield "the largest rates that there are", pair(12, **{f: 2**128 - 1 for f in RATES}, targetPerMinute=2**32 - 1) | {"fix": True}
    yield "rates near today's time, 18 decimals", pair(18, base=NOW // 2 + 10 * DAY, storagePerByteDay=NOW // 2, congestionUnit=NOW // 2 - 300 * DAY, postage=NOW // 2 + 200 * DAY)
    yield "a year before 2001 is not near", pair(18, base=10**9 - 1, storagePerByteDay=10**9 - 2, last_effective=0) | {"now": 0, "early": True}
    yield "a time whose year reaches 2001", pair(18, base=6 * 10**8, storagePerByteDay=6 * 10**8, postage=6 * 10**8) | {"now": 10**9 - 370 * DAY, "late": True}


def cases():
    """Pairs that may follow each other, each with the values that are put into its proposed schedule one at a time."""
    for name, good in pairs():
        good = dict(good)
        if good.pop("fix", False): good["proposed"] |= {f: bounds(f, good["scale"], None)[1] for f in [*RATES, "targetPerMinute"]}
        if good.pop("early", False): good["proposed"] |= {"effectiveFrom": 8 * DAY}
        if good.pop("late", False):
            good["last"] |= {"effectiveFrom": good["now"] - 5}
            good["proposed"] |= {"effectiveFrom": good["now"] + 8 * DAY}
        assert refused(good) is None, (name, refused(good))
        p, s, sets = good["proposed"], good["scale"], [{}]
        for field in FIELDS:
            limits = list(bounds(field, s, p)) + [LARGEST[field]]
            if field in RATES or field == "targetPerMinute": limits += [*step(field, s, good["last"][field]), 0]
            if field in RATES: limits += [*times(p)]
            if field.startswith("retention"): limits += [p["retentionDaysMin"], p["retentionDaysMax"]]
            sets += [{field: value} for value in around(*limits) if value <= LARGEST[field]]
        yield name, good, sets


def moment_cases():
    for epoch in (1, 60, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 366 * DAY):
        for last in (0, NOW - 1, NOW, NOW + 1, NOW + 20 * DAY, NOW + 400 * DAY):
            good = pair(epoch=epoch, last_effective=last)
            times = around(0, *moments(good), last, NOW, NOW + notice(epoch), 1000 * NOW, 2**53 - 2)
            yield f"epochs of {epoch} s, last from {last}", good, [{"effectiveFrom": t} for t in times]
    for last, versions in ((1, (0, 1, 2, 3)), (7, (1, 6, 7, 8, 9)), (2**32 - 2, (2**32 - 3, 2**32 - 2, 2**32 - 1)), (2**32 - 1, (0, 2**32 - 1))):
        good = pair()
        yield f"versions after {last}", good | {"last": good["last"] | {"version": last}}, [{"version": v} for v in versions]


def mixed_up():
    """The five values of an incident, in every order: its own is the first."""
    names = ["base", "storagePerByteDay", "congestionUnit", "targetPerMinute", "effectiveFrom"]
    right = schedule(2, 1_754_412_880)
    sets = [{n: right[o] for n, o in zip(names, order)} for order in itertools.permutations(names)]
    good = {"scale": 12, "epochSeconds": 7 * DAY, "now": 1_753_700_000, "last": schedule(1, 1_752_000_000), "proposed": right}
    assert [refused(good | {"proposed": right | values}) is None for values in sets] == [True] + [False] * 119
    yield "values that were mixed up", good, sets


# --- previews -----------------------------------------------------------------------------------------------------------------
MESSAGES = [(64, 2), (1_024, 60), (102_400, 60), (1_048_576, 365)]


def quote(p, size, days, with_postage, units):
    if size > p["bytesMax"]: return {"refused": f"{size} bytes are above the limit of {p['bytesMax']}."}
    if not p["retentionDaysMin"] <= days <= p["retentionDaysMax"]:
        return {"refused": f"{days} days of storage are outside {p['retentionDaysMin']} to {p['retentionDaysMax']}."}
    parts = {"base": p["base"], "storage": p["storagePerByteDay"] * size * days, "congestion": p["congestionUnit"] * units, "postage": p["postage"] if with_postage else 0}
    if sum(parts.values()) >= 2**128: return {"refused": "it is above 2^128 - 1."}
    return {k: str(v) for k, v in (parts | {"total": sum(parts.values())}).items()}


def preview(old, new):
    return {"inForce": old["version"], "proposed": new["version"], "effectiveFrom": new["effectiveFrom"], "rows": [
        {"bytes": size, "days": days, "withPostage": with_postage, "congestionUnits": units,
         "inForce": quote(old, size, days, with_postage, units), "proposed": quote(new, size, days, with_postage, units)}
        for size, days in MESSAGES for with_postage in (False, True) for units in (0, 100)]}


def previews():
    old = schedule(1, NOW)
    yield old, schedule(2, NOW + 10 * DAY, base=50_000_000, storagePerByteDay=30, congestionUnit=0, postage=2 * 10**9)
    yield old, schedule(2, NOW + 10 * DAY, storagePerByteDay=1_754_412_880, base=6_000, congestionUnit=38_500_000, targetPerMinute=22)
    yield old, schedule(2, NOW + 10 * DAY, bytesMax=102_399, retentionDaysMin=3, retentionDaysMax=59)
    yield schedule(8, NOW, base=0, storagePerByteDay=0, congestionUnit=0, postage=0), schedule(9, NOW + DAY, base=2**128 - 1, storagePerByteDay=0, congestionUnit=0, postage=1)


# --- the file -----------------------------------------------------------------------------------------------------------------
def text_of(s): return {f: str(v) if f in RATES else v for f, v in s.items()}


def main(out):
    changes, seen = [], {}
    for name, c, sets in [*cases(), *moment_cases(), *mixed_up()]:
        variants = []
        for values in sets:
            proposed = c["proposed"] | values
            r, alone = refused(c | {"proposed": proposed}), refused_alone(proposed, c["scale"])
            seen[r and r[:2]] = seen.get(r and r[:2], 0) + 1
            variant = {"set": text_of(values)}
            if r: variant["refused"] = [str(part) for part in r]
            if alone: variant["alone"] = [str(part) for part in alone]
            variants.append(variant)
        changes.append({"name": name, "scale": c["scale"], "epochSeconds": c["epochSeconds"], "now": c["now"], "last": text_of(c["last"]), "proposed": text_of(c["proposed"]), "variants": variants})
    stepped = [*RATES, "targetPerMinute"]
    assert {f for c, f in filter(None, seen) if c == "schedule/step"} == set(stepped)
    assert {f for c, f in filter(None, seen) if c == "schedule/bounds"} == set(FIELDS)
    assert {f for c, f in filter(None, seen) if c == "schedule/looks-like-time"} == set(RATES)
    limits = [{"scale": s} | {f: {"most": str(bounds(f, s, None)[1]), "start": str(from_zero(f, s)[1])} for f in RATES} for s in range(31)]
    doc = {"generator": "script/vectors/schedule.py", "limits": limits, "changes": changes,
           "previews": [{"inForce": text_of(a), "proposed": text_of(b), "preview": preview(a, b)} for a, b in previews()]}
    lines = ",\n".join(f" {json.dumps(k)}: " + ("[\n  " + ",\n  ".join(json.dumps(e) for e in v) + "\n ]" if isinstance(v, list) else json.dumps(v)) for k, v in doc.items())
    text = "{\n" + lines + "\n}\n"
    assert json.loads(text) == doc
    pathlib.Path(out).write_text(text, encoding="utf-8")
    print(out, len(text), "bytes:", sum(seen.values()), "changes")
    for key, count in sorted(seen.items(), key=str): print(f"{count:6}", key or "accepted")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "Tests/Vectors/schedule.json")
