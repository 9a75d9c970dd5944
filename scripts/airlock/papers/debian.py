"""The facts of a Debian package, from its control stanza and its copyright file (Debian policy 5, 12.5)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from airlock.compose.entry import Kind
from airlock.debian import deb
from airlock.papers import spdx
from airlock.papers.facts import Facts, Licenses, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.compose.entry import Entry

_DOC = "usr/share/doc/"
_RELEASE = "usr/lib/os-release"
_SELECTION = deb.Selection(leave_out=("/*",), keep=(f"/{_DOC}*", f"/{_RELEASE}"))
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])")
_FORMAT = re.compile(r"\AFormat(?:-Specification)?:[^\n]*(?:copyright-format|dep5?)", re.IGNORECASE)
_VERSION = re.compile(r'^VERSION_ID="?([0-9.]+)"?$', re.MULTILINE)
_SOURCE = re.compile(r"(?P<name>[^\s(]+)(?:\s*\((?P<version>[^)]+)\))?")


def of_deb(filename: str, content: bytes) -> Facts:
    """Read the facts of a .deb. Raises UnsafeArchiveError where it is none."""
    from debian.deb822 import Deb822  # noqa: PLC0415 - slow to import, and seldom needed: facts are cached

    package = deb.read(filename, content, _SELECTION)
    fields = Deb822(package.control)
    files = {item.path: item for item in package.entries}
    name = str(fields.get("Package", ""))
    copyright_ = files.get(f"{_DOC}{name}/copyright")
    found = _SOURCE.match(fields.get("Source", name))
    source, version = (found["name"], found["version"]) if found else (name, None)
    release = files.get(_RELEASE)
    version_id = _VERSION.search(release.content.decode(errors="replace")) if release else None
    return Facts(
        licenses=_licenses(copyright_.content) if copyright_ else Licenses((), ""),
        requires=(*_relations(fields.get("Pre-Depends", "")), *_relations(fields.get("Depends", ""))),
        provides=tuple(_relations(fields.get("Provides", ""))),
        summary=one_line(fields.get("Description", "").partition("\n")[0]),
        homepage=one_line(fields.get("Homepage", "")),
        supplier=one_line(fields.get("Maintainer", "")),
        source=f"{source}@{version or fields.get('Version', '')}",
        licensed_as=_stands_in(files.get(f"{_DOC}{name}"), copyright_),
        release=version_id[1] if version_id else "",
    )


def _stands_in(folder: Entry | None, copyright_: Entry | None) -> str:
    """Return the package whose documentation a link shows instead of this one's (policy 12.5)."""
    if folder and folder.kind is Kind.SYMLINK:
        return posixpath.basename(folder.target.rstrip("/"))
    if copyright_ and copyright_.kind is Kind.SYMLINK:
        return posixpath.basename(posixpath.dirname(copyright_.target))
    return ""


def _relations(field: str) -> Iterator[str]:
    """Yield the alternatives of each relation as `a | b`, without versions: what is locked fulfils them."""
    for group in field.split(","):
        names = [
            re.split(r"[\s:(\[<]", alternative.strip(), maxsplit=1)[0] for alternative in group.split("|")
        ]
        if any(names):
            yield " | ".join(names)


def _licenses(content: bytes) -> Licenses:
    text = content.decode(errors="replace")
    names = re.findall(r"^License:[ \t]*(\S.*?)[ \t]*$", text, re.MULTILINE) if _FORMAT.match(text) else []
    if names:
        return Licenses(tuple(sorted({term for one in names for term in spdx.debian(one)})), "copyright")
    mentioned = sorted(set(_COMMON.findall(text)))
    return Licenses(tuple(mentioned), "mentioned in copyright" if mentioned else "copyright")
