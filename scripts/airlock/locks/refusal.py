"""What a new lock must not bring unless it is allowed by name: a lower provider, or a yanked release.

A downgrade of a provider is seldom what an upgrade was for, and its authors withdrew a yanked release (PEP 592). What
was allowed is written into the lock's header, so that a reviewer sees it.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from airlock.errors import AirlockError, UnwantedVersionError, printable
from airlock.index.filenames import version_of
from airlock.locks import airflow, moves
from airlock.locks.intent import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from airlock.locks.airflow import AirflowLock
    from airlock.locks.job import Job
    from airlock.locks.locking import Locks
    from airlock.locks.toolchain import ToolchainLock
    from airlock.platforms import Platform

    Yanked = Callable[
        [Sequence[str]], Mapping[str, Mapping[str, str]]
    ]  # as airlock.index.releases.Pages.yanked

DOWNGRADE, YANKED = "downgrade", "yanked"
GUARDED = "apache-airflow"  # and every package whose name begins so
_LONGEST = 200  # characters of an index's reason
_EXPLAINED = 3  # downgrades: each question costs seconds, and the reason is mostly one


@dataclass(frozen=True)
class Allowances:
    """Names (normalized) that the user lets in: by --allow-downgrade, and by --allow-yanked."""

    downgrade: frozenset[str] = frozenset()
    yanked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, downgrade: Iterable[str], yanked: Iterable[str]) -> Allowances:
        return cls(frozenset(map(canonicalize_name, downgrade)), frozenset(map(canonicalize_name, yanked)))

    def include(self, one: Unwanted) -> bool:
        return one.name in (self.downgrade if one.kind == DOWNGRADE else self.yanked)


@dataclass(frozen=True, order=True)
class Unwanted:
    """A version that must be allowed by name; `why` is the version before, or the index's reason."""

    kind: str
    name: str
    version: str
    why: str

    @property
    def key(self) -> str:
        return f"{self.kind} {self.name}=={self.version}"

    @property
    def record(self) -> str:
        """What the lock's header says of it once it is allowed."""
        return f"{self.key}: {self.why}"

    @property
    def told(self) -> str:
        if self.kind == DOWNGRADE:
            return f"{self.name} would go down, {self.why} to {self.version}"
        return f"{self.name} {self.version} was yanked"


def settled(
    before: Locks, after: Locks, allow: Allowances, yanked: Yanked, why_not: Callable[[str, str], str]
) -> Locks:
    """Return the new locks with what was allowed in their headers; a lock that stays as it was is not looked at.

    `why_not` tells why a package cannot be at least of a version. Raises UnwantedVersionError, FetchError.
    """
    airflow_lock, toolchain_lock = after.airflow, after.toolchain
    refused: list[Unwanted] = []
    if airflow_lock and airflow_lock is not before.airflow:
        old = before.airflow
        found = [*downgrades(old, airflow_lock), *_yanked_wheels(airflow_lock, yanked)]
        refused += [one for one in found if not _is_allowed(one, allow, old.allowed if old else ())]
        airflow_lock = replace(airflow_lock, allowed=_records(found, old, airflow_lock))
    if toolchain_lock and toolchain_lock is not before.toolchain:
        tools = before.toolchain
        found = _yanked_tools(toolchain_lock, yanked)
        refused += [one for one in found if not _is_allowed(one, allow, tools.allowed if tools else ())]
        toolchain_lock = replace(toolchain_lock, allowed=tuple(one.record for one in found))
    if refused:
        raise _refusal(sorted(set(refused)), why_not)
    return replace(after, airflow=airflow_lock, toolchain=toolchain_lock)


def why_not(job: Job, platforms: Iterable[Platform], old: AirflowLock, name: str, version: str) -> str:
    """Ask uv what keeps a package from being at least of the version that it had."""
    line = airflow.render(old).splitlines().index(f"{name}=={version} \\") + 1
    wish = Asked("constraints/airflow.lock", line, f"{name}>={version}")
    job = replace(job, asked=(*job.asked, wish))
    try:
        for platform in platforms:
            job.versions(platform, {})
    except AirlockError as error:
        return error.cause or error.fact
    return f"nothing keeps it from {version}: ask for {name}>={version}"


def downgrades(before: AirflowLock | None, after: AirflowLock) -> list[Unwanted]:
    """Return the packages of Airflow, its providers among them, that are lower than they were."""
    changed = moves.compare("airflow", moves.airflow_versions(before), moves.airflow_versions(after)).moved
    return [
        Unwanted(DOWNGRADE, move.name, move.after, f"from {move.before}")
        for move in changed
        if move.name.startswith(GUARDED) and Version(move.after) < Version(move.before)
    ]


def _yanked_wheels(lock: AirflowLock, yanked: Yanked) -> list[Unwanted]:
    """Return the packages of which the lock names a yanked file: a wheel, or the sdist that one was built from."""
    told = yanked([one.name for one in lock.packages])
    found = []
    for one in lock.packages:
        named = [file.filename for _, file in one.files]
        named += [one.source.sdist.filename] if one.source else []
        why = [told[one.name][name] for name in named if name in told.get(one.name, {})]
        found += [Unwanted(YANKED, one.name, one.version, _reason(why[0]))] if why else []
    return found


def _yanked_tools(lock: ToolchainLock, yanked: Yanked) -> list[Unwanted]:
    """Return the tools with a yanked file: the lock names every file of a release."""
    versions = {name: shown.split(" / ") for name, shown in lock.versions.items()}
    told = yanked(list(versions))
    found = {
        (name, version): why
        for name, several in versions.items()
        for file, why in told.get(name, {}).items()
        for version in several
        if version_of(file) == Version(version)
    }
    return [Unwanted(YANKED, name, version, _reason(why)) for (name, version), why in sorted(found.items())]


def _reason(text: str) -> str:
    """Return an index's reason as one short line; anybody may have written it."""
    line = printable(" ".join(text.split()))
    return (line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…") or "the index gives no reason"


def _is_allowed(one: Unwanted, allow: Allowances, recorded: Iterable[str]) -> bool:
    """Whether it is allowed now, or was when this very version was locked."""
    return allow.include(one) or any(record.startswith(f"{one.key}: ") for record in recorded)


def _records(found: Iterable[Unwanted], old: AirflowLock | None, new: AirflowLock) -> tuple[str, ...]:
    """Return what the header says was allowed: now, and a downgrade for as long as the package stays there."""
    pins = {f"{DOWNGRADE} {one.name}=={one.version}" for one in new.packages}
    stay = [record for record in (old.allowed if old else ()) if record.partition(": ")[0] in pins]
    return tuple(dict.fromkeys([*stay, *(one.record for one in found)]))


def _refusal(refused: Sequence[Unwanted], why_not: Callable[[str, str], str]) -> UnwantedVersionError:
    explained = [one for one in refused if one.kind == DOWNGRADE][:_EXPLAINED]
    reasons = [
        why_not(one.name, one.why.removeprefix("from "))
        if one in explained
        else "(as the others)"
        if one.kind == DOWNGRADE
        else one.why
        for one in refused
    ]
    what, cause = refused[0].told, reasons[0]
    if len(refused) > 1:
        what = f"{len(refused)} versions are not wanted"
        cause = "\n".join(
            f"{one.told}\n{textwrap.indent(reason, '  ')}"
            for one, reason in zip(refused, reasons, strict=True)
        )
    flags = " ".join(f"--allow-{one.kind} {one.name}" for one in refused)
    return UnwantedVersionError(
        f"{what}, and nothing was written",
        cause=cause,
        remedy="ask for other versions in constraints/airflow.in (or pyproject.toml, for the toolchain), or allow "
        f"what is meant, repeating the options of this run: airlock lock {flags}",
    )
