"""Checks of the service's database that do not ask the service: the journal, the log, and whether they agree.

Canonical bytes are those of docs/protocol.md §5 and §9, tables and account names those of docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from .canonical import Reader, listed, sha, tagged, text, u64, u128
from .log import (
    ACT_KIND,
    CHARGE_KIND,
    RESTORED_KIND,
    Act,
    Charge,
    Genesis,
    Head,
    Leaf,
    Restored,
    Rollback,
    leaf_hash,
    root_of,
)

Figures = dict[str, int]


class NotConserved(Exception):
    """Books that do not agree."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise NotConserved(what)


class Books:
    """A view of the database at one moment."""

    def __init__(self, connection: psycopg.Connection):
        self.connection = connection

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator[Books]:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield cls(connection)

    def rows(self, statement: str, *values) -> list[tuple]:
        return self.connection.execute(statement, values).fetchall()

    def number(self, statement: str) -> int:
        return int(self.rows(statement)[0][0] or 0)

    def balances(self) -> dict[str, int]:
        """Each account's balance; custody is the only asset."""
        return {
            name: int(debits - credits) if name == "custody" else int(credits - debits)
            for name, debits, credits in self.rows("SELECT name, debits, credits FROM ledger_accounts")
        }

    def channels(self) -> int:
        """The sub-ledger of the channels' control account: what they have left to spend."""
        money = self.number("SELECT sum(deposited + refunded - withdrawn) FROM channels")
        return money - self.number("SELECT sum(charged) FROM lanes")

    def check_totals(self) -> Figures:
        """Cheap laws that hold after every commit."""
        balances = self.balances()
        require(all(value >= 0 for value in balances.values()), f"an account is below zero: {balances}")
        others = sum(value for name, value in balances.items() if name != "custody")
        require(balances.get("custody", 0) == others, f"custody is not what is owed: {balances}")
        debits, credits = self.rows("SELECT coalesce(sum(debit), 0), coalesce(sum(credit), 0) FROM ledger_postings")[0]
        require(debits == credits, f"debits {debits}, credits {credits}")
        unbalanced = self.rows("SELECT entry FROM ledger_postings GROUP BY entry HAVING sum(debit) <> sum(credit)")
        require(not unbalanced, f"entries do not balance: {unbalanced}")
        require(balances.get("channels", 0) == self.channels(), "the channels do not sum to their control account")
        count, low, high = self.rows("SELECT count(*), min(number), max(number) FROM charges")[0]
        recorded = self.number("SELECT charge_count FROM instance")
        left_out = restored = 0
        for rollback in self.rollbacks():
            left_out += rollback.last_charge - rollback.charges
            restored += self.rows(
                "SELECT count(*) FROM charges WHERE number > %s AND number <= %s",
                rollback.charges,
                rollback.last_charge,
            )[0][0]
        require(
            count - restored == recorded - left_out and (count == 0 or 1 <= low <= high <= recorded),
            f"{count} charges from {low} to {high}, {restored} restored, {recorded} on record, {left_out} left out",
        )
        overdrawn = self.rows(
            "SELECT c.number FROM channels c JOIN lanes l ON l.channel = c.number WHERE c.stage <> 'closed'"
            " GROUP BY c.number HAVING sum(l.ceiling) > c.deposited + c.refunded - c.withdrawn"
        )
        require(not overdrawn, f"ceilings are above the money of channels {overdrawn}")
        return {"custody": balances.get("custody", 0), "channels": balances.get("channels", 0), "charges": count}

    def check_journal(self) -> Figures:
        """Every entry's hash and place in the chain, and every account's total."""
        postings: dict[int, list[tuple[str, int, int]]] = {}
        totals: dict[str, tuple[int, int]] = {}
        for entry, account, debit, credit in self.rows(
            'SELECT entry, account, debit, credit FROM ledger_postings ORDER BY entry, account COLLATE "C"'
        ):
            postings.setdefault(entry, []).append((account, int(debit), int(credit)))
            had = totals.get(account, (0, 0))
            totals[account] = (had[0] + int(debit), had[1] + int(credit))
        previous, expected = bytes(32), 1
        for number, claimed, hashed, time, epoch, kind, reference in self.rows(
            "SELECT number, previous, hash, time, epoch, kind, reference FROM ledger_entries ORDER BY number"
        ):
            require(number == expected, f"entry {expected} is missing")
            lines = postings.get(number, [])
            body = tagged(
                "feesvc/entry/1",
                u64(number),
                previous,
                u64(time),
                u64(epoch),
                text(kind),
                text(reference),
                listed(text(account) + u128(debit) + u128(credit) for account, debit, credit in lines),
            )
            require(claimed == previous and hashed == sha(body), f"entry {number} breaks the chain")
            previous, expected = hashed, expected + 1
        require(len(postings) == expected - 1, "postings without an entry")
        rows = self.rows("SELECT name, debits, credits FROM ledger_accounts")
        require({n: (int(d), int(c)) for n, d, c in rows} == totals, "an account's totals are not its postings'")
        require(self.rows("SELECT entry_hash FROM instance")[0][0] == previous, "the chain's end is not on record")
        return {"entries": expected - 1}

    def rollbacks(self) -> list[Rollback]:
        """What the log's acts gave up."""
        found = []
        for first, bodies in self.rows(
            "SELECT first_index, bodies FROM log_blocks WHERE kind = %s ORDER BY first_index", ACT_KIND
        ):
            reader = Reader(bodies)
            for place, body in enumerate(reader.list(reader.blob, most=64)):
                act = Act.decode(body)
                if act.name == "rollback":
                    found.append(Rollback.decode(first + place, act.body))
        return found

    def leaves(self) -> list[Leaf]:
        leaves = []
        for first, count, time, kind, bodies in self.rows(
            "SELECT first_index, count, time, kind, bodies FROM log_blocks ORDER BY first_index"
        ):
            reader = Reader(bodies)
            block = reader.list(reader.blob, most=64)
            reader.end()
            require(first == len(leaves) and count == len(block), f"the log has a gap or an overlap at {first}")
            leaves += [Leaf(first + place, time, kind, body) for place, body in enumerate(block)]
        return leaves


@dataclass
class LogCheck:
    """The log rebuilt from its leaves."""

    leaves: list[Leaf]
    charges: dict[int, tuple[Leaf, Charge]] = field(default_factory=dict)
    rollbacks: list[Rollback] = field(default_factory=list)

    @classmethod
    def of(cls, books: Books, genesis: Genesis) -> LogCheck:
        """Checks root, order and numbers of everything in the log."""
        check = cls(books.leaves())
        head, signature = books.rows("SELECT head, head_signature FROM instance")[0]
        newest = Head.decode(head, signature)
        newest.check(genesis)
        require(newest.size == len(check.leaves), "the head has another size than the log")
        root = root_of([leaf_hash(leaf.bytes()) for leaf in check.leaves])
        require(newest.root == root, "the leaves do not give the head's root")
        require(check.leaves[0].body == genesis.body, "the log begins with another genesis")
        times = [leaf.time for leaf in check.leaves]
        require(times == sorted(times), "the log's time goes back")
        newest_charge = 0
        for leaf in check.leaves:
            if leaf.kind == CHARGE_KIND:
                charge = Charge.decode(leaf.body)
                newest_charge += 1
                require(charge.number == newest_charge, f"charge {charge.number} is out of order")
                check.charges[charge.number] = (leaf, charge)
            elif leaf.kind == ACT_KIND and (act := Act.decode(leaf.body)).name == "rollback":
                rollback = Rollback.decode(leaf.index, act.body)
                rollback.check(genesis)
                require(rollback.charges == newest_charge, f"the rollback at {leaf.index} counts other charges")
                check.rollbacks.append(rollback)
                newest_charge = rollback.last_charge
            elif leaf.kind == RESTORED_KIND:
                check._restored(leaf)
        check._compare(books)
        return check

    def _restored(self, leaf: Leaf) -> None:
        """A charge of a lost history: one of a rollback before it, with a number that nothing else has."""
        restored = Restored.decode(leaf.body)
        number = restored.charge.number
        require(
            any(r.charges < number <= r.last_charge and restored.index >= r.index for r in self.rollbacks),
            f"charge {number} was not lost",
        )
        require(number not in self.charges, f"charge {number} is restored twice")
        require(restored.time <= leaf.time, f"charge {number} is restored before it was made")
        self.charges[number] = (leaf, restored.charge)

    def _compare(self, books: Books) -> None:
        """The charges' rows and their leaves say the same, and what was charged is where it belongs."""
        rows = books.rows("SELECT number, log_index, envelope_hash, base, congestion FROM charges ORDER BY number")
        charges = sorted(self.charges.items())
        said = [(n, leaf.index, c.envelope_hash, c.base, c.congestion) for n, (leaf, c) in charges]
        require([(n, i, bytes(h), int(b), int(c)) for n, i, h, b, c in rows] == said, "charges and leaves differ")
        charged = sum(charge.price for _, charge in self.charges.values())
        require(charged == books.number("SELECT sum(charged) FROM lanes"), "the lanes do not sum to the charges")


def check_conserved(books: Books, genesis: Genesis) -> tuple[Figures, LogCheck]:
    """Every law above; returns the figures that a summary shows, and the log."""
    figures = books.check_totals() | books.check_journal()
    log = LogCheck.of(books, genesis)
    return figures | {"leaves": len(log.leaves), "charges": len(log.charges)}, log
