"""This repository's project with few of its packages: real parts, composed in seconds."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock.errors import ImageError
from airlock.layout import read_image
from airlock.locks import airflow, debian
from airlock.platforms import AMD64

if TYPE_CHECKING:
    from pathlib import Path

    from project import Project

# the interpreter with its standard library, what `airlock run` needs, and the libraries of both
DEBS = frozenset(
    {
        "base-files", "base-passwd", "bash", "coreutils", "dumb-init", "libacl1", "libattr1", "libbz2-1.0", "libc6",
        "libcap2", "libdb5.3t64", "libdebconfclient0", "libexpat1", "libffi8", "libgcc-s1", "libgmp10", "liblzma5",
        "libncursesw6", "libpcre2-8-0", "libpython3.13-minimal", "libpython3.13-stdlib", "libreadline8t64",
        "libselinux1", "libsqlite3-0", "libssl3t64", "libstdc++6", "libsystemd0", "libtinfo6", "libuuid1",
        "libzstd1", "mawk", "python3.13-minimal", "zlib1g",
    }
)  # fmt: skip
KINDS = ("checked", "facts", "frames", "intact", "layers", "wheels")  # of cache entries
WHEELS = frozenset({"apache-airflow", "apache-airflow-providers-http", "greenlet", "pyyaml", "requests"})


def reduce(project: Project) -> Project:
    """Leave few packages in the project's locks; what the intent asks for stays recorded in them."""
    wheels, debs = project.airflow_lock, project.debian_lock
    wheels = replace(wheels, packages=tuple(one for one in wheels.packages if one.name in WHEELS))
    debs = replace(debs, debs=tuple(one for one in debs.debs if one.package in DEBS))
    (project.folder / "constraints" / "airflow.lock").write_text(airflow.render(wheels))
    (project.folder / "constraints" / "debian.lock").write_text(debian.render(debs))
    environment = {**project.environment, "AIRLOCK_LOCK_PLATFORMS": ""}  # the debs named above are of one
    return replace(project, environment=environment)


@dataclass(frozen=True)
class Built:
    """A reduced project that was composed once: its digest, its caches and its layout are there to be copied."""

    project: Project
    digest: str
    store: Path

    def cold(self, folder: Path) -> Project:
        """Return a copy without a layout, whose cache holds the store alone."""
        target = folder / "project"
        shutil.copytree(self.project.folder, target, ignore=shutil.ignore_patterns("build"))
        (folder / "cache").mkdir(exist_ok=True)
        (folder / "cache" / "store").symlink_to(self.store)
        return replace(self.project, folder=target, cache=folder / "cache")

    def warm(self, folder: Path) -> Project:
        """Return a copy with its layout and caches."""
        made = self.cold(folder)
        for name in ("cache", "trees"):
            shutil.copytree(self.project.cache / name, made.cache / name, symlinks=True)
        shutil.copytree(self.project.layout, made.layout)
        return made


def require_whole(project: Project, *, cache: Path | None = None, layout: Path | None = None) -> None:
    """Assert that every file has the content its name promises, and that no temporary file is left."""
    for path in files(layout or project.layout / "blobs"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name, path
    for path in files((cache or project.cache) / "cache"):
        assert is_whole(path), path


def is_whole(entry: Path) -> bool:
    """Whether a cache entry holds what its first line says."""
    digest, _, content = entry.read_bytes().partition(b"\n")
    return hashlib.sha256(content).hexdigest().encode() == digest


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def image_in(project: Project) -> str | None:
    """Return the digest of the image in the layout, read as any reader would; None where there is none."""
    try:
        image = read_image(project.layout, AMD64)
    except ImageError:
        return None
    for blob in image.blobs:
        content = image.blob(blob).read_bytes()
        assert hashlib.sha256(content).hexdigest() == blob.hex
    return image.digest
