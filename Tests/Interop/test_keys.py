"""Key files of both forms by `feesvc key`, and encrypted ones to and from eth-account."""

from __future__ import annotations

import json
import os
import pty
import secrets
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from feesvc.process import binary

PASSPHRASE = "correct horse ünïcode"
# The key, passphrase and files of the definition: ethereum.org, Web3 secret storage definition.
DEFINITION_KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
DEFINITION = {
    "pbkdf2": {
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262144,
                "dklen": 32,
                "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    },
    "scrypt": {
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32,
                "n": 262144,
                "p": 8,
                "r": 1,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    },
}


class Folder:
    """A folder of key files, with `feesvc key` in it."""

    def __init__(self, path: Path):
        self.path = path
        self.passphrase = self.write("passphrase", PASSPHRASE + "\n")

    def write(self, name: str, text: str, mode: int = 0o600) -> str:
        path = self.path / name
        path.touch(mode=0o600)
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def run(self, *words: str, passphrase: str | None = "passphrase") -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "FEESVC_PASSPHRASE_FILE"}
        if passphrase is not None:
            environment["FEESVC_PASSPHRASE_FILE"] = str(self.path / passphrase)
        # A session of its own has no terminal to ask at.
        return subprocess.run(
            [binary(), "key", *words],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
        )

    def done(self, *words: str, passphrase: str | None = "passphrase") -> str:
        result = self.run(*words, passphrase=passphrase)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def refused(self, *words: str, passphrase: str | None = "passphrase") -> str:
        result = self.run(*words, passphrase=passphrase)
        assert result.returncode == 1 and not result.stdout, (result.returncode, result.stdout)
        assert result.stderr.startswith("feesvc: ") and result.stderr.count("\n") == 1, result.stderr
        assert "horse" not in result.stderr
        return result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    yield Folder(tmp_path)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_written_here_opens_elsewhere(folder: Folder) -> None:
    for cost, n in (("standard", 131_072), ("light", 4_096)):
        name = cost + ".key"
        address = folder.done("new", name, "--key-cost", cost)
        file = json.loads((folder.path / name).read_text())
        assert mode(folder.path / name) == 0o600
        assert file["crypto"]["kdf"] == "scrypt" and file["crypto"]["kdfparams"]["n"] == n
        key = Account.decrypt(file, PASSPHRASE)
        assert Account.from_key(key).address == address
        assert folder.done("address", name, passphrase=None) == address
        assert folder.done("address", name, "--check") == address


@pytest.mark.parametrize(("kdf", "iterations"), [("scrypt", 4_096), ("scrypt", 262_144), ("pbkdf2", 1_000)])
def test_what_is_written_elsewhere_opens_here(folder: Folder, kdf: str, iterations: int) -> None:
    account = Account.create()
    file = Account.encrypt(account.key, PASSPHRASE, kdf=kdf, iterations=iterations)
    folder.write("theirs.json", json.dumps(file))
    assert folder.done("address", "theirs.json", "--check") == account.address
    assert folder.done("decrypt", "theirs.json") == "theirs.json.plain"
    assert (folder.path / "theirs.json.plain").read_text() == f"0x{bytes(account.key).hex()}\n"
    assert mode(folder.path / "theirs.json.plain") == 0o600


def test_a_counter_whose_zeros_in_front_are_left_out_opens(folder: Folder) -> None:
    account = Account.create()
    while True:
        file = Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=1)
        if len(file["crypto"]["cipherparams"]["iv"]) < 32:
            break
    folder.write("theirs.json", json.dumps(file))
    assert folder.done("address", "theirs.json", "--check") == account.address


@pytest.mark.parametrize("kdf", DEFINITION)
def test_the_definition_s_own_files_open(folder: Folder, kdf: str) -> None:
    folder.write("definition.json", json.dumps(DEFINITION[kdf]))
    folder.write("its", "testpassword\n")
    folder.done("decrypt", "definition.json", "--out", "plain.key", passphrase="its")
    assert (folder.path / "plain.key").read_text() == f"0x{DEFINITION_KEY}\n"


def test_a_key_goes_through_every_form_and_stays_the_same(folder: Folder) -> None:
    address = folder.done("new", "a.key", "--plain")
    plain = (folder.path / "a.key").read_text()
    assert folder.done("encrypt", "a.key", "--key-cost", "light") == "a.key.json"
    folder.write("other", "another one\n")
    folder.done("passphrase", "a.key.json", "--new-passphrase-file", "other", "--key-cost", "light")
    assert mode(folder.path / "a.key.json") == 0o600
    folder.refused("address", "a.key.json", "--check")
    assert folder.done("address", "a.key.json", "--check", passphrase="other") == address
    folder.done("decrypt", "a.key.json", "--out", "b.key", passphrase="other")
    assert (folder.path / "b.key").read_text() == plain == (folder.path / "a.key").read_text()
    assert sorted(p.name for p in folder.path.iterdir()) == ["a.key", "a.key.json", "b.key", "other", "passphrase"]


def test_no_file_is_overwritten_and_no_form_taken_for_the_other(folder: Folder) -> None:
    folder.done("new", "a.key", "--plain")
    folder.done("new", "b.key", "--key-cost", "light")
    before = {p.name: p.read_bytes() for p in folder.path.iterdir()}
    for words in (
        ["new", "a.key"],
        ["new", "b.key", "--plain"],
        ["encrypt", "a.key", "--out", "b.key"],
        ["decrypt", "b.key", "--out", "a.key"],
    ):
        assert "exists already" in folder.refused(*words)
    assert "is encrypted already" in folder.refused("encrypt", "b.key")
    assert "is not encrypted" in folder.refused("decrypt", "a.key")
    assert "is not encrypted" in folder.refused("passphrase", "a.key")
    assert {p.name: p.read_bytes() for p in folder.path.iterdir()} == before


def change(*path: str, to: object) -> Callable[[dict], None]:
    def edit(file: dict) -> None:
        for name in path[:-1]:
            file = file[name]
        file[path[-1]] = to

    return edit


def flip(*path: str) -> Callable[[dict], None]:
    def edit(file: dict) -> None:
        for name in path[:-1]:
            file = file[name]
        file[path[-1]] = f"{int(file[path[-1]], 16) ^ 1:064x}"

    return edit


REFUSALS: dict[str, tuple[Callable[[dict], None], str]] = {
    "version 1": (change("version", to=1), "version is not 3"),
    "version 4": (change("version", to=4), "version is not 3"),
    "unknown kdf": (change("crypto", "kdf", to="argon2id"), "crypto.kdf is not scrypt or pbkdf2"),
    "unknown cipher": (change("crypto", "cipher", to="aes-128-cbc"), "crypto.cipher is not aes-128-ctr"),
    "n too large": (change("crypto", "kdfparams", "n", to=1 << 21), "crypto.kdfparams.n is not a power of two"),
    "n no power of two": (change("crypto", "kdfparams", "n", to=4_097), "crypto.kdfparams.n is not a power of two"),
    "r too large": (change("crypto", "kdfparams", "r", to=1 << 20), "crypto.kdfparams is not affordable"),
    "p too large": (change("crypto", "kdfparams", "p", to=1 << 30), "crypto.kdfparams is not affordable"),
    "p zero": (change("crypto", "kdfparams", "p", to=0), "crypto.kdfparams.p is not above 0"),
    "bad MAC": (flip("crypto", "mac"), "The password is wrong, or the key file was changed"),
    "bad ciphertext": (flip("crypto", "ciphertext"), "The password is wrong, or the key file was changed"),
    "truncated ciphertext": (change("crypto", "ciphertext", to="00" * 31), "crypto.ciphertext is not hex of 32 bytes"),
    "empty ciphertext": (change("crypto", "ciphertext", to=""), "crypto.ciphertext is not hex of 32 bytes"),
    "another address": (change("address", to="11" * 20), "The key file says 0x1111"),
    "no parameters": (change("crypto", "kdfparams", to={}), "crypto.kdfparams.dklen is missing"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_that_was_changed_is_refused(folder: Folder, name: str) -> None:
    edit, sentence = REFUSALS[name]
    file = Account.encrypt(Account.create().key, PASSPHRASE, kdf="scrypt", iterations=4_096)
    edit(file)
    folder.write("a.json", json.dumps(file))
    begin = time.monotonic()
    assert sentence in folder.refused("address", "a.json", "--check")
    assert "a.json" in folder.refused("decrypt", "a.json")
    assert time.monotonic() - begin < 10
    assert not (folder.path / "a.json.plain").exists()


def test_too_many_rounds_are_refused_before_the_first(folder: Folder) -> None:
    file = Account.encrypt(Account.create().key, PASSPHRASE, kdf="pbkdf2", iterations=1_000)
    file["crypto"]["kdfparams"]["c"] = 10_000_001
    folder.write("a.json", json.dumps(file))
    assert "crypto.kdfparams.c is not in 1 … 10000000" in folder.refused("address", "a.json", "--check")


def test_files_around_the_key_are_refused_as_well(folder: Folder) -> None:
    text = json.dumps(Account.encrypt(Account.create().key, PASSPHRASE, kdf="pbkdf2", iterations=1_000))
    for mode in (0o640, 0o604, 0o660, 0o644):
        folder.write("a.json", text, mode)
        assert "chmod 600 a.json" in folder.refused("address", "a.json")
    folder.write("a.json", text + "{}")
    assert "it is no JSON object" in folder.refused("address", "a.json")
    folder.write("a.json", text + "x")
    assert "it is no JSON object" in folder.refused("address", "a.json")
    folder.write("a.json", text)
    folder.write("wrong", "wrong battery\n")
    assert "The password is wrong" in folder.refused("decrypt", "a.json", passphrase="wrong")
    folder.write("open", PASSPHRASE + "\n", 0o640)
    assert "chmod 600" in folder.refused("decrypt", "a.json", passphrase="open")
    folder.write("two lines", PASSPHRASE + "\nmore\n")
    assert "in one line" in folder.refused("decrypt", "a.json", passphrase="two lines")
    folder.write("empty", "\n")
    assert "in one line" in folder.refused("new", "b.json", passphrase="empty")
    assert "There is no terminal" in folder.refused("decrypt", "a.json", passphrase=None)
    assert "no file" in folder.refused("decrypt", "a.json", passphrase="none")


def typed(folder: Folder, words: list[str], lines: list[str]) -> tuple[int, str]:
    """Runs a command at a terminal of its own, answers each prompt, and returns its status and all that was seen."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder.path)
        os.environ.pop("FEESVC_PASSPHRASE_FILE", None)
        os.execv(binary(), [binary(), "key", *words])
    seen, asked, end = b"", 0, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 4_096)
        except OSError:  # The other side was closed.
            break
        if not part:
            break
        seen += part
        while asked < len(lines) and seen.count(b": ") > asked:
            os.write(terminal, lines[asked].encode() + b"\n")
            asked += 1
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


def test_a_passphrase_that_is_typed_is_not_shown(folder: Folder) -> None:
    secret = "typed " + secrets.token_hex(8)
    status, seen = typed(folder, ["new", "a.key", "--key-cost", "light"], [secret, secret])
    assert status == 0, seen
    assert secret not in seen and "Passphrase for a.key" in seen and "The same again" in seen
    file = json.loads((folder.path / "a.key").read_text())
    assert Account.from_key(Account.decrypt(file, secret)).address in seen
    status, seen = typed(folder, ["address", "a.key", "--check"], [secret + "x"])
    assert status == 1 and secret not in seen and "The password is wrong" in seen
    status, seen = typed(folder, ["new", "b.key"], [secret, secret + "x"])
    assert status == 1 and "differ" in seen and not (folder.path / "b.key").exists()


def test_help_teaches(folder: Folder) -> None:
    text = folder.done("--help")
    for words in ("Web3 Secret Storage", "FEESVC_PASSPHRASE_FILE", "feesvc key encrypt node.key", "never an argument"):
        assert words in " ".join(text.split())
