"""Kills the service and PostgreSQL under load, again and again, and checks what was promised."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

import psycopg

from .canonical import blob, listed
from .database import Books, NotConserved, check_conserved
from .http import BINARY, Refused, binary_results
from .load import Payer, Promise, Record, check_paid
from .log import Follower, Head, contradict
from .process import ServiceProcess

# Of the service, of PostgreSQL's processes, of all at once as when the power goes, and of a service that is starting.
KILLS = {
    "service": 40,
    "service while starting": 10,
    "everything": 12,
    "postmaster": 12,
    "backend": 14,
    "walwriter": 8,
    "checkpointer": 4,
}
FUNDS = 10**18
STUCK_SECONDS = 40


@dataclass
class Summary:
    kills: int = 0
    by_kind: Counter = field(default_factory=Counter)
    went_on_by_itself: int = 0
    ended_by_itself: Counter = field(default_factory=Counter)
    failed_starts: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    down_seconds: list[float] = field(default_factory=list)
    heads_checked: int = 0
    replies_checked: int = 0


class Campaign:
    """A service, its payers, and the one who kills."""

    def __init__(self, process: ServiceProcess, seed: str, payers: int, say: Callable[[str], None]):
        self.process = process
        self.dice = random.Random(f"{seed} kills")
        self.say = say
        self.summary = Summary()
        self.record = Record()
        self.service = process.connect()
        self.follower = Follower(self.service.genesis)
        self.follower.accept(self.service.head(), [])
        shared = self.service.open(FUNDS)
        own = [self.service.open(FUNDS) for _ in range(payers)]
        self.funded = FUNDS * (payers + 1)
        self.payers = [
            Payer(number, lambda: process.address, shared, channel, seed, self.record)
            for number, channel in enumerate(own)
        ]
        self.asked = 0  # promises that were asked for again
        self.seen: set[bytes] = set()

    def run(self, kills: int, kinds: list[str] | None = None) -> dict:
        """Kills so often, of random kinds or of these in turn, and says how it went."""
        began = time.monotonic()
        for payer in self.payers:
            payer.start()
        self.await_progress("the first payments")
        for number in range(1, kills + 1):
            time.sleep(self.dice.uniform(0.05, 0.8))
            kind = (
                kinds[(number - 1) % len(kinds)] if kinds else self.dice.choices(list(KILLS), list(KILLS.values()))[0]
            )
            before = len(self.record.promises)
            self.kill(kind)
            down = self.recover(kind)
            self.check()
            self.await_progress(f"payments after kill {number} ({kind})")
            self.say(
                f"kill {number}/{kills}: {kind}, down {down:.2f} s, {before} vouchers before,"
                f" log of {self.follower.head.size}, {len(self.summary.violations)} violations"
            )
        for payer in self.payers:
            payer.ended.set()
        for payer in self.payers:
            payer.join(60)
            if payer.is_alive():
                self.summary.violations.append(f"{payer.name} waits for an answer that does not come")
        return self.finish(time.monotonic() - began)

    # Killing

    def kill(self, kind: str) -> None:
        self.summary.kills += 1
        self.summary.by_kind[kind] += 1
        if kind.startswith("service"):
            self.process.kill()
        elif kind == "everything":
            victims = list(self.process.database_processes())
            self.process.process.send_signal(signal.SIGKILL)
            for victim in victims:
                end(victim)
            self.process.process.wait()
        elif kind == "postmaster":
            end(self.process.postmaster)
        else:
            title = "feesvc feesvc" if kind == "backend" else kind
            victims = [p for p, words in sorted(self.process.database_processes().items()) if title in words]
            if victims:
                end(self.dice.choice(victims))
            else:  # It was just being started again after the kill before.
                self.summary.by_kind["nothing to kill"] += 1

    def recover(self, kind: str) -> float:
        """Has the service answer again; returns for how long payers were without it."""
        began = time.monotonic()
        if kind in ("service", "service while starting", "everything"):
            if kind == "service while starting":
                self.kill_while_starting()
            self.restart()
        else:
            self.wait_for_end_or_progress(kind)
        self.connect()
        down = time.monotonic() - began
        self.summary.down_seconds.append(down)
        return down

    def kill_while_starting(self) -> None:
        timer = threading.Timer(self.dice.uniform(0.02, 0.6), lambda: self.process.process.send_signal(signal.SIGKILL))
        try:
            timer.start()
            self.process.start()
            self.process.kill()
        except RuntimeError:
            pass  # It was killed before it answered.
        finally:
            timer.join()
            self.process.process.wait()

    def restart(self) -> None:
        """Starts it as an operator would; whatever a start says but "listening" is kept."""
        for attempt in range(8):
            try:
                self.process.start()
                return
            except (RuntimeError, TimeoutError) as failure:
                self.summary.failed_starts.append(str(failure)[-600:])
                self.process.kill()
                time.sleep(0.5 * (attempt + 1))
                if (
                    attempt == 1
                ):  # What an operator would have to find out: recorded above, so that the campaign goes on.
                    self.say("two starts failed; PostgreSQL is told to end at once")
                    end(self.process.postmaster, signal.SIGQUIT)
        raise SystemExit(f"the service does not start any more: {self.summary.failed_starts[-1]}")

    def wait_for_end_or_progress(self, kind: str) -> None:
        """With its database gone a service may go on by itself once it is back, or end with a sentence."""
        time.sleep(0.3)  # Answers that were on their way when it was killed say nothing.
        accepted, end = self.accepted(), time.monotonic() + STUCK_SECONDS
        while time.monotonic() < end:
            if self.process.process.poll() is not None:
                self.summary.ended_by_itself[f"{kind}: exit {self.process.process.returncode}"] += 1
                self.restart()
                return
            if self.advanced(accepted):
                self.summary.went_on_by_itself += 1
                return
            time.sleep(0.02)
        self.summary.stuck.append(f"{kind}: {self.process.said()[-600:]}")
        self.process.kill()
        self.restart()

    # Checking

    def accepted(self) -> list[int]:
        return [payer.accepted for payer in self.payers]

    def advanced(self, since: list[int]) -> bool:
        """Tells whether every payer got further since."""
        return all(now > then for now, then in zip(self.accepted(), since, strict=True))

    def await_progress(self, what: str) -> None:
        """Every payer gets further, or it is a violation."""
        accepted, end = self.accepted(), time.monotonic() + STUCK_SECONDS
        while not self.advanced(accepted):
            dead = [payer.name for payer in self.payers if not payer.is_alive()]
            if dead or self.record.violations:
                self.violated(f"{what}: {dead} ended: {self.record.violations}")
                raise SystemExit(self.summary.violations[-1])
            if time.monotonic() > end:
                if self.process.process.poll() is not None:  # It noticed late that its database had gone.
                    self.summary.ended_by_itself["late"] += 1
                    self.restart()
                    self.connect()
                    end = time.monotonic() + STUCK_SECONDS
                    continue
                self.violated(f"{what} do not come: {self.process.said()[-600:]}")
                raise SystemExit(self.summary.violations[-1])
            if self.process.process.poll() is not None:
                self.summary.ended_by_itself["late"] += 1
                self.restart()
                self.connect()
            time.sleep(0.02)

    def violated(self, what: str) -> None:
        self.summary.violations.append(what)
        self.say(f"VIOLATION: {what}")

    def connect(self) -> None:
        """A new connection that is answered."""
        end = time.monotonic() + STUCK_SECONDS
        while True:
            try:
                self.service = self.process.connect()
                return
            except (OSError, http.client.HTTPException, Refused) as error:
                if time.monotonic() > end:
                    raise SystemExit(f"the service does not answer: {error}") from error
                if self.process.process.poll() is not None:
                    self.restart()
                time.sleep(0.02)

    def check(self) -> None:
        """What was promised before stands, under a head that continues every head before, and the books agree."""
        end = time.monotonic() + STUCK_SECONDS
        while time.monotonic() < end:
            try:
                self.check_heads()
                self.check_due()
                with Books.open(self.process.database_url) as books:
                    books.check_totals()
                return
            except (OSError, http.client.HTTPException, Refused, psycopg.OperationalError) as error:
                self.say(f"checking again after {str(error)[:120]}")  # The database may still be on its way back.
                time.sleep(0.5)
                self.connect()
            except (AssertionError, NotConserved, ValueError) as error:
                self.violated(f"{type(error).__name__}: {error}")
                return
        self.violated("the service does not answer long enough to be checked")

    def check_heads(self) -> None:
        """The newest head continues every head that anybody was shown since the last check, and some older ones."""
        known = self.record.heads
        new = [data for data in list(known) if data not in self.seen]
        old = self.dice.sample(sorted(self.seen), min(16, len(self.seen)))
        for data in new + old:
            head = known[data]
            newest, proof = self.service.consistency(head.size)
            why = contradict(head, newest)
            assert why is None, f"heads contradict each other: {why}"
            follower = Follower(self.service.genesis)
            follower.head = head
            follower.accept(newest, proof)
            self.summary.heads_checked += 1
        newest, proof = self.service.consistency(self.follower.head.size)
        self.follower.accept(newest, proof)
        self.seen.update(new)

    def check_due(self) -> None:
        """All promises since the last check that was finished, and some older ones."""
        promises, upto = self.record.promises, len(self.record.promises)
        older = self.dice.sample(range(self.asked), min(200, self.asked))
        self.check_promises(promises[self.asked : upto] + [promises[place] for place in older])
        self.asked = upto

    def check_promises(self, promises: list[Promise]) -> None:
        """Asked again, each voucher gets the same leaves and salts, proved by a head of now."""
        checked: dict[bytes, Head] = {}
        for first in range(0, len(promises), 256):
            part = promises[first : first + 256]
            answer = self.service.connection.ask(
                "POST", "/v1/vouchers", listed(blob(promise.voucher.bytes()) for promise in part), BINARY
            )
            if answer.status != 200:
                raise Refused(answer.status, answer.json)
            for promise, result in zip(part, binary_results(answer.body), strict=True):
                assert not isinstance(result, Refused), f"a paid voucher is refused: {result}"
                assert tuple(paid.receipt.leaf_bytes for paid in result) == promise.leaves, "another leaf than before"
                assert tuple(paid.salt for paid in result) == promise.salts, "another salt than before"
                for paid, item in zip(result, promise.voucher.items, strict=True):
                    check_paid(paid, item, promise.voucher.channel, self.service.genesis, checked)
            self.summary.replies_checked += len(part)
        for head in checked.values():
            assert contradict(self.follower.head, head) is None

    def finish(self, seconds: float) -> dict:
        """With the load at an end: everything at once, and that nothing is there which nobody was promised."""
        self.connect()
        self.asked = 0
        figures: dict = {}
        try:
            self.check_heads()
            self.check_due()
            with Books.open(self.process.database_url) as books:
                figures, log = check_conserved(books, self.service.genesis)
            leaves = {leaf.bytes() for leaf, _ in log.charges.values()}
            promised = {leaf for promise in self.record.promises for leaf in promise.leaves}
            envelopes = Counter(charge.envelope_hash for _, charge in log.charges.values())
            assert promised <= leaves, f"{len(promised - leaves)} acknowledged charges are missing"
            assert leaves <= promised, f"{len(leaves - promised)} charges that nobody was told of"
            assert max(envelopes.values(), default=1) == 1, "an envelope is charged twice"
            money = self.funded + sum(payer.deposited for payer in self.payers)
            assert figures["custody"] == money, f"custody {figures['custody']}, {money} were deposited"
        except (AssertionError, NotConserved, ValueError) as error:
            self.violated(f"at the end: {type(error).__name__}: {error}")
        return self.report(seconds, figures)

    def report(self, seconds: float, figures: dict) -> dict:
        summary = self.summary
        violations = summary.violations + self.record.violations
        downs = sorted(summary.down_seconds) or [0.0]
        return {
            "kills": summary.kills,
            "killsByKind": dict(summary.by_kind),
            "wentOnByItself": summary.went_on_by_itself,
            "endedByItself": dict(summary.ended_by_itself),
            "failedStarts": summary.failed_starts,
            "stuck": summary.stuck,
            "acceptedVouchers": sum(payer.accepted for payer in self.payers),
            "promises": len(self.record.promises),
            "retries": sum(payer.retries for payer in self.payers),
            "headsChecked": summary.heads_checked,
            "repliesChecked": summary.replies_checked,
            "downSeconds": {"median": round(median(downs), 2), "max": round(downs[-1], 2)},
            "seconds": round(seconds, 1),
            "figures": figures,
            "violations": violations,
            "conserved": bool(figures) and not violations,
        }


def end(process: int | None, by: signal.Signals = signal.SIGKILL) -> None:
    if process is not None:
        try:
            os.kill(process, by)
        except ProcessLookupError:
            pass


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/crash-campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--payers", type=int, default=4)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--json", action="store_true", help="print the summary as one line of JSON")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", file=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that nothing is left running.
    with ServiceProcess() as process:
        campaign = Campaign(process, arguments.seed, arguments.payers, lambda line: print(line, file=sys.stderr))
        result = {"seed": arguments.seed} | campaign.run(arguments.kills)
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))
    return 0 if result["conserved"] and not result["failedStarts"] and not result["stuck"] else 1


if __name__ == "__main__":
    sys.exit(main())
