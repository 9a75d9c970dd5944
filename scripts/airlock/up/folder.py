"""`build/up`: all that an Airflow which is up has on disk, and who keeps it.

lock             held by whoever starts it, then by its keeper: held means up
keeper.json      that process, what it runs, where the UI is
running.json     the processes of the sandboxes, or of Docker Compose while it starts containers
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "admin"
SECRET = 0o600


@dataclass(frozen=True)
class Service:
    """A sandbox that is to run: its command line, and the inherited sockets that it is given."""

    name: str
    command: tuple[str, ...]
    sockets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Process:
    """A process that no other of the same pid is taken for.

    Its start is in clock ticks since the boot (proc(5)), which has an id of its own (random(4)).
    """

    pid: int
    start: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process of a pid that is alive, None where there is none, or no /proc."""
        try:
            after_name = (
                Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
            )
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except OSError:
            return None
        return cls(pid, int(after_name[19]), boot) if after_name[0] not in "ZX" else None

    @classmethod
    def this(cls) -> Process | None:
        return cls.of(os.getpid())

    @property
    def lives(self) -> bool:
        return Process.of(self.pid) == self


@dataclass(frozen=True)
class Kept:
    """What is up: by whom it is kept, where its UI is, and the sandboxes (none where Docker runs it)."""

    keeper: Process | None
    url: str
    services: tuple[Service, ...] = ()
    compose_project: str = ""  # of docker compose
    docker_host: str = ""


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
        keeper = document["keeper"] and Process(**document["keeper"])
        return Kept(**{**document, "keeper": keeper, "services": services})

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
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder, whose lock is ours: that last, for whoever waits for it writes here at once."""
        with contextlib.suppress(FileNotFoundError):  # `make clean` was here
            self.clear()
        with contextlib.suppress(OSError):  # a new one has its lock there already
            self.lock.unlink(missing_ok=True)
            self.path.rmdir()

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
    while True:
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.path.chmod(0o700)
            descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, SECRET)
        except FileNotFoundError:
            continue  # who held it before has just removed its folder
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        if os.fstat(descriptor).st_nlink:
            break
        os.close(descriptor)  # it was removed with its folder before it was locked
    try:
        yield descriptor
    finally:
        os.close(descriptor)
