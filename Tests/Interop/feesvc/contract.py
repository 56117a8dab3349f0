"""docs/openapi.yaml, or a node's, as a judge: whatever a client was answered has to be declared there."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import yaml

from .errors import documented
from .place import ROOT

SERVICE = "openapi.yaml"
NODE = "openapi-node.yaml"
DOCUMENT = ROOT / "docs" / SERVICE


class Undeclared(AssertionError):
    """An answer that the document does not declare."""


@cache
def document(name: str = SERVICE) -> dict:
    return yaml.safe_load((ROOT / "docs" / name).read_text())


def closed(schema: Any) -> Any:
    """The schema with no members but those that are named: of answers, the document has to name all."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: closed(part) for name, part in schema.items()}
    if "properties" in schema and isinstance(schema["properties"], dict):
        schema.setdefault("additionalProperties", False)
    return schema


@cache
def schemas(name: str) -> dict:
    return closed(copy.deepcopy(document(name)["components"]["schemas"]))


@cache
def validator(document_name: str, location: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
    """The validator of the schema at a place in the document."""
    schema: Any = document(document_name)
    for name in location:
        schema = schema[name]
    rooted = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": {"schemas": schemas(document_name)}}
    return jsonschema_rs.Draft202012Validator(rooted | {"allOf": [closed(copy.deepcopy(schema))]})


@cache
def templates(name: str) -> list[tuple[re.Pattern, str]]:
    """The paths as patterns, those without parameters first."""
    paths = sorted(document(name)["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


def check(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes, name: str = SERVICE
) -> None:
    """Raises where status, headers or body of an answer are not what the document says."""
    path = path.split("?")[0]
    template = next((template for pattern, template in templates(name) if pattern.fullmatch(path)), None)
    operation = document(name)["paths"].get(template, {}).get(method.lower())
    if operation is None:
        if status not in (404, 405):
            raise Undeclared(f"{method} {path} is not in the document, and answered {status}")
        return
    what = f"{method} {template} answered {status}"
    place = ("paths", template, method.lower(), "responses", str(status))
    response = operation["responses"].get(str(status))
    if response is None:
        raise Undeclared(f"{what}, which is not declared: {body[:200]!r}")
    if "$ref" in response:
        place = tuple(response["$ref"].removeprefix("#/").split("/"))
        response = document(name)["components"]["responses"][place[-1]]
    for header in response.get("headers", {}):
        if header.lower() not in headers:
            raise Undeclared(f"{what} without {header}")
    kind = headers.get("content-type", "").split(";")[0]
    content = response.get("content", {})
    if not content and not kind and not body:
        return
    if kind not in content:
        raise Undeclared(f"{what} as {kind or 'nothing'}, declared are {list(content)}")
    if kind.endswith("json"):
        value = json.loads(body)
        error = next(iter(validator(name, (*place, "content", kind, "schema")).iter_errors(value)), None)
        if error is not None:
            raise Undeclared(f"{what}: {error.message} at {list(error.instance_path)}")
        if kind == "application/problem+json":
            check_problem(what, response["description"], status, value)


def check_problem(what: str, description: str, status: int, problem: dict) -> None:
    """A problem has the answer's status, and a code that is declared for it here and in errors.md."""
    code = problem["code"]
    if problem["status"] != status or problem["type"] != f"tag:feesvc,2026:{code}":
        raise Undeclared(f"{what}: {problem}")
    if code not in codes(description):
        raise Undeclared(f"{what} with {code}, which is not named there")
    if not documented().get(code, set()) & {str(status), "any"}:
        raise Undeclared(f"{what} with {code}, in errors.md {documented().get(code)}")


def codes(description: str) -> list[str]:
    return re.findall(r"`([a-z]+/[a-z-]+)`", description)


def named_codes() -> Iterator[tuple[str, str, str]]:
    """Where a code is declared: the place, its status, the code."""
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            for status, response in operation["responses"].items():
                if "$ref" in response:
                    response = document()["components"]["responses"][response["$ref"].split("/")[-1]]
                for code in codes(response["description"]) if status != "200" else ():
                    yield f"{method} {path}", status, code
