"""`constraints/airflow.lock`: for each Python package and platform, one wheel and its sha256.

The body is a requirements file that `pip install --require-hashes` accepts; each requirement is followed
by comments that name its files (platform, file name, bytes, hash), who asked for it, and its stability
tier, which decides its layer (airlock.locks.tiers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import LockError
from airlock.locks import format as lock_format
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.platforms import Platform

WITHIN = "constraints "
ANY = "any"  # stands for every platform in a `# file:` line


@dataclass(frozen=True)
class LockedPackage:
    """A Python package (normalized name), the wheel for each platform (or for ANY), and who requires it.

    `tier` is None where the lock does not say, as before it did.
    """

    name: str
    version: str
    files: tuple[tuple[str, StoreFile], ...]
    via: tuple[str, ...] = ()
    tier: int | None = None

    def file(self, platform: Platform) -> StoreFile | None:
        return next((file for name, file in self.files if name in (ANY, platform.name)), None)


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
    body = "\n".join(_render_package(package) for package in lock.packages)
    return lock_format.render(lock_format.Document(tuple(fields), body))


def _render_package(package: LockedPackage) -> str:
    hashes = sorted({file.sha256 for _, file in package.files})
    lines = [f"{package.name}=={package.version} \\"]
    lines += [" \\\n".join(f"    --hash=sha256:{sha256}" for sha256 in hashes)]
    lines += [f"# file: {name} {file.filename} {file.size} {file.sha256}" for name, file in package.files]
    lines += [f"# via: {', '.join(package.via)}"] if package.via else []
    lines += [f"# tier: {package.tier}"] if package.tier is not None else []
    return "\n".join(lines) + "\n"


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
            packages=tuple(_packages(document.body.splitlines())),
            constraints=within[0].removeprefix(WITHIN) if within else "",
            allowed=document.all("allowed"),
        )
    except (ValueError, IndexError) as error:
        raise LockError(f"{path} is malformed", cause=str(error), remedy="airlock lock") from error


def _packages(lines: Iterable[str]) -> Iterable[LockedPackage]:
    name = version = ""
    files: list[tuple[str, StoreFile]] = []
    via: tuple[str, ...] = ()
    tier: int | None = None
    for line in (*lines, ""):
        if line.startswith("# file: "):
            platform, filename, size, sha256 = line.removeprefix("# file: ").split()
            if "/" in filename:
                raise ValueError(f"a file name with a folder: {filename}")
            files.append((platform, StoreFile(filename, int(size), sha256)))
        elif line.startswith("# via: "):
            via = tuple(line.removeprefix("# via: ").split(", "))
        elif line.startswith("# tier: "):
            tier = int(line.removeprefix("# tier: "))
        elif "==" in line:
            name, _, version = line.removesuffix(" \\").partition("==")
        elif line and not line.startswith("    --hash=sha256:"):
            raise ValueError(f"not understood: {line}")
        elif not line and name and not files:
            raise ValueError(f"no file for {name}")
        elif not line and name:
            yield LockedPackage(name, version, tuple(files), via, tier)
            name, files, via, tier = "", [], (), None
