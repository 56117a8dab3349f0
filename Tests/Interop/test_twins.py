"""Two processes with one node key: the second is refused while the first lives, and runs once it is dead."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from feesvc import contract
from feesvc.http import Connection, Service
from feesvc.process import ServiceProcess, binary
from test_nodes import NodeProcess, buy, free_port, publish


@pytest.fixture(scope="module")
def own() -> Iterator[ServiceProcess]:
    with ServiceProcess() as own:
        yield own


@pytest.fixture
def started() -> Iterator[list[NodeProcess | Twin]]:
    """Nodes of a test, which end with it."""
    started: list[NodeProcess | Twin] = []
    yield started
    for node in started:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()


class Twin:
    """A process with a node's key, another data directory and other ports."""

    def __init__(self, node: NodeProcess, name: str):
        self.node, self.http = node, f"127.0.0.1:{free_port()}"
        self.log = node.own.folder / f"{name}.log"
        self.words = [binary(), "node", "run", "--data-dir", str(node.own.folder / name), "--key", node.key_file]
        self.words += ["--service", f"http://{node.own.address}", "--listen-http", self.http]
        self.words += ["--listen-peers", f"127.0.0.1:{free_port()}"]
        self.process: subprocess.Popen | None = None

    def spawn(self) -> subprocess.Popen:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self.process

    def refused(self, seconds: float) -> str:
        """What it says where it does not run."""
        status = self.spawn().wait(seconds)
        assert status == 1, (status, self.log.read_text())
        return self.log.read_text()

    def ask(self) -> Connection:
        return Connection(self.http, document=contract.NODE)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def wait(seconds: float, holds) -> float:
    """Waits until something holds, and says how long that took."""
    begin = time.monotonic()
    while True:
        try:
            if holds():
                return time.monotonic() - begin
        except OSError:
            pass
        assert time.monotonic() - begin < seconds
        time.sleep(0.05)


def connected(node: NodeProcess | Twin) -> int:
    return node.ask().get("/v1/status").ok()["connectedPeers"]


def signs(node: NodeProcess | Twin, service: Service, channel) -> bool:
    """Whether it takes a message in, which it signs."""
    topic = bytes(31) + b"\x01"
    [result] = publish(node.ask(), buy(channel, topic, 1))
    return "acknowledgement" in result


def test_a_second_process_is_refused_where_the_first_answers(own: ServiceProcess, started: list) -> None:
    service = own.connect()
    channel = service.open(10**15)
    node = NodeProcess(own, service, "alone")
    twin = Twin(node, "alone-twin")
    started += [node, twin]
    node.start()
    assert signs(node, service, channel)
    said = twin.refused(30)
    assert "another process runs with the key of node" in said and "it answers at 127.0.0.1:" in said
    assert node.process.poll() is None and signs(node, service, channel)

    node.end(signal.SIGKILL)
    twin.spawn()
    wait(30, lambda: connected(twin) == 0)
    assert twin.process.poll() is None
    assert twin.end() == 0


def test_a_second_process_is_refused_by_what_peers_say(own: ServiceProcess, started: list) -> None:
    service = own.connect()
    channel = service.open(10**15)
    peer, node = NodeProcess(own, service, "peer"), NodeProcess(own, service, "hidden")
    # Behind its registered address nobody answers: it can only be known by the peer that it asks.
    first, second = Twin(node, "hidden"), Twin(node, "hidden-twin")
    started += [peer, first, second]
    peer.start()
    first.spawn()
    wait(30, lambda: connected(first) >= 1)
    assert signs(first, service, channel)
    begin = time.monotonic()
    said = second.refused(60)
    assert f"node {peer.number} says: node {node.number} asks from 127.0.0.1:" in said
    assert time.monotonic() - begin > 10
    assert first.process.poll() is None and connected(first) >= 1 and signs(first, service, channel)
    assert "nothing is signed" not in first.log.read_text()

    first.process.kill()
    first.process.wait()
    second.spawn()
    assert wait(60, lambda: connected(second) >= 1) < 30
    # It fetches what the first one signed before it signs itself.
    wait(60, lambda: signs(second, service, channel))
    statuses = [peer.ask().get("/v1/status").ok(), second.ask().get("/v1/status").ok()]
    assert [s.get("evidence", 0) for s in statuses] == [0, 0]
    assert second.end() == 0 and peer.end() == 0
