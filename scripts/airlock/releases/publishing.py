"""The story of a release: what is there, what is new, the contents, the documents, and the pointer last."""

from __future__ import annotations

import gzip
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
        sent: dict[str, int] = {}
        known = there.pointer is not None and there.pointer.find(manifest.id) is not None
        if there.pointer and there.manifest and there.pointer.release == manifest.id:
            return self._outcome(manifest, there, there.pointer, {}, changed=False)
        if known and wholeness.missing(self.location, manifest.id):
            known = False  # somebody deleted a part of it: it is sent again
        if not known:
            _require_uncollected(manifest.id, there.pointer)
            sent = self._send(manifest, content, there)
        elif self.sign:
            sent = self._write(self.sign(manifest.id))
        new = Published(
            manifest.id,
            _now(),
            self.by,
            len(manifest.files),
            manifest.size,
            manifest.commit,
            manifest.dirty,
        )
        done = self._serve(new, there, sent=not known)
        return self._outcome(manifest, there, done, sent, changed=True)

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

    def _serve(self, new: Published, there: There, *, sent: bool) -> Pointer:
        """Swap the pointer; where another was quicker, go on from what that one wrote."""
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
            _require_uncollected(new.release, before)
            _require_packs(there, before, new, sent=sent)
            self._require_documents(new.release)
        raise PublishError(
            "the release does not serve yet: others change what serves all the time",
            cause=f"{_ATTEMPTS} attempts were lost",
            remedy="run it again: nothing has to be sent twice",
        )

    def _require_documents(self, release: str) -> None:
        """Raise PublishError where `airlock gc` took what was sent for what a killed publisher had left.

        It begins by a swap: whoever's own swap succeeds after a look at what is there has lost nothing.
        """
        wanted = (layout.manifest(release), layout.index(release))
        if any(key not in self.location.listing(key) for key in wanted):
            raise PublishError(
                "the release does not serve: its documents were collected meanwhile",
                cause="`airlock gc` took them for what an earlier, killed run had left",
                remedy="run it again",
            )

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


def _require_packs(there: There, now: Pointer, new: Published, *, sent: bool) -> None:
    """Raise PublishError where what the release shares with an earlier one may be gone.

    Its index names packs of the release that served when it was sent: they stay as long as that one is there, without
    having been collected and published anew meanwhile.
    """
    shares = there.pointer.release if sent and there.pointer else new.release if not sent else ""
    known = there.pointer.find(shares) if there.pointer else None
    if known is not None and now.find(shares) != known:  # there again, it has packs of its own
        raise PublishError(
            "the release does not serve: what it shares with an earlier one was collected meanwhile",
            cause=f"`airlock gc` removed release {shares[:12]}, or it was published anew",
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
    return gzip.compress(data, compresslevel=3, mtime=0)


def _size(value: bytes | Path) -> int:
    return value.stat().st_size if isinstance(value, Path) else len(value)
