"""A suite's signed Release file, and the indexes that it vouches for."""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from debian.deb822 import Deb822

from airlock import writing
from airlock.debian.sources import shown
from airlock.errors import CorruptError, FetchError, ResolveError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.debian.signature import Verifier
    from airlock.debian.sources import Sources
    from airlock.debian.transport import Transport
    from airlock.terminal import Terminal

GRACE = timedelta(days=14)  # a mirror that stands still for longer hides security updates
_LIMIT = 16 << 20  # bytes of an InRelease file; Debian's have 0.1 MB
_OTHER_MIRROR = (
    "wait until the mirror is in step, or use another one (AIRLOCK_DEBIAN_MIRROR), then: airlock lock"
)


@dataclass(frozen=True)
class IndexFile:
    """An index below a suite's folder; `size` in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Release:
    """What Debian signed of one suite; `files` is path below the suite's folder → index."""

    archive: str
    suite: str
    date: datetime
    valid_until: datetime | None
    by_hash: bool
    files: Mapping[str, IndexFile]

    def __str__(self) -> str:
        return f"{self.archive} {self.suite} {self.date:%Y-%m-%dT%H:%M:%SZ}"


def parse(text: str, archive: str, suite: str) -> Release:
    """Read the text of a Release file.

    Raises ResolveError where it is malformed or of another suite than the one asked for.
    """
    fields = Deb822(text)
    names = {fields.get("Suite", ""), fields.get("Codename", "")}
    if suite not in names:
        raise ResolveError(
            f"the mirror's {archive} {suite} is another suite",
            cause=f"its signed Release file says {' and '.join(sorted(names - {''})) or 'nothing'}",
            remedy="check debian-suite in [tool.airlock] and the mirror (AIRLOCK_DEBIAN_MIRROR)",
        )
    try:
        rows = [line.split() for line in fields["SHA256"].strip().splitlines()]
        until = fields.get("Valid-Until")
        return Release(
            archive=archive,
            suite=suite,
            date=_moment(fields["Date"]),
            valid_until=_moment(until) if until else None,
            by_hash=fields.get("Acquire-By-Hash") == "yes",
            files={path: IndexFile(path, int(size), sha256) for sha256, size, path in rows},
        )
    except (KeyError, ValueError) as error:
        raise ResolveError(
            f"the Release file of {archive} {suite} is malformed",
            cause=f"{type(error).__name__}: {error}",
            remedy="use another mirror (AIRLOCK_DEBIAN_MIRROR)",
        ) from error


def _moment(text: str) -> datetime:
    return email.utils.parsedate_to_datetime(text).replace(tzinfo=UTC)  # always UTC, by the format


@dataclass(frozen=True)
class Archive:
    """A mirror, believed only as far as Debian signed it; `downloads` keeps indexes by their sha256."""

    sources: Sources
    transport: Transport
    verifier: Verifier
    downloads: Path
    terminal: Terminal
    now: datetime

    def release(self, archive: str, suite: str) -> Release:
        """Fetch and check a suite's InRelease file.

        Raises FetchError, or ResolveError where it is not signed, of another suite or long expired.
        """
        url = f"{self._folder(archive, suite)}/InRelease"
        signed = self.transport.read(url, _LIMIT)
        text = self.verifier.verified(signed, shown(url)).decode(errors="replace")
        release = parse(text, archive, suite)
        self._require_fresh(release)
        return release

    def index(self, release: Release, path: str) -> bytes:
        """Return an index as it is compressed, from the downloads or the mirror, checked against the Release file.

        Raises ResolveError where the suite has no such index, FetchError, CorruptError.
        """
        file = release.files.get(path)
        if file is None:
            raise ResolveError(
                f"{release.archive} {release.suite} has no {path}",
                cause="its signed Release file does not list it",
                remedy="check debian-suite and platforms in [tool.airlock]",
            )
        kept = self.downloads / file.sha256
        with contextlib.suppress(FileNotFoundError):
            if _matches(content := kept.read_bytes(), file):
                return content
        content = self._download(release, file)
        writing.write(kept, content)
        return content

    def _download(self, release: Release, file: IndexFile) -> bytes:
        folder = self._folder(release.archive, release.suite)
        plain = f"{folder}/{file.path}"
        self.terminal.say(
            f"downloading {release.archive} {release.suite} {file.path} ({file.size / 1e6:.1f} MB) …"
        )
        if release.by_hash:
            parent = file.path.rpartition("/")[0]
            try:
                content = self.transport.read(f"{folder}/{parent}/by-hash/SHA256/{file.sha256}", file.size)
            except FetchError:
                content = self.transport.read(
                    plain, file.size
                )  # many partial mirrors keep the plain names alone
        else:
            content = self.transport.read(plain, file.size)
        if not _matches(content, file):
            raise CorruptError(
                f"{shown(plain)} is not what Debian signed",
                cause=f"its Release file of {release.date:%Y-%m-%d %H:%M} promises {file.size:,} bytes with sha256"
                f" {file.sha256};\n{len(content):,} bytes with {hashlib.sha256(content).hexdigest()} came",
                remedy=_OTHER_MIRROR,
            )
        return content

    def _require_fresh(self, release: Release) -> None:
        until = release.valid_until
        if until is None or self.now <= until or self.sources.snapshot:
            return
        fact = f"the mirror's {release.archive} {release.suite} expired on {until:%Y-%m-%d}"
        if self.now - until > GRACE:
            raise ResolveError(
                fact,
                cause=f"it is of {release.date:%Y-%m-%d}: security updates since then would be missing",
                remedy="use a mirror that is kept up to date (AIRLOCK_DEBIAN_MIRROR); for the archive as it was once,\n"
                "one whose URL ends in debian/ and a moment, as 20260131T000000Z",
            )
        self.terminal.say(f"warning: {fact}; after {GRACE.days} days it is refused")

    def _folder(self, archive: str, suite: str) -> str:
        return f"{self.sources.root(archive)}/dists/{suite}"


def _matches(content: bytes, file: IndexFile) -> bool:
    return len(content) == file.size and hashlib.sha256(content).hexdigest() == file.sha256
