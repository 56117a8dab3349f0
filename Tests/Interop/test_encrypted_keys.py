"""A service and a node whose keys are encrypted, made by the program and by eth-account."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from feesvc.http import Connection, Service
from feesvc.process import ServiceProcess, binary
from feesvc.statements import STAKE_DEPOSIT, address
from test_nodes import STAKE, NodeProcess, free_port
from test_rewards import settle

PASSPHRASE = "correct horse"


class SealedService(ServiceProcess):
    """A service that is told a passphrase file, so that what it makes is encrypted."""

    def __init__(self) -> None:
        super().__init__()
        self.passphrase = self.write("passphrase", PASSPHRASE + "\n")
        self.flags = ("--passphrase-file", self.passphrase)

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)

    def encrypted(self, name: str, passphrase: str = PASSPHRASE) -> tuple[str, str]:
        """A key by eth-account: its file and its address."""
        account = Account.create()
        file = Account.encrypt(account.key, passphrase, kdf="scrypt", iterations=4_096)
        return self.write(name, json.dumps(file)), account.address

    def key(self, name: str):
        return Account.from_key(Account.decrypt((self.data / f"keys/{name}.key").read_text(), PASSPHRASE))

    def admin(self, *words: str) -> subprocess.CompletedProcess[str]:
        known = ["--service", f"http://{self.address}", "--admin-key", str(self.data / "keys/admin.key")]
        return self.command("admin", *words, *known, "--passphrase-file", self.passphrase, "--yes")


@pytest.fixture(scope="module")
def sealed() -> Iterator[SealedService]:
    with SealedService() as own:
        yield own


def test_what_a_service_makes_under_a_passphrase_is_encrypted(sealed: SealedService) -> None:
    for name in ("log", "settlement", "admin"):
        file = json.loads((sealed.data / f"keys/{name}.key").read_text())
        assert file["version"] == 3 and "0x" + file["address"] == sealed.key(name).address.lower()
    said = sealed.log.read_text()
    assert said.count("key made, encrypted") == 3 and PASSPHRASE not in said
    assert sealed.connect().open(10**12).id


def test_without_its_passphrase_it_does_not_start(sealed: SealedService) -> None:
    sealed.stop()
    wrong = sealed.write("wrong", "wrong battery\n")
    for flags, sentence in (((), "There is no terminal"), (("--passphrase-file", wrong), "The password is wrong")):
        sealed.flags = flags
        with pytest.raises(RuntimeError, match="serve ended with 1") as ended:
            sealed.start()
        assert sentence in str(ended.value)
    sealed.flags = ("--passphrase-file", sealed.passphrase)
    sealed.start()


def test_the_log_key_is_rotated_to_an_encrypted_one(sealed: SealedService) -> None:
    foreign, _ = sealed.encrypted("foreign.json", "another passphrase")
    other = sealed.write("other", "another passphrase\n")
    done = sealed.admin("rotate", "log", "--new-key", foreign, "--new-key-passphrase-file", other, "--data-dir", str(sealed.data))
    assert done.returncode == 1 and "without the passphrase that opens it" in done.stderr
    new, holder = sealed.encrypted("new.json")
    done = sealed.admin("rotate", "log", "--new-key", new, "--data-dir", str(sealed.data))
    assert done.returncode == 0 and holder in done.stdout, done.stderr
    assert (sealed.data / f"keys/log-{holder.lower()}.key").read_bytes().startswith(b"{")
    sealed.stop()
    sealed.start()
    assert sealed.connect().open(10**12).id


def test_a_node_runs_with_encrypted_keys(sealed: SealedService) -> None:
    service = sealed.connect()
    node = SealedNode(sealed, service)
    try:
        assert node.start().get("/v1/status").ok()["node"] == node.number
    finally:
        status = node.end()
    assert status == 0
    assert PASSPHRASE not in (sealed.folder / "nodes.log").read_text()


class SealedNode(NodeProcess):
    """A node whose key and whose operator's key eth-account encrypted, under one passphrase."""

    def __init__(self, own: SealedService, service: Service):
        self.own, self.folder, self.http = own, own.folder / "node", f"127.0.0.1:{free_port()}"
        self.inside: tuple[str, ...] = ()
        self.key_file, _ = own.encrypted("node.json")
        operator, holder = own.encrypted("operator.json")
        settle(service, "stakes", STAKE_DEPOSIT, address(holder), STAKE, secrets.token_bytes(32))
        words = ["--service", f"http://{own.address}", "--operator-key", operator, "--node-key", self.key_file]
        words += ["--stake", str(STAKE), "--peer", f"127.0.0.1:{free_port()}", "--http", self.http]
        done = own.command("node", "register", *words, "--passphrase-file", own.passphrase)
        assert done.returncode == 0, done.stderr
        self.number = int(done.stdout.split()[1])

    def start(self) -> Connection:
        return super().start("--passphrase-file", self.own.passphrase)


def test_a_plain_key_is_made_where_there_is_no_passphrase(tmp_path: Path, process: ServiceProcess) -> None:
    words = [binary(), "node", "run", "--data-dir", str(tmp_path / "node"), "--service", f"http://{process.address}"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is not registered" in done.stderr
    assert "key made, not encrypted" in done.stderr
    assert (tmp_path / "node/node.key").read_text().startswith("0x")
