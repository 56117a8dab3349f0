"""Nodes in network namespaces: delay, loss and partitions between real processes, made by the kernel.

Each node has two interfaces: one on which only nodes see each other, and one on which it sees the fee service and the tests ask it. So nodes
are cut off from each other while all else stays reachable. It takes root and `ip`; where the machine allows no such
network, the tests are skipped and say what it lacks.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from eth_account import Account

from feesvc.http import Channel
from feesvc.messages import hexadecimal
from feesvc.process import ServiceProcess
from test_nodes import Message, NodeProcess, buy, deletion, owned, publish

NODES = 4
PEERS, HTTP = 7000, 7001
PATIENCE = 100  # Seconds; a bound on a hang, not on speed.
# Takes the network down once its standard input ends, which it does also where the tests are killed: the words are the interface in
# the root namespace and the namespaces. What still runs in these has 5 seconds; what else is in a namespace goes with it.
UNDO = """
cat
ip link del "$1"; shift
pids() { for name do ip netns pids "$name"; done; }
pids "$@" | xargs -r kill
for try in 1 2 3 4 5; do [ -z "$(pids "$@")" ] || sleep 1; done
pids "$@" | xargs -r kill -9
for name do ip netns del "$name"; done
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))"


class Impossible(Exception):
    """What the machine does not allow."""


def run(*words: str) -> str:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Impossible(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def free_subnet() -> ipaddress.IPv4Network:
    """16 addresses of those for measurements between networks (RFC 2544), of which no route here knows; two runs try others first."""
    blocks = list(ipaddress.ip_network("198.18.0.0/15").subnets(new_prefix=28))
    for step in range(64):
        block = blocks[(os.getpid() + step) % len(blocks)]
        if not run("ip", "-4", "route", "show", "root", str(block)).strip():
            return block
    raise Impossible("no free addresses in 198.18.0.0/15")


def inside(namespace: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", namespace)


class Network:
    """A namespace for the fee service, one for each node, and one for the switches between them.

    All of them are on one switch, to which the tests are connected as well; nodes are on a second one, or for a while on a third.
    """

    def __init__(self, nodes: int):
        name = f"feesvc-{os.getpid()}"
        self.switch, self.uplink = f"{name}-switch", f"fee{os.getpid()}"
        self.service = f"{name}-service"
        self.nodes = {number: f"{name}-{number}" for number in range(1, nodes + 1)}
        self.undo: subprocess.Popen | None = None

    def __enter__(self) -> Network:
        if os.geteuid() != 0:
            raise Impossible("only root makes network namespaces")
        if shutil.which("ip") is None:
            raise Impossible("there is no ip (Debian package iproute2)")
        words = ["sh", "-c", UNDO, "sh", self.uplink, self.service, *self.nodes.values(), self.switch]
        self.undo = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.undo.stdin.close()
        self.undo.wait(60)

    def make(self) -> None:
        # The switches are not in the root namespace, whose firewall may well stop what crosses a bridge.
        run("ip", "netns", "add", self.switch)
        for bridge in ("services", "mesh", "island"):
            self.switches("add", "name", bridge, "type", "bridge")
            self.switches("set", bridge, "up")
        subnet = free_subnet()
        root, *addresses = (f"{address}/{subnet.prefixlen}" for address in subnet.hosts())
        run("ip", "link", "add", self.uplink, "type", "veth", "peer", "name", "root", "netns", self.switch)
        self.switches("set", "root", "master", "services", "up")
        run("ip", "address", "add", root, "dev", self.uplink)
        run("ip", "link", "set", self.uplink, "up")
        self.hosts = {}
        for namespace, address in zip((self.service, *self.nodes.values()), addresses, strict=False):
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
            self.connect(namespace, "services", address)
            self.hosts[namespace] = address.split("/")[0]
        for number, namespace in self.nodes.items():
            self.connect(namespace, "mesh", f"{self.peer(number)}/24")
            # What a killed process has left to send is given up soon, and not sent once there is a link again.
            run(*inside(namespace), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_orphan_retries")

    def connect(self, namespace: str, bridge: str, address: str) -> None:
        """Connects a namespace to a switch."""
        port = self.port(namespace, bridge)
        ends = (bridge, "netns", namespace, "type", "veth", "peer", "name", port, "netns", self.switch)
        run("ip", "link", "add", *ends)
        self.switches("set", port, "master", bridge, "up")
        run("ip", "-n", namespace, "address", "add", address, "dev", bridge)
        run("ip", "-n", namespace, "link", "set", bridge, "up")

    def port(self, namespace: str, bridge: str = "mesh") -> str:
        """The name of a switch's interface to a namespace."""
        return f"{bridge[0]}-{namespace.rpartition('-')[2]}"

    def switches(self, *words: str) -> None:
        run("ip", "-n", self.switch, "link", *words)

    def peer(self, number: int) -> str:
        """A node's address among nodes; the root namespace has no way there."""
        return f"198.51.100.{number}"

    def reaches(self, number: int, host: str, port: int, seconds: float) -> bool:
        """Whether somebody in a node's namespace can connect."""
        words = [*inside(self.nodes[number]), sys.executable, "-c", CONNECT, host, str(port), str(seconds)]
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 0

    def unsent(self, number: int) -> list[str]:
        """A node's connections to and from peers that its kernel may still send something over."""
        here = f"{int.from_bytes(ipaddress.ip_address(self.peer(number)).packed, sys.byteorder):08X}:"
        lines = run(*inside(self.nodes[number]), "cat", "/proc/net/tcp").splitlines()[1:]
        states = {"05", "06", "0A"}  # FIN_WAIT2, TIME_WAIT, LISTEN
        return [line for line in lines if line.split()[1].startswith(here) and line.split()[3] not in states]

    @contextmanager
    def cut_off(self, number: int) -> Iterator[None]:
        """Takes a node's link to its peers down."""
        self.switches("set", self.port(self.nodes[number]), "down")
        try:
            yield
        finally:
            self.switches("set", self.port(self.nodes[number]), "up")

    @contextmanager
    def split(self, *numbers: int) -> Iterator[None]:
        """Has some nodes see only each other, and the others as well. No link is down: what is sent across is lost."""
        for number in numbers:
            self.switches("set", self.port(self.nodes[number]), "master", "island")
        try:
            yield
        finally:
            for number in numbers:
                self.switches("set", self.port(self.nodes[number]), "master", "mesh")

    @contextmanager
    def impaired(self, *words: str) -> Iterator[None]:
        """Has netem treat whatever nodes send each other."""
        try:
            for namespace in self.nodes.values():
                run("tc", "-n", namespace, "qdisc", "add", "dev", "mesh", "root", "netem", *words)
            yield
        finally:
            for namespace in self.nodes.values():
                subprocess.run(["tc", "-n", namespace, "qdisc", "del", "dev", "mesh", "root"], capture_output=True)

    def lacks_netem(self) -> str | None:
        if shutil.which("tc") is None:
            return "there is no tc (Debian package iproute2)"
        try:
            with self.impaired("delay", "1ms"):
                return None
        except Impossible as impossible:
            return f"no netem (kernel module sch_netem): {impossible}"


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with ExitStack() as stack:
        try:
            network = stack.enter_context(Network(NODES))
        except Impossible as impossible:
            pytest.skip(f"no network namespaces here: {impossible}")
        yield network


@pytest.fixture(scope="module")
def own(network: Network) -> Iterator[ServiceProcess]:
    with ServiceProcess("--host", network.hosts[network.service], inside=inside(network.service)) as process:
        yield process


@pytest.fixture(scope="module")
def nodes(network: Network, own: ServiceProcess) -> Iterator[list[NodeProcess]]:
    service, nodes = own.connect(), []
    for number, namespace in network.nodes.items():
        where = {"peer": f"{network.peer(number)}:{PEERS}", "http": f"{network.hosts[namespace]}:{HTTP}"}
        nodes.append(NodeProcess(own, service, f"node-{number}", **where, inside=inside(namespace)))
    try:
        for node in nodes:
            node.start()
        wait(lambda: differences(nodes, by_http))
        yield nodes
    finally:
        for node in nodes:
            if node.process and node.process.poll() is None:
                node.end(signal.SIGKILL)


@pytest.fixture
def channel(own: ServiceProcess) -> Channel:
    return own.connect().open(10**15)


def wait(lacking: Callable[[], object]) -> None:
    """Waits until nothing is lacking any more."""
    end = time.monotonic() + PATIENCE
    while lacks := lacking():
        assert time.monotonic() < end, lacks
        time.sleep(0.1)


def by_http(node: NodeProcess, what: str) -> dict:
    return node.ask().get(f"/v1/{what}").ok()


def by_command(node: NodeProcess, what: str) -> dict:
    done = node.own.command("node", what, "--json", "--node", f"http://{node.http}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def differences(nodes: list[NodeProcess], ask: Callable[[NodeProcess, str], dict]) -> list[object]:
    """What nodes say that keeps them from being equal, each connected to all others."""
    told = {node.number: (ask(node, "status"), ask(node, "peers")) for node in nodes}
    # No node's chain may fork, whatever the network does.
    assert {number: peers["evidence"] for number, (_, peers) in told.items()} == dict.fromkeys(told, 0)
    found: list[object] = []
    for number, (status, peers) in told.items():
        equal = {peer["node"] for peer in peers["peers"] if peer["state"] == "connected" and peer.get("isEqual")}
        if equal != told.keys() - {number} or status["missing"] or status["connectedPeers"] != len(nodes) - 1:
            found.append((number, status, peers))
    for values in (
        {number: (status["events"], status["messages"], status["topics"]) for number, (status, _) in told.items()},
        {number: peers["chains"] for number, (_, peers) in told.items()},
    ):
        if any(value != next(iter(values.values())) for value in values.values()):
            found.append(values)
    return found


def shown(node: NodeProcess, topic: bytes) -> list[dict]:
    return node.ask().get(f"/v1/topics/{hexadecimal(topic)}/messages?limit=1000&envelopes=true").ok()["messages"]


def lacking(nodes: list[NodeProcess], topic: bytes, messages: list[Message]) -> dict[int, set[int]]:
    """By node, the charges of a topic that are missing or too many."""
    charges = {message.charge for message in messages}
    found = {node.number: charges ^ {message["charge"] for message in shown(node, topic)} for node in nodes}
    return {number: difference for number, difference in found.items() if difference}


def acknowledged(node: NodeProcess, messages: list[Message]) -> list[str]:
    """Publishes, and returns the events that the node has promised to keep.

    A node that has started refuses for a while: until peers have told it how long its chain is, and while they take what is left of a
    connection for another process with its key.
    """
    results: list[dict] = []

    def refused() -> list[dict]:
        results[:] = publish(node.ask(), messages)
        refusals = [result["problem"] for result in results if "problem" in result]
        assert all(problem["code"] == "healing" for problem in refusals), refusals
        return refusals

    wait(refused)
    return [result["event"] for result in results]


def places(node: NodeProcess, events: list[str]) -> list[int]:
    """Where a node's own events are in its chain."""
    told = [node.ask().get(f"/v1/events/{event}").ok() for event in events]
    assert {(event["state"], event["originator"]) for event in told} == {("held", node.number)}
    return [event["sequence"] for event in told]


def check_equal(nodes: list[NodeProcess], topic: bytes, messages: list[Message]) -> None:
    """Waits until all nodes show these messages of a topic, in one order, and say themselves that they are equal."""
    wait(lambda: lacking(nodes, topic, messages))
    wait(lambda: differences(nodes, by_http))
    wait(lambda: differences(nodes, by_command))
    told = [shown(node, topic) for node in nodes]
    assert all(page == told[0] for page in told)
    envelopes = {message.charge: hexadecimal(message.envelope) for message in messages}
    assert [(message["charge"], message["envelope"]) for message in told[0]] == sorted(envelopes.items())


def check_partition(network: Network, own: ServiceProcess, here: int, there: int) -> None:
    """Two nodes don't see each other, and both see the fee service."""
    host, port = own.address.split(":")
    for number, other in ((here, there), (there, here)):
        assert network.reaches(number, host, int(port), 60)
        assert not network.reaches(number, network.peer(other), PEERS, 1)


def test_with_delay_and_loss_all_nodes_show_all_messages_in_one_order(
    network: Network, nodes: list[NodeProcess], channel: Channel
):
    if lacks := network.lacks_netem():
        pytest.skip(lacks)
    topic, messages = secrets.token_bytes(32), []
    with network.impaired("delay", "50ms", "loss", "10%"):
        for _ in range(3):
            for node in nodes:
                part = buy(channel, topic, 5)
                acknowledged(node, part)
                messages += part
        check_equal(nodes, topic, messages)


def test_a_node_that_was_cut_off_and_its_peers_end_with_the_union(
    network: Network, own: ServiceProcess, nodes: list[NodeProcess], channel: Channel
):
    topic, *others, alone = secrets.token_bytes(32), *nodes
    before, there, here = (buy(channel, topic, count) for count in (2, 9, 5))
    acknowledged(alone, before)
    check_equal(nodes, topic, before)
    with network.cut_off(NODES):
        check_partition(network, own, 1, NODES)
        for place, node in enumerate(others):
            acknowledged(node, there[place::3])
        # Paid for only now: the fee service is there for a node without peers.
        here += buy(channel, topic, 2)
        acknowledged(alone, here)
        wait(lambda: lacking(others, topic, before + there))
        # So long that the node has given up its old connections: all have to be made again.
        wait(lambda: [peer for peer in by_http(alone, "peers")["peers"] if peer["state"] == "connected"])
        assert not lacking([alone], topic, before + here) and not lacking(others, topic, before + there)
    check_equal(nodes, topic, before + there + here)


def test_two_halves_of_a_network_end_with_the_union(
    network: Network, own: ServiceProcess, nodes: list[NodeProcess], channel: Channel
):
    topic = secrets.token_bytes(32)
    halves = {side: buy(channel, topic, 6) for side in (0, 2)}
    with network.split(3, 4):
        check_partition(network, own, 1, 4)
        for side, messages in halves.items():
            for place, node in enumerate(nodes[side : side + 2]):
                acknowledged(node, messages[place::2])
        # Both halves go on as networks of their own.
        wait(lambda: lacking(nodes[:2], topic, halves[0]) | lacking(nodes[2:], topic, halves[2]))
    check_equal(nodes, topic, halves[0] + halves[2])


def test_a_node_killed_while_cut_off_goes_on_with_its_chain_and_ends_equal(
    network: Network, own: ServiceProcess, nodes: list[NodeProcess], channel: Channel
):
    topic, *others, victim = secrets.token_bytes(32), *nodes
    before, there, here, after = (buy(channel, topic, count) for count in (2, 6, 4, 3))
    events = acknowledged(victim, before)
    check_equal(nodes, topic, before)
    with network.cut_off(NODES):
        check_partition(network, own, 1, NODES)
        # These are on this node's disk and, once its kernel has given up to send them, nowhere else. Peers don't hear that it ended.
        events += acknowledged(victim, here)
        victim.end(signal.SIGKILL)
        wait(lambda: network.unsent(NODES))
        acknowledged(others[0], there)
        wait(lambda: lacking(others, topic, before + there))
    victim.start()
    events += acknowledged(victim, after)
    check_equal(nodes, topic, before + there + here + after)
    first, *rest = places(victim, events)
    assert rest == list(range(first + 1, first + len(events)))


def test_deletions_on_both_sides_of_a_partition_reach_all_nodes(
    network: Network, own: ServiceProcess, nodes: list[NodeProcess], channel: Channel
):
    owner, salt = Account.create(), secrets.token_bytes(32)
    topic, domain = owned(owner, salt), channel.service.domain
    kept, gone_there, gone_here = early = buy(channel, topic, 3)
    [late] = buy(channel, topic, 1)
    _, *gone_events = acknowledged(nodes[0], early)

    def delete(node: NodeProcess, message: Message) -> None:
        answer = node.ask().post("/v1/deletions", deletion(domain, owner, salt, message)).ok()
        assert answer == {"charge": message.charge, "isNew": True}

    check_equal(nodes, topic, early)
    with network.cut_off(NODES):
        check_partition(network, own, 1, NODES)
        delete(nodes[0], gone_there)
        delete(nodes[-1], gone_here)
        # Published and deleted where the others have never seen it.
        gone_events += acknowledged(nodes[-1], [late])
        delete(nodes[-1], late)
        wait(lambda: lacking(nodes[:-1], topic, [kept, gone_here]))
        assert not lacking(nodes[-1:], topic, [kept, gone_there])
    check_equal(nodes, topic, [kept])
    for node in nodes:
        for event in gone_events:
            assert node.ask().get(f"/v1/events/{event}/envelope").status == 404
