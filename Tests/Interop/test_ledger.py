"""Journal and log, recomputed from the database; and the campaign's fast signatures against eth-account's."""

from __future__ import annotations

import random
from dataclasses import replace

import psycopg
import pytest
from coincurve import PrivateKey
from eth_account import Account

from feesvc import speed
from feesvc.canonical import sha
from feesvc.database import Books, NotConserved, check_conserved
from feesvc.http import Service
from feesvc.log import BadProof
from feesvc.messages import U128_MAX, Item, Voucher
from feesvc.process import ServiceProcess
from feesvc.statements import VOUCHER, Domain


def traffic(service: Service) -> None:
    """A little of everything that moves money by itself."""
    for count in (1, 3):
        channel = service.open(10**12)
        for sequence in range(1, 6):
            items = [channel.item(postage=service.schedule.postage * (sequence % 2)) for _ in range(count)]
            service.pay(channel.voucher(*items, sequence=sequence, ceiling=sequence * 10**10))
        channel.deposit(5)
        if count == 3:
            channel.close(int(channel.state()["lanes"][0]["charged"]))
            channel.deposit(77)  # Too late: it becomes payable.


def test_the_books_agree(service: Service, process: ServiceProcess):
    traffic(service)
    with Books.open(process.database_url) as books:
        figures, _ = check_conserved(books, service.genesis)
    assert figures["charges"] >= 20 and figures["leaves"] > figures["charges"]


BREAKS = {
    "a posting": "UPDATE ledger_postings SET debit = debit + 1 WHERE entry = 1 AND debit > 0",
    "an account": "UPDATE ledger_accounts SET credits = credits + 1 WHERE name = 'channels'",
    "a channel": "UPDATE channels SET deposited = deposited + 1",
    "a lane": "UPDATE lanes SET charged = charged - 1",
    "a leaf": "UPDATE log_blocks SET time = time + 1 WHERE first_index = (SELECT max(first_index) FROM log_blocks)",
    "an entry": "UPDATE ledger_entries SET kind = 'other' WHERE number = 2",
    "a charge": "DELETE FROM charges WHERE number = (SELECT max(number) FROM charges)",
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_checks_see_what_is_changed_behind_the_services_back(service: Service, process: ServiceProcess, what: str):
    with psycopg.connect(process.database_url) as connection:
        check_conserved(Books(connection), service.genesis)
        connection.execute("SET LOCAL session_replication_role = replica")  # Triggers would refuse the change.
        assert connection.execute(BREAKS[what]).rowcount > 0
        with pytest.raises(NotConserved):
            check_conserved(Books(connection), service.genesis)
        connection.rollback()


def test_fast_signatures_are_the_wallet_librarys(dice: random.Random):
    for _ in range(20):
        secret = dice.randbytes(32)
        domain = Domain(dice.randrange(1, 2**64), dice.randbytes(20))
        item = Item(dice.randbytes(32), dice.randrange(2**20), dice.randrange(2**32), 0, dice.randrange(U128_MAX))
        voucher = Voucher(
            dice.randbytes(32), dice.randrange(64), dice.randrange(2**63), dice.randrange(U128_MAX), 2**64 - 1, (item,)
        )
        account = Account.from_key(secret)
        assert speed.sign_voucher(domain, PrivateKey(secret), voucher) == voucher.signed(domain, account)
        assert speed.digest(domain, VOUCHER, *voucher.values()) == domain.digest(VOUCHER, *voucher.values())


def test_fast_checks_of_heads_refuse_what_is_not_the_log_keys(service: Service):
    head = service.head()
    speed.check_head(head, service.genesis)
    others = [
        replace(head, time=head.time + 1),
        replace(head, log_id=sha(head.log_id)),
        replace(head, signature=bytes(65)),
        replace(head, signature=head.signature[:64] + bytes([55 - head.signature[64]])),
    ]
    for other in others:
        with pytest.raises(BadProof):
            speed.check_head(other, service.genesis)
