"""Signed statements: docs/protocol.md §2. eth-account signs and recovers; nothing here does elliptic curves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, _hash_eip191_message, encode_typed_data
from eth_account.signers.local import LocalAccount

from .canonical import NotCanonical

VOUCHER = "Voucher(bytes32 channelId,uint32 lane,uint64 sequence,uint128 cumulativeAmount,uint64 validUntil,bytes32 itemsHash)"
OPEN_CHANNEL = "OpenChannel(address payer,address signer,bytes32 opening)"
CLOSE_CHANNEL = "CloseChannel(bytes32 channelId,uint128 charged,uint64 validUntil)"
CHANNEL_QUERY = "ChannelQuery(bytes32 channelId,uint64 time)"
DELEGATION = "Delegation(bytes32 channelId,address signer,uint32 lane,uint128 ceiling,uint64 expires,uint64 nonce)"
REVOCATION = "Revocation(bytes32 channelId,address signer,uint64 nonce)"
REQUEST_CLOSE = "RequestClose(bytes32 channelId,uint64 validUntil)"
WITHDRAWAL = "Withdrawal(bytes32 channelId,uint128 cumulative,uint64 validUntil)"
DEPOSIT = "Deposit(bytes32 channelId,uint128 amount,bytes32 reference)"
STAKE_DEPOSIT = "StakeDeposit(address operator,uint128 amount,bytes32 reference)"
PAYOUT = "Payout(address account,uint128 amount,bytes32 reference)"
WELCOME = "Welcome(bytes32 topic,bytes32 envelopeHash)"
LOG_HEAD = "LogHead(bytes32 head)"
ADMIN_ACT = "AdminAct(bytes32 act)"

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def members(struct: str) -> list[dict[str, str]]:
    """The members of a struct written as EIP-712 writes types."""
    inside = re.fullmatch(r"\w+\((.*)\)", struct)[1]
    return [{"type": member.split()[0], "name": member.split()[1]} for member in inside.split(",")]


def check_form(signature: bytes) -> None:
    """Refuses every signature but the one form r ‖ s ‖ v with low s and v 27 or 28."""
    if len(signature) != 65:
        raise NotCanonical("a signature has 65 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (1 <= r < SECP256K1_ORDER and 1 <= s <= SECP256K1_ORDER // 2 and signature[64] in (27, 28)):
        raise NotCanonical("a signature with r, s or v out of range")


@dataclass(frozen=True)
class Domain:
    """What every signature is bound to: chain and instance."""

    chain_id: int
    contract: bytes
    name: str = "feesvc"
    version: str = "1"

    def message(self, struct: str, *values: Any) -> SignableMessage:
        """The statement of a struct's values, in the order of its members."""
        names = members(struct)
        return encode_typed_data(
            {
                "name": self.name,
                "version": self.version,
                "chainId": self.chain_id,
                "verifyingContract": "0x" + self.contract.hex(),
            },
            {struct.split("(")[0]: names},
            {name["name"]: value for name, value in zip(names, values, strict=True)},
        )

    def digest(self, struct: str, *values: Any) -> bytes:
        return bytes(_hash_eip191_message(self.message(struct, *values)))

    def sign(self, key: LocalAccount, struct: str, *values: Any) -> bytes:
        return bytes(key.sign_message(self.message(struct, *values)).signature)

    def signer(self, signature: bytes, struct: str, *values: Any) -> bytes:
        """The address that signed; raises where the signature has another form than the one allowed."""
        check_form(signature)
        return address(Account.recover_message(self.message(struct, *values), signature=signature))


def address(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
