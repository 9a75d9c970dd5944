"""`build/up`: all that an Airflow which is up has on disk, and who keeps it.

lock             held by whoever starts it, then by its keeper: held means up
keeper.json      the pid of that process, what it runs, where the UI is
running.json     the processes of the sandboxes
ended.json       which of them ended first, and how, where nobody asked for it
passwords.json   user → password, mode 0600
compose.env      the secrets of the compose file, mode 0600
hosts            the names in the sandbox that stands outside
aws.sock         where AWS answers
NAME.log         what each sandbox says
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airlock import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "admin"
SECRET = 0o600


@dataclass(frozen=True)
class Service:
    """A sandbox that is to run: its command line, and the inherited sockets that it is given."""

    name: str
    command: tuple[str, ...]
    sockets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What is up: by whom it is kept, where its UI is, and the sandboxes (none where Docker runs it)."""

    pid: int
    url: str
    services: tuple[Service, ...] = ()
    compose_project: str = ""  # of docker compose
    docker_host: str = ""


@dataclass(frozen=True)
class Process:
    """A process that no other of the same pid is taken for: its start is in clock ticks since the boot (proc(5))."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process of a pid that is alive, None where there is none."""
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - no Path needed
                after_name = file.read().rpartition(")")[2].split()
        except OSError:
            return None
        return cls(pid, int(after_name[19])) if after_name[0] not in "ZX" else None

    @property
    def lives(self) -> bool:
        return Process.of(self.pid) == self


@dataclass(frozen=True)
class UpFolder:
    """The folder; every file in it is optional."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def passwords(self) -> Path:
        return self.path / "passwords.json"

    @property
    def compose_env(self) -> Path:
        return self.path / "compose.env"

    @property
    def hosts(self) -> Path:
        return self.path / "hosts"

    @property
    def aws(self) -> Path:
        return self.path / "aws.sock"

    def log(self, service: str) -> Path:
        return self.path / f"{service}.log"

    def keep(self, kept: Kept) -> None:
        self._write("keeper.json", asdict(kept))

    @property
    def kept(self) -> Kept | None:
        document = self._read("keeper.json")
        if document is None:
            return None
        services = tuple(
            Service(one["name"], tuple(one["command"]), tuple(one["sockets"])) for one in document["services"]
        )
        return Kept(**{**document, "services": services})

    def note_running(self, processes: dict[str, Process]) -> None:
        self._write("running.json", {name: asdict(one) for name, one in processes.items()})

    @property
    def running(self) -> dict[str, Process]:
        """Return the processes of the sandboxes that are alive."""
        found = {name: Process(**one) for name, one in (self._read("running.json") or {}).items()}
        return {name: one for name, one in found.items() if one.lives}

    def note_end(self, service: str, code: int) -> None:
        self._write("ended.json", {"service": service, "code": code})

    @property
    def ended(self) -> tuple[str, int] | None:
        """Return the service that ended first though nobody asked for it, and its exit code."""
        document = self._read("ended.json")
        return (document["service"], document["code"]) if document else None

    def write_secret(self, path: Path, text: str) -> None:
        with writing.replacing(path, SECRET) as file:
            file.write(text.encode())

    def clear(self) -> None:
        """Remove what one that was killed left, but the lock, which is ours."""
        for path in self.path.iterdir():
            if path != self.lock:
                path.unlink()

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _write(self, name: str, document: object) -> None:
        self.write_secret(self.path / name, json.dumps(document, indent=1) + "\n")

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            document = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None


@contextlib.contextmanager
def held(folder: UpFolder) -> Iterator[int | None]:
    """Hold the folder's lock, and give the descriptor that holds it; None where somebody else does.

    Whoever inherits the descriptor goes on holding it when the block ends.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.path.chmod(0o700)
    while True:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, SECRET)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        if os.fstat(descriptor).st_nlink:
            break
        os.close(descriptor)  # it was removed with its folder before it was locked
        folder.path.mkdir(parents=True, exist_ok=True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
