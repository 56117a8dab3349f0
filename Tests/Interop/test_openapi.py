"""docs/openapi.yaml against the running service: schemathesis makes requests up; the judge of all answers is tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SEED
from feesvc import contract
from feesvc.errors import documented
from feesvc.http import Connection, Service
from feesvc.process import ServiceProcess

EXAMPLES = os.environ.get("FEESVC_REQUESTS", "40")
HERE = Path(__file__).parent


def test_the_service_answers_as_the_document_says(process: ServiceProcess, service: Service, tmp_path: Path):
    """schemathesis: no server errors, declared statuses and bodies, nothing malformed taken, 405 with Allow."""
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    words += ["run", str(contract.DOCUMENT)]
    words += ["--url", f"http://{process.address}", "--seed", str(SEED), "--max-examples", EXAMPLES]
    words += ["--phases", "examples,coverage,fuzzing", "--warnings", "off", "--no-color"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    result = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    print(f"seed {SEED}", *result.stdout.splitlines()[-25:], sep="\n")
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-2_000:]
    # A connection of its own: the one before has been idle for longer than the service keeps any.
    assert process.connect().connection.get("/health").status == 200


def test_the_document_is_openapi_3_1():
    assert contract.document()["openapi"].startswith("3.1.")


def test_the_document_is_served(service: Service):
    answer = service.connection.get("/openapi.yaml")
    assert (answer.status, answer.body) == (200, contract.DOCUMENT.read_bytes())


PATHS = sorted(contract.document()["paths"])
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_refused_with_those_that_are_allowed(process: ServiceProcess, path: str):
    declared = {method.upper() for method in contract.document()["paths"][path]} - {"PARAMETERS"}
    connection = Connection(process.address)
    there = path.replace("{id}", "0x" + "00" * 32).replace("{epoch}", "1").replace("{file}", "head.csv")
    there = there.replace("{operator}", "0x" + "00" * 20)
    for method in METHODS:
        if method not in declared:
            answer = connection.ask(method, there)
            assert answer.status == 405, f"{method} {path} answered {answer.status}"
            allowed = {name.strip() for name in answer.headers["allow"].split(",")}
            assert declared <= allowed <= declared | {"HEAD"}
            assert answer.json["code"] == documented_code(405)


def documented_code(status: int) -> str:
    [code] = [code for code, said in documented().items() if said == {str(status)}]
    return code


def test_what_the_document_names_as_a_refusal_is_in_the_table():
    """Each code of openapi.yaml stands in errors.md, with the status under which it is declared."""
    table, wrong = documented(), []
    for place, status, code in contract.named_codes():
        if not table.get(code, set()) & {status, "any"}:
            wrong.append(f"{code} at {place}: {status}, in the table {table.get(code)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"content-type": "application/json"}, {"status": "ok", "more": 1}),
        (200, {"content-type": "application/json"}, {"status": "no"}),
        (200, {"content-type": "text/plain"}, {"status": "ok"}),
        (418, {"content-type": "application/json"}, {"status": "ok"}),
        (503, {"content-type": "application/problem+json"}, {}),
    ],
)
def test_an_answer_that_is_not_declared_is_seen(status: int, headers: dict, body: dict):
    """The judge of every other test's answers."""
    contract.check("GET", "/health", 200, {"content-type": "application/json"}, b'{"status":"ok"}')
    with pytest.raises(contract.Undeclared):
        contract.check("GET", "/health", status, headers, json.dumps(body).encode())
