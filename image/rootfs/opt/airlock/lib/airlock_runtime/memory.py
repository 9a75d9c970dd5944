"""Small facts in files that outlive a process: of one health check for the next, of a worker for both.

In /tmp, or in /dev/shm where the root file system is read-only and nothing else is mounted: a container
engine mounts that always.
"""

from __future__ import annotations

import contextlib
import os

FOLDERS = ("/tmp", "/dev/shm")  # noqa: S108 - written and read below as such folders ask for
LIMIT = 4096  # bytes


def load(name: str, folders: tuple[str, ...] = FOLDERS) -> dict[str, str]:
    """Return the newest facts of this name; none where there are none that this user or root wrote."""
    newest: tuple[float, str] = (0.0, "")
    for folder in folders:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            handle = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                about = os.fstat(handle)
                if os.geteuid() in {about.st_uid, 0}:
                    newest = max(newest, (about.st_mtime, os.read(handle, LIMIT).decode()))
            finally:
                os.close(handle)
    pairs = (line.partition("=") for line in newest[1].splitlines())
    return {key: value for key, sign, value in pairs if sign}


def save(name: str, facts: dict[str, str], folders: tuple[str, ...] = FOLDERS) -> bool:
    """Write facts beside their place and rename; tell whether any folder took them."""
    text = "".join(f"{key}={value}\n" for key, value in facts.items()).encode()
    for folder in folders:
        aside = f"{folder}/.{name}.{os.getpid()}"
        with contextlib.suppress(OSError):
            handle = os.open(
                aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(text)
                os.replace(aside, f"{folder}/{name}")  # noqa: PTH105 - pathlib costs milliseconds here
            except OSError:
                os.unlink(aside)  # noqa: PTH108
                raise
            return True
    return False


def number(facts: dict[str, str], key: str) -> float | None:
    """Return a fact that is a number, or None where it is none."""
    try:
        return float(facts[key])
    except (KeyError, ValueError):
        return None
