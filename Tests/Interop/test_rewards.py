"""Grants, refused references, explanations and proofs of equivocation over HTTP, with signatures and sums made here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from feesvc.canonical import sha, tagged, text, u8, u32, u64, u128
from feesvc.http import Refused, Service
from feesvc.messages import hexadecimal
from feesvc.process import ServiceProcess
from feesvc.statements import PAYOUT, STAKE_DEPOSIT, address

GRANT = "Grant(uint128 amount,bytes32 reference)"
ATTESTATION = "Attestation(uint64 epoch,bytes32 result,bytes32 root,uint128 rewards,bytes32 inputs,uint32 ruleset)"
REGISTER_NODE = "RegisterNode(address operator,address nodeKey,address payout,uint128 stake,bytes32 endpointsHash)"
WHOLE = 10**9
HOUR = 3_600


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess("--manual-clock", "--epoch-length", str(HOUR), "--ruleset", "2") as process:
        yield process


@pytest.fixture
def here(own: ServiceProcess) -> Service:
    return own.connect()


def settle(service: Service, path: str, struct: str, subject: bytes | None, amount: int, reference: bytes) -> dict:
    values = [amount, reference] if subject is None else [subject, amount, reference]
    signature = service.domain.sign(service.settlement_key, struct, *values)
    body = {"amount": str(amount), "reference": hexadecimal(reference), "signature": hexadecimal(signature)}
    if subject is not None:
        body["subject"] = hexadecimal(subject)
    return service.connection.post(f"/v1/settlement/{path}", body).ok()


def grant(service: Service, amount: int, reference: bytes | None = None) -> dict:
    return settle(service, "grants", GRANT, None, amount, reference or secrets.token_bytes(32))


def late_enough(own: ServiceProcess, service: Service) -> None:
    """A second into the epoch: who registers now and says nothing is in the next two snapshots, and not in the third."""
    own.set_clock(service, max(service.time, service.genesis.start) + 1)


def register(service: Service) -> LocalAccount:
    operator, node = Account.create(), Account.create()
    settle(service, "stakes", STAKE_DEPOSIT, address(operator.address), 10**9, secrets.token_bytes(32))
    peer, http = "127.0.0.1:1", "127.0.0.1:2"
    endpoints = sha(tagged("feesvc/endpoints/1", text(peer), text(http)))
    values = [address(operator.address), address(node.address), address(operator.address), 10**9, endpoints]
    body = {
        "operator": operator.address.lower(),
        "nodeKey": node.address.lower(),
        "payout": operator.address.lower(),
        "stake": str(10**9),
        "peer": peer,
        "http": http,
        "operatorSignature": hexadecimal(service.domain.sign(operator, REGISTER_NODE, *values)),
        "nodeSignature": hexadecimal(service.domain.sign(node, REGISTER_NODE, *values)),
    }
    service.connection.post("/v1/nodes", body).ok()
    return operator


def total(amounts: list[dict]) -> int:
    return sum(int(entry["amount"]) for entry in amounts)


def next_epoch(own: ServiceProcess, service: Service) -> int:
    """Moves the clock to the next edge and seals; returns the epoch that is open then."""
    ended = service.head().epoch
    own.set_clock(service, service.genesis.start + ended * HOUR)
    own.act(service, "seal", u64(ended))
    return ended + 1


def check(explained: dict) -> None:
    """Every unit of an explanation is accounted for."""
    pool, share, rest = explained["pool"], explained["share"], explained["rest"]
    assert total(pool["sources"]) - int(pool["refunds"]) == int(pool["total"]) == total(pool["uses"])
    assert total(rest["reasons"]) == int(rest["total"])
    assert int(share["full"]) - total(share["losses"]) == int(share["earned"])
    assert int(share["earned"]) + int(share["shared"]) - int(share["taken"]) == int(share["reward"])
    account = explained["account"]
    assert int(account["before"]) + int(share["reward"]) == int(account["cumulative"])


def test_a_grant_is_the_open_epochs_and_is_explained_before_and_after_its_end(own: ServiceProcess, here: Service):
    late_enough(own, here)
    operator = register(here)
    path = f"/explanations/{operator.address.lower()}"
    with pytest.raises(Refused) as early:
        here.connection.get(f"/v1/epochs/{here.head().epoch}{path}").ok()
    assert early.value.code == "explanation/unknown-operator"
    epoch = next_epoch(own, here)
    reference = secrets.token_bytes(32)
    for _ in range(3):
        grant(here, 1_000_003, reference)
    assert here.connection.get(f"/v1/epochs/{epoch}").ok()["grants"] == "1000003"
    open_now = here.connection.get(f"/v1/epochs/{epoch}{path}").ok()
    check(open_now)
    assert open_now["preview"]
    assert open_now["held"]["dropped"] == "unobserved"
    next_epoch(own, here)
    sealed = here.connection.get(f"/v1/epochs/{epoch}{path}").ok()
    check(sealed)
    assert not sealed["preview"]
    granted = {source["code"]: source["amount"] for source in sealed["pool"]["sources"]}
    assert granted["pool/grants"] == "1000003"
    assert int(sealed["share"]["reward"]) == int(sealed["pool"]["total"])


def test_a_refused_reference_stays_refused(here: Service):
    payee, reference = secrets.token_bytes(20), secrets.token_bytes(32)
    for amount in (10**6, 10**6, 2 * 10**6):
        with pytest.raises(Refused) as refused:
            settle(here, "payouts", PAYOUT, payee, amount, reference)
        assert (refused.value.status, refused.value.code) == (409, "settlement/not-payable")
    with pytest.raises(Refused) as refused:
        grant(here, 5, reference)
    assert refused.value.code == "settlement/not-payable"


def test_two_results_of_one_epoch_prove_themselves_and_cost_half_of_the_reward(own: ServiceProcess, here: Service):
    operator = register(here)
    epoch = next_epoch(own, here)
    sides = []
    for label in (b"one", b"other"):
        fields = [sha(label), sha(label + b" root"), 7, sha(label + b" inputs"), 2]
        signature = here.domain.sign(operator, ATTESTATION, epoch - 1, *fields)
        sides.append(b"".join([fields[0], fields[1], u128(7), fields[3], u32(2), signature]))
    evidence = tagged("feesvc/equivocation/1", address(operator.address), u64(epoch - 1), *sorted(sides))
    body = {"evidence": hexadecimal(evidence)}
    assert here.connection.post("/v1/equivocations", body).ok() == {"new": True}
    assert here.connection.post("/v1/equivocations", body).ok() == {"new": False}
    kept = here.connection.get("/v1/equivocations").ok()["equivocations"]
    assert [entry["evidence"] for entry in kept if entry["operator"] == operator.address.lower()] == [body["evidence"]]

    stranger = bytearray(evidence)
    stranger[4 + len("feesvc/equivocation/1")] ^= 1
    descending = tagged("feesvc/equivocation/1", address(operator.address), u64(epoch - 1), *sorted(sides)[::-1])
    unsealed = tagged("feesvc/equivocation/1", address(operator.address), u64(epoch), *sorted(sides))
    for bad, code in [
        (bytes(stranger), "equivocation/signature"),
        (unsealed, "equivocation/signature"),
        (descending, "request/canonical-bytes"),
    ]:
        with pytest.raises(Refused) as refused:
            here.connection.post("/v1/equivocations", {"evidence": hexadecimal(bad)}).ok()
        assert refused.value.code == code

    grant(here, 10**9)
    explained = here.connection.get(f"/v1/epochs/{epoch}/explanations/{operator.address.lower()}").ok()
    check(explained)
    gross = int(explained["share"]["earned"]) + int(explained["share"]["shared"])
    assert explained["share"]["proofs"] == 1
    assert int(explained["share"]["taken"]) == gross * explained["ruleset"]["penalty"] // WHOLE > 0


def test_an_ordered_ruleset_is_in_force_from_the_next_epoch_on(own: ServiceProcess, here: Service):
    late_enough(own, here)
    operator = register(here)
    epoch = next_epoch(own, here)
    fields = [u32(2), u32(WHOLE // 2), u32(WHOLE // 2), u32(0), u8(2), u32(WHOLE), u32(0), u32(0)]
    own.act(here, "ruleset", tagged("feesvc/ruleset/1", *fields))
    with pytest.raises(Refused) as refused:
        own.act(here, "ruleset", tagged("feesvc/ruleset/1", u32(3), *fields[1:]))
    assert (refused.value.status, refused.value.code) == (422, "act/ruleset")
    grant(here, 1_001)
    path = f"/explanations/{operator.address.lower()}"
    before = here.connection.get(f"/v1/epochs/{epoch}{path}").ok()
    assert before["ruleset"]["nodes"] == WHOLE
    after = next_epoch(own, here)
    grant(here, 1_001)
    explained = here.connection.get(f"/v1/epochs/{after}{path}").ok()
    check(explained)
    assert explained["ruleset"]["apps"] == WHOLE // 2
    uses = {use["code"]: int(use["amount"]) for use in explained["pool"]["uses"]}
    assert uses["share/apps"] == int(explained["pool"]["total"]) // 2


def test_what_a_sealed_epoch_got_wrong_is_moved_in_its_name(own: ServiceProcess, here: Service):
    late_enough(own, here)
    one, other = register(here), register(here)
    epoch = next_epoch(own, here)
    grant(here, 10_000)
    next_epoch(own, here)

    def reward(operator: LocalAccount, of: int) -> dict:
        return here.connection.get(f"/v1/epochs/{of}/explanations/{operator.address.lower()}").ok()

    def correct(amount: int, source: str, to: str, of: int = epoch) -> None:
        own.act(here, "correct", u64(of) + text(source) + text(to) + u128(amount) + text("payouts were swapped"))

    before = [reward(operator, epoch) for operator in (one, other)]
    assert all(int(explained["share"]["reward"]) > 7 for explained in before)
    names = ["rewards:" + operator.address.lower() for operator in (one, other)]
    everything = int(before[0]["account"]["cumulative"])
    stranger = "rewards:" + Account.create().address.lower()
    for amount, source, to, of, status, code in [
        (everything + 1, names[0], names[1], epoch, 409, "correction/funds"),
        (1, names[0], stranger, epoch, 422, "correction/operator"),
        (1, names[0], names[1], epoch + 1, 409, "correction/not-sealed"),
        (0, names[0], names[1], epoch, 400, "request/canonical-bytes"),
        (1, names[0], names[0], epoch, 400, "request/canonical-bytes"),
    ]:
        with pytest.raises(Refused) as refused:
            correct(amount, source, to, of)
        assert (refused.value.status, refused.value.code) == (status, code)
    correct(7, *names)
    next_epoch(own, here)
    after = [reward(operator, epoch + 1) for operator in (one, other)]
    # What was given is in the next cumulative amount; what was taken lowers none, for it counts as claimed.
    assert int(after[0]["account"]["before"]) == everything
    assert int(after[1]["account"]["before"]) == int(before[1]["account"]["cumulative"]) + 7
    again = [reward(operator, epoch) for operator in (one, other)]
    assert again[0]["account"]["claimed"] == "7"
    assert [{**explained, "account": None} for explained in again] == [{**explained, "account": None} for explained in before]
