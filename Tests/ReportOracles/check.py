"""Checks the formats of one report against each other and against the tools that read them: laws L39 to L44.

    /usr/bin/python3 Tests/ReportOracles/check.py FOLDER [--again OTHER] [--mutate] [--without beancount]

FOLDER holds report.json, journal.csv and a file a schedule, report.hledger, report.ledger, report.beancount and report.xlsx.
Needs hledger, ledger, beancount, libreoffice-calc-nogui, python3-openpyxl and python3-jsonschema of Debian 12.
"""
from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import struct
import sys
from pathlib import Path

import jsonschema

import mutate
import rows
import workbook

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"


def entry_hash(entry: dict, tag: str) -> str:
    """docs/protocol.md, sections 1 and 9, written anew."""

    def text(value: str) -> bytes:
        encoded = value.encode()
        return struct.pack(">I", len(encoded)) + encoded

    out = text(tag) + struct.pack(">Q", entry["number"]) + bytes.fromhex(entry["previous"][2:])
    out += struct.pack(">QQ", entry["time"], entry["epoch"]) + text(entry["kind"]) + text(entry["reference"])
    out += struct.pack(">I", len(entry["postings"]))
    for posting in entry["postings"]:
        out += text(posting["account"])
        out += int(posting["debit"]).to_bytes(16, "big") + int(posting["credit"]).to_bytes(16, "big")
    return "0x" + hashlib.sha256(out).hexdigest()


def check_chain(entries: list[dict], scope: dict):
    """A statement's entries are numbered from 1 and follow zero; its scope names those of the books."""
    statement = rows.is_statement(scope)
    tag = "feesvc/statement/1" if statement else "feesvc/entry/1"
    for number, entry in enumerate(entries):
        assert entry_hash(entry, tag) == entry["hash"], f"entry {entry['number']} has another hash"
        if number:
            assert entry["previous"] == entries[number - 1]["hash"], f"entry {entry['number']} follows another"
            assert entry["number"] == entries[number - 1]["number"] + 1
        assert sum(int(p["debit"]) - int(p["credit"]) for p in entry["postings"]) == 0
    if statement:
        assert [(entry["number"], int(entry["previous"], 16)) for entry in entries[:1]] in ([], [(1, 0)])
        return
    ends = [{"number": entry["number"], "hash": entry["hash"]} for entry in entries[:1] + entries[-1:]]
    assert [scope[name] for name in ("first", "last") if name in scope] == (ends if entries else [])


def entries_of_csv(lines: list[dict]) -> list[dict]:
    entries: dict[int, dict] = {}
    for line in lines:
        head = {**{k: line[k] for k in ("kind", "reference", "previous", "hash")}, "number": int(line["entry"]),
                "time": int(line["time"]), "epoch": int(line["epoch"])}
        entry = entries.setdefault(int(line["entry"]), {**head, "postings": []})
        assert all(entry[name] == head[name] for name in head), f"the lines of entry {line['entry']} differ"
        entry["postings"].append({k: line[k] for k in ("account", "debit", "credit")})
    return list(entries.values())


def value(cell) -> str:
    return "" if cell is None else str(cell)


def check_json(folder: Path):
    journal, document = rows.read_json(folder)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    check_chain(document["journal"], document["scope"])
    check_ends(journal)
    check_schedules(document, check_totals_of(journal, document))
    return journal, document


def check_totals_of(journal: rows.Journal, document: dict) -> dict:
    """The journal's debits are its credits, and both are the document's totals."""
    sums = {"debit": 0, "credit": 0}
    for (_, _, amount, _), count in journal.postings.items():
        sums["debit" if amount > 0 else "credit"] += abs(amount) * count
    assert sums["debit"] == sums["credit"]
    assert (str(sums["debit"]), str(sums["credit"])) == (
        document["totals"]["debits"], document["totals"]["credits"])
    return sums


def check_schedules(document: dict, sums: dict):
    """L44: every roll-forward leads from opening to closing, and closes as the trial balance does."""
    tables = {schedule["name"]: schedule for schedule in document["schedules"]}
    for schedule in tables.values():
        for check in schedule["rowChecks"]:
            for row in schedule["rows"]:
                assert sum(int(row[c]) for c in check["added"]) == sum(int(row[c]) for c in check["subtracted"]), check
    for check in document["checks"]:
        assert sum(int(term["value"]) * term["sign"] for term in check["terms"]) == 0 == int(check["difference"])
        for term in check["terms"]:
            assert int(term["value"]) == figure(term["source"], tables, sums), term


def figure(source: str, tables: dict, sums: dict) -> int:
    name, _, column = source.rpartition(".")
    if name == "journal":
        return sums[column]
    column, _, row = column.partition("[")
    lines = tables[name]["rows"]
    if row:
        return int(lines[int(row[:-1])][column])
    return sum(int(line[column]) for line in lines if line[column] not in (None, ""))


def check_ends(journal: rows.Journal):
    """Opening balances and entries lead to the closing balances, and each side of them sums to zero."""
    assert sum(journal.opening.values()) == 0 and sum(journal.closing.values()) == 0
    assert without_zeros(rows.balances(journal)) == without_zeros(journal.closing)


def without_zeros(balances: dict) -> dict:
    return {account: amount for account, amount in balances.items() if amount}


def check_csv(folder: Path, document: dict):
    journal, lines = rows.read_csv(folder)
    entries = entries_of_csv(lines)
    if all(entry["postings"] for entry in document["journal"]):
        check_chain(entries, document["scope"])
    check_ends(journal)
    check_lists(folder, document)
    for schedule in document["schedules"]:
        expected = [[value(row[c]) for c in schedule["columns"]] for row in schedule["rows"]]
        found = [list(row.values()) for row in rows.read_table(folder / f"{schedule['name']}.csv")]
        assert found == expected, f"{schedule['name']}.csv differs from the JSON"
    return journal


def check_lists(folder: Path, document: dict):
    """A payer's single charges and refunds: the same in CSV and JSON, and what the schedules add up."""
    if not {"payer", "channel"} & document["scope"].keys():
        return
    tables = {schedule["name"]: schedule["rows"] for schedule in document["schedules"]}
    lists = {}
    for name in ("charges", "refunds"):
        lists[name] = json.loads((folder / f"{name}.json").read_bytes())
        assert [[value(cell) for cell in row.values()] for row in lists[name]] == [
            list(row.values()) for row in rows.read_table(folder / f"{name}.csv")], f"{name}.csv differs from the JSON"
    for part in ("base", "storage", "congestion", "postage"):
        charged = sum(int(row[f"charged_{part}"]) for row in tables["channels"])
        assert charged == sum(int(row[part]) for row in lists["charges"]), part
    for row in lists["charges"]:
        assert int(row["total"]) == sum(int(row[part]) for part in ("base", "storage", "congestion", "postage"))
    counts = {row["kind"]: row["count"] for row in tables["control"]}
    assert counts.get("charge", 0) == len(lists["charges"]) == len({row["number"] for row in lists["charges"]})
    for purse, column in (("hold", "from_holds"), ("stake", "from_stakes")):
        for ground in tables["refunds-by-ground"]:
            assert int(ground[column]) == sum(
                int(row["amount"]) for row in lists["refunds"]
                if (row["purse"], row["ground"]) == (purse, ground["ground"])), (purse, ground)


def check_xlsx(path: Path, document: dict):
    journal, book = workbook.read_xlsx(path)
    check_ends(journal)
    titles = [sheet for sheet in book.sheetnames if sheet not in ("Cover", "Checks", "Charts")]
    for title, schedule in zip(titles, document["schedules"]):
        lines = workbook.table(book[title])
        assert len(lines) >= len(schedule["rows"])
        for found, expected in zip(lines, schedule["rows"]):
            for column in schedule["columns"]:
                cell, want = found[column], expected[column]
                beside = found.get(f"{column}, exact")
                if beside or isinstance(cell, (int, float)):
                    assert workbook.exact(cell, beside) == int(want), (title, column, cell, beside, want)
                else:
                    assert workbook.text(cell) == value(want), (title, column, cell, want)
        check_totals(title, lines[len(schedule["rows"]):], schedule)
    return journal


def check_totals(title: str, lines: list[dict], schedule: dict):
    """Below the rows: the sum of each column that has a number there."""
    for line in lines:
        for column in schedule["columns"]:
            cell, beside = line[column], line.get(f"{column}, exact")
            if isinstance(cell, (int, float)):
                total = sum(int(row[column]) for row in schedule["rows"] if row[column] is not None)
                assert workbook.exact(cell, beside) == total, (title, column, cell, beside, total)


def texts(part) -> set[str]:
    """Every text in a JSON document."""
    if isinstance(part, str):
        return {part}
    if isinstance(part, dict):
        part = part.values()
    return set().union(*map(texts, part)) if isinstance(part, (list, type({}.values()))) else set()


def check_texts(folder: Path, document: dict):
    """L42: no text becomes a formula, in CSV or in a workbook; that it comes back as it was is L39's."""
    for path in folder.glob("*.csv"):
        for line in csv.reader(io.StringIO(path.read_bytes().decode(), newline="")):
            for cell in line:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), f"{path.name}: {cell!r}"
                assert not cell.startswith("-") or re.fullmatch(r"-\d+", cell), f"{path.name}: {cell!r}"
    known = texts(document)
    for sheet in workbook.openpyxl.load_workbook(folder / "report.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or cell.value not in known, f"{sheet.title} {cell.coordinate}: {cell.value}"


def check_manifest(folder: Path):
    """L43: a manifest's hashes are the files'."""
    if not (folder / "manifest.csv").exists():
        return
    for line in rows.read_table(folder / "manifest.csv"):
        digest = "0x" + hashlib.sha256((folder / line["file"]).read_bytes()).hexdigest()
        assert digest == line["sha256"], f"{line['file']} has another hash than its manifest says"


def check_again(folder: Path, again: Path):
    """L43: the same report, made again elsewhere, is the same bytes."""
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in again.iterdir()), f"{again} has other files than {folder}"
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), f"{name} differs in {again}"


def check_workbook(path: Path):
    """L41: every formula calculates to the value beside it, and every check to zero."""
    return workbook.check_recalculation(path)


def check_changes(folder: Path, without):
    """L40: each tool accepts its format, and refuses it with any amount changed by one unit."""
    mutate.check(folder, sys.modules[__name__], without)


def check_formats(folder: Path, journal: rows.Journal, document: dict, without) -> int:
    """L39: every format holds the same postings, opening and closing balances."""
    others = {"csv": lambda: check_csv(folder, document), "xlsx": lambda: check_xlsx(folder / "report.xlsx", document)}
    others["hledger"] = lambda: rows.read_hledger(folder)
    others["ledger"] = lambda: rows.read_ledger(folder)
    others["beancount"] = lambda: rows.read_beancount(folder)
    for name, read in others.items():
        if name in without:
            continue
        other = read()
        assert other.postings == journal.postings, f"{name}: {difference(other.postings, journal.postings)}"
        for side in ("opening", "closing"):
            assert without_zeros(getattr(other, side)) == without_zeros(getattr(journal, side)), f"{name}: {side}"
    return len(others) + 1 - len(without)


def check(folder: Path, without=()):
    journal, document = check_json(folder)
    formats = check_formats(folder, journal, document, without)
    check_texts(folder, document)
    check_manifest(folder)
    formulas, zeros = check_workbook(folder / "report.xlsx")
    print(
        f"{folder.name}: {len(document['journal'])} entries, {journal.postings.total()} postings agree in "
        f"{formats} formats; {formulas} formulas recalculated, {zeros} of them 0")


def difference(found, expected) -> str:
    return f"{list((found - expected).items())[:2]} instead of {list((expected - found).items())[:2]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--again", type=Path, help="the same report, made again, which has to be the same bytes")
    parser.add_argument("--mutate", action="store_true", help="also change amounts by one unit, which must be noticed")
    parser.add_argument("--without", action="append", default=[], help="a format that is not there")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    check(folder, arguments.without)
    if arguments.again:
        check_again(folder, arguments.again.resolve())
    if arguments.mutate:
        check_changes(folder, arguments.without)


if __name__ == "__main__":
    main()
