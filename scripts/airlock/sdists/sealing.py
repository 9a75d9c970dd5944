"""Brings wheels that no index has into the store: built here, and only kept where they are what the lock names."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Protocol

from airlock.errors import BuildError, LockError, NotReproducibleError
from airlock.index.fetch import Wanted
from airlock.locks.build import root_of
from airlock.platforms import native

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from airlock.locks.airflow import AirflowLock, LockedPackage
    from airlock.locks.build import BuildLock
    from airlock.locks.debian import DebianLock
    from airlock.platforms import Platform
    from airlock.sdists.build import Built
    from airlock.store import Store, StoreFile
    from airlock.terminal import Terminal

_TAKE_IT = (
    "take the wheel from who has it: airlock store pull s3://BUCKET/PREFIX, or: airlock store import FILE"
)


class Builder(Protocol):
    """Builds in a sandbox (airlock.sdists.build)."""

    def wheel(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> Built: ...


def lacking(
    lock: AirflowLock, platforms: Iterable[Platform], store: Store, wanted: Container[StoreFile] | None = None
) -> tuple[LockedPackage, ...]:
    """Return the packages that are built from source and whose wheel, of the `wanted` if given, is not in the store.

    Raises BuildError for one whose wheel only another machine can build.
    """
    found = []
    for platform in platforms:
        for package in lock.packages:
            source, file = package.source, package.file(platform)
            if not (source and file and file == package.built and package not in found):
                continue
            if (wanted is None or file in wanted) and store.missing([file]):
                if platform != native() and not file.filename.endswith("-any.whl"):
                    raise BuildError(
                        f"{package.name} is compiled from source, for {platform} on {platform} alone",
                        cause=f"this machine is {native()}; no index has {file.filename}",
                        remedy=_TAKE_IT,
                    )
                found.append(package)
    return tuple(found)


def wanted(packages: Sequence[LockedPackage], locked: BuildLock, root: DebianLock) -> list[Wanted]:
    """Return the files that building these packages, with those of `root` around, needs on this machine.

    Raises LockError where a lock lacks one, or was made with another root.
    """
    if locked.root != root_of(root):
        raise LockError(
            "build.lock is not current",
            cause="the wheels were built with other Debian packages around than are locked now",
            remedy="airlock lock",
        )
    names = {file: one.name for one in locked.packages for _, file in one.files}
    files = [Wanted(deb.file, deb.package, deb) for deb in root.for_platform(native())]
    for package in packages:
        assert package.source
        files.append(Wanted(package.source.sdist, package.name))
        requires = locked.files(package.source.requires, native())
        files += [Wanted(file, names[file]) for file in requires]
    return list({one.file: one for one in files}.values())


def build(
    packages: Sequence[LockedPackage], locked: BuildLock, builder: Builder, store: Store, terminal: Terminal
) -> None:
    """Build the wheels into the store.

    Raises BuildError, SandboxError, and NotReproducibleError where a wheel is not the one that the lock names.
    """
    with terminal.progress(f"building {len(packages)} from source", len(packages)) as progress:
        for package in packages:
            assert package.source
            assert package.built
            start, file = time.monotonic(), package.built
            made = builder.wheel(package.source.sdist, locked.files(package.source.requires, native()))
            _require_same(package, file, hashlib.sha256(made.content).hexdigest())
            store.add(file, [made.content], package.source.sdist.filename)
            terminal.say(f"built {file.filename} from source ({time.monotonic() - start:.1f} s)")
            progress.advance(1, package.name)


def _require_same(package: LockedPackage, file: StoreFile, sha256: str) -> None:
    if sha256 != file.sha256:
        raise NotReproducibleError(
            f"{package.name} {package.version}, built from source, is not the wheel that the lock names",
            cause=f"built here it has sha256 {sha256}, the lock names {file.sha256}",
            remedy=f"{_TAKE_IT}\nor lock what this machine builds: airlock lock --upgrade {package.name}",
        )
