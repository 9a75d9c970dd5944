"""Seals the store: every wheel and .deb that the locks name, checked by hash, several at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from airlock.compose import interpreter
from airlock.errors import AirlockError, FetchError, LockError, StorageError
from airlock.index.failures import GoneError, UnlistedError
from airlock.index.parallel import each
from airlock.platforms import native
from airlock.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from airlock.index.simple import Finder
    from airlock.index.web import Session
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.store import StoreFile
    from airlock.terminal import Progress, Terminal

THREADS = 12
SHOWN = 8  # file names for one reason


@dataclass(frozen=True)
class Origin:
    """Where files come from; made only when one is missing, because asking for it costs a second."""

    session: Session
    finder: Finder
    deb_session: Session  # apt has other proxies than pip
    deb_url: Callable[[LockedDeb], str]


@dataclass(frozen=True)
class Wanted:
    """A file of the locks and the package (a Python project or a Debian package) that it belongs to."""

    file: StoreFile
    package: str
    deb: LockedDeb | None = None


@dataclass(frozen=True)
class FetchSummary:
    """What the store holds of the locks, and what was fetched for it just now (bytes; seconds)."""

    files: int
    bytes: int
    fetched: int
    fetched_bytes: int
    seconds: float
    store: Path

    def after(self, other: FetchSummary) -> FetchSummary:
        """Add what another run, for what is not of the image, fetched before."""
        return replace(
            self,
            fetched=self.fetched + other.fetched,
            fetched_bytes=self.fetched_bytes + other.fetched_bytes,
            seconds=round(self.seconds + other.seconds, 3),
        )


@dataclass(frozen=True)
class _Failure:
    wanted: Wanted
    error: AirlockError
    dropped: bool  # the mirror no longer has this .deb


def fetch(
    wanted: Sequence[Wanted], places: Places, origin: Callable[[], Origin], terminal: Terminal
) -> FetchSummary:
    """Fetch the files that the store lacks.

    Raises FetchError with all that failed; what was fetched until then, and on Ctrl-C, is kept.
    """
    start = time.monotonic()
    absent = set(Store(places.store).missing(one.file for one in wanted))
    missing = [one for one in wanted if one.file in absent]
    size = sum(one.file.size for one in missing)
    if missing:
        failures = _fetch_missing(missing, places, origin(), terminal)
        if failures:
            raise _all_in_one(failures, len(wanted))
    return FetchSummary(
        files=len(wanted),
        bytes=sum(one.file.size for one in wanted),
        fetched=len(missing),
        fetched_bytes=size,
        seconds=round(time.monotonic() - start, 3),
        store=places.store,
    )


def wanted_files(
    airflow_lock: AirflowLock, debian_lock: DebianLock, platforms: Iterable[Platform]
) -> list[Wanted]:
    """Return each file of the locks that composing for these platforms needs once, the biggest first.

    The image's interpreter for this machine is among them: it compiles for all.
    Raises LockError where a lock was not made for one of them.
    """
    chosen: dict[StoreFile, Wanted] = {}
    for platform in platforms:
        for name, locked in (("airflow", airflow_lock.platforms), ("debian", debian_lock.platforms)):
            if platform.name not in locked:
                raise LockError(
                    f"{name}.lock is not for {platform}",
                    cause=f"it was made for {', '.join(locked)}",
                    remedy="name the platform in [tool.airlock] lock-platforms, then: airlock lock",
                )
        wheels = (Wanted(wheel.file, wheel.name) for wheel in airflow_lock.wheels(platform))
        debs = (Wanted(deb.file, deb.package, deb) for deb in debian_lock.for_platform(platform))
        chosen |= {one.file: one for one in (*wheels, *debs)}
    compiler = interpreter.held(debian_lock, native())
    chosen |= {deb.file: Wanted(deb.file, deb.package, deb) for deb in compiler}
    for file in chosen:
        if PurePath(file.filename).name != file.filename:  # it becomes a path in the store
            raise LockError(f"a lock names a file {file.filename!r}", cause="that is not a plain file name")
    return sorted(chosen.values(), key=lambda one: (-one.file.size, one.file.filename))


def _fetch_missing(
    missing: Sequence[Wanted], places: Places, origin: Origin, terminal: Terminal
) -> list[_Failure]:
    projects = {one.package: origin.finder.project(one.package) for one in missing if one.deb is None}
    total = sum(one.file.size for one in missing)
    with terminal.progress(
        f"fetching {len(missing)} file{'s' * (len(missing) > 1)}", total, unit_bytes=True
    ) as progress:

        def one_file(one: Wanted) -> _Failure | None:
            urls = [origin.deb_url(one.deb)] if one.deb else projects[one.package].urls(one.file)
            session = origin.deb_session if one.deb else origin.session
            return _from_any(urls, one, session, places, progress)

        outcomes = each(missing, one_file, THREADS)
        return [failure for failure in outcomes if failure]


def _from_any(
    urls: Iterable[str], one: Wanted, session: Session, places: Places, progress: Progress
) -> _Failure | None:
    """Try one place after the other; return the telling failure where none has the file."""
    from airlock.index.download import download  # noqa: PLC0415 - see Origin

    errors: list[AirlockError] = []
    try:
        for url in urls:
            try:
                download(session, url, one.file, places, progress)
            except AirlockError as error:
                errors.append(error)
            else:
                return None
    except FetchError as error:  # no place is left; that matters only where none had it
        errors = errors or [error]
    except OSError as error:  # of this machine, and so of every file: the network's are FetchErrors
        raise StorageError(
            f"{one.file.filename} cannot be stored",
            cause=str(error),
            remedy="make room or give permission there, or choose another cache folder with AIRLOCK_CACHE;"
            " then: airlock fetch",
        ) from error
    return _Failure(one, errors[0], dropped=one.deb is not None and isinstance(errors[0], GoneError))


def _all_in_one(failures: Sequence[_Failure], files: int) -> FetchError:
    """Return one error for all: a reason that many files share is told once."""
    reasons: dict[str, list[str]] = {}
    for failure in sorted(failures, key=lambda failure: failure.wanted.file.filename):
        reason = failure.error.cause or failure.error.fact
        reasons.setdefault(reason, []).append(failure.wanted.file.filename)
    causes = []
    for reason, names in reasons.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        causes.append(f"{', '.join(names[:SHOWN])}{more}:\n  {reason.replace(chr(10), chr(10) + '  ')}")
    if any(failure.dropped for failure in failures):
        causes.append("Debian drops superseded versions from its mirrors")
    return FetchError(
        f"{len(failures)} of {files} files cannot be fetched; the others are in the store",
        cause="\n".join(causes),
        remedy=_remedy(failures),
    )


def _remedy(failures: Sequence[_Failure]) -> str:
    unlisted = {failure.wanted.package for failure in failures if isinstance(failure.error, UnlistedError)}
    dropped = {failure.wanted.package for failure in failures if failure.dropped}
    lines = dict.fromkeys(
        failure.error.remedy
        for failure in failures
        if failure.error.remedy and not failure.dropped and not isinstance(failure.error, UnlistedError)
    )
    if unlisted:
        lines["check which indexes are configured (pip config list, UV_INDEX), or lock what they have:"] = (
            None
        )
    if dropped or unlisted:
        lines[f"airlock lock --upgrade {' '.join(sorted(dropped | unlisted))}"] = None
    if dropped:
        lines["or name a snapshot archive as the mirror: [tool.airlock] debian-mirror"] = None
        lines[
            "or take it from who has it: airlock store pull s3://BUCKET/PREFIX, airlock store import FILE"
        ] = None
    return "\n".join(lines)
