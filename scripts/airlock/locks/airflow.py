"""`constraints/airflow.lock`: for each Python package and platform, one wheel and its sha256.

The body is a requirements file that `pip install --require-hashes` accepts; each requirement is followed
by comments that name its files (platform, file name, bytes, hash), who asked for it, and its stability
tier, which decides its layer (airlock.locks.tiers). Of a package that was built from source, they also name the
source distribution and the pins that it was built with (airlock.locks.build).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import LockError
from airlock.locks import format as lock_format
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.platforms import Platform

WITHIN = "constraints "
ANY = "any"  # stands for every platform in a `# file:` line
_COMMENTS = ("sdist", "built with", "via", "tier")


@dataclass(frozen=True)
class Source:
    """What the wheel for `platform` (or ANY) was built from: an sdist, and pins (name==version) of build.lock."""

    platform: str
    sdist: StoreFile
    requires: tuple[str, ...]


@dataclass(frozen=True)
class LockedPackage:
    """A Python package (normalized name), the wheel for each platform (or for ANY), and who requires it.

    `tier` is None where the lock does not say, as before it did; `source` where an index has the wheel.
    """

    name: str
    version: str
    files: tuple[tuple[str, StoreFile], ...]
    via: tuple[str, ...] = ()
    tier: int | None = None
    source: Source | None = None

    def file(self, platform: Platform) -> StoreFile | None:
        return next((file for name, file in self.files if name in (ANY, platform.name)), None)

    @property
    def built(self) -> StoreFile | None:
        """The wheel that was built from source, if one was."""
        return dict(self.files).get(self.source.platform) if self.source else None


@dataclass(frozen=True)
class LockedWheel:
    """The wheel of one package for one platform."""

    name: str
    version: str
    file: StoreFile
    tier: int | None = None


@dataclass(frozen=True)
class AirflowLock:
    """The whole lock; `intent` holds pairs as ("constraints/airflow.in", "apache-airflow==3.3.2")."""

    python: str  # exact CPython version, as 3.13.5
    glibc: str  # as 2.41
    platforms: tuple[str, ...]
    resolved: str  # how the versions were bounded, as "as of 2026-11-23T00:00:00Z"
    intent: tuple[tuple[str, str], ...]
    packages: tuple[LockedPackage, ...]
    constraints: str = ""  # that it stays within, as "constraints-3.13.txt sha256:…"
    allowed: tuple[str, ...] = ()  # what was let in by name (airlock.locks.refusal)

    def version(self, name: str) -> str | None:
        """Return the version of one package, None where it is not locked."""
        return next((one.version for one in self.packages if one.name == name), None)

    def wheels(self, platform: Platform) -> tuple[LockedWheel, ...]:
        """Return the wheels of one platform, by name. A package that needs none there is left out."""
        chosen = ((one, one.file(platform)) for one in self.packages)
        return tuple(LockedWheel(one.name, one.version, file, one.tier) for one, file in chosen if file)


def render(lock: AirflowLock) -> str:
    fields = [("python", lock.python), ("glibc", lock.glibc), ("platforms", " ".join(lock.platforms))]
    fields += [("resolved", lock.resolved)]
    fields += [("resolved", WITHIN + lock.constraints)] if lock.constraints else []
    fields += [("allowed", one) for one in lock.allowed]
    fields += [("intent", f"{source}: {requirement}") for source, requirement in lock.intent]
    return lock_format.render(lock_format.Document(tuple(fields), render_packages(lock.packages)))


def render_packages(packages: Iterable[LockedPackage]) -> str:
    """Return packages as requirements with hashes and comments, for the body of a lock."""
    return "\n".join(_render_package(package) for package in packages)


def _render_package(package: LockedPackage) -> str:
    hashes = sorted({file.sha256 for _, file in package.files})
    lines = [f"{package.name}=={package.version} \\"]
    lines += [" \\\n".join(f"    --hash=sha256:{sha256}" for sha256 in hashes)]
    lines += [f"# file: {name} {_render_file(file)}" for name, file in package.files]
    if source := package.source:
        lines += [f"# sdist: {source.platform} {_render_file(source.sdist)}"]
        lines += [f"# built with: {' '.join(source.requires)}"]
    lines += [f"# via: {', '.join(package.via)}"] if package.via else []
    lines += [f"# tier: {package.tier}"] if package.tier is not None else []
    return "\n".join(lines) + "\n"


def _render_file(file: StoreFile) -> str:
    return f"{file.filename} {file.size} {file.sha256}"


def read(path: Path) -> AirflowLock:
    """Read the lock. Raises LockError where it is missing, edited by hand or malformed."""
    document = lock_format.read(path)
    try:
        pairs = (line.split(": ", 1) for line in document.all("intent"))
        within = [line for line in document.all("resolved") if line.startswith(WITHIN)]
        (resolved,) = (line for line in document.all("resolved") if line not in within)
        return AirflowLock(
            python=document.one("python"),
            glibc=document.one("glibc"),
            platforms=tuple(document.one("platforms").split()),
            resolved=resolved,
            intent=tuple((source, requirement) for source, requirement in pairs),
            packages=parse_packages(document.body),
            constraints=within[0].removeprefix(WITHIN) if within else "",
            allowed=document.all("allowed"),
        )
    except (ValueError, KeyError) as error:
        raise LockError(f"{path} is malformed", cause=str(error), remedy="airlock lock") from error


def parse_packages(body: str) -> tuple[LockedPackage, ...]:
    """Read what `render_packages` wrote. Raises ValueError where it did not."""
    return tuple(_package(block.splitlines()) for block in body.split("\n\n") if block.strip())


def _package(lines: Iterable[str]) -> LockedPackage:
    name = version = ""
    found: dict[str, str] = {}
    files: list[tuple[str, StoreFile]] = []
    for line in filter(None, lines):
        key, separator, value = line.removeprefix("# ").partition(": ")
        if line.startswith("# file: "):
            files.append(_file(value))
        elif line.startswith("# ") and separator and key in _COMMENTS and key not in found:
            found[key] = value
        elif "==" in line and not name:
            name, _, version = line.removesuffix(" \\").partition("==")
        elif not line.startswith("    --hash=sha256:"):
            raise ValueError(f"not understood: {line}")
    if not name or not files:
        raise ValueError(f"no file for {name or 'a package without a name'}")
    return LockedPackage(
        name,
        version,
        tuple(files),
        via=tuple(found["via"].split(", ")) if "via" in found else (),
        tier=int(found["tier"]) if "tier" in found else None,
        source=_source(found) if "sdist" in found else None,
    )


def _source(found: Mapping[str, str]) -> Source:
    platform, sdist = _file(found["sdist"])
    return Source(platform, sdist, tuple(found["built with"].split()))


def _file(text: str) -> tuple[str, StoreFile]:
    platform, filename, size, sha256 = text.split()
    if "/" in filename:
        raise ValueError(f"a file name with a folder: {filename}")
    return platform, StoreFile(filename, int(size), sha256)
