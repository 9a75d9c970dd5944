"""What publishing did, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.terminal import counted, megabytes

if TYPE_CHECKING:
    from airlock.releases.arrival import Arrived
    from airlock.releases.publishing import Outcome
    from airlock.terminal import Terminal
    from airlock_spec.releases.difference import Difference
    from airlock_spec.releases.manifest import Manifest

_SHOWN = 20  # paths
_KILO, _MEGA = 1000, 1_000_000


def tell(outcome: Outcome, manifest: Manifest, terminal: Terminal, seconds: float, *, dry_run: bool) -> None:
    tell_difference(outcome.difference, terminal)
    what = f"{counted(len(manifest.files), 'file')}, {size(manifest.size)}"
    origin = f", of commit {manifest.commit[:12]}{' and uncommitted changes' if manifest.dirty else ''}"
    name = f"release {outcome.release[:12]}: {what}{origin if manifest.commit else ''}"
    if not outcome.changed:
        terminal.say(f"{name}; it serves already; {seconds:.1f} s")
        return
    sent = f"{counted(outcome.sent_objects, 'object')}, {size(outcome.sent_bytes)}"
    terminal.say(f"{name}; {'would send' if dry_run else 'sent'} {sent}; {seconds:.1f} s")


def tell_difference(found: Difference, terminal: Terminal) -> None:
    lines = [
        *(f"+ {path}" for path in found.added),
        *(f"~ {path}" for path in found.changed),
        *(f"- {path}" for path in found.removed),
    ]
    for line in lines[:_SHOWN]:
        terminal.say(line)
    if len(lines) > _SHOWN:
        terminal.say(f"and {len(lines) - _SHOWN} more")


def tell_arrival(arrived: Arrived, terminal: Terminal) -> None:
    terminal.say(
        f"arrived after {arrived.seconds:.1f} s: {counted(len(arrived.dags), 'DAG')} serialized anew"
    )


def document(
    outcome: Outcome, manifest: Manifest, arrived: Arrived | None, *, dry_run: bool
) -> dict[str, Any]:
    """Return the one JSON object."""
    checked = manifest.checked
    return {
        "release": outcome.release,
        "before": outcome.before or None,
        "changed": outcome.changed,
        "dry_run": dry_run,
        "sequence": outcome.sequence,
        "files": len(manifest.files),
        "bytes": manifest.size,
        "added": list(outcome.difference.added),
        "modified": list(outcome.difference.changed),
        "removed": list(outcome.difference.removed),
        "sent_objects": outcome.sent_objects,
        "sent_bytes": outcome.sent_bytes,
        "commit": manifest.commit or None,
        "dirty": manifest.dirty,
        "image": checked.image if checked else None,
        "arrived": arrived.document() if arrived else None,
    }


def size(number: int) -> str:
    """Return a number of bytes for people."""
    if number < _KILO:
        return counted(number, "byte")
    return f"{number / _KILO:,.1f} kB" if number < _MEGA else megabytes(number)
