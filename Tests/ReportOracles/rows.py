"""Reads each format of a report back with the tools that it is made for, never with the code that wrote it.

Every reader returns a `Journal`: postings as (entry, account, signed units, reference), and balances before and after.
"""
from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}
SCALE = 12


@dataclass
class Journal:
    postings: Counter = field(default_factory=Counter)
    opening: dict = field(default_factory=dict)
    closing: dict = field(default_factory=dict)

    def post(self, entry, account, units, reference):
        self.postings[(int(entry), account, units, reference)] += 1


def run(*command, cwd=None):
    done = subprocess.run(command, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=1200)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stderr.strip()[:500] or done.stdout.strip()[:500]}")
    return done.stdout


def units(text: str, scale=SCALE) -> int:
    """An amount with all its decimals, as a count of units; nothing may be missing or left over."""
    match = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text)
    assert match, f"not an amount: {text!r}"
    # hledger prints zero without decimals.
    assert len(match[3] or "") == scale or text == "0", f"{text} has not {scale} decimals"
    return int(match[1] + match[2] + (match[3] or ""))


def journal_text(text: str) -> str:
    return json.loads(f'"{text}"')


STATEMENT_ROOTS = {
    "assets": ("channel", "payable", "rewards", "stake", "unbonding"),
    "expenses": ("paid", "penalties", "out"),
    "income": ("returned", "earned", "in"),
    "equity": ("opening", "deposited", "staked", "paid-out", "made-payable"),
}


def is_statement(scope: dict) -> bool:
    """Whether the report is somebody's own statement, and not of the books."""
    return bool({"payer", "channel", "operator"} & scope.keys())


def scope_of(folder: Path) -> dict:
    """The scope stands in the document's second line."""
    with open(folder / "report.json") as file:
        file.readline()
        return json.loads("{" + file.readline().rstrip(",\n") + "}")["scope"]


def root_of(account: str, statement: bool) -> str:
    if not statement:
        return {"custody": "assets", "protocol": "income"}.get(account, "liabilities")
    word = account.partition(":")[0]
    return next(root for root, words in STATEMENT_ROOTS.items() if word in words)


def from_journal_name(name: str, statement: bool) -> str:
    root, _, rest = name.partition(":")
    account = rest.lower() if rest[:1].isupper() else rest
    assert root.lower() == root_of(account, statement), name
    return account


def signed(account: str, balance: int, statement: bool) -> int:
    is_debit = root_of(account, statement) in ("assets", "expenses") or account in ("paid-out", "made-payable")
    return balance if is_debit else -balance


# JSON and CSV


def read_json(folder: Path) -> tuple[Journal, dict]:
    document = json.loads((folder / "report.json").read_bytes())
    journal = Journal()
    for entry in document["journal"]:
        for posting in entry["postings"]:
            journal.post(
                entry["number"], posting["account"], int(posting["debit"]) - int(posting["credit"]), entry["reference"]
            )
    statement = is_statement(document["scope"])
    for name in ("opening", "closing"):
        getattr(journal, name).update(
            {line["account"]: signed(line["account"], int(line["balance"]), statement) for line in document[name]}
        )
    return journal, document


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def read_table(path: Path) -> list[dict]:
    text = path.read_bytes().decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows), f"{path.name}: a row has another number of fields"
    return [dict(zip(rows[0], map(unguarded, row))) for row in rows[1:]]


def read_csv(folder: Path) -> tuple[Journal, list[dict]]:
    journal = Journal()
    lines = read_table(folder / "journal.csv")
    for line in lines:
        journal.post(line["entry"], line["account"], int(line["debit"]) - int(line["credit"]), line["reference"])
    for line in read_table(folder / "balances.csv"):
        for side in ("opening", "closing"):
            getattr(journal, side)[line["account"]] = int(line[f"{side}_debit"]) - int(line[f"{side}_credit"])
    return journal, lines


# The journals


def read_hledger(folder: Path, name="report.hledger") -> Journal:
    run("hledger", "check", "-s", "ordereddates", "-f", name, cwd=folder)
    journal, statement = Journal(), is_statement(scope_of(folder))
    for line in csv.DictReader(io.StringIO(run("hledger", "print", "-x", "-O", "csv", "-f", name, cwd=folder))):
        assert line["commodity"] == "USD"
        account = from_journal_name(line["account"], statement)
        tags = dict(re.findall(r"(\w+): ?([^,\n]*)", line["comment"]))
        amount = units(line["amount"])
        add(journal, tags, account, amount)
    journal.closing = balances(journal)
    return journal


def add(journal, tags, account, amount):
    if "opening" in tags:
        journal.opening[account] = amount
    elif "closing" in tags:
        assert amount == 0
    else:
        journal.post(tags["entry"], account, amount, journal_text(tags["reference"].strip(" ")))


def balances(journal: Journal) -> dict:
    sums = dict(journal.opening)
    for (_, account, amount, _), count in journal.postings.items():
        sums[account] = sums.get(account, 0) + amount * count
    return sums


def read_ledger(folder: Path, name="report.ledger") -> Journal:
    form = "%(tag('opening'))\x1f%(tag('closing'))\x1f%(tag('entry'))\x1f%(account)\x1f%(quantity(amount))\x1f%(tag('reference'))\x1e"
    # Postings of zero are left out by ledger: those of the assertions.
    out = run("ledger", "--strict", "--pedantic", "-f", name, "register", "--format", form, cwd=folder)
    journal, statement = Journal(), is_statement(scope_of(folder))
    for line in out.split("\x1e"):
        if not line:
            continue
        opening, closing, entry, account, amount, reference = line.split("\x1f")
        tags = {"entry": entry, "reference": reference}
        tags.update({"opening": opening} if opening else {}, **({"closing": closing} if closing else {}))
        value = Decimal(amount)
        whole = int(value.scaleb(SCALE, EXACT)) if value else 0
        add(journal, tags, from_journal_name(account, statement), whole)
    journal.closing = balances(journal)
    return journal


def exact_context():
    import decimal

    return decimal.Context(prec=100, traps=[decimal.Inexact, decimal.InvalidOperation])


EXACT = exact_context()


def read_beancount(folder: Path, name="report.beancount") -> Journal:
    run("bean-check", name, cwd=folder)
    from beancount import loader
    from beancount.core import data

    entries, errors, _ = loader.load_file(str(folder / name))
    assert not errors, errors
    journal, statement = Journal(), is_statement(scope_of(folder))
    for entry in entries:
        if isinstance(entry, data.Balance):
            assert entry.tolerance == 0, "a balance is asserted with a tolerance"
            journal.closing[from_journal_name(entry.account, statement)] = int(entry.amount.number.scaleb(SCALE, EXACT))
        if not isinstance(entry, data.Transaction):
            continue
        tags = {name: str(value) for name, value in entry.meta.items()}
        for posting in entry.postings:
            assert posting.units.currency == "USD"
            add(journal, tags, from_journal_name(posting.account, statement), units(format(posting.units.number, "f")))
    return journal
