"""A mount namespace of its own: commands in it see other mounts than this machine does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from airlock import process

if TYPE_CHECKING:
    from subprocess import Popen

_READY = b"ready\n"


@dataclass(frozen=True)
class Mounts:
    """The namespace lives while `with` does; in it the user is root over the mounts, and nothing else."""

    holder: Popen[bytes]

    @classmethod
    def create(cls) -> Mounts:
        """Make the namespace, or skip where this machine forbids it (AIRLOCK_REQUIRE_REAL=1: or fail)."""
        script = "echo ready; exec sleep infinity"
        holder = process.start(["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c", script])
        assert holder.stdout is not None
        if holder.stdout.readline() != _READY:
            _, said = holder.communicate()
            pytest.skip(f"no mount namespace can be made here: {said.decode(errors='replace')}")
        return cls(holder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.holder.kill()
        self.holder.communicate()

    @property
    def enter(self) -> tuple[str, ...]:
        """Return the beginning of a command line that runs the rest in the namespace."""
        return ("nsenter", "--user", "--mount", "--target", str(self.holder.pid), "--")

    def run(self, *command: str | Path) -> None:
        process.run([*self.enter, *command])

    def memory(self, folder: Path, options: str) -> Path:
        """Lay an empty file system in memory over a folder; return where it is seen from outside."""
        folder.mkdir(parents=True, exist_ok=True)
        self.run("mount", "-t", "tmpfs", "-o", options, "none", folder)
        return Path(f"/proc/{self.holder.pid}/root{folder}")
