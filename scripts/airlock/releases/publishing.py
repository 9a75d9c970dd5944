"""The story of a release: what is there, what is new, the contents, the documents, and the pointer last."""

from __future__ import annotations

import gzip
import secrets
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import later
from airlock.errors import PublishError
from airlock.releases import packing, wholeness
from airlock_spec.releases import difference, layout, pointer, reading
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.pointer import Pointer, Published

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock.releases.location import Location
    from airlock_spec.releases.difference import Difference
    from airlock_spec.releases.index import Index
    from airlock_spec.releases.manifest import Manifest

    # Signs a release, and returns objects to write by their keys.
    Sign = Callable[[str], Mapping[str, bytes]]
    Content = Callable[[str], bytes]  # by sha256

_THREADS = 8
_ATTEMPTS = 20  # at the pointer, where others publish, too
_BEGINNINGS = 5  # of it all, where `airlock gc` is at work, too
_PAUSE = 0.1  # seconds


@dataclass(frozen=True)
class There:
    """What is at a location: the pointer with its ETag, and the release that serves; None where nothing is."""

    pointer: Pointer | None
    etag: str
    manifest: Manifest | None
    index: Index | None


@dataclass(frozen=True)
class Outcome:
    """What publishing did: `before` served until then; nothing was written where `changed` is False."""

    release: str
    before: str
    changed: bool
    difference: Difference
    sequence: int
    sent_objects: int
    sent_bytes: int


def look(location: Location) -> There:
    """Read what serves; a release that is damaged is as none, and all is sent anew. Raises what reading raises."""
    try:
        stored = location.read(layout.POINTER, pointer.MAX_DOCUMENT)
    except AbsentError:
        return There(None, "", None, None)
    assert stored is not None
    found = Pointer.from_data(stored.data)
    try:
        manifest = reading.manifest(location, found.release)
        return There(found, stored.etag, manifest, reading.index(location, manifest))
    except (AbsentError, RefusedError):
        return There(found, stored.etag, None, None)


@dataclass(frozen=True)
class Publisher:
    """Publishes releases at a location, in somebody's name."""

    location: Location
    by: str
    sign: Sign | None = None

    def publish(self, manifest: Manifest, content: Content, there: There) -> Outcome:
        """Let a release serve whose contents `content` gives.

        Whatever happens meanwhile, the pointer names a release that is there whole. Raises PublishError, what
        `content` raises, and what the location raises; then the release may be there, and does not serve.
        """
        for _ in range(_BEGINNINGS):
            found = there.pointer
            if found and there.manifest and found.release == manifest.id:
                return self._outcome(manifest, there, found, {}, changed=False)
            sent = self._bring(manifest, content, there)
            if done := self._serve(_published(manifest, self.by), there):
                return self._outcome(manifest, there, done, sent, changed=True)
            there = look(self.location)
        raise _others(f"{_BEGINNINGS} times `airlock gc` was at work meanwhile")

    def _bring(self, manifest: Manifest, content: Content, there: There) -> dict[str, int]:
        """See to it that a release is there whole; return the sizes of what was written, by key."""
        known = there.pointer is not None and there.pointer.find(manifest.id) is not None
        if known and not wholeness.missing(self.location, manifest.id):
            return self._write(self.sign(manifest.id)) if self.sign else {}
        _require_uncollected(manifest.id, there.pointer)
        return self._send(manifest, content, there)

    def _send(self, manifest: Manifest, content: Content, there: There) -> dict[str, int]:
        """Write everything but the pointer; return the sizes of what was written, by key."""
        planned = packing.plan(manifest.blobs, there.index)
        with tempfile.TemporaryDirectory(prefix="airlock-sync-") as folder:
            packed = later.each(
                lambda group: packing.pack(group, content, Path(folder)), planned.groups, _THREADS
            )
            documents: dict[str, bytes | Path] = {layout.pack(one.name): one.path for one in packed}
            documents[layout.index(manifest.id)] = _gzipped(packing.index(planned, packed).to_data())
            documents[layout.manifest(manifest.id)] = _gzipped(manifest.data)
            documents |= self.sign(manifest.id) if self.sign else {}
            return self._write(documents)

    def _write(self, documents: Mapping[str, bytes | Path]) -> dict[str, int]:
        later.each(lambda one: self.location.put(*one), documents.items(), _THREADS)
        return {key: _size(value) for key, value in documents.items()}

    def _serve(self, new: Published, there: There) -> Pointer | None:
        """Swap the pointer; where another was quicker, go on from what that one wrote.

        None: what was there, or what was sent, may be gone. `airlock gc` begins by a swap: whoever's own swap succeeds
        without one in between has lost nothing, however long it took.
        """
        before, etag, ours = there.pointer, there.etag, (new.release, new.at, new.by)
        for attempt in range(_ATTEMPTS):
            after = before.published(new) if before else pointer.first(new)
            if self.location.swap(layout.POINTER, after.to_data(), etag):
                return after
            time.sleep(_PAUSE * attempt)
            now = look_at_pointer(self.location)
            if now is None:
                before, etag = None, ""
                continue
            before, etag = now
            if any((event.release, event.at, event.by) == ours for event in before.events):
                return before  # the swap was done, and its answer lost
            if _is_past(there, before):
                return None
        raise _others(f"{_ATTEMPTS} attempts were lost")

    def _outcome(
        self, manifest: Manifest, there: There, now: Pointer, sent: Mapping[str, int], *, changed: bool
    ) -> Outcome:
        return Outcome(
            manifest.id,
            there.pointer.release if there.pointer else "",
            changed,
            difference.between(there.manifest, manifest),
            now.sequence,
            len(sent),
            sum(sent.values()),
        )


def look_at_pointer(location: Location) -> tuple[Pointer, str] | None:
    """Return the pointer and its ETag, None where there is none."""
    try:
        stored = location.read(layout.POINTER, pointer.MAX_DOCUMENT)
    except AbsentError:
        return None
    assert stored is not None
    return Pointer.from_data(stored.data), stored.etag


def _is_past(there: There, now: Pointer) -> bool:
    """Whether what a release was sent by is no more: `airlock gc` was at work, or what served has other packs now."""
    before = there.pointer
    if now.collected_since(before.sequence if before else 0):
        return True
    return before is not None and now.find(before.release) != before.find(before.release)


def _others(cause: str) -> PublishError:
    return PublishError(
        "the release does not serve yet: others change what serves all the time",
        cause=cause,
        remedy="run it again",
    )


def _require_uncollected(release: str, now: Pointer | None) -> None:
    collecting = now.collecting if now else None
    if collecting and release in collecting.releases and _now() < collecting.until:
        raise PublishError(
            f"release {release[:12]} is being deleted just now",
            cause="an older release of the very same content is collected by `airlock gc`",
            remedy=f"run it again after {collecting.until:%H:%M:%S} UTC",
        )


def _now() -> datetime:
    """Return this moment to the millisecond, as the pointer holds it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _gzipped(data: bytes) -> bytes:
    """Return a document in bytes that were never written before: whoever deletes those of before means no others."""
    return gzip.compress(data, compresslevel=3, mtime=secrets.randbits(32))


def _published(manifest: Manifest, by: str) -> Published:
    files, size = len(manifest.files), manifest.size
    return Published(manifest.id, _now(), by, files, size, manifest.commit, manifest.dirty)


def _size(value: bytes | Path) -> int:
    return value.stat().st_size if isinstance(value, Path) else len(value)
