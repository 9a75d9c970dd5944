"""The facts of a Python distribution, from its METADATA (core metadata specification; PEP 639 for licences)."""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from airlock.errors import UnsafeArchiveError
from airlock.papers import spdx
from airlock.papers.facts import Facts, Licenses, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_LICENSE_FILE = re.compile(
    r"[^/]+\.dist-info/(?:.*/)?(?:licen[cs]e|copying)s?(?:[-._]?(?P<name>[^/]*?))?(?:\.(?:txt|md|rst))?",
    re.IGNORECASE,
)
_MALFORMED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, KeyError, ValueError, RuntimeError, EOFError)
_NOTHING = frozenset({"", "unknown", "none", "n/a"})


def of_wheel(filename: str, content: bytes) -> Facts:
    """Read a wheel's facts. Raises UnsafeArchiveError where it is no wheel, or has no METADATA."""
    metadata, files = unpacked(filename, content)
    return of_metadata(metadata, files)


def unpacked(filename: str, content: bytes) -> tuple[bytes, list[str]]:
    """Return a wheel's METADATA and the names of its files; raises as `of_wheel` does."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            (metadata,) = (name for name in names if METADATA.fullmatch(name))
            return archive.read(metadata), names
    except _MALFORMED as error:
        raise UnsafeArchiveError(
            f"{filename} is not a wheel with metadata",
            cause=f"{type(error).__name__}: {error}",
            remedy="do not use this file; report it to whoever published it",
        ) from error


def of_metadata(content: bytes, files: Iterable[str] = ()) -> Facts:
    """Read METADATA; `files` are the distribution's, whose names may tell of a licence.

    What is not UTF-8 in it is replaced: names and versions come from the lock.
    """
    message = HeaderParser().parsestr(content.decode(errors="replace"))
    return Facts(
        licenses=_licenses(message, files),
        requires=tuple(_all(message, "Requires-Dist")),
        summary=one_line(_one(message, "Summary")),
        homepage=_homepage(message),
        supplier=one_line(_one(message, "Author") or _one(message, "Author-email")),
    )


def name_and_version(content: bytes) -> tuple[str, str]:
    """Return the name and version that METADATA gives."""
    message = HeaderParser().parsestr(content.decode(errors="replace"))
    return one_line(_one(message, "Name")), one_line(_one(message, "Version"))


def _licenses(message: Message, files: Iterable[str]) -> Licenses:
    """Choose what is certain, the newest way of saying it first; else the first name that is given at all."""
    if certain := spdx.expression(_one(message, "License-Expression")):
        return Licenses((certain,), "License-Expression")
    classifiers = _classifiers(message)
    certain = spdx.classifier(classifiers[0]) if len(classifiers) == 1 else None
    if certain:
        return Licenses((certain,), "Classifier")
    field = _one(message, "License")
    certain = spdx.named(field)
    if certain and (
        len(classifiers) <= 1 or " " in certain
    ):  # of several, one name does not tell the others' part
        return Licenses((certain,), "License")
    if classifiers:
        return Licenses(tuple(sorted({spdx.classifier(one) or one for one in classifiers})), "Classifier")
    if spdx.name(field):
        return Licenses((spdx.name(field),), "License")
    return _from_file_names(files)


def _from_file_names(files: Iterable[str]) -> Licenses:
    """Take the licence from the name of the only licence file, as LICENSE-MIT; else say which files to read."""
    found = [match for name in sorted(files) if (match := _LICENSE_FILE.fullmatch(name))]
    origin = one_line(", ".join(posixpath.basename(match[0]) for match in found))
    certain = spdx.named(found[0]["name"] or "") if len(found) == 1 else None
    return Licenses((certain,) if certain else (), origin)


def _classifiers(message: Message) -> list[str]:
    texts = [one.split(" :: ") for one in _all(message, "Classifier") if one.startswith("License :: ")]
    return [spdx.name(parts[-1]) for parts in texts if parts[-1] != "OSI Approved"]


def _homepage(message: Message) -> str:
    urls = [text.partition(",") for text in _all(message, "Project-URL")]
    labelled = {re.sub(r"[^a-z]", "", label.lower()): url.strip() for label, _, url in urls}
    url = _one(message, "Home-page") or next(
        (labelled[label] for label in ("homepage", "source", "repository", "github") if label in labelled), ""
    )
    return url if re.fullmatch(r"https?://[^\s<>\"\\^`{|}]+", url, re.ASCII) else ""


def _one(message: Message, field: str) -> str:
    text = str(message.get(field, "")).strip()
    return "" if text.casefold() in _NOTHING else text


def _all(message: Message, field: str) -> list[str]:
    return [" ".join(str(text).split()) for text in message.get_all(field, [])]
