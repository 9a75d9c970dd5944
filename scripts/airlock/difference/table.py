"""A difference as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.difference import result as told
from airlock.difference.layers import Status
from airlock.difference.result import amount
from airlock.errors import printable
from airlock.locks.steps import how
from airlock.terminal import aligned, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.difference.images import FileChange, ImageDifference
    from airlock.difference.layers import LayerChange
    from airlock.difference.locks import LockDifference
    from airlock.difference.result import Result
    from airlock.locks.moves import Move

_FIRST = 20  # files that are shown without --all
_NAME = 60  # characters of a layer's name, which may be a whole command
_DIGEST = 19  # characters: `sha256:` and twelve digits

Row = tuple[str, ...]


def render(result: Result, *, everything: bool) -> str:
    """Return the lines; the first files alone unless `everything`."""
    lines: list[str] = []
    for side, platforms in ((result.before, result.only_before), (result.after, result.only_after)):
        lines += [f"only {printable(side)} has an image for {platform}" for platform in platforms]
    for image in result.images:
        lines += _image(image, everything=everything)
    if result.locks:
        lines += [f"locks: {told.of_locks(result.locks)}", *_locks(result.locks, everything=everything)]
    return "\n".join(lines)


def _image(image: ImageDifference, *, everything: bool) -> Iterator[str]:
    yield f"{image.platform}: {told.of_image(image)}"
    if not image.differs:
        return
    yield f"  {image.before[:_DIGEST]} -> {image.after[:_DIGEST]}"
    rows = [_package(move) for move in image.packages.changes]
    rows += [(one.ecosystem, one.name, one.version, "", told.kept_version(one)) for one in image.altered]
    yield from _section("packages", rows)
    changed = [_layer(one) for one in image.layers if one.status is not Status.SAME]
    yield from _section("layers", changed)
    rows = [(one.key, _value(one.before), "->", _value(one.after)) for one in image.settings]
    yield from _section("settings", rows)
    yield from _files(image.files, everything=everything)


def _locks(locks: LockDifference, *, everything: bool) -> Iterator[str]:
    yield from _section("packages", [_package(move) for move in locks.packages.changes])
    facts = [(one.lock, one.key, one.before or "-", "->", one.after or "-") for one in locks.facts]
    yield from _section("resolved for", facts)
    files = [(file.filename, amount(file.size)) for file in locks.fetch]
    yield from _section("to fetch", files if everything else files[:_FIRST])
    yield from _rest(len(files) - _FIRST, everything=everything)


def _package(move: Move) -> Row:
    return (move.lock, move.name, move.before or "-", move.after or "-", how(move))


def _layer(layer: LayerChange) -> Row:
    sizes = tuple(amount(one.size) if one else "-" for one in (layer.before, layer.after))
    return (layer.status.value, shortened(printable(layer.name), _NAME), *sizes)


def _files(files: Sequence[FileChange], *, everything: bool) -> Iterator[str]:
    listed = list(files) if everything else told.without_bytecode(files)
    chosen = listed if everything else listed[:_FIRST]
    rows = [(told.verb(one), f"/{one.path}", " ".join(one.what), one.package) for one in chosen]
    title = f"files: {told.tally(files)}" if files else "files"
    if len(listed) < len(files):
        title += f" ({len(files) - len(listed):,} of them bytecode of these)"
    yield from _section(title, rows)
    yield from _rest(len(listed) - _FIRST, everything=everything)


def _rest(number: int, *, everything: bool) -> Iterator[str]:
    if number > 0 and not everything:
        yield f"  … and {number:,} more: --all"


def _value(value: str | None) -> str:
    return "-" if value is None else shortened(printable(value), _NAME)


def _section(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield a title and aligned columns; nothing where there are no rows."""
    if not rows:
        return
    yield title
    yield from (f"  {line}" for line in aligned(rows))
