"""What differs in two releases: which files, and what in them."""

from __future__ import annotations

import contextlib
import difflib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import printable
from airlock.terminal import aligned
from airlock_spec.releases.difference import Difference, between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from airlock.releases.places import Place
    from airlock_spec.releases.manifest import File, Manifest

_SHOWN = 1 << 20  # bytes of a file whose lines are compared


@dataclass(frozen=True)
class Compared:
    """Two releases and what differs."""

    before: Manifest
    after: Manifest
    difference: Difference

    @classmethod
    def of(cls, before: Manifest, after: Manifest) -> Compared:
        return cls(before, after, between(before, after))

    def files(self) -> Iterator[tuple[str, File | None, File | None]]:
        """Yield what happened to each path, its file before and after, in the order of paths."""
        old = {file.path: file for file in self.before.files}
        new = {file.path: file for file in self.after.files}
        did = {
            path: word
            for word in ("added", "changed", "removed")
            for path in getattr(self.difference, word)
        }  # fmt: skip
        for path in sorted(did):
            yield did[path], old.get(path), new.get(path)

    def document(self) -> dict[str, Any]:
        return {
            "before": self.before.id,
            "after": self.after.id,
            "files": [
                {"did": did, "path": (new or old).path, "before": _state(old), "after": _state(new)}  # type: ignore[union-attr]
                for did, old, new in self.files()
            ],
        }

    def table(self) -> list[str]:
        rows = [["", "file", "bytes", "before"]]
        for did, old, new in self.files():
            mode = old and new and old.executable != new.executable
            rows.append(
                [
                    did,
                    (new or old).path + ("   (mode)" if mode else ""),  # type: ignore[union-attr]
                    f"{new.size:,}" if new else "",
                    f"{old.size:,}" if old else "",
                ]
            )
        return aligned(rows, {2, 3}) if len(rows) > 1 else ["the same files"]


def content_lines(place: Place, compared: Compared) -> Iterator[str]:
    """Yield the lines of a unified diff of the text files that differ, fetched and verified."""
    wanted = [(old, new) for _, old, new in compared.files() if _is_shown(old, new)]
    olds = _fetched(place, compared.before, [old for old, _ in wanted if old])
    news = _fetched(place, compared.after, [new for _, new in wanted if new])
    for did, old, new in compared.files():
        path = (new or old).path  # type: ignore[union-attr]
        names = (f"a/{path}" if old else "/dev/null", f"b/{path}" if new else "/dev/null")
        if old and new and old.sha256 == new.sha256:
            yield f"{path}: {'now' if new.executable else 'no longer'} executable"
        elif not _is_shown(old, new):
            yield f"{path}: {did}, too big to be shown"
        else:
            before = olds[old.sha256] if old else b""
            yield from _unified(names, before, news[new.sha256] if new else b"")


def _is_shown(old: File | None, new: File | None) -> bool:
    """Whether the contents of a file are compared: they differ, and neither is too big."""
    if old and new and old.sha256 == new.sha256:
        return False
    return all(one is None or one.size <= _SHOWN for one in (old, new))


def _unified(names: tuple[str, str], before: bytes, after: bytes) -> Iterator[str]:
    try:
        texts = [data.decode() for data in (before, after)]
    except UnicodeDecodeError:
        texts = ["\0", "\0"]
    if any("\0" in text for text in texts):
        yield f"{names[0]} and {names[1]} differ: no text"
        return
    old, new = map(_lines, texts)
    for line in difflib.unified_diff(old, new, *names, lineterm=""):
        yield printable(line, keep="\t\n")


def _lines(text: str) -> list[str]:
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def _fetched(place: Place, manifest: Manifest, files: list[File]) -> dict[str, bytes]:
    held: dict[str, bytes] = {}

    @contextlib.contextmanager
    def opened(sha256: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        held[sha256] = file.getvalue()

    place.source(manifest).fetch({file.sha256: file.size for file in files}, opened)
    return held


def _state(file: File | None) -> Mapping[str, Any] | None:
    if file is None:
        return None
    return {"sha256": file.sha256, "size": file.size, "executable": file.executable}
