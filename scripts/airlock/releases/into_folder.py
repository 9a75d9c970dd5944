"""Publishes a release into a folder, as an EFS that is mounted here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock.releases.publishing import Outcome
from airlock_spec.releases import difference
from airlock_spec.releases.failures import AbsentError
from airlock_spec.releases.pointer import Published

if TYPE_CHECKING:
    from airlock.releases.in_folder import InFolder, Kept
    from airlock.releases.tree import Tree
    from airlock_spec.releases.manifest import Manifest


def publish(place: InFolder, manifest: Manifest, tree: Tree, by: str, kept: Kept) -> Outcome:
    """Let a release serve in a folder. Raises PublishError, ReleaseError, OSError; then nothing has changed."""
    before = _serving(place)
    if before is not None and before.id == manifest.id:
        return _outcome(before, manifest, place.pointer().sequence)
    files, size = len(manifest.files), manifest.size
    new = Published(manifest.id, datetime.now(UTC), by, files, size, manifest.commit, manifest.dirty)
    pointer, _ = place.publish(manifest, tree, new, kept)
    return _outcome(before, manifest, pointer.sequence)


def rehearse(place: InFolder, manifest: Manifest) -> Outcome:
    """Return what publishing would do."""
    try:
        sequence = place.pointer().sequence
    except AbsentError:
        sequence = 0
    before = _serving(place)
    return _outcome(before, manifest, sequence + (before is None or before.id != manifest.id))


def _serving(place: InFolder) -> Manifest | None:
    try:
        return place.manifest(place.pointer().release)
    except AbsentError:
        return None


def _outcome(before: Manifest | None, manifest: Manifest, sequence: int) -> Outcome:
    known = before.blobs if before else {}
    new = [size for blob, size in manifest.blobs.items() if blob not in known]
    changed = before is None or before.id != manifest.id
    return Outcome(
        manifest.id,
        before.id if before else "",
        changed,
        difference.between(before, manifest),
        sequence,
        len(new) if changed else 0,
        sum(new),
    )
