"""A copy of this repository with caches of its own, for tests that change it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import process
from airlock.locks import airflow, debian
from airlock.platforms import AMD64
from airlock.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import CompletedProcess

    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock

REPOSITORY = Path(__file__).parents[1]
PARTS = ("constraints", "image", "operators", "plugins", "scripts/airlock_spec", "pyproject.toml")


@dataclass(frozen=True)
class Project:
    """A project folder, the cache it uses, and the environment its commands run in."""

    folder: Path
    cache: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, folder: Path, cache: Path, **environment: str) -> Project:
        """Copy the parts of this repository that an image is made from."""
        for part in PARTS:
            source, target = REPOSITORY / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        return cls(folder, cache, environment)

    def command(self, *arguments: str | Path) -> list[str | Path]:
        return [sys.executable, "-m", "airlock", "--project", self.folder, *arguments]

    def variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "AIRLOCK_CACHE": str(self.cache)}

    def run(
        self, *arguments: str | Path, check: bool = True, under: Sequence[str | Path] = ()
    ) -> CompletedProcess[bytes]:
        return process.run([*under, *self.command(*arguments)], env=self.variables(), check=check)

    def document(
        self, command: str, *arguments: str | Path, code: int = 0, under: Sequence[str | Path] = ()
    ) -> dict[str, Any]:
        """Run a command that ends with this exit code; return what `--json` prints."""
        done = self.run(command, *arguments, "--json", check=False, under=under)
        assert done.returncode == code, done.stderr.decode()
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    def image(self, *arguments: str | Path, under: Sequence[str | Path] = ()) -> dict[str, Any]:
        """Compose offline and return what `--json` prints."""
        return self.document("image", "--offline", *arguments, under=under)

    def refused(self, *arguments: str, code: int) -> str:
        """Run a command that must fail with this exit code and no traceback; return what it says."""
        done = self.run(*arguments, check=False)
        said = done.stderr.decode()
        assert (done.returncode, done.stdout) == (code, b""), said
        assert "Traceback" not in said
        return said

    @property
    def layout(self) -> Path:
        return self.folder / "build" / "image"

    @property
    def airflow_lock(self) -> AirflowLock:
        return airflow.read(self.folder / "constraints" / "airflow.lock")

    @property
    def debian_lock(self) -> DebianLock:
        return debian.read(self.folder / "constraints" / "debian.lock")

    def stored(self, package: str) -> Path:
        """Return the store's file of a locked Python or Debian package, for linux/amd64."""
        files = [wheel.file for wheel in self.airflow_lock.wheels(AMD64) if wheel.name == package]
        files += [deb.file for deb in self.debian_lock.for_platform(AMD64) if deb.package == package]
        return Store(self.cache / "store").path(files[0])

    def write_debian_lock(self, lock: DebianLock) -> None:
        (self.folder / "constraints" / "debian.lock").write_text(debian.render(lock))

    def swap_platforms(self, package: str) -> None:
        """Give each platform the other's wheel of a package."""
        lock = self.airflow_lock
        changed = []
        for one in lock.packages:
            if one.name == package:
                (first, wheel), (second, other) = one.files
                one = replace(one, files=((first, other), (second, wheel)))  # noqa: PLW2901
            changed.append(one)
        path = self.folder / "constraints" / "airflow.lock"
        path.write_text(airflow.render(replace(lock, packages=tuple(changed))))

    def append(self, path: str, text: str) -> None:
        file = self.folder / path
        file.write_text(file.read_text() + text)


def share_store(source: Path, target: Path) -> None:
    """Give a cache the files of another's store, as hard links where that is possible."""

    def link(one: str, other: str) -> None:
        try:
            os.link(one, other)
        except OSError:
            shutil.copyfile(one, other)

    shutil.copytree(source / "store", target / "store", copy_function=link)


def layers(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a composed image's layers: name, digest."""
    return {layer["name"]: layer["digest"] for layer in document["layers"]}
