"""The whole result of a comparison, and what all its forms say of it in one line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.difference.layers import Status
from airlock.first_difference import source_of
from airlock.locks.steps import Step, step
from airlock.terminal import counted, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock.difference.foreseen import Foreseen
    from airlock.difference.images import Altered, FileChange, ImageDifference
    from airlock.difference.locks import LockDifference
    from airlock.locks.moves import Moves

_KILOBYTE = 1000
_SHOWN_BELOW = 100_000  # bytes; "0.0 MB" says nothing


@dataclass(frozen=True)
class Result:
    """`before` and `after` as the user named them; either images by platform, or locks.

    `only_before` and `only_after` are platforms that one side alone has.
    """

    before: str
    after: str
    images: tuple[ImageDifference, ...] = ()
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    locks: LockDifference | None = None

    @property
    def differs(self) -> bool:
        if self.locks:
            return self.locks.differs
        return bool(self.only_before or self.only_after) or any(one.differs for one in self.images)


def of_image(image: ImageDifference) -> str:
    """Return the totals of one platform."""
    if not image.differs:
        return "nothing differs"
    pull = image.pull
    layers = Counter(one.status for one in image.layers)
    changed = [
        f"{layers[status]} {status}" for status in Status if layers[status] and status is not Status.SAME
    ]
    present = len(image.layers) - layers[Status.REMOVED]
    parts = [
        f"packages: {_of_packages(image.packages)}",
        f"layers: {', '.join(changed) or 'none changed'} of {present}",
        f"files: {tally(image.files) or 'none changed'}",
        *([f"settings: {len(image.settings)} changed"] if image.settings else []),
        f"to pull: {amount(pull.missing)} of {amount(pull.total)} ({_percent(pull.share)})",
    ]
    return "; ".join(parts)


def of_locks(locks: LockDifference) -> str:
    """Return the totals of locks."""
    if not locks.differs:
        return "nothing differs"
    fetch = f"to fetch: {counted(len(locks.fetch), 'file')}, {amount(locks.bytes_to_fetch)}"
    images = [_of_foreseen(one, several=len(locks.foreseen) > 1) for one in locks.foreseen]
    return "; ".join([f"packages: {_of_packages(locks.packages)}", fetch, *images])


def _of_foreseen(image: Foreseen, *, several: bool) -> str:
    """Return as `layers of packages: 3 of 55 change, about 4.1 MB to pull`."""
    where = f"{image.platform} layers of packages" if several else "layers of packages"
    if not image.changed:
        return f"{where}: none of {image.layers} changes"
    cost = f"which hold {amount(image.files)} of wheels and debs"
    if image.pull is not None:
        cost = f"about {amount(image.pull)} to pull"
    verb = "changes" if image.changed == 1 else "change"
    return f"{where}: {image.changed} of {image.layers} {verb}, {cost}"


def _of_packages(moves: Moves) -> str:
    """Return as `2 moved (1 major, 1 patch), 1 added`."""
    steps = Counter(step(move.before, move.after) for move in moves.moved)
    kinds = ", ".join(f"{steps[kind]} {kind}" for kind in Step if steps[kind])
    parts = [f"{len(moves.moved)} moved ({kinds})"] if moves.moved else []
    parts += [f"{len(moves.added)} added"] if moves.added else []
    parts += [f"{len(moves.removed)} removed"] if moves.removed else []
    return ", ".join(parts) or "none moved"


def _percent(share: float) -> str:
    return "<0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"  # noqa: PLR2004


def kept_version(package: Altered) -> str:
    return f"same version, {counted(package.files, 'file')}"


def without_bytecode(files: Sequence[FileChange]) -> list[FileChange]:
    """Leave out bytecode whose source differs, too: it tells nothing more."""
    paths = {one.path for one in files}
    return [one for one in files if source_of(one.path) not in paths]


def verb(change: FileChange) -> str:
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "changed"


def amount(size: int) -> str:
    """Return bytes as people read them."""
    if size < _KILOBYTE:
        return f"{size} bytes"
    return f"{size / _KILOBYTE:,.1f} kB" if size < _SHOWN_BELOW else megabytes(size)


def tally(files: Iterable[FileChange]) -> str:
    """Return as `3 changed, 1 added`."""
    counts = Counter(verb(one) for one in files)
    return ", ".join(f"{counts[word]:,} {word}" for word in ("changed", "added", "removed") if counts[word])
