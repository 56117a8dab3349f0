"""Changes one amount by one smallest unit, in each place of a report where an amount can stand, one after the other.

Each change must be refused by the oracle of its format alone, without a look at the other formats.
"""
from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import jsonschema

import rows
import workbook

AMOUNT = re.compile(r"-?\d+\.\d{12}(?= (?:~ 0 )?USD)")
TRIES = 12


def refuses(act, name: str):
    try:
        act()
    except (AssertionError, ValueError, jsonschema.ValidationError):
        return
    raise SystemExit(f"not noticed: {name}")


def by_one(text: str) -> str:
    digits = text.lstrip("-")
    point = digits.find(".")
    whole = str(int(digits.replace(".", "")) + 1)
    if point >= 0:
        whole = whole.rjust(13, "0")
        whole = f"{whole[:-12]}.{whole[-12:]}"
    return ("-" if text.startswith("-") else "") + whole


def chosen(matches: list) -> list:
    """The first, the last, and some between them: opening balances, entries, closing balances."""
    if len(matches) <= TRIES:
        return matches
    return matches[:3] + random.Random(1).sample(matches[3:-3], TRIES - 6) + matches[-3:]


def changed(text: str, match) -> str:
    return text[: match.start()] + by_one(match[0]) + text[match.end():]


def check(folder: Path, oracle, without):
    journals = {"hledger": ("hledger", "check", "-s", "-f"), "ledger": ("ledger", "-f"), "beancount": ("bean-check",)}
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(folder, copy)
        for name, command in journals.items():
            if name not in without:
                check_journal(copy, name, command)
        check_json(copy, oracle)
        check_csv(copy, oracle)
        check_xlsx(copy, oracle)


def check_journal(folder: Path, name: str, command: tuple):
    path = folder / f"report.{name}"
    text = path.read_text()
    tail = ("balance",) if name == "ledger" else ()
    # A posting of zero that asserts a balance is an amount too: it makes its transaction unbalanced.
    places = chosen([m for m in AMOUNT.finditer(text) if not text[: m.start()].endswith("commodity ")])
    places = [m for m in places if not text[max(0, m.start() - 40): m.start()].rstrip(" ").endswith(("commodity", "format"))]
    for match in places:
        path.write_text(changed(text, match))
        refuses(lambda: rows.run(*command, path, *tail), f"{name}, offset {match.start()}")
    pairs = chosen(opposite_pairs(text))
    for debit, credit in pairs:
        first, second = sorted((debit, credit), key=lambda match: -match.start())
        path.write_text(changed(changed(text, first), second))
        refuses(lambda: rows.run(*command, path, *tail), f"{name}, balanced change at {debit.start()}")
    path.write_text(text)
    rows.run(*command, path, *tail)
    print(f"  {name}: {len(places)} changes, and {len(pairs)} that balance, refused by {command[0]}")


def opposite_pairs(text: str) -> list:
    """A debit and a credit of each entry: one unit more of both still balances, and only the assertions can notice."""
    pairs = []
    for block in re.finditer(r"(?ms)^\d{4}-\d\d-\d\d \* .*?(?=^\S|\Z)", text):
        if "entry: " not in block[0]:
            continue
        amounts = list(AMOUNT.finditer(text, block.start(), block.end()))
        debits = [m for m in amounts if not m[0].startswith("-")]
        credits = [m for m in amounts if m[0].startswith("-")]
        if debits and credits:
            pairs.append((debits[0], credits[0]))
    return pairs


def check_json(folder: Path, oracle):
    path = folder / "report.json"
    text = path.read_text()
    places = chosen(list(re.finditer(r'(?<=:")\d+(?=")', text)))
    for match in places:
        path.write_text(changed(text, match))
        refuses(lambda: oracle.check_json(folder), f"json, offset {match.start()}: {text[match.start() - 60:match.end() + 20]}")
    path.write_text(text)
    print(f"  json: {len(places)} changes refused by its hash chain, totals and checks")


def check_csv(folder: Path, oracle):
    _, document = oracle.check_json(folder)
    count = 0
    for name in ("journal", "balances", "trial-balance"):
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        text = path.read_bytes().decode()
        for match in chosen(list(re.finditer(r"(?<=,)\d+(?=[,\r])", text))):
            path.write_bytes(changed(text, match).encode())
            refuses(lambda: oracle.check_csv(folder, document), f"{name}.csv, offset {match.start()}")
            count += 1
        path.write_bytes(text.encode())
    print(f"  csv: {count} changes refused by hash chain and totals")


# Sheets and their columns of amounts; none of these columns is without a check.
AMOUNTS = (("Journal", "HI"), ("Trial balance", "BCDEFGH"), ("Pool roll-forward", "BCDE"), ("Balances", "BCDE"))


def check_xlsx(folder: Path, oracle):
    """Up to 15 digits LibreOffice has to find each change by calculating anew. Beyond, numbers are rounded by every
    spreadsheet: there the parts are what it calculates with, and the exact texts are what openpyxl reads."""
    path = folder / "report.xlsx"
    document = json.loads((folder / "report.json").read_text())
    is_long = any(len(line["balance"]) > 15 for line in document["opening"] + document["closing"])
    is_long = is_long or len(document["totals"]["debits"]) > 15
    numbers = r"""(?<=<c r=")[%s]\d+"[^>]*><v>(\d{1,15})</v>"""
    texts = r"""(?<=<c r=")[A-Z]+\d+" t="inlineStr"><is><t>(\d{16,39})</t>"""
    found = [0, 0, 0]
    if not is_long:
        for title, columns in AMOUNTS:
            found[0] += change_cells(path, title, numbers % columns, lambda: workbook.check_recalculation(path))
    found[1] = change_cells(path, "Journal", numbers % "LMNOP", lambda: workbook.check_recalculation(path))
    for title, _ in AMOUNTS:
        found[2] += change_cells(path, title, texts, lambda: oracle.check_xlsx(path, document))
    print("  xlsx: {} numbers and {} parts refused by LibreOffice's recalculation, {} exact texts by openpyxl".format(*found))


def change_cells(path: Path, title: str, pattern: str, act) -> int:
    """Changes some cells of a sheet that the pattern finds, one after the other; `act` has to refuse each."""
    original = path.read_bytes()
    titles = workbook.openpyxl.load_workbook(path, read_only=True).sheetnames
    if title not in titles:
        return 0
    changed_part = f"xl/worksheets/sheet{titles.index(title) + 1}.xml"
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    text = parts[changed_part].decode()
    cells = chosen(list(re.finditer(pattern, text)))[::3]
    for match in cells:
        mutated = text[: match.start(1)] + str(int(match[1]) + 1) + text[match.end(1):]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            for name, content in parts.items():
                book.writestr(name, mutated if name == changed_part else content)
        refuses(act, f"xlsx, {title}, {match[0][:30]}")
    path.write_bytes(original)
    return len(cells)
