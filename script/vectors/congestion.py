#!/usr/bin/env python3
"""Makes Tests/Vectors/congestion.json: the table of congestion units in docs/protocol.md §4, and vectors for it.

Shares no code with the service and needs nothing besides Python:

    python3 script/vectors/congestion.py [out.json]

The table is made twice, with 80 digits: by bisection over the exponential, which decides each integer ratio, and by the
logarithm that inverts it. Both must agree. Two runs give the same file.
"""
import json, pathlib, sys
from decimal import ROUND_CEILING, Decimal, getcontext
from fractions import Fraction
from random import Random

getcontext().prec = 80
PARTS = 10**9
BASE = Decimal(2).exp() - 1                                            # e² − 1: what 1.5 × the target makes of e^{4(r−1)} − 1


# --- the table ----------------------------------------------------------------------------------------------------------------
def formula(ratio: Decimal) -> int:
    """Units at rate ÷ target = ratio, as the formula says."""
    if ratio <= 1: return 0
    if ratio >= Decimal("1.5"): return 100
    return int(100 * ((4 * (ratio - 1)).exp() - 1) / BASE)             # int() floors what is positive


def by_bisection(units: int) -> int:
    """The smallest count of 10^-9 parts at which the formula gives at least `units`."""
    low, high = PARTS, 3 * PARTS // 2                                  # formula(low) < units ≤ formula(high)
    while high - low > 1:
        middle = (low + high) // 2
        if formula(Decimal(middle) / PARTS) >= units: high = middle
        else: low = middle
    return high


def exact(units: int) -> Decimal:
    """The ratio at which the formula reaches `units`."""
    return Decimal("1.5") if units == 100 else 1 + (1 + BASE * units / 100).ln() / 4


def rounded_up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


TABLE = [by_bisection(u) for u in range(1, 101)]
assert TABLE == [rounded_up(exact(u) * PARTS) for u in range(1, 101)]
assert TABLE == sorted(set(TABLE)) and TABLE[-1] == 1_500_000_000


def units(rate: int, target: int) -> int:
    """Units as the page defines them: how many thresholds rate ÷ target has reached."""
    if target == 0: return 0
    return sum(rate * PARTS >= threshold * target for threshold in TABLE)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator in low < x < high (Stern-Brocot)."""
    whole = low.numerator // low.denominator
    if whole + 1 < high: return Fraction(whole + 1)
    rest = simplest_above(1 / (high - whole), None if low == whole else 1 / (low - whole))
    return whole + 1 / rest


def simplest_above(low, high):
    return Fraction(low.numerator // low.denominator + 1) if high is None else simplest(low, high)


def first_difference() -> int:
    """The smallest target at which some rate has other units by the table than by the formula: a ratio that lies between
    what the formula needs and what the table, rounded up, needs."""
    gaps = [(Fraction(exact(u)), Fraction(TABLE[u - 1], PARTS)) for u in range(1, 100)]
    fractions = [simplest(low, high) for low, high in gaps]
    for f, (low, high) in zip(fractions, gaps): assert low < f < high
    target = min(f.denominator for f in fractions)
    f = next(f for f in fractions if f.denominator == target)
    assert formula(Decimal(f.numerator) / f.denominator) == units(f.numerator, target) + 1
    return target


# --- rates, counts, logs ------------------------------------------------------------------------------------------------------
TARGETS = [0, 1, 2, 3, 4, 7, 10, 20, 60, 100, 599, 600, 601, 6_000, 999_983, 60_000_000, 2**31, 2**32 - 1]


def rates(target: int):
    """Rates below, at and above the target and each threshold, and far above."""
    found = {0, 1, target, target + 1, max(target, 1) - 1, 2 * target, 10 * target + 1, 2**53 - 1}
    for threshold in TABLE:
        at = -(-threshold * target // PARTS)
        assert target == 0 or units(at, target) > units(at - 1, target) or at - 1 >= 2 * target
        found |= {max(at, 1) - 1, at, at + 1}
    return sorted(found)


def average(m): return (4 * m[1] + 3 * m[2] + 2 * m[3] + 1 * m[4]) // 10


def of_counts(m, target): return units(max(m[0], m[1], average(m)), target)


def counts(random: Random):
    yield from ([0, 0, 0, 0, 0], [600, 0, 0, 0, 0], [660, 0, 0, 0, 0], [0, 660, 0, 0, 0], [0, 0, 2_200, 0, 0], [0, 0, 2_199, 0, 0],
                [0, 0, 0, 3_300, 0], [0, 0, 0, 3_299, 0], [0, 0, 0, 0, 6_600], [0, 0, 0, 0, 6_599], [750, 0, 0, 0, 0], [0, 750, 0, 0, 0],
                [0, 0, 2_500, 0, 0], [900, 0, 0, 0, 0], [899, 0, 0, 0, 0], [0, 0, 3_000, 0, 0], [0, 600, 700, 750, 900], [601, 600, 600, 600, 600],
                [2**53 - 1] * 5, [0, 0, 2**53 - 1, 2**53 - 1, 2**53 - 1])
    for _ in range(200): yield [random.randrange(0, random.choice([700, 1_000, 2_000])) for _ in range(5)]


def log(random: Random, target: int, minutes: int, most: int):
    """Charges in log order: each with the five counts before it, counted anew over the whole log, and its units."""
    time, times = 1_767_225_600 + random.randrange(60), []
    end = time + 60 * minutes
    while time < end:
        times += [time] * random.randrange(1, most)
        time += random.choice([0, 1, 5, 20, 59, 60, 61, 61, 121, 299, 300, 301, 900] if random.random() < 0.03 else [1, 2, 3, 5, 8])
    leaves = []
    for index, time in enumerate(times):
        before = [t // 60 for t in times[:index]]
        m = [before.count(time // 60 - k) for k in range(5)]
        leaves.append([time, *m, of_counts(m, target)])
    return {"target": target, "charges": leaves}


def prices():
    """What units cost: the base and storage example of the page with a congestion unit."""
    for unit, target, m0 in ((385_000, 600, 600), (385_000, 600, 660), (385_000, 600, 750), (385_000, 600, 900), (1, 600, 700), (0, 600, 900), (385_000, 0, 900)):
        u = units(m0, target)
        yield {"congestionUnit": str(unit), "target": target, "m0": m0, "units": u, "congestion": str(unit * u), "total": str(39_851_680 + unit * u)}


def main(out):
    random = Random(1)
    by_target = [{"target": t, "units": [[r, units(r, t)] for r in rates(t)]} for t in TARGETS]
    assert [units(r, 100) for r in (100, 110, 125, 150)] == [0, 7, 26, 100]
    assert [formula(Decimal(r) / 100) for r in (100, 110, 125, 150)] == [0, 7, 26, 100]
    difference = first_difference()
    for entry in by_target:                                            # where the table is exact, it is the formula
        for rate, u in entry["units"] if 0 < entry["target"] < difference else []:
            assert u == formula(Decimal(rate) / entry["target"]), (entry["target"], rate)
    logs = [log(random, 30, 40, 5), log(random, 10, 90, 2), log(random, 90, 12, 14)]
    for entry in logs:
        seen = {leaf[-1] for leaf in entry["charges"]}
        assert 0 in seen and 100 in seen and len(seen) > 5, seen
    doc = {"generator": "script/vectors/congestion.py", "thresholds": TABLE, "formulaHoldsBelowTarget": difference, "rates": by_target,
           "counts": [{"counts": m, "target": 600, "units": of_counts(m, 600)} for m in counts(random)], "logs": logs, "prices": list(prices())}
    lines = ",\n".join(f' {json.dumps(k)}: ' + (("[\n  " + ",\n  ".join(json.dumps(e) for e in v) + "\n ]") if isinstance(v, list) and isinstance(v[0], dict) else json.dumps(v)) for k, v in doc.items())
    text = "{\n" + lines + "\n}\n"
    assert json.loads(text) == doc
    pathlib.Path(out).write_text(text, encoding="utf-8")
    print(out, len(text), "bytes;", "the table is the formula for every target below", difference)
    for row in range(0, 100, 10): print(" ".join(f"{t}" for t in TABLE[row:row + 10]))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "Tests/Vectors/congestion.json")
