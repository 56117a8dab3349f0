"""What schemathesis has to know of our formats to make data that is well-formed."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from hypothesis import strategies as st

from feesvc.contract import document
from feesvc.statements import SECP256K1_ORDER

scalars = st.integers(1, SECP256K1_ORDER - 1).map(lambda n: n.to_bytes(32, "big").hex())
low = st.integers(1, SECP256K1_ORDER // 2).map(lambda n: n.to_bytes(32, "big").hex())

schemathesis.openapi.format("amount", st.integers(0, 2**128 - 1).map(str))
schemathesis.openapi.format(
    "signature", st.builds(lambda r, s, v: f"0x{r}{s}{v}", scalars, low, st.sampled_from(["1b", "1c"]))
)


def members(schema: Any) -> set[str]:
    """The name of every member of every object in the document."""
    if isinstance(schema, list):
        return set().union(*map(members, schema))
    if not isinstance(schema, dict):
        return set()
    names = schema["properties"].keys() if isinstance(schema.get("properties"), dict) else ()
    return set(names).union(*map(members, schema.values()))


KNOWN = members(document())


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Without members that nobody knows: the service ignores them, but not a number in them that it can't read."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items() if name in KNOWN}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    return body


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    case.body = everywhere(case.body)
    case.query = everywhere(case.query)


def everywhere(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: everywhere(part) for name, part in value.items()}
    if isinstance(value, list):
        return [everywhere(part) for part in value]
    return with_scalars(value)


def with_scalars(value: Any) -> Any:
    """The smallest signature in the place of one whose r or s is 0, which no pattern can leave out."""
    if isinstance(value, str) and re.fullmatch("0x([0-9a-f]{64})([0-7][0-9a-f]{63})(1b|1c)", value):
        r, s = value[2:66], value[66:130]
        return f"0x{r[:-1]}1{s[:-1]}1{value[130:]}" if "0" * 64 in (r, s) else value
    return value
