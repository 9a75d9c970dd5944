"""How two images differ: packages, layers, files, settings, and the bytes to pull."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose.entry import DIRECTORY_MODE, Kind
from airlock.compose.oci import LAYER_KEY
from airlock.contents import lay_over
from airlock.difference import layers, packages
from airlock.difference.packages import Owner
from airlock.locks import moves
from airlock.unpack import WHITEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from airlock.contents import Member
    from airlock.difference.layers import LayerChange
    from airlock.difference.listing import Listing
    from airlock.difference.packages import Package
    from airlock.layout import LaidOutImage
    from airlock.locks.moves import Moves

    Read = Callable[[LaidOutImage, Sequence[int]], list[Listing]]  # of the layers of these numbers


@dataclass(frozen=True)
class FileChange:
    """A path that differs; `owner` is None where it is not known whose it is."""

    path: str
    before: Member | None
    after: Member | None
    owner: Owner | None

    @property
    def package(self) -> str:
        return self.owner.name if self.owner else ""

    @property
    def is_settled(self) -> bool:
        """Whether it is one whatever other layers hold: each path has one owner, but of a folder many."""
        members = self.before, self.after
        return all(member and member.kind is not Kind.DIRECTORY for member in members)

    @property
    def what(self) -> tuple[str, ...]:
        """Name what differs in a path that both have."""
        if self.before is None or self.after is None:
            return ()
        one, other = self.before, self.after
        pairs = (
            ("type", one.kind, other.kind),
            ("mode", one.mode, other.mode),
            ("owner", (one.uid, one.gid), (other.uid, other.gid)),
            ("target", one.target, other.target),
            ("content", one.sha256, other.sha256),
            ("xattrs", one.xattrs, other.xattrs),
        )
        names = tuple(name for name, here, there in pairs if here != there)
        return ("type",) if "type" in names else names


@dataclass(frozen=True)
class Setting:
    """A key of the image's configuration, as `Env.PATH`; None where it is not set."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Pull:
    """What a host that holds the first image must pull for the second: of `blobs` blobs, in bytes."""

    missing: int
    missing_blobs: int
    total: int
    blobs: int

    @property
    def share(self) -> float:
        return self.missing / self.total if self.total else 0.0


@dataclass(frozen=True)
class Altered:
    """A package of the version that it had, of whose `files` some differ."""

    ecosystem: str
    name: str
    version: str
    files: int


@dataclass(frozen=True)
class ImageDifference:
    """How two images of one platform differ; `before` and `after` are their digests."""

    platform: str
    before: str
    after: str
    packages: Moves
    altered: tuple[Altered, ...]
    layers: tuple[LayerChange, ...]
    files: tuple[FileChange, ...]
    settings: tuple[Setting, ...]
    pull: Pull

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class _View:
    """What some layers of an image make together."""

    members: Mapping[str, Member]
    packages: tuple[Package, ...]
    owners: Mapping[str, Owner]

    @classmethod
    def of(cls, listings: Iterable[Listing]) -> _View:
        members: dict[str, Member] = {}
        owners: dict[str, Owner] = {}
        described: dict[str, tuple[Member, tuple[Package, ...]]] = {}
        for listing in listings:
            lay_over(members, listing.members)
            owners |= listing.owners
            here = {one.path: one for one in listing.members if one.path in listing.packages}
            described |= {path: (here[path], found) for path, found in listing.packages.items()}
        # a description counts only where its file is what came to lie on top
        found = (several for path, (one, several) in described.items() if members.get(path) is one)
        return cls(members, tuple(package for several in found for package in several), owners)


def compare(first: LaidOutImage, second: LaidOutImage, read: Read) -> ImageDifference:
    """Compare two images, reading no layer that both have where that is enough. Raises CorruptError."""
    before, after = _views(first, second, read)
    parts = [
        moves.compare(name, *(packages.versions(view.packages, name) for view in (before, after)))
        for name in (packages.DEBIAN, packages.PYTHON)
    ]
    moved = moves.together(parts)
    files = tuple(_files(before, after))
    return ImageDifference(
        first.platform,
        first.digest,
        second.digest,
        moved,
        _altered(files, moved, after.packages),
        tuple(layers.pair(first, second)),
        files,
        tuple(_settings(first, second)),
        _pull(first, second),
    )


def _views(first: LaidOutImage, second: LaidOutImage, read: Read) -> tuple[_View, _View]:
    """Lay the layers over each other that must be looked at.

    Where each path has one owner, as in what airlock composes, layers that both images have say nothing
    about a file that both have elsewhere; but they may hold what came, went or is a folder, too. Layers of
    another builder may hide or bring back what is in others. Then all are needed.
    """
    if first.diff_ids == second.diff_ids:
        return _View.of(()), _View.of(())
    if all(LAYER_KEY in layer.annotations for image in (first, second) for layer in image.layers):
        alone = [
            read(one, [at for at, diff_id in enumerate(one.diff_ids) if diff_id not in other.diff_ids])
            for one, other in ((first, second), (second, first))
        ]
        if not any(_removes(listing) for listings in alone for listing in listings):
            views = _View.of(alone[0]), _View.of(alone[1])
            if all(change.is_settled for change in _files(*views)):
                return views
    listings = [read(image, range(len(image.layers))) for image in (first, second)]
    return _View.of(listings[0]), _View.of(listings[1])


def _removes(listing: Listing) -> bool:
    return any(member.path.rpartition("/")[2].startswith(WHITEOUT) for member in listing.members)


def _files(before: _View, after: _View) -> Iterator[FileChange]:
    """Find the paths that differ; a usual folder that came or went is none: its files stand for it."""
    for path in sorted(before.members.keys() | after.members.keys()):
        pair = before.members.get(path), after.members.get(path)
        if pair[0] != pair[1] and not all(_tells_nothing(member) for member in pair):
            yield FileChange(path, *pair, after.owners.get(path) or before.owners.get(path))


def _tells_nothing(member: Member | None) -> bool:
    usual = Kind.DIRECTORY, DIRECTORY_MODE, 0, 0, ""
    return member is None or (member.kind, member.mode, member.uid, member.gid, member.xattrs) == usual


def _altered(files: Sequence[FileChange], moved: Moves, there: Iterable[Package]) -> tuple[Altered, ...]:
    changed = {(move.lock, move.name) for move in moved.changes}
    counts = Counter(one.owner for one in files if one.owner and one.owner not in changed)
    known = {Owner(package.ecosystem, package.name): package for package in there}
    return tuple(
        Altered(*owner, package.version, counts[owner])
        for owner, package in sorted(known.items(), key=lambda pair: pair[0].name)
        if owner in counts
    )


def _settings(first: LaidOutImage, second: LaidOutImage) -> Iterator[Setting]:
    before, after = _flat(first.settings), _flat(second.settings)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Setting(key, before.get(key), after.get(key))


def _flat(settings: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in settings.items():
        if key == "Env" and isinstance(value, list):
            pairs = (str(one).partition("=") for one in value)
            found |= {f"Env.{name}": text for name, _, text in pairs}
        elif isinstance(value, dict):
            found |= {
                f"{key}.{name}": one if isinstance(one, str) else json.dumps(one)
                for name, one in value.items()
            }
        else:
            found[key] = value if isinstance(value, str) else json.dumps(value)
    return found


def _pull(first: LaidOutImage, second: LaidOutImage) -> Pull:
    held = {blob.digest for blob in first.blobs}
    wanted = {blob.digest: blob.size for blob in second.blobs}
    missing = [size for digest, size in wanted.items() if digest not in held]
    return Pull(sum(missing), len(missing), sum(wanted.values()), len(wanted))
