"""The lock files of a project, read, written and compared as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airlock.errors import LockError
from airlock.locks import airflow, build, debian, moves, pip_constraints, toolchain
from airlock.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.build import BuildLock
    from airlock.locks.debian import DebianLock
    from airlock.locks.moves import Moves
    from airlock.locks.toolchain import ToolchainLock
    from airlock.terminal import Terminal

Lock = TypeVar("Lock")  # PEP 695 syntax needs Python 3.12


@dataclass(frozen=True)
class Locks:
    """The locks of a project; None is a lock that does not exist (yet)."""

    debian: DebianLock | None
    airflow: AirflowLock | None
    toolchain: ToolchainLock | None
    debian_build: DebianLock | None = None
    build: BuildLock | None = None

    def names(self) -> frozenset[str]:
        """All package names in them."""
        python = (
            moves.airflow_versions(self.airflow).keys()
            | (self.toolchain.versions if self.toolchain else {}).keys()
        )
        debian = moves.debian_versions(self.debian).keys() | moves.debian_versions(self.debian_build).keys()
        return frozenset(debian | python)


def existing(config: Config, terminal: Terminal, *, strict: bool) -> Locks:
    """Read the locks that are there.

    One that cannot be used (edited by hand, a merge conflict) counts as absent, which is said; with `strict`
    it raises LockError.
    """

    def previous(read: Callable[[Path], Lock], path: Path) -> Lock | None:
        if not path.exists():
            return None
        try:
            return read(path)
        except LockError as error:
            if strict:
                raise
            terminal.say(f"{error.fact}; it is made anew, as if it were the first")
            return None

    return Locks(
        previous(debian.read, config.debian_lock),
        previous(airflow.read, config.airflow_lock),
        previous(toolchain.read, config.toolchain_lock),
        previous(debian.read, config.debian_build_lock),
        previous(build.read, config.build_lock),
    )


def save(config: Config, locks: Locks) -> None:
    """Write the locks, each at once or not at all; a file that would not change keeps its time."""
    texts = {}
    if locks.debian:
        texts[config.debian_lock] = debian.render(locks.debian)
    if locks.airflow:
        texts[config.airflow_lock] = airflow.render(locks.airflow)
        texts[pip_constraints.path(config)] = pip_constraints.render(locks.airflow)
    if locks.toolchain:
        texts[config.toolchain_lock] = toolchain.render(locks.toolchain)
    if locks.debian_build:
        texts[config.debian_build_lock] = debian.render(locks.debian_build)
    if locks.build:
        texts[config.build_lock] = build.render(locks.build)
    for path in {config.debian_build_lock, config.build_lock} - texts.keys():
        path.unlink(missing_ok=True)  # nothing is built any more
    for path, text in texts.items():
        if not path.exists() or path.read_bytes() != text.encode():
            write(path, text)


def compare(before: Locks, after: Locks) -> Moves:
    """Compare the versions of all locks."""
    return moves.together(
        [
            moves.compare(
                "debian", moves.debian_versions(before.debian), moves.debian_versions(after.debian)
            ),
            moves.compare(
                "airflow", moves.airflow_versions(before.airflow), moves.airflow_versions(after.airflow)
            ),
            moves.compare(
                "debian-build",
                moves.debian_versions(before.debian_build),
                moves.debian_versions(after.debian_build),
            ),
            moves.compare(
                "toolchain",
                before.toolchain.versions if before.toolchain else {},
                after.toolchain.versions if after.toolchain else {},
            ),
        ]
    )
