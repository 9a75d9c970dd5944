"""What a push did, for people and for programs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from airlock.terminal import Column, counted, megabytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.push.drift import Drift
    from airlock.push.findings import Report
    from airlock.push.outgoing import Outgoing
    from airlock.push.sending import Pushed
    from airlock.registry.reference import Repository
    from airlock.terminal import Terminal


def tell(pushed: Pushed, repository: Repository, terminal: Terminal, *, dry_run: bool) -> None:
    done = "would be " if dry_run else ""
    states = dict.fromkeys(pushed.set_tags, f"{done}set")
    states |= {tag: f"{done}moved from {digest}" for tag, digest in pushed.moved.items()}
    terminal.table(
        [Column("tag"), Column("state")],
        [[tag, states.get(tag, "there already")] for tag in pushed.tags],
    )
    signed = f", {counted(pushed.signed, 'signature')}" if pushed.signed else ""
    terminal.say(
        f"{repository}: {'would send' if dry_run else 'sent'} {pushed.sent_blobs} of {pushed.blobs} blobs, "
        f"{megabytes(pushed.sent_bytes)}; {counted(pushed.papers, 'paper')}{signed}; {pushed.seconds:.1f} s"
    )


def document(
    pushed: Pushed,
    outgoing: Outgoing,
    repository: Repository,
    drifts: Sequence[Drift],
    scans: Sequence[Report],
) -> dict[str, Any]:
    """Return the one JSON object."""
    return dataclasses.asdict(pushed) | {
        "repository": str(repository),
        "reference": f"{repository}@{pushed.digest}",
        "platforms": [
            {"platform": one.platform, "digest": one.digest, "layers": len(one.layers)}
            for one in outgoing.images
        ],
        "papers": [
            {"kind": one.kind, "platform": one.platform, "digest": one.digest} for one in outgoing.papers
        ],
        "drift": [dataclasses.asdict(one) for one in drifts],
        "scans": [one.document for one in scans],
    }
