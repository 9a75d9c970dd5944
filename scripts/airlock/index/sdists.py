"""What an index says of a release: which wheels it has, and its source distribution (PEP 503, 625, 691)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from airlock.errors import FetchError, ResolveError
from airlock.index.locations import path_of
from airlock.index.sizes import sizes
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.tags import Tag

    from airlock.index.simple import Finder, Link, Project

_ARCHIVE = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)\.(tar\.(gz|bz2|xz)|tgz|zip)")


@dataclass(frozen=True)
class Releases:
    """The indexes, asked for the files of one release at a time; each page is read once."""

    finder: Finder
    _projects: dict[str, Project] = field(default_factory=dict)

    def is_passed_over(self, name: str, version: str, tags: Collection[Tag]) -> bool:
        """Whether a release without a fitting wheel is none to build: an older or newer one is to serve.

        That is so where the release itself has wheels, for others than `tags`, and where a newer release has one
        that fits: whoever looks back so far would find a package's sources of many years. Raises FetchError.
        """
        found = [one for link in self._links(name) if (one := _wheel(link.filename, name))]
        this = Version(version)
        return any(one == this or (one > this and not own.isdisjoint(tags)) for one, own in found)

    def sdist(self, name: str, version: str) -> StoreFile:
        """Return the source distribution of a release. Raises ResolveError where it has none, FetchError."""
        found = [link for link in self._links(name) if _is_sdist(link.filename, name, version)]
        best = min(
            found, key=lambda link: (not link.filename.endswith(".tar.gz"), link.filename), default=None
        )
        sha256 = best and (best.sha256 or _sha256_here(best.url))
        if not best or not sha256:
            raise ResolveError(
                f"{name} {version} has neither a wheel for the image nor a source distribution with a sha256",
                cause=f"asked: {self.finder.source}",
                remedy="use another version, or an index that gives the sha256 of its files",
            )
        size = sizes(self.finder.session, [best.url]).get(best.url)
        if not size:
            raise FetchError(
                f"the server does not say how big {best.filename} is",
                cause="a lock names the size of each file",
                remedy="use an index whose server gives Content-Length",
            )
        return StoreFile(best.filename, size, sha256)

    def _links(self, name: str) -> list[Link]:
        if name not in self._projects:
            self._projects[name] = self.finder.project(name)
        return self._projects[name].links()


def _sha256_here(url: str) -> str:
    """Return the hash of a file of this machine, of which a folder says none."""
    return hashlib.sha256(path_of(url).read_bytes()).hexdigest() if url.startswith("file:") else ""


def _wheel(filename: str, name: str) -> tuple[Version, frozenset[Tag]] | None:
    """Read the name of a wheel of the project; None for any other file: a find-links page lists all projects."""
    try:
        project, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return (version, tags) if project == canonicalize_name(name) else None


def _is_sdist(filename: str, name: str, version: str) -> bool:
    try:
        found = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        # before PEP 625 names were not normalized, and .tar.bz2 was allowed
        match = _ARCHIVE.fullmatch(filename)
        if not match:
            return False
        try:
            found = canonicalize_name(match["name"]), Version(match["version"])
        except InvalidVersion:
            return False
    return found == (canonicalize_name(name), Version(version))
