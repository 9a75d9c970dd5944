"""What processes do that are to die: each is a process of its own, forked from one that has loaded all it needs."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock.releases import s3_location
from airlock_spec.releases.failures import ReleaseError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull, Rules
from memory_location import MemoryLocation
from release_folders import contents
from release_worlds import REFUSED, publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess

    from airlock_spec.releases.objects import Objects

_CHANGES = {
    "open",
    "os.link",
    "os.symlink",
    "os.rename",
    "os.mkdir",
    "os.chmod",
    "os.remove",
    "os.rmdir",
    "os.utime",
}
DONE, FAILED, SWALLOWED = 0, 3, 4  # exit codes; the last where a failure was met, and was none
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "boto3.session", "botocore.config", "urllib3"])


def start(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Start a function of a module in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def ended(process: ForkServerProcess, seconds: float = 60) -> int:
    """Return how a process ended: its exit code, or a signal's number below 0."""
    process.join(seconds)
    assert process.exitcode is not None, "it does not end"
    return process.exitcode


def event() -> Any:
    return _CONTEXT.Event()


def counter() -> Any:
    return _CONTEXT.Value("i", 0)


def pull_until(root: Path, numbers: list[int], point: int, doing: str, said: Path) -> None:
    """Let a folder follow a location; at the change of the file system of this number, die or find the disk full."""
    location = MemoryLocation()
    for number in numbers:
        publish(location, number)
    pull = Pull(location, Folder(root), Rules(keep_for=0))
    work = {"pull": pull.once, "mend": pull.mend}[doing.partition(" ")[0]]
    _at_change(root, point, _die if doing.endswith("killed") else _fill)
    try:
        work()
    except (OSError, ReleaseError) as error:
        _changes.clear()
        said.write_text(str(error))
        sys.exit(FAILED)
    _changes.clear()
    sys.exit(SWALLOWED if _reached.is_set() else DONE)


def pull_with_limit(root: Path, numbers: list[int], limit: int, said: Path) -> None:
    """The same where no file may have more than so many bytes: a write fails half-way."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    location = MemoryLocation()
    for number in numbers:
        publish(location, number)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        Pull(location, Folder(root)).once()
    except OSError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        said.write_text(str(error))
        sys.exit(FAILED)


def pull_from(connect: Callable[[str, str], Objects], host: str, location: str, root: Path) -> None:
    """Let a folder follow a location of S3, once."""
    Pull(connect(host, location), Folder(root)).once()


def publish_to(location: str, numbers: list[int], environment: dict[str, str], reported: Path) -> None:
    """Publish releases, one after another; write down each that was reported as published."""
    os.environ.update(environment)
    there = s3_location.connect(location)
    for number in numbers:
        with contextlib.suppress(*REFUSED):
            done = publish(there, number, f"publisher {os.getpid()}")
            with reported.open("a") as file:
                file.write(f"{done.release}\n")


def read_all(root: Path, stop: Any, looked: Any, wrong: Path) -> None:
    """Resolve what serves and read all of it, over and over; write down what is no whole release."""
    from published_releases import manifest_of  # noqa: PLC0415 - as `contents`, for this alone

    while not stop.is_set():
        top = Path(os.path.realpath(root / "current"))
        there = contents(top)
        if not there or manifest_of(there).id != top.name:
            with wrong.open("a") as file:
                file.write(f"{top.name}: {sorted(there)}\n")
        looked.value += 1


_changes: list[Callable[[str], None]] = []
_reached = threading.Event()


def _at_change(root: Path, point: int, happens: Callable[[], None]) -> None:
    left = iter(range(point, -1, -1))

    def before(path: str) -> None:
        if path.startswith(str(root)) and next(left, 1) == 0:
            _reached.set()
            happens()

    _changes.append(before)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES and _changes:
            paths = [
                os.fsdecode(path) for path in arguments[:2] if isinstance(path, str | bytes | os.PathLike)
            ]
            _changes[0](paths[-1] if event == "os.link" and paths else (paths or [""])[0])

    sys.addaudithook(hook)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fill() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
