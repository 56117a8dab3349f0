"""Reads a workbook with openpyxl, and calculates it anew with LibreOffice."""
from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import openpyxl

from rows import ENVIRONMENT, Journal

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def text(value) -> str:
    """A cell's text: `_xHHHH_` is a character that XML can't hold (ECMA-376, ST_Xstring)."""
    if value is None:
        return ""
    return re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), str(value))


def exact(number, text_beside) -> int:
    """An amount: the text where there is one, otherwise the number, which then has at most 15 digits."""
    if text_beside:
        value = int(text_beside)
        # A workbook's numbers are written with 16 digits.
        assert value >= 10**15 and abs(value - int(number)) <= value // 10**15, f"{number} is not {text_beside}"
        return value
    if number is None:
        return 0
    assert number == int(number) and abs(number) < 10**15, f"{number} has more than 15 digits and no exact text"
    return int(number)


def table(sheet) -> list[dict]:
    """A schedule's rows: the column names are in row 3, totals behind the last row are left out by the caller."""
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    names = [text(name) for name in rows[0]]
    return [dict(zip(names, row)) for row in rows[1:]]


def read_xlsx(path: Path) -> tuple[Journal, object]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    journal = Journal()
    for sheet in book:
        if not re.fullmatch(r"Journal( \d+)?", sheet.title):
            continue
        rows = sheet.iter_rows(values_only=True)
        names = next(rows)
        for row in rows:
            line = dict(zip(names, row))
            if line["entry"] is None:
                continue
            beside = line["exact"]
            debit, credit = line["debit"], line["credit"]
            assert (debit is None) != (credit is None)
            amount = exact(debit, beside) if debit is not None else -exact(credit, beside)
            # A text that looks like a number would come back as another one.
            assert line["reference"] is None or isinstance(line["reference"], str)
            journal.post(line["entry"], line["account"], amount, text(line["reference"]))
    for line in table(book["Balances"]):
        if line["account"] is None:
            continue
        for side in ("opening", "closing"):
            debit, credit = (exact(line[f"{side}_{name}"], line.get(f"{side}_{name}, exact")) for name in ("debit", "credit"))
            getattr(journal, side)[line["account"]] = debit - credit
    return journal, book


def recalculated(path: Path) -> tuple[dict, dict, dict]:
    """Each formula, the value it was written with, and the value that LibreOffice calculates, by sheet and cell."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)
        out = Path(folder) / "out"
        done = subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx", "--outdir",
             str(out), str(path)],
            env={**ENVIRONMENT, "HOME": folder}, capture_output=True, text=True, timeout=1200)
        converted = out / path.name
        assert converted.exists(), done.stderr or done.stdout
        formulas = cells(path, lambda place, cell: cell.data_type == "f" and str(cell.value).startswith("="))
        before, after = (cells(book, lambda place, cell: place in formulas, data_only=True) for book in (path, converted))
    return formulas, before, after


def cells(path: Path, keep, data_only=False) -> dict:
    """Read row by row: a journal's sheet has more cells than fit into memory as objects."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    kept = {}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None and keep((sheet.title, cell.coordinate), cell):
                    kept[sheet.title, cell.coordinate] = cell.value
    book.close()
    return kept


def check_recalculation(path: Path):
    formulas, before, after = recalculated(path)
    assert formulas, "the workbook has no formula"
    for place, formula in formulas.items():
        written, calculated = before.get(place), after.get(place)
        assert isinstance(written, (int, float)), f"{place}: {formula} has no value"
        assert isinstance(calculated, (int, float)), f"{place}: {formula} is calculated as {calculated!r}"
        # Beyond 15 digits a sum of rounded numbers is rounded itself, and the order of addition shows.
        allowed = 0 if abs(written) < 10**15 else abs(written) * 1e-12
        assert abs(written - calculated) <= allowed, f"{place}: {formula} is {calculated!r}, not {written!r}"
    zeros = [place for place in formulas if place[0] == "Checks" and re.match(r"[KL]\d", place[1])]
    zeros += [place for place in formulas if place[0] == "Cover"]
    for place in zeros:
        assert after[place] == 0, f"{place} is {after[place]}, not 0"
    return len(formulas), len(zeros)
