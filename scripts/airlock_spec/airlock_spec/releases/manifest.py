"""The manifest of a release: which files it holds, and what it was checked with; its sha256 names the release."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airlock_spec.document import FormatError, match_names
from airlock_spec.releases import names
from airlock_spec.releases.failures import RefusedError, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FORMAT = "airlock-release/1"
MAX_FILES = 200_000
MAX_FILE, MAX_TOTAL = 4 << 30, 32 << 30  # bytes
MAX_DOCUMENT = 64 << 20  # bytes of a manifest or an index, unpacked
ID = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FIELDS = ("commit", "dirty", "files", "image", "locks")
_MODES = {"644": False, "755": True}
_TOLD = 10  # problems that one error names
_SHOWN = 200  # characters of a value that it repeats


@dataclass(frozen=True, slots=True)
class File:
    """A file of a release: its path below the top, its content's sha256 in hexadecimal digits and size in bytes."""

    path: str
    sha256: str
    size: int
    executable: bool = False


@dataclass(frozen=True)
class Checked:
    """What a release was checked with: the image's digest, and its locks' (see airlock_spec.identity)."""

    image: str  # sha256:…
    airflow_lock: str
    debian_lock: str


@dataclass(frozen=True)
class Manifest:
    """The content of a release, and where it came from; files in the order of their paths' code points.

    `checked` is None for a release that was not checked. `commit` is "" outside of git; `dirty`: the content is not
    the commit's. Raises RefusedError with what is wrong.
    """

    files: tuple[File, ...]
    checked: Checked | None = None
    commit: str = ""
    dirty: bool = False

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
            raise RefusedError("\n".join([*problems[:_TOLD], *more]))

    @cached_property
    def data(self) -> bytes:
        """The one way to write it: JSON of UTF-8 in one line, with sorted keys."""
        checked = self.checked
        fields = {
            "format": FORMAT,
            "commit": self.commit,
            "dirty": self.dirty,
            "image": checked.image if checked else None,
            "locks": {"airflow": checked.airflow_lock, "debian": checked.debian_lock} if checked else None,
            "files": [
                [file.path, file.sha256, file.size, "755" if file.executable else "644"]
                for file in self.files
            ],
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    @cached_property
    def id(self) -> str:
        """The sha256 of `data`."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @cached_property
    def blobs(self) -> dict[str, int]:
        """The sizes of all contents by their sha256, in its order."""
        return dict(sorted({file.sha256: file.size for file in self.files}.items()))

    def _problems(self) -> Iterator[str]:
        if not self.files:
            yield "the release is empty"
        if len(self.files) > MAX_FILES:
            yield f"the release has {len(self.files)} files, more than {MAX_FILES}"
            return
        if self.commit and not _COMMIT.fullmatch(self.commit):
            yield f"commit must be a commit's name in full, not {_shown(self.commit)}"
        if self.checked:
            digests = (self.checked.image, self.checked.airflow_lock, self.checked.debian_lock)
            yield from (
                f"{_shown(digest)} is no digest" for digest in digests if not _DIGEST.fullmatch(digest)
            )
        problems = list(_problems_of_files(self.files))
        yield from problems
        if not problems:  # of a path without end there would be folders without end
            for one, other in names.collisions(file.path for file in self.files):
                yield f"paths {one!r} and {other!r} collide where case or Unicode's forms do not count"

    @classmethod
    def from_data(cls, data: bytes, release: str) -> Manifest:
        """Read what `data` wrote of a release. Raises RefusedError for anything else: nothing is guessed."""
        if hashlib.sha256(data).hexdigest() != release:
            raise RefusedError(f"the manifest of release {release[:12]} is not what its name says")
        try:
            made = _read(data)
        except (FormatError, ValueError, TypeError, RecursionError, AttributeError) as error:
            raise unreadable(f"the manifest of release {release[:12]}", error) from error
        if made.data != data:
            raise RefusedError(f"the manifest of release {release[:12]} is not written as the format says")
        return made


def _problems_of_files(files: Sequence[File]) -> Iterator[str]:
    sizes: dict[str, int] = {}
    before, total = "", 0
    for file in files:
        if fault := names.problem(file.path):
            yield f"path {_shown(file.path)}: {fault}"
        elif file.path <= before:
            yield f"path {_shown(file.path)} is given twice, or is not in order"
        if not ID.fullmatch(file.sha256):
            yield f"{_shown(file.path)} has no sha256: {_shown(file.sha256)}"
        if not 0 <= file.size <= MAX_FILE:
            yield f"{_shown(file.path)} has {_shown(file.size)} bytes, not 0 to {MAX_FILE}"
        elif sizes.setdefault(file.sha256, file.size) != file.size:
            yield f"{_shown(file.path)} has the sha256 of a file of another size"
        before, total = file.path, total + file.size
    if total > MAX_TOTAL:
        yield f"the release has {total} bytes, more than {MAX_TOTAL}"


def _shown(value: object) -> str:
    """Return a value as a message shows it: a hostile one may be as long as its document."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _read(data: bytes) -> Manifest:
    fields: dict[str, Any] = json.loads(data.decode())
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
        raise FormatError(f"it is not of format {FORMAT}")
    match_names(fields, _FIELDS, "release")
    files = fields["files"]
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise FormatError(f"files must be a list of at most {MAX_FILES}")
    if not isinstance(fields["dirty"], bool) or not isinstance(fields["commit"], str):
        raise FormatError("dirty must be a truth value, and commit a string")
    return Manifest(
        tuple(_file(item) for item in files),
        _checked(fields["image"], fields["locks"]),
        fields["commit"],
        fields["dirty"],
    )


def _file(item: Any) -> File:
    path, sha256, size, mode = item
    if not isinstance(path, str) or not isinstance(sha256, str) or type(size) is not int:
        raise FormatError(f"a file must be [path, sha256, size, mode], not {str(item)[:200]}")
    if mode not in _MODES:
        raise FormatError(f"the mode of {path!r} must be one of {', '.join(_MODES)}, not {mode!r}")
    return File(path, sha256, size, _MODES[mode])


def _checked(image: Any, locks: Any) -> Checked | None:
    if image is None and locks is None:
        return None
    match_names(locks, ("airflow", "debian"), "locks")
    return Checked(str(image), str(locks["airflow"]), str(locks["debian"]))
