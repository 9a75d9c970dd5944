"""Whether the locks still answer what the project asks for, told from the project's files alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from airlock.errors import LockError
from airlock.locks import airflow, build, constraints, debian, intent, pip_constraints, toolchain
from airlock.locks.target import target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.build import BuildLock
    from airlock.locks.debian import DebianLock
    from airlock.locks.intent import Asked, Intent

Pairs = tuple[tuple[str, str], ...]
Lock = TypeVar("Lock")  # PEP 695 syntax needs Python 3.12


def asked_changes(locked: Pairs, asked: Iterable[Asked]) -> list[str]:
    """Describe what was asked for since (+) and what no longer is (-); the order of lines does not matter."""
    now = intent.pairs(asked)
    gone = [
        f"{source}: - {requirement}" for source, requirement in locked if (source, requirement) not in now
    ]
    new = [f"{source}: + {requirement}" for source, requirement in now if (source, requirement) not in locked]
    return gone + new


def airflow_changes(lock: AirflowLock, debs: DebianLock, wanted: Intent, config: Config) -> list[str]:
    """Describe why airflow.lock is stale; nothing where it is current."""
    changes = asked_changes(lock.intent, wanted.airflow) + _platform_changes(lock.platforms, config)
    image = target(debs)
    for what, before, now in (("Python", lock.python, image.python), ("glibc", lock.glibc, image.glibc)):
        changes += [f"{what}: {before} was locked for, debian.lock brings {now}"] if before != now else []
    return changes + constraints.changes(lock.constraints, constraints.source(config, wanted.airflow, image))


def debian_changes(lock: DebianLock, wanted: Intent, config: Config) -> list[str]:
    """Describe why debian.lock is stale; nothing where it is current."""
    changes = asked_changes(lock.intent, wanted.debian) + _platform_changes(lock.platforms, config)
    if lock.suite != config.debian_suite:
        changes += [f"suite: {lock.suite} was locked, [tool.airlock] debian-suite is {config.debian_suite}"]
    return changes


def debian_build_changes(lock: DebianLock, wanted: Intent, config: Config) -> list[str]:
    """Describe why debian-build.lock is stale; nothing where it is current."""
    return debian_changes(lock, replace(wanted, debian=wanted.debian + wanted.debian_build), config)


def build_changes(lock: BuildLock, root: DebianLock, wanted: Intent) -> list[str]:
    """Describe why build.lock is stale; nothing where it is current."""
    changes = asked_changes(lock.intent, wanted.build)
    return changes + ["other Debian packages are around the builds"] * (lock.root != build.root_of(root))


def _platform_changes(locked: tuple[str, ...], config: Config) -> list[str]:
    """Describe the platforms that the lock lacks; it may cover more than are wanted today."""
    return [f"platforms: + {platform}" for platform in config.locked_platforms if platform.name not in locked]


def require_current(config: Config) -> tuple[AirflowLock, DebianLock]:
    """Read the locks of the image for a command that builds on them.

    Raises LockError where one is missing, edited by hand or stale; ConfigError where the intent is malformed.
    """
    wanted = intent.read(config)
    debs, wheels = debian.read(config.debian_lock), airflow.read(config.airflow_lock)
    stale = {
        config.debian_lock: debian_changes(debs, wanted, config),
        config.airflow_lock: airflow_changes(wheels, debs, wanted, config),
    }
    _raise_stale(config, stale)
    return wheels, debs


def check(config: Config) -> None:
    """Raise LockError that names every lock that is stale, and what changed; return where all are current."""
    wanted = intent.read(config)
    stale: dict[Path, list[str]] = {}

    def read(reader: Callable[[Path], Lock], path: Path, changes: Callable[[Lock], list[str]]) -> Lock | None:
        try:
            lock = reader(path)
        except LockError as error:
            stale[path] = _unreadable(path, error)
            return None
        stale[path] = changes(lock)
        return lock

    debs = read(debian.read, config.debian_lock, lambda lock: debian_changes(lock, wanted, config))
    wheels = read(
        airflow.read,
        config.airflow_lock,
        lambda lock: airflow_changes(lock, debs, wanted, config) if debs else [],
    )
    root = debs
    if wanted.debian_build:
        path = config.debian_build_lock
        root = read(debian.read, path, lambda lock: debian_build_changes(lock, wanted, config))
    if wheels and any(one.source for one in wheels.packages):
        read(build.read, config.build_lock, lambda lock: build_changes(lock, root, wanted) if root else [])
    if wheels and not pip_constraints.matches(config, wheels):
        stale[pip_constraints.path(config)] = ["is not what airflow.lock gives"]
    if wanted.toolchain:
        path = config.toolchain_lock
        read(toolchain.read, path, lambda lock: asked_changes(lock.intent, wanted.toolchain))
    _raise_stale(config, stale)


def _unreadable(path: Path, error: LockError) -> list[str]:
    return [error.fact.removeprefix(f"{path} "), *error.cause.splitlines()]


def _raise_stale(config: Config, stale: dict[Path, list[str]]) -> None:
    lines = [
        f"{path.relative_to(config.project)}: {change}"
        for path, changes in stale.items()
        for change in changes
    ]
    names = [path.name for path, changes in stale.items() if changes]
    if names:
        verb = "is" if len(names) == 1 else "are"
        raise LockError(
            f"{', '.join(names)} {verb} not current", cause="\n".join(lines), remedy="airlock lock"
        )
