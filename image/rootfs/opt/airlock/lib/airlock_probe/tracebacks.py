"""Tracebacks as text: the exception that left, and the user's own line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airlock_spec.check.facts import Place

_HEAD = "Traceback (most recent call last):"
_GROUP = f"+ Exception Group {_HEAD}"
_FRAME = re.compile(r'^\s*File "(.*)", line (\d+)', re.MULTILINE)
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$")


@dataclass(frozen=True)
class Told:
    """What was raised: the name of its class without the module, and its message.

    `frames` are (file, line), the outermost first; `earlier` the frames of exceptions that led to this one.
    """

    name: str
    message: str
    frames: tuple[tuple[str, int], ...]
    earlier: tuple[tuple[str, int], ...]


def read(text: str) -> Told:
    """Read what `traceback.format_exc` wrote; of an exception group the group itself is told."""
    before_group, group, own = text.rpartition(_GROUP)
    if group:
        text = before_group + _HEAD + re.sub(r"^ *\| ?", "", own.partition("+-")[0], flags=re.MULTILINE)
    *before, last = text.split(_HEAD)
    name, message = _raised(last)
    return Told(name, message, _frames(last), _frames("\n".join(before)))


def users(told: Told, prefix: str) -> Place | None:
    """Return the innermost place of the bundle whose paths begin with `prefix`."""
    for frames in (told.frames, told.earlier):
        for path, line in reversed(frames):
            if path.startswith(prefix):
                return Place(path.removeprefix(prefix), line)
    return None


def without_callers(text: str, prefix: str) -> str:
    """Leave out the frames that led to the first one of the bundle: they are Airflow's, and the same each time."""
    head, found, rest = text.partition(f'  File "{prefix}')
    begin = head.find(_HEAD)
    return f"{head[:begin]}{_HEAD}\n{found}{rest}" if found and begin >= 0 else text


def _frames(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((path, int(line)) for path, line in _FRAME.findall(text))


def _raised(block: str) -> tuple[str, str]:
    """Return the class and the message, which may have more lines, of the exception at a block's end."""
    lines = block.strip("\n").split("\n")
    for number, line in enumerate(lines):
        if match := _RAISED.match(line):
            rest = "\n".join([match[2] or "", *lines[number + 1 :]]).strip()
            return match[1].rpartition(".")[2], rest
    return "Exception", lines[-1].strip()
