"""What the tests share: a seed, a service, a client of it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from feesvc.http import Channel, Service
from feesvc.process import ServiceProcess, binary

SEED = int(os.environ.get("FEESVC_SEED", "20261123"))


def pytest_sessionstart() -> None:
    try:
        binary()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=2)


def pytest_report_header() -> list[str]:
    return [f"service: {binary()}", f"seed: {SEED} (FEESVC_SEED)"]


@pytest.fixture(scope="session")
def process() -> Iterator[ServiceProcess]:
    """A service for tests that leave it usable for each other."""
    with ServiceProcess() as process:
        yield process


@pytest.fixture
def service(process: ServiceProcess) -> Iterator[Service]:
    service = process.connect()
    yield service
    service.connection.close()


@pytest.fixture
def channel(service: Service) -> Channel:
    """A new channel with more money than a test needs."""
    return service.open(10**15)


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Randomness that the seed and the test's name repeat."""
    return random.Random(f"{SEED} {request.node.name}")
