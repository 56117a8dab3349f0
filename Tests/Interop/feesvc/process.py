"""The service as a process with a PostgreSQL of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from .canonical import blob, sha, tagged, text, u64
from .http import Connection, Service
from .messages import hexadecimal
from .place import ROOT
from .statements import ADMIN_ACT


def binary() -> str:
    path = os.environ.get("FEESVC_BINARY", str(ROOT / ".build/debug/feesvc"))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"build {path} first, or name another program in FEESVC_BINARY")
    return path


def alive(process: int) -> bool:
    """Tells whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class ServiceProcess:
    """`feesvc serve` in a folder of its own below /tmp; at the end nothing of it is left.

    The words of `inside` come before the command, as those of `ip netns exec` do.
    """

    def __init__(self, *flags: str, inside: tuple[str, ...] = ()):
        self.flags, self.inside = flags, inside
        self.folder = Path(tempfile.mkdtemp(prefix="feesvc-interop-", dir="/tmp"))
        self.folder.chmod(0o755)  # PostgreSQL's user has to get through.
        self.data = self.folder / "data"
        self.log = self.folder / "service.log"
        self.process: subprocess.Popen | None = None
        self.acts = 0

    def __enter__(self) -> ServiceProcess:
        try:
            self.start()
        except BaseException:
            self.clear()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.clear()

    @property
    def environment(self) -> dict[str, str]:
        words = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "FEESVC_DATABASE_URL"}
        return words | {"TMPDIR": str(self.folder)}

    def start(self, seconds: float = 180) -> None:
        """Starts it on its data directory, and waits until it answers."""
        address_file = self.folder / "address"
        address_file.unlink(missing_ok=True)
        words = [binary(), "serve", "--data-dir", str(self.data), "--port", "0", "--address-file", str(address_file)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, *words, *self.flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )
        end = time.monotonic() + seconds
        while not address_file.exists() or not address_file.read_text().strip():
            if self.process.poll() is not None:
                raise RuntimeError(f"serve ended with {self.process.returncode}: {self.said()}")
            if time.monotonic() > end:
                raise TimeoutError(f"serve does not answer after {seconds} s: {self.said()}")
            time.sleep(0.02)
        self.address = address_file.read_text().strip()

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]

    def kill(self) -> None:
        """Kills the service alone, as `kill -9` does; its PostgreSQL stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def command(self, *words: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """Runs another command of the program to its end."""
        return subprocess.run(
            [binary(), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=seconds,
        )

    def recover(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """Runs `feesvc recover` in place of the service."""
        return self.command("recover", "--data-dir", str(self.data), *flags)

    def recovered(self, *flags: str) -> dict:
        """What `recover --json` says, where it does not fail."""
        result = self.recover("--json", *flags)
        if result.returncode != 0:
            raise RuntimeError(f"recover ended with {result.returncode}: {result.stderr}")
        return json.loads(result.stdout)

    def end_database(self) -> None:
        """Ends PostgreSQL at once, where it runs: what was committed stays."""
        for ending in [signal.SIGQUIT] + [signal.SIGKILL] * 3:
            for process in [self.postmaster] if ending == signal.SIGQUIT else list(self.database_processes()):
                if process is not None:
                    try:
                        os.kill(process, ending)
                    except ProcessLookupError:
                        pass
            end = time.monotonic() + 5
            while self.database_processes() and time.monotonic() < end:
                time.sleep(0.02)
            if not self.database_processes():
                return
        raise TimeoutError("PostgreSQL does not end")

    def copy_database(self, name: str = "copy") -> Path:
        """Copies the cluster's folder; only called while the service is stopped."""
        copy = self.folder / name
        shutil.rmtree(copy, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.data / "postgres/data"), str(copy)], check=True)
        return copy

    def put_back(self, copy: Path, keep: bool = True) -> None:
        """Puts a copy in the place of the cluster's folder, itself where it need not be kept; what happened since is lost."""
        self.end_database()
        place = self.data / "postgres/data"
        lost = place.rename(self.folder / "lost")
        if keep:
            subprocess.run(["cp", "-a", str(copy), str(place)], check=True)
        else:
            copy.rename(place)
        shutil.rmtree(lost)

    def key(self, name: str) -> LocalAccount:
        """One of the instance's keys: `log`, `settlement` or `admin`."""
        return Account.from_key((self.data / "keys" / f"{name}.key").read_text().strip())

    def connect(self) -> Service:
        """A client of it with a connection of its own."""
        return Service(Connection(self.address), self.key("settlement"))

    def set_clock(self, service: Service, moment: int) -> None:
        """Moves the clock of a service that was started with `--manual-clock`."""
        self.act(service, "clock", u64(moment))

    def act(self, service: Service, name: str, body: bytes) -> None:
        """Has the service do what the admin key orders."""
        self.acts += 1
        act = tagged("feesvc/act/2", text(name), blob(body), u64(self.acts))
        signature = service.domain.sign(self.key("admin"), ADMIN_ACT, sha(act))
        service.connection.post("/v1/admin/acts", {"bytes": hexadecimal(act), "signature": hexadecimal(signature)}).ok()

    @property
    def postmaster(self) -> int | None:
        """PostgreSQL's first process."""
        try:
            process = int((self.data / "postgres/data/postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        return process if alive(process) and self._runs_here(process) else None

    def database_processes(self) -> dict[int, str]:
        """PostgreSQL's processes and what they say that they are: the postmaster and its children."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and self._runs_here(int(folder.name)) and alive(int(folder.name)):
                try:
                    title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                found[int(folder.name)] = title
        return found

    def _runs_here(self, process: int) -> bool:
        try:
            return os.readlink(f"/proc/{process}/cwd") == str(self.data / "postgres/data")
        except OSError:
            return False

    @property
    def database_url(self) -> str:
        return f"host={self.data}/postgres/run port=5432 user=feesvc dbname=feesvc"

    def clear(self) -> None:
        if self.process is not None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        for _ in range(100):
            left = self.database_processes()
            if not left:
                break
            for process in left:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)
