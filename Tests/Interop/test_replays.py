"""The same voucher, and different vouchers for one sequence, over many connections at one moment."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from feesvc.http import JSON, Answer, Channel, Refused, Result, Service
from feesvc.messages import Voucher
from feesvc.process import ServiceProcess

CONNECTIONS = 16
FEE = 38_566_000
Outcome = TypeVar("Outcome")


@pytest.fixture(scope="module")
def clients(process: ServiceProcess) -> Iterator[list[Service]]:
    clients = [process.connect() for _ in range(CONNECTIONS)]
    yield clients
    for client in clients:
        client.connection.close()


def at_once(clients: list[Service], act: Callable[[int, Service], Outcome]) -> list[Outcome]:
    """What each client's act brings; all begin at one moment."""
    start = Barrier(len(clients))

    def run(number: int, client: Service) -> Outcome:
        start.wait()
        return act(number, client)

    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(run, range(len(clients)), clients))


def send(clients: list[Service], vouchers: Sequence[Voucher]) -> list[Result]:
    """Each client sends its voucher, every other one in the binary form."""

    def one(number: int, client: Service) -> Result:
        return (client.pay_binary if number % 2 else client.pay)(vouchers[number])[0]

    return at_once(clients, one)


def leaves(results: list[Result]) -> set[tuple[bytes, ...]]:
    return {tuple(line.receipt.leaf_bytes for line in result) for result in results}


@pytest.mark.parametrize("round", range(5))
def test_one_voucher_many_times_at_once_is_charged_once(
    service: Service, channel: Channel, clients: list[Service], round: int
):
    voucher = channel.voucher(channel.item(), channel.item())
    results = send(clients, [voucher] * CONNECTIONS)
    assert not [result for result in results if isinstance(result, Refused)]
    assert len(leaves(results)) == 1
    for result in results:
        for line in result:
            line.receipt.check(service.genesis)
    state = channel.state()
    [lane] = state["lanes"]
    assert (lane["sequence"], lane["ceiling"], lane["charged"]) == (1, str(2 * FEE), str(2 * FEE))
    assert int(state["deposited"]) - int(state["available"]) == 2 * FEE


@pytest.mark.parametrize("round", range(5))
def test_of_vouchers_for_one_sequence_one_is_charged(
    service: Service, channel: Channel, clients: list[Service], round: int
):
    vouchers = [channel.voucher(channel.item(), ceiling=10**9) for _ in clients]
    results = send(clients, vouchers)
    accepted = [n for n, result in enumerate(results) if not isinstance(result, Refused)]
    assert len(accepted) == 1
    assert {result.code for result in results if isinstance(result, Refused)} == {"voucher/sequence"}
    assert channel.state()["lanes"][0]["charged"] == str(FEE)
    again = send(clients, [vouchers[accepted[0]]] * CONNECTIONS)
    assert leaves(again) == leaves([results[accepted[0]]])


def test_one_envelope_on_many_lanes_at_once_is_charged_once(service: Service, channel: Channel, clients: list[Service]):
    """Gateways that do not talk to each other may pay for one message; the channel pays for it once."""
    item = channel.item()
    results = send(clients, [channel.voucher(item, lane=lane) for lane in range(CONNECTIONS)])
    assert not [result for result in results if isinstance(result, Refused)]
    assert len(leaves(results)) == 1
    state = channel.state()
    assert sum(int(lane["charged"]) for lane in state["lanes"]) == FEE
    assert int(state["deposited"]) - int(state["available"]) == FEE


def test_lanes_together_never_pass_the_deposit(service: Service, clients: list[Service]):
    share = service.minimum_deposit  # So that five of them open a channel; each covers one item.
    channel = service.open(5 * share)
    results = send(clients, [channel.voucher(channel.item(), lane=n, ceiling=share) for n in range(CONNECTIONS)])
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == CONNECTIONS - 5
    assert {result.code for result in refused} == {"voucher/deposit"}
    state = channel.state()
    assert state["available"] == str(5 * (share - FEE)) and len(state["lanes"]) == 5
    assert state["withdrawable"] == "0"


def test_sequences_of_one_lane_at_once_pay_what_the_last_allows(
    service: Service, channel: Channel, clients: list[Service], dice: random.Random
):
    """In whatever order they arrive: what was accepted is charged, and nothing that was refused."""
    vouchers = [channel.voucher(channel.item(), sequence=n, ceiling=n * FEE) for n in range(1, CONNECTIONS + 1)]
    dice.shuffle(vouchers)
    results = send(clients, vouchers)
    accepted = [v for v, result in zip(vouchers, results, strict=True) if not isinstance(result, Refused)]
    refused = {result.code for result in results if isinstance(result, Refused)}
    assert refused <= {"voucher/sequence"}
    [lane] = channel.state()["lanes"]
    assert int(lane["charged"]) == len(accepted) * FEE
    assert lane["sequence"] == max(voucher.sequence for voucher in accepted) == CONNECTIONS


def test_one_deposit_many_times_at_once_counts_once(service: Service, clients: list[Service]):
    channel = service.open()
    reference = random.randbytes(32)
    at_once(clients, lambda _, client: Channel(client, channel.id, channel.payer, channel.signer).deposit(7, reference))
    assert channel.state()["deposited"] == "7"


def test_one_close_many_times_at_once_returns_once(service: Service, clients: list[Service]):
    channel = service.open(10**9)

    def close(_: int, client: Service) -> str:
        try:
            return Channel(client, channel.id, channel.payer, channel.signer).close(0)["returned"]
        except Refused as refused:
            return refused.code

    outcomes = at_once(clients, close)
    assert sorted(outcomes) == sorted([str(10**9)] + ["channel/closed"] * (CONNECTIONS - 1))


def test_a_voucher_and_a_close_at_once_leave_one_of_them(service: Service, clients: list[Service]):
    """Either the voucher is charged and the close names another sum, or the channel is closed and the voucher late."""
    for _ in range(5):
        channel = service.open(10**9)
        voucher = channel.voucher(channel.item())

        def act(number: int, client: Service) -> str:
            if number == 0:
                [result] = client.pay(voucher)
                return result.code if isinstance(result, Refused) else "paid"
            try:
                Channel(client, channel.id, channel.payer, channel.signer).close(0)
                return "closed"
            except Refused as refused:
                return refused.code

        outcome = tuple(at_once(clients[:2], act))
        assert outcome in {("paid", "channel/charged"), ("voucher/channel-closed", "closed")}


def test_an_idempotency_key_brings_the_first_answer_again(service: Service, process: ServiceProcess):
    channel = service.open(10**9)
    body = json.dumps(channel.deposit_body(5, random.randbytes(32))).encode()
    other = json.dumps(channel.deposit_body(6, random.randbytes(32))).encode()
    key = random.randbytes(8).hex()

    def ask(body: bytes, key: str) -> Answer:
        return service.connection.ask("POST", "/v1/settlement/deposits", body, JSON, Idempotency_Key=key)

    first, again, reused, malformed = ask(body, key), ask(body, key), ask(other, key), ask(body, "a b")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (200, first.body, "true")
    assert "idempotent-replayed" not in first.headers
    assert (reused.status, reused.json["code"]) == (422, "request/idempotency-reused")
    assert (malformed.status, malformed.json["code"]) == (400, "request/idempotency-key")
    assert channel.state()["deposited"] == str(10**9 + 5)
