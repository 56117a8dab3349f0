"""Canonical bytes: docs/protocol.md §1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

Element = TypeVar("Element")


class NotCanonical(Exception):
    """Bytes that are not the canonical bytes of what they should be."""


def u8(value: int) -> bytes:
    return value.to_bytes(1, "big")


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def u128(value: int) -> bytes:
    return value.to_bytes(16, "big")


def fixed(value: bytes, length: int) -> bytes:
    """`b32`, `addr` and `sig`: bytes of a known length, without it."""
    if len(value) != length:
        raise ValueError(f"{len(value)} bytes where {length} belong")
    return value


def blob(value: bytes) -> bytes:
    return u32(len(value)) + value


def text(value: str) -> bytes:
    return blob(value.encode())


def listed(elements: Iterable[bytes]) -> bytes:
    elements = list(elements)
    return u32(len(elements)) + b"".join(elements)


def tagged(tag: str, *fields: bytes) -> bytes:
    return text(tag) + b"".join(fields)


def sha(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


class Reader:
    """Takes fields off bytes, one after another."""

    def __init__(self, data: bytes, tag: str | None = None):
        self.data = data
        self.offset = 0
        if tag is not None and self.text() != tag:
            raise NotCanonical(f"not tagged {tag}")

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.offset:
            raise NotCanonical("bytes are missing")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def u8(self) -> int:
        return self.number(1)

    def u16(self) -> int:
        return self.number(2)

    def u32(self) -> int:
        return self.number(4)

    def u64(self) -> int:
        return self.number(8)

    def u128(self) -> int:
        return self.number(16)

    def b32(self) -> bytes:
        return self.take(32)

    def address(self) -> bytes:
        return self.take(20)

    def signature(self) -> bytes:
        return self.take(65)

    def blob(self) -> bytes:
        return self.take(self.u32())

    def text(self) -> str:
        try:
            return self.blob().decode()
        except UnicodeDecodeError as error:
            raise NotCanonical("text is not UTF-8") from error

    def list(self, element: Callable[[], Element], most: int) -> list[Element]:
        count = self.u32()
        if count > most:
            raise NotCanonical(f"{count} elements, at most {most} are allowed")
        return [element() for _ in range(count)]

    def end(self) -> None:
        if self.offset != len(self.data):
            raise NotCanonical("bytes are left over")
