"""The service over HTTP: docs/openapi.yaml and docs/protocol.md §11."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount

from . import contract
from .canonical import Reader, blob, listed
from .log import Genesis, Head, Receipt, Rollback, Schedule, proved_rollback
from .messages import U128_MAX, Item, Voucher, hexadecimal
from .statements import (
    CHANNEL_QUERY,
    CLOSE_CHANNEL,
    DELEGATION,
    DEPOSIT,
    OPEN_CHANNEL,
    REQUEST_CLOSE,
    REVOCATION,
    WITHDRAWAL,
    address,
    members,
)

JSON = "application/json"
BINARY = "application/octet-stream"
EVERY_LANE = 2**32 - 1
FAR = 2**53 - 1


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    def ok(self) -> dict:
        """The answer's JSON, where it is not a refusal."""
        if self.status != 200:
            raise Refused(self.status, self.json)
        return self.json


class Refused(Exception):
    """A problem (RFC 9457): as an answer, or in the place of a voucher's result."""

    def __init__(self, status: int, problem: dict):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem
        self.code = problem.get("code")


@dataclass(frozen=True)
class Paid:
    """What an accepted voucher brings for an item: the receipt, and the salt that opens its commitment."""

    receipt: Receipt
    salt: bytes


Result = list[Paid] | Refused


@dataclass(frozen=True)
class Bought:
    """An accepted voucher and what it brought: all that its charges can be restored from."""

    voucher: Voucher
    paid: tuple[Paid, ...]

    def json(self) -> dict:
        return restoration(self.voucher.bytes(), self.paid)


def restoration(voucher: bytes, paid: Iterable[Paid]) -> dict:
    """A voucher of a lost history with its receipts, as a request to restore it has them."""
    return {
        "voucher": hexadecimal(voucher),
        "receipts": [{"receipt": hexadecimal(line.receipt.bytes()), "salt": hexadecimal(line.salt)} for line in paid],
    }


@dataclass(frozen=True)
class Keys:
    """Leaves of rotations and rollbacks with their paths, and the head to which these lead."""

    head: Head
    rotations: list[tuple[bytes, list[bytes]]]
    rollbacks: list[tuple[bytes, list[bytes]]]

    def proved_rollbacks(self, genesis: Genesis) -> list[Rollback]:
        return [proved_rollback(leaf, path, self.head, genesis) for leaf, path in self.rollbacks]


def json_result(result: dict) -> Result:
    if "problem" in result:
        return Refused(result["problem"]["status"], result["problem"])
    return [Paid(Receipt.decode(address(line["receipt"])), address(line["salt"])) for line in result["receipts"]]


def binary_results(body: bytes) -> list[Result]:
    reader = Reader(body)
    head = Head.decode(reader.blob(), reader.signature())

    def result() -> Result:
        if reader.u8() == 1:
            status, code, detail = reader.u16(), reader.text(), reader.text()
            return Refused(status, {"status": status, "code": code, "detail": detail})
        return reader.list(paid, most=256)

    def paid() -> Paid:
        leaf = reader.blob()
        return Paid(Receipt(leaf, head, reader.list(reader.b32, most=64)), reader.b32())

    results = reader.list(result, most=256)
    reader.end()
    return results


class Connection:
    """One HTTP connection that is kept open; not for several threads at once."""

    def __init__(self, host_and_port: str, timeout: float = 60, document: str = contract.SERVICE):
        self.document = document
        host, port = host_and_port.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=timeout)

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str | None = None, **headers: str) -> Answer:
        try:
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            self.connection.request(method, path, body, fields | ({"Content-Type": kind} if kind else {}))
            response = self.connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except BaseException:
            self.connection.close()
            raise
        contract.check(method, path, answer.status, answer.headers, answer.body, self.document)
        return answer

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: dict) -> Answer:
        return self.ask("POST", path, json.dumps(body).encode(), JSON)

    def close(self) -> None:
        self.connection.close()


@dataclass
class Service:
    """An instance of the service, as a client sees it that has read its parameters."""

    connection: Connection
    settlement_key: LocalAccount
    parameters: dict = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = self.connection.get("/v1/parameters").ok()
        self.genesis = Genesis.decode(address(self.parameters["genesis"]))
        self.schedule = Schedule.decode(address(self.parameters["schedule"]))
        self.domain = self.genesis.domain

    @property
    def minimum_deposit(self) -> int:
        """What a channel must have been given before it takes vouchers."""
        return int(self.parameters["minimumDeposit"])

    @property
    def time(self) -> int:
        """The log's time now."""
        return self.connection.get("/v1/parameters").ok()["time"]

    @property
    def notice(self) -> int:
        """How long a voucher must still be valid, in seconds."""
        return self.parameters["challengeWindow"] + self.parameters["settlementHorizon"]

    def head(self) -> Head:
        return head_of(self.connection.get("/v1/head").ok())

    def consistency(self, size: int) -> tuple[Head, list[bytes]]:
        answer = self.connection.get(f"/v1/log/consistency?from={size}").ok()
        return head_of(answer["head"]), [address(line) for line in answer["proof"]]

    def keys(self) -> Keys:
        answer = self.connection.get("/v1/keys").ok()

        def acts(name: str) -> list[tuple[bytes, list[bytes]]]:
            return [(address(act["leaf"]), [address(hash) for hash in act["path"]]) for act in answer[name]]

        return Keys(head_of(answer["head"]), acts("rotations"), acts("rollbacks"))

    def open(
        self,
        deposit: int = 0,
        *,
        payer: LocalAccount | None = None,
        signer: LocalAccount | None = None,
        opening: bytes | None = None,
    ) -> Channel:
        """Opens a channel between new keys, and has a deposit confirmed where one is named."""
        payer, signer = payer or Account.create(), signer or Account.create()
        opening = opening or secrets.token_bytes(32)
        values = (address(payer.address), address(signer.address), opening)
        answer = self.connection.post(
            "/v1/channels",
            {
                "payer": payer.address.lower(),
                "signer": signer.address.lower(),
                "opening": hexadecimal(opening),
                "signature": hexadecimal(self.domain.sign(payer, OPEN_CHANNEL, *values)),
            },
        ).ok()
        channel = Channel(self, self.domain.digest(OPEN_CHANNEL, *values), payer, signer)
        if address(answer["channelId"]) != channel.id:
            raise AssertionError("the channel's id is not the digest of its opening")
        if deposit:
            channel.deposit(deposit)
        return channel

    def pay(self, *vouchers: Voucher) -> list[Result]:
        answer = self.connection.post("/v1/vouchers", {"vouchers": [voucher.json() for voucher in vouchers]})
        return [json_result(result) for result in answer.ok()["results"]]

    def pay_binary(self, *vouchers: Voucher) -> list[Result]:
        body = listed(blob(voucher.bytes()) for voucher in vouchers)
        answer = self.connection.ask("POST", "/v1/vouchers", body, BINARY)
        if answer.status != 200:
            raise Refused(answer.status, answer.json)
        if answer.headers["content-type"] != BINARY:
            raise AssertionError("the answer has another form than the question")
        return binary_results(answer.body)

    def restore(self, *lost: Bought | dict) -> list[Result]:
        """Has vouchers of a lost history charged again, in order."""
        vouchers = [one.json() if isinstance(one, Bought) else one for one in lost]
        answer = self.connection.post("/v1/restorations", {"vouchers": vouchers})
        return [json_result(result) for result in answer.ok()["results"]]


def head_of(answer: dict) -> Head:
    return Head.decode(address(answer["head"]), address(answer["signature"]))


@dataclass
class Channel:
    """A channel and its two keys."""

    service: Service
    id: bytes
    payer: LocalAccount
    signer: LocalAccount

    @property
    def path(self) -> str:
        return f"/v1/channels/{hexadecimal(self.id)}"

    def deposit(self, amount: int, reference: bytes | None = None) -> Answer:
        """Has the settlement confirm money for it."""
        body = self.deposit_body(amount, reference or secrets.token_bytes(32))
        answer = self.service.connection.post("/v1/settlement/deposits", body)
        answer.ok()
        return answer

    def deposit_body(self, amount: int, reference: bytes) -> dict:
        signature = self.service.domain.sign(self.service.settlement_key, DEPOSIT, self.id, amount, reference)
        return {
            "subject": hexadecimal(self.id),
            "amount": str(amount),
            "reference": hexadecimal(reference),
            "signature": hexadecimal(signature),
        }

    def item(self, size: int = 100, days: int = 30, *, postage: int = 0, max_fee: int | None = None) -> Item:
        """An item of a new message, by default with the price of today as its bound."""
        schedule = self.service.schedule
        price = schedule.price(size, days, postage) if max_fee is None else max_fee
        return Item(secrets.token_bytes(32), size, self.service.time // 86_400 + days, postage, price)

    def voucher(
        self,
        *items: Item,
        sequence: int = 1,
        ceiling: int | None = None,
        lane: int = 0,
        valid_until: int | None = None,
        **other,
    ) -> Voucher:
        """A signed voucher; without a ceiling for just the items' bounds."""
        voucher = Voucher(
            self.id,
            lane,
            sequence,
            sum(item.max_fee for item in items) if ceiling is None else ceiling,
            self.service.time + self.service.notice + 3_600 if valid_until is None else valid_until,
            items,
            **other,
        )
        return voucher.signed(self.service.domain, self.signer)

    def query(self, by: LocalAccount | None = None, time: int | None = None) -> str:
        """The parameters of a question about it, signed by its signer or whom else."""
        time = self.service.time if time is None else time
        signature = self.service.domain.sign(by or self.signer, CHANNEL_QUERY, self.id, time)
        return f"time={time}&signature={hexadecimal(signature)}"

    def state(self, by: LocalAccount | None = None) -> dict:
        """Its state as its signer is told it."""
        return self.service.connection.get(f"{self.path}?{self.query(by)}").ok()

    def charges(self, lane: int = 0, limit: int = 100, start: int | None = None) -> dict:
        """A page of a lane's charges, the newest first."""
        page = f"&lane={lane}&limit={limit}" + ("" if start is None else f"&from={start}")
        return self.service.connection.get(f"{self.path}/charges?{self.query()}{page}").ok()

    def close(self, charged: int, valid_until: int | None = None) -> dict:
        """Closes it at once by agreement on what was charged."""
        return self.act("close", CLOSE_CHANNEL, charged=charged, validUntil=self.soon(valid_until))

    def request_close(self, valid_until: int | None = None, by: LocalAccount | None = None) -> dict:
        """Begins the close that nobody can refuse."""
        return self.act("close-requests", REQUEST_CLOSE, by=by, validUntil=self.soon(valid_until))

    def withdraw(self, cumulative: int, valid_until: int | None = None, by: LocalAccount | None = None) -> dict:
        """Takes money out, up to a cumulative amount."""
        return self.act("withdrawals", WITHDRAWAL, by=by, cumulative=cumulative, validUntil=self.soon(valid_until))

    def delegate(
        self, signer: str, nonce: int, *, lane: int = EVERY_LANE, ceiling: int = U128_MAX, expires: int = FAR, by=None
    ) -> dict:
        """Lets a key sign for it."""
        return self.act(
            "delegations",
            DELEGATION,
            by=by,
            signer=signer.lower(),
            lane=lane,
            ceiling=ceiling,
            expires=expires,
            nonce=nonce,
        )

    def revoke(self, signer: str, nonce: int, by: LocalAccount | None = None) -> dict:
        """Takes a key's authority away."""
        return self.act("revocations", REVOCATION, by=by, signer=signer.lower(), nonce=nonce)

    def act(self, path: str, struct: str, by: LocalAccount | None = None, **values) -> dict:
        """Sends a statement that the payer, or whom else, signed."""
        signature = self.service.domain.sign(by or self.payer, struct, self.id, *values.values())
        amounts = {member["name"] for member in members(struct) if member["type"] == "uint128"}
        body = {name: str(value) if name in amounts else value for name, value in values.items()}
        return self.service.connection.post(f"{self.path}/{path}", body | {"signature": hexadecimal(signature)}).ok()

    def soon(self, moment: int | None) -> int:
        return self.service.time + 600 if moment is None else moment
