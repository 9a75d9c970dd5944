"""Resolves the Python packages of the image: one version, and for each platform the wheel pip would take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airlock.errors import ResolveError
from airlock.index.locations import path_of
from airlock.locks.airflow import ANY, AirflowLock, LockedPackage
from airlock.locks.conflict import no_wheel
from airlock.locks.intent import pairs
from airlock.locks.job import NoDatesError
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.locks.job import Found, Job
    from airlock.locks.target import Target
    from airlock.platforms import Platform

AS_OF = "as of "
NO_BOUND = "without a date: the index gives no upload times"
UNKNOWN = 0  # a size that the index did not give
ROUNDS = 4  # of agreeing on the versions of several platforms; real locks need one or two


def resolve(job: Job, platforms: Sequence[Platform]) -> AirflowLock:
    """Lock the same versions for every platform, and one wheel a package and platform.

    Raises ResolveError where no set of versions satisfies all, or a package has no wheel; FetchError where
    the index does not answer.
    """
    try:
        found = agree(job, platforms)
    except NoDatesError:
        job = replace(job, bound=None)
        found = agree(job, platforms)
    via: dict[str, set[str]] = {}
    for platform, packages in found.items():
        if packages.keys() - via.keys():  # seldom true of a second platform
            pins = {name: package.version for name, package in packages.items()}
            for name, who in job.via(platform, pins).items():
                via.setdefault(name, set()).update(who)
    names = sorted({name for packages in found.values() for name in packages})
    return AirflowLock(
        python=job.target.python,
        glibc=job.target.glibc,
        platforms=tuple(platform.name for platform in platforms),
        resolved=AS_OF + job.bound if job.bound else NO_BOUND,
        intent=pairs(job.asked),
        packages=_sized(
            job,
            [_package(job, name, found, tuple(sorted(via.get(name, ())))) for name in names],
            _urls(found),
        ),
    )


def agree(job: Job, platforms: Sequence[Platform]) -> dict[Platform, dict[str, Found]]:
    """Resolve the first platform and hold the others to its versions, or all to those of one that cannot."""
    held: dict[str, str] = {}
    differing: list[str] = []
    for _ in range(ROUNDS):
        found: dict[Platform, dict[str, Found]] = {}
        pins = dict(held)
        for platform in platforms:
            try:
                found[platform] = job.versions(platform, pins)
            except ResolveError as refused:
                if not found and held:
                    raise _disagreement(differing, refused) from refused
                if not found:
                    raise
                news = _news(job.versions(platform, held), pins)
                if news:
                    differing += [
                        f"{name}: {pins[name]}, but {version} for {platform}"
                        for name, version in news.items()
                    ]
                    held |= news
                    break
                if job.sources is None:
                    raise
                found[platform] = job.versions(platform, pins)  # with what was built meanwhile
            pins |= {name: one.version for name, one in found[platform].items()}
        else:
            return found
    raise _disagreement(differing, None)


def _news(alone: Mapping[str, Found], pins: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that a platform, asked alone, has instead of those it was to have."""
    return {name: one.version for name, one in alone.items() if pins.get(name, one.version) != one.version}


def _disagreement(differing: Iterable[str], refused: ResolveError | None) -> ResolveError:
    lines = [*dict.fromkeys(differing), *([refused.cause] if refused else [])]
    return ResolveError(
        "the platforms need different versions of a package",
        cause="\n".join(lines),
        remedy="pin a version that all have in constraints/airflow.in, or lock fewer platforms (--platform)",
    )


def _package(
    job: Job, name: str, found: Mapping[Platform, Mapping[str, Found]], via: tuple[str, ...]
) -> LockedPackage:
    chosen = {
        platform: _wheel(job.target, platform, name, packages[name], via)
        for platform, packages in found.items()
        if name in packages
    }
    version = next(packages[name].version for packages in found.values() if name in packages)
    first = next(iter(chosen.values()))
    if len(chosen) == len(found) and set(chosen.values()) == {first} and first.filename.endswith("-any.whl"):
        return LockedPackage(name, version, ((ANY, first),), via)
    return LockedPackage(
        name, version, tuple((platform.name, file) for platform, file in chosen.items()), via
    )


def _wheel(target: Target, platform: Platform, name: str, found: Found, via: tuple[str, ...]) -> StoreFile:
    wheel = found.best(target.tags(platform))
    if wheel is None:
        where = f"{platform} and CPython {target.python}"
        raise no_wheel(f"{name} {found.version}", where, f"wanted by {', '.join(via)}" if via else "")
    filename = wheel["name"]
    sha256 = wheel.get("hashes", {}).get("sha256")
    if not sha256:
        raise ResolveError(
            f"the index does not give the sha256 of {filename}",
            cause="a lock names it; indexes give it by PEP 503 and 691",
            remedy="use an index that gives it",
        )
    return StoreFile(filename, int(wheel.get("size") or _size_here(wheel.get("url", ""))), sha256)


def _size_here(url: str) -> int:
    """Return the size of a file of this machine, of which uv gives none."""
    return path_of(url).stat().st_size if url.startswith("file:") else UNKNOWN


def _urls(found: Mapping[Platform, Mapping[str, Found]]) -> dict[str, str]:
    """Return the URL of every wheel that uv named, by its sha256."""
    wheels = (wheel for packages in found.values() for one in packages.values() for wheel in one.wheels)
    return {
        wheel["hashes"]["sha256"]: wheel["url"] for wheel in wheels if "url" in wheel and wheel.get("hashes")
    }


def _sized(job: Job, packages: Sequence[LockedPackage], urls: Mapping[str, str]) -> tuple[LockedPackage, ...]:
    """Ask the servers for the sizes that the index did not give. Raises ResolveError where they do not say."""
    unknown = {file for package in packages for _, file in package.files if file.size == UNKNOWN}
    if not unknown:
        return tuple(packages)
    sizes = job.sizes([urls[file.sha256] for file in sorted(unknown) if file.sha256 in urls])
    known = {file: replace(file, size=sizes.get(urls.get(file.sha256, ""), UNKNOWN)) for file in unknown}
    silent = sorted(file.filename for file, sized in known.items() if sized.size == UNKNOWN)
    if silent:
        raise ResolveError(
            f"neither the index nor its server gives the size of {silent[0]}",
            cause=f"a lock names the size of each file; {len(silent)} have none",
            remedy="use an index that gives sizes (PEP 700), or a server that gives Content-Length",
        )
    return tuple(
        replace(package, files=tuple((platform, known.get(file, file)) for platform, file in package.files))
        for package in packages
    )
