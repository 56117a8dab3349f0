"""Every refusal of docs/errors.md to payers and the settlement key about channels and money, provoked over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_account import Account

from feesvc.errors import documented
from feesvc.http import Channel, Refused, Service
from feesvc.messages import U128_MAX, hexadecimal
from feesvc.process import ServiceProcess
from feesvc.statements import DEPOSIT, OPEN_CHANNEL, PAYOUT, STAKE_DEPOSIT, address

DEPOSIT_OF_CHANNEL = 10**12
NOBODY = "0x" + "00" * 20

Case = Callable[[Service, Channel], object]


def opening(service: Service, payer: str, signer: str, by: Account) -> dict:
    fresh = secrets.token_bytes(32)
    signature = service.domain.sign(by, OPEN_CHANNEL, address(payer), address(signer), fresh)
    body = {"payer": payer.lower(), "signer": signer.lower(), "opening": hexadecimal(fresh)}
    return service.connection.post("/v1/channels", body | {"signature": hexadecimal(signature)}).ok()


def settle(
    service: Service, path: str, struct: str, subject: bytes, amount: int, reference: bytes | None = None
) -> dict:
    reference = reference or secrets.token_bytes(32)
    signature = service.domain.sign(service.settlement_key, struct, subject, amount, reference)
    body = {"subject": hexadecimal(subject), "amount": str(amount), "reference": hexadecimal(reference)}
    return service.connection.post(f"/v1/settlement/{path}", body | {"signature": hexadecimal(signature)}).ok()


def after(*acts: Case) -> Case:
    """Does all but the last, which is to be refused."""

    def case(service: Service, channel: Channel) -> object:
        for act in acts[:-1]:
            act(service, channel)
        return acts[-1](service, channel)

    return case


def pay(service: Service, channel: Channel) -> None:
    [result] = service.pay(channel.voucher(channel.item(), ceiling=10**10))
    assert not isinstance(result, Refused), result


def sixteen_delegates(service: Service, channel: Channel) -> None:
    for nonce in range(1, 17):
        channel.delegate(Account.create().address, nonce)


def close_at_nothing(service: Service, channel: Channel) -> dict:
    return channel.close(0)


def query_at(channel: Channel, time: int) -> dict:
    return channel.service.connection.get(f"{channel.path}?{channel.query(time=time)}").ok()


def used_reference(service: Service, channel: Channel) -> None:
    reference = secrets.token_bytes(32)
    channel.deposit(10**6, reference)
    settle(service, "deposits", DEPOSIT, channel.id, 10**6 + 1, reference)


CASES: dict[str, tuple[str, Case]] = {
    "an opening that another signs": (
        "channel/signature",
        lambda s, c: opening(s, c.payer.address, c.signer.address, Account.create()),
    ),
    "an opening without a signer": ("channel/zero-address", lambda s, c: opening(s, c.payer.address, NOBODY, c.payer)),
    "a delegation to nobody": ("channel/zero-address", lambda s, c: c.delegate(NOBODY, 1)),
    "a question of 301 s ago": ("channel/query-time", lambda s, c: query_at(c, s.time - 302)),
    "a question of 301 s ahead": ("channel/query-time", lambda s, c: query_at(c, s.time + 302)),
    "a stranger's question": ("channel/unknown", lambda s, c: c.state(Account.create())),
    "a question about nothing": ("channel/unknown", lambda s, c: replace(c, id=bytes(32)).state()),
    "an act of the signer": ("channel/unknown", lambda s, c: c.withdraw(10**9, by=c.signer)),
    "a second close": ("channel/closed", after(close_at_nothing, close_at_nothing)),
    "a withdrawal after the end": ("channel/closed", after(close_at_nothing, lambda s, c: c.withdraw(1))),
    "a withdrawal while closing": (
        "channel/closing",
        after(lambda s, c: c.request_close(), lambda s, c: c.withdraw(10**9)),
    ),
    "a delegation while closing": (
        "channel/closing",
        after(lambda s, c: c.request_close(), lambda s, c: c.delegate(Account.create().address, 1)),
    ),
    "a close of yesterday": ("channel/agreement-expired", lambda s, c: c.close(0, s.time - 10)),
    "a request of yesterday": ("channel/agreement-expired", lambda s, c: c.request_close(s.time - 10)),
    "a withdrawal of yesterday": ("channel/agreement-expired", lambda s, c: c.withdraw(10**9, s.time - 10)),
    "nonce 2 before 1": ("channel/nonce", lambda s, c: c.delegate(Account.create().address, 2)),
    "nonce 0": ("channel/nonce", lambda s, c: c.delegate(Account.create().address, 0)),
    "a nonce again for another": (
        "channel/nonce",
        after(*[lambda s, c: c.delegate(Account.create().address, 1)] * 2),
    ),
    "lane 64": ("channel/lane", lambda s, c: c.delegate(Account.create().address, 1, lane=64)),
    "lane 2^32 − 2": ("channel/lane", lambda s, c: c.delegate(Account.create().address, 1, lane=2**32 - 2)),
    "an authority that is over": (
        "channel/authority-expires",
        lambda s, c: c.delegate(Account.create().address, 1, expires=s.time + s.notice - 10),
    ),
    "a 17th delegate": (
        "channel/delegates",
        after(sixteen_delegates, lambda s, c: c.delegate(Account.create().address, 17)),
    ),
    "a revocation of a stranger": (
        "channel/not-a-signer",
        lambda s, c: c.revoke(Account.create().address, 1),
    ),
    "less than was withdrawn": (
        "channel/withdrawn",
        after(lambda s, c: c.withdraw(10**10), lambda s, c: c.withdraw(10**10 - 1)),
    ),
    "more than there is": ("channel/reserved", lambda s, c: c.withdraw(DEPOSIT_OF_CHANNEL + 1)),
    "what a ceiling claims": (
        "channel/reserved",
        after(pay, lambda s, c: c.withdraw(DEPOSIT_OF_CHANNEL - 10**10 + 1)),
    ),
    "the least withdrawal − 1": ("channel/smallest", lambda s, c: c.withdraw(s.minimum_deposit - 1)),
    "a close at less than was charged": ("channel/charged", after(pay, lambda s, c: c.close(38_566_000 - 1))),
    "a close at more than was charged": ("channel/charged", after(pay, lambda s, c: c.close(38_566_000 + 1))),
    "a close at the ceiling": ("channel/charged", after(pay, lambda s, c: c.close(10**10))),
    "a deposit that another signs": (
        "settlement/signature",
        lambda s, c: replace(c, service=replace(s, settlement_key=Account.create())).deposit(1),
    ),
    "a deposit for nothing": ("settlement/unknown-channel", lambda s, c: replace(c, id=bytes(32)).deposit(1)),
    "a deposit of 0": ("settlement/nothing", lambda s, c: c.deposit(0)),
    "a reference for another sum": ("settlement/reference", used_reference),
    "a payout of a part of a unit": (
        "settlement/scale",
        lambda s, c: settle(s, "payouts", PAYOUT, address(c.payer.address), 10**6 + 1),
    ),
    "a payout to whom nothing is owed": (
        "settlement/not-payable",
        lambda s, c: settle(s, "payouts", PAYOUT, address(c.payer.address), 10**6),
    ),
    "a payout of more than is owed": (
        "settlement/not-payable",
        after(
            close_at_nothing,
            lambda s, c: settle(s, "payouts", PAYOUT, address(c.payer.address), DEPOSIT_OF_CHANNEL + 10**6),
        ),
    ),
}

ELSEWHERE = {
    "settlement/overflow": "below, on a service of its own",
    "channel/signer-acts": "4,096 acts; the rule is tested where it is written",
}


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_has_the_documented_code(service: Service, process: ServiceProcess, case: str):
    """The status is checked against openapi.yaml and errors.md with every answer."""
    code, act = CASES[case]
    with pytest.raises(Refused) as refused:
        act(service, service.open(DEPOSIT_OF_CHANNEL))
    assert refused.value.code == code
    assert str(refused.value.status) in documented()[code]
    assert service.connection.get("/health").status == 200


def test_every_documented_refusal_is_provoked():
    named = {code for code in documented() if code.split("/")[0] in ("channel", "settlement")}
    assert named == {code for code, _ in CASES.values()} | set(ELSEWHERE)


def test_what_is_owed_is_paid_out_once(service: Service):
    channel = service.open(DEPOSIT_OF_CHANNEL)
    channel.close(0)
    payer, reference = address(channel.payer.address), secrets.token_bytes(32)
    for _ in range(3):
        settle(service, "payouts", PAYOUT, payer, DEPOSIT_OF_CHANNEL, reference)
    with pytest.raises(Refused) as refused:
        settle(service, "payouts", PAYOUT, payer, 10**6)
    assert refused.value.code == "settlement/not-payable"


def test_stakes_are_confirmed_once(service: Service):
    operator, reference = secrets.token_bytes(20), secrets.token_bytes(32)
    for _ in range(2):
        settle(service, "stakes", STAKE_DEPOSIT, operator, 10**9, reference)
    with pytest.raises(Refused) as refused:
        settle(service, "stakes", STAKE_DEPOSIT, operator, 10**9 + 1, reference)
    assert refused.value.code == "settlement/reference"


def test_money_beyond_2_to_the_128_is_refused_for_good():
    """503 would have the settlement try again for ever."""
    with ServiceProcess() as process:
        service = process.connect()
        service.open(U128_MAX - 1)
        with pytest.raises(Refused) as refused:
            service.open(2)
        assert (refused.value.status, refused.value.code) == (422, "settlement/overflow")
