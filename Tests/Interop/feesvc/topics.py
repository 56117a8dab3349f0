"""Closed topics: docs/protocol.md §3, written from that page alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount

from .canonical import blob, fixed, listed, sha, tagged, u8, u32, u64
from .messages import topic as open_topic
from .statements import Domain, address

MEMBER_LIST = "MemberList(bytes32 list)"
AUTHORSHIP = "Authorship(bytes32 topic,uint32 expiryDay,bytes32 salt,bytes32 content)"
OWNER, MEMBERS = 1, 2


@dataclass
class ClosedTopic:
    """A topic in which not everybody publishes."""

    owner: LocalAccount
    rule: int
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def topic_salt(self) -> bytes:
        return sha(tagged("feesvc/topic-rule/1", u8(self.rule), fixed(self.salt, 32)))

    @property
    def id(self) -> bytes:
        return open_topic(address(self.owner.address), self.topic_salt)[:26] + b"closed"


def node_of(left: bytes, right: bytes) -> bytes:
    return sha(b"\x01" + left + right)


@dataclass
class MemberList:
    """A list of two or four members, signed."""

    topic: ClosedTopic
    domain: Domain
    members: list[LocalAccount]
    start: int
    end: int
    signer: LocalAccount | None = None
    version: int = 1

    def __post_init__(self) -> None:
        assert len(self.members) in (2, 4)
        self.salts = [secrets.token_bytes(32) for _ in self.members]
        levels = [[self.leaf(member, salt) for member, salt in zip(self.members, self.salts, strict=True)]]
        while len(levels[-1]) > 1:
            last = levels[-1]
            levels.append([node_of(last[at], last[at + 1]) for at in range(0, len(last), 2)])
        self.levels = levels
        self.bytes = tagged(
            "feesvc/member-list/1",
            fixed(self.topic.id, 32),
            u64(self.version),
            u64(self.start),
            u64(self.end),
            fixed(levels[-1][0], 32),
        )
        self.signature = self.domain.sign(self.signer or self.topic.owner, MEMBER_LIST, sha(self.bytes))

    @staticmethod
    def leaf(member: LocalAccount, salt: bytes) -> bytes:
        return sha(b"\x00" + tagged("feesvc/member/1", fixed(address(member.address), 20), fixed(salt, 32)))

    def membership(self, member: LocalAccount) -> bytes:
        place = self.members.index(member)
        path = [level[(place >> depth) ^ 1] for depth, level in enumerate(self.levels[:-1])]
        return tagged(
            "feesvc/membership/1",
            blob(self.bytes),
            fixed(self.signature, 65),
            fixed(self.salts[place], 32),
            u32(place),
            listed(path),
        )


def authored(
    topic: ClosedTopic,
    domain: Domain,
    author: LocalAccount,
    message: bytes,
    *,
    expiry_day: int,
    salt: bytes,
    valid_until: int,
    membership: bytes = b"",
    key: LocalAccount | None = None,
    rule: int | None = None,
    owner: LocalAccount | None = None,
    signed_salt: bytes | None = None,
) -> bytes:
    """The payload of an envelope in a closed topic; the last four make it wrong."""
    content = tagged(
        "feesvc/authored/1",
        u8(rule or topic.rule),
        fixed(address((owner or topic.owner).address), 20),
        fixed(topic.salt, 32),
        fixed(address(author.address), 20),
        u64(valid_until),
        blob(membership),
        blob(message),
    )
    return content + domain.sign(key or author, AUTHORSHIP, topic.id, expiry_day, signed_salt or salt, sha(content))
