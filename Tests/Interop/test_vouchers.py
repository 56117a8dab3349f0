"""Vouchers that an ordinary wallet library signs, over HTTP in both forms."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_account import Account

from feesvc.canonical import blob, listed
from feesvc.http import BINARY, JSON, Channel, Paid, Refused, Service, binary_results
from feesvc.messages import hexadecimal
from feesvc.statements import SECP256K1_ORDER, VOUCHER

FORMS = ["pay", "pay_binary"]


def charged(channel: Channel) -> int:
    return sum(int(lane["charged"]) for lane in channel.state()["lanes"])


@pytest.mark.parametrize("form", FORMS)
def test_a_voucher_signed_by_a_wallet_library_is_charged_its_price(service: Service, channel: Channel, form: str):
    item = channel.item(size=1_024, days=60, max_fee=10**9)
    [result] = getattr(service, form)(channel.voucher(item, ceiling=10**10))
    charge = result[0].receipt.check(service.genesis)
    assert charge.price == 38_500_000 + 22 * 1_024 * 60 == 39_851_680
    assert (charge.envelope_hash, charge.size, charge.expiry_day) == (item.envelope_hash, item.size, item.expiry_day)
    state = channel.state()
    [lane] = state["lanes"]
    assert (lane["lane"], lane["sequence"], lane["ceiling"]) == (0, 1, str(10**10))
    assert (lane["charged"], lane["lastCharge"]) == (str(charge.price), charge.number)
    assert int(state["available"]) == 10**15 - charge.price


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_is_decided_voucher_by_voucher(service: Service, channel: Channel, form: str):
    good = [channel.voucher(channel.item(), sequence=n, ceiling=n * 10**9) for n in (1, 3)]
    bad = channel.voucher(channel.item(), sequence=2, ceiling=2 * 10**9, items_hash=bytes(32))
    first, second, third = getattr(service, form)(good[0], bad, good[1])
    assert isinstance(second, Refused) and second.code == "voucher/items-hash"
    assert [line.receipt.check(service.genesis).price for line in first + third] == [38_566_000] * 2


def test_both_forms_give_the_same_leaf(service: Service, channel: Channel):
    voucher = channel.voucher(channel.item(), channel.item())
    [by_json] = service.pay(voucher)
    [by_bytes] = service.pay_binary(voucher)
    assert [line.receipt.leaf_bytes for line in by_json] == [line.receipt.leaf_bytes for line in by_bytes]
    assert [line.salt for line in by_json] == [line.salt for line in by_bytes]
    assert charged(channel) == 2 * 38_566_000


def test_the_largest_request_is_taken(service: Service, channel: Channel):
    vouchers = [channel.voucher(channel.item(), sequence=n, ceiling=10**12) for n in range(1, 257)]
    results = service.pay_binary(*vouchers)
    numbers = [result[0].receipt.check(service.genesis).number for result in results]
    assert numbers == list(range(numbers[0], numbers[0] + 256))


WRONG_DOMAINS = {
    "chain": lambda domain: replace(domain, chain_id=domain.chain_id + 1),
    "instance": lambda domain: replace(domain, contract=bytes(19) + b"\x01"),
    "name": lambda domain: replace(domain, name="Feesvc"),
    "version": lambda domain: replace(domain, version="2"),
}
WRONG_TYPES = {
    "struct": VOUCHER.replace("Voucher", "Receipt"),
    "order": VOUCHER.replace("uint32 lane,uint64 sequence", "uint64 sequence,uint32 lane"),
    "width": VOUCHER.replace("uint128", "uint256"),
    "member": VOUCHER.replace("cumulativeAmount", "amount"),
}


@pytest.mark.parametrize("part", WRONG_DOMAINS)
def test_a_signature_for_another_domain_is_a_strangers(service: Service, channel: Channel, part: str):
    voucher = channel.voucher(channel.item())
    wrong = voucher.signed(WRONG_DOMAINS[part](service.domain), channel.signer)
    [result] = service.pay(wrong)
    assert (result.status, result.code) == (404, "voucher/unknown-channel-or-signer")
    assert charged(channel) == 0


@pytest.mark.parametrize("part", WRONG_TYPES)
def test_a_signature_of_another_type_is_a_strangers(service: Service, channel: Channel, part: str):
    voucher = channel.voucher(channel.item())
    values = list(voucher.values())
    if part == "order":
        values[1], values[2] = values[2], values[1]
    wrong = replace(voucher, signature=service.domain.sign(channel.signer, WRONG_TYPES[part], *values))
    [result] = service.pay(wrong)
    assert (result.status, result.code) == (404, "voucher/unknown-channel-or-signer")


def test_a_signature_for_another_channel_of_the_same_signer_is_a_strangers(service: Service):
    signer = Account.create()
    one, other = service.open(10**12, signer=signer), service.open(10**12, signer=signer)
    voucher = one.voucher(one.item())
    [result] = service.pay(replace(voucher, channel=other.id))
    assert result.code == "voucher/unknown-channel-or-signer"


def malleated(signature: bytes) -> bytes:
    """The other signature that plain ECDSA accepts: n − s with the other v."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])


OTHER_FORMS = {
    "high s": malleated,
    "v from 0": lambda signature: signature[:64] + bytes([signature[64] - 27]),
    "v of EIP-155": lambda signature: signature[:64] + bytes([signature[64] + 10]),
    "r of 0": lambda signature: bytes(32) + signature[32:],
    "s of 0": lambda signature: signature[:32] + bytes(32) + signature[64:],
    "r of n": lambda signature: SECP256K1_ORDER.to_bytes(32, "big") + signature[32:],
    "compact": lambda signature: signature[:64],
    "longer": lambda signature: signature + b"\0",
    "zero": lambda signature: bytes(65),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_signature_has_one_form(service: Service, channel: Channel, form: str):
    voucher = channel.voucher(channel.item())
    body = voucher.json() | {"signature": hexadecimal(OTHER_FORMS[form](voucher.signature))}
    answer = service.connection.post("/v1/vouchers", {"vouchers": [body]})
    assert (answer.status, answer.json["code"]) == (400, "request/body")
    assert charged(channel) == 0


def test_no_bit_of_a_signed_voucher_can_be_changed(service: Service, channel: Channel):
    """Every byte of the binary form, two of its bits, each in a request of its own."""
    voucher = channel.voucher(channel.item(postage=service.schedule.postage), ceiling=10**12, sequence=5)
    good = voucher.bytes()
    for place in range(len(good)):
        for bit in (1, 0x80):
            bad = good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :]
            answer = service.connection.ask("POST", "/v1/vouchers", listed([blob(bad)]), BINARY)
            assert answer.status == 400 or refusal(answer.body) is not None, f"byte {place} with bit {bit} was taken"
    assert charged(channel) == 0
    [result] = service.pay_binary(voucher)
    assert isinstance(result[0], Paid)


def refusal(body: bytes) -> str | None:
    [result] = binary_results(body)
    return result.code if isinstance(result, Refused) else None


@pytest.mark.parametrize("cut", [1, 7, 64, 100])
def test_bytes_that_are_missing_or_left_over_are_refused(service: Service, channel: Channel, cut: int):
    good = listed([blob(channel.voucher(channel.item()).bytes())])
    for bad in (good[:-cut], good + bytes(cut)):
        answer = service.connection.ask("POST", "/v1/vouchers", bad, BINARY)
        assert (answer.status, answer.json["code"]) == (400, "request/canonical-bytes")


def test_lengths_that_lie_are_refused_before_anything_is_allocated(service: Service):
    for bad in (b"", b"\xff" * 4, b"\0\0\1\1", b"\0\0\0\1\xff\xff\xff\xff", b"\x7f\xff\xff\xff" * 3):
        answer = service.connection.ask("POST", "/v1/vouchers", bad, BINARY)
        assert (answer.status, answer.json["code"]) == (400, "request/canonical-bytes"), bad


@pytest.mark.parametrize("count", [0, 257])
def test_a_request_has_1_to_256_vouchers(service: Service, channel: Channel, count: int):
    vouchers = [channel.voucher(channel.item())] * count
    for pay in (service.pay, service.pay_binary):
        with pytest.raises(Refused) as refused:
            pay(*vouchers)
        assert refused.value.status == 400
        assert refused.value.code in ("request/body", "request/canonical-bytes")
    assert charged(channel) == 0


AMOUNTS = ["-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "", "0x1", str(2**128), "9" * 39, "٣"]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_has_one_form(service: Service, channel: Channel, amount: str):
    body = channel.voucher(channel.item()).json() | {"cumulativeAmount": amount}
    answer = service.connection.post("/v1/vouchers", {"vouchers": [body]})
    assert (answer.status, answer.json["code"]) == (400, "request/body")


NUMBERS = ["1.5", '"1"', "true", "null", "-1", str(2**64), "1e400", "[1]", "01", "+1", "NaN", ""]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_has_one_form(service: Service, channel: Channel, number: str):
    body = json.dumps({"vouchers": [channel.voucher(channel.item()).json()]})
    body = body.replace('"sequence": 1,', f'"sequence": {number},')
    answer = service.connection.ask("POST", "/v1/vouchers", body.encode(), JSON)
    assert (answer.status, answer.json["code"]) == (400, "request/body")


def test_hexadecimal_is_lower_case(service: Service, channel: Channel):
    """An alias of a channel's id would be another key to the same money."""
    body = channel.voucher(channel.item()).json()
    for alias in (body["channelId"].upper(), body["channelId"].upper().replace("0X", "0x"), body["channelId"][2:]):
        answer = service.connection.post("/v1/vouchers", {"vouchers": [body | {"channelId": alias}]})
        assert (answer.status, answer.json["code"]) == (400, "request/body"), alias
