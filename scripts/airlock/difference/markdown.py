"""A difference as Markdown for a pull-request comment, cut to what GitHub accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.difference import result as told
from airlock.difference.layers import Status
from airlock.difference.result import amount
from airlock.locks.steps import Step, how, step
from airlock.terminal import counted, shortened
from airlock_spec import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.difference.images import FileChange, ImageDifference
    from airlock.difference.layers import LayerChange
    from airlock.difference.locks import LockDifference
    from airlock.difference.result import Result
    from airlock.locks.moves import Move

code = wording.code
LIMIT = 60_000  # characters; GitHub refuses a comment of more than 65,536
_WIDTH = 200  # characters of a value; a path is not cut
_NAME = 80
_DIGEST = 19


@dataclass(frozen=True)
class Section:
    """A table, and what is around it; only rows are left out where there is no room for all."""

    before: str
    rows: tuple[str, ...] = ()
    after: str = ""
    noun: str = ""

    def cut(self, room: int) -> str:
        """Return the section in about `room` characters, with a line for what is left out."""
        shown = self._fitting(room)
        left = len(self.rows) - shown
        note = (
            f"\n… and {counted(left, f'more {self.noun}')}: the comment would be too long\n" if left else ""
        )
        return self.before + "".join(self.rows[:shown]) + note + self.after

    def _fitting(self, room: int) -> int:
        used = 0
        for number, row in enumerate(self.rows):
            used += len(row)
            if used > room:
                return number
        return len(self.rows)

    @property
    def fixed(self) -> int:
        """Characters without any row, but with the line for what is left out."""
        return len(self.before) + len(self.after) + _NAME + len(self.noun)


def render(result: Result) -> str:
    """Return a heading with the totals, the packages, and the rest folded away; LIMIT characters at most."""
    sections = [Section(_heading(result))]
    for image in result.images if result.differs else ():
        sections += _image(image, several=len(result.images) > 1)
    if result.locks and result.differs:
        sections += _locks(result.locks)
    room = LIMIT - sum(section.fixed for section in sections)
    text = []
    for section in sections:
        text.append(section.cut(room))
        room -= min(room, max(0, len(text[-1]) - len(section.before) - len(section.after)))
    return "".join(text).rstrip("\n")


def _heading(result: Result) -> str:
    lines = []
    if result.locks:
        title = f"Locks: {told.of_locks(result.locks)}"
    elif len(result.images) == 1:
        title = f"Image: {told.of_image(result.images[0])}"
    else:
        each = (f"{one.platform}: {told.of_image(one)}" for one in result.images)
        title = f"Image: {' — '.join(each) or 'no platform in common'}"
    for side, platforms in ((result.before, result.only_before), (result.after, result.only_after)):
        lines += [f"Only {code(side)} has an image for {code(platform)}.\n" for platform in platforms]
    if result.images:
        digests = (
            f"{code(one.platform)}: {code(one.before[:_DIGEST])} → {code(one.after[:_DIGEST])}\n"
            for one in result.images
        )
        lines += digests
    lines += [f"{code(result.before)} → {code(result.after)}\n"] if result.locks else []
    return "\n".join([f"### {title}\n", *lines, ""])


def _image(image: ImageDifference, *, several: bool) -> list[Section]:
    if not image.differs:
        return []
    start = f"#### {image.platform}\n\n" if several else ""
    rows = [_package(move) for move in _notable(image.packages.changes)]
    rows += [
        _row(one.ecosystem, code(one.name), code(one.version), "", told.kept_version(one))
        for one in image.altered
    ]
    layers = [_layer(one) for one in image.layers if one.status is not Status.SAME]
    settings = [_row(code(one.key), _value(one.before), _value(one.after)) for one in image.settings]
    files = told.without_bytecode(image.files)
    summary = f"Files: {told.tally(image.files)}"
    if len(files) < len(image.files):
        summary += f", {len(image.files) - len(files):,} of them bytecode"
    return [
        Section(start),
        _table(("", "package", "from", "to", "step"), rows, "package"),
        _table(("setting", "from", "to"), settings, "setting"),
        _folded(
            f"Layers: {len(layers)} of {len(image.layers)} differ",
            _table(("layer", "", "from", "to"), layers, "layer"),
        ),
        _folded(summary, _table(("", "path", "what", "package"), [_file(one) for one in files], "file")),
    ]


def _locks(locks: LockDifference) -> list[Section]:
    rows = [_package(move) for move in _notable(locks.packages.changes)]
    facts = [
        _row(one.lock, one.key, _value(one.before or None), _value(one.after or None)) for one in locks.facts
    ]
    files = [_row(code(file.filename), amount(file.size)) for file in locks.fetch]
    return [
        _table(("lock", "package", "from", "to", "step"), rows, "package"),
        _folded("What the locks were resolved for", _table(("lock", "", "from", "to"), facts, "line")),
        _folded(
            f"To fetch: {counted(len(files), 'file')}, {amount(locks.bytes_to_fetch)}",
            _table(("file", "size"), files, "file"),
        ),
    ]


def _notable(changes: Sequence[Move]) -> list[Move]:
    """Put first what a reviewer should see first: the bigger steps, then what came and went."""
    order = {Step.MAJOR: 0, Step.OTHER: 1, Step.MINOR: 3, Step.PATCH: 4, Step.REVISION: 5}

    def rank(move: Move) -> int:
        return order[step(move.before, move.after)] if move.before and move.after else 2

    return sorted(changes, key=rank)


def _package(move: Move) -> str:
    became = how(move)
    return _row(
        move.lock,
        code(move.name),
        code(move.before) if move.before else "",
        code(move.after) if move.after else "",
        f"**{became}**" if became.startswith(Step.MAJOR) or became.endswith("down") else became,
    )


def _layer(layer: LayerChange) -> str:
    sizes = [amount(one.size) if one else "" for one in (layer.before, layer.after)]
    return _row(code(shortened(layer.name, _NAME)), layer.status.value, *sizes)


def _file(change: FileChange) -> str:
    return _row(told.verb(change), code(f"/{change.path}"), ", ".join(change.what), code(change.package))


def _value(value: str | None) -> str:
    return "" if value is None else code(shortened(value, _WIDTH))


def _table(columns: Sequence[str], rows: Sequence[str], noun: str) -> Section:
    if not rows:
        return Section("")
    rule = "| " + " | ".join("---" for _ in columns) + " |\n"
    return Section(_row(*columns) + rule, tuple(rows), "\n", noun)


def _folded(summary: str, table: Section) -> Section:
    if not table.rows:
        return table
    return Section(
        f"<details><summary>{summary}</summary>\n\n{table.before}",
        table.rows,
        f"{table.after}</details>\n\n",
        table.noun,
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
