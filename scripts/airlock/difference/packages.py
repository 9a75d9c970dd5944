"""Packages as an image itself tells of them: dist-info of Python distributions, dpkg's status."""

from __future__ import annotations

import csv
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PYTHON, DEBIAN = "python", "debian"
_STATUS = "var/lib/dpkg/status"
_STATUS_D = "var/lib/dpkg/status.d/"  # a file a package, as images without dpkg have it
_LISTS = "var/lib/dpkg/info/"
# Only where Python looks for distributions: what a package vendors is no package of the image.
_DIST_INFO = re.compile(
    r"(?P<site>(?:.*/)?(?:site|dist)-packages)/[^/]+\.dist-info/(?P<file>METADATA|RECORD)"
)


class Package(NamedTuple):
    """A package of an image; `ecosystem` is PYTHON or DEBIAN, a Python name is normalized."""

    ecosystem: str
    name: str
    version: str


class Owner(NamedTuple):
    """Whose a file is: one name may be a package's of both ecosystems."""

    ecosystem: str
    name: str


def is_metadata(path: str) -> bool:
    """Whether the file tells which packages there are, or which files are whose."""
    if path.startswith(_STATUS_D):
        return not path.endswith(".md5sums")
    if path.startswith(_LISTS):
        return path.endswith(".list")
    return path == _STATUS or _DIST_INFO.fullmatch(path) is not None


def described(path: str, content: bytes) -> list[Package]:
    """Return the packages that a file of metadata describes; none where it only lists files."""
    text = content.decode(errors="replace")
    if path == _STATUS or path.startswith(_STATUS_D):
        return list(_debian(text))
    if path.endswith("/METADATA"):
        fields = _fields(text.partition("\n\n")[0])
        if "Name" in fields:
            return [Package(PYTHON, canonicalize_name(fields["Name"]), fields.get("Version", ""))]
    return []


def owned(path: str, content: bytes) -> tuple[Owner, list[str]]:
    """Return the package that a list of files (RECORD, dpkg's *.list) is of, and the paths in it."""
    text = content.decode(errors="replace")
    if path.startswith(_LISTS):
        name = path.removeprefix(_LISTS).removesuffix(".list").partition(":")[0]
        return Owner(DEBIAN, name), [line.lstrip("/") for line in text.splitlines()]
    if path.startswith(_STATUS_D):
        return Owner(DEBIAN, path.removeprefix(_STATUS_D)), [path]
    found = _DIST_INFO.fullmatch(path)
    if found is None or found["file"] != "RECORD":
        return Owner("", ""), []
    folder = posixpath.basename(posixpath.dirname(path)).removesuffix(".dist-info")
    owner = Owner(PYTHON, canonicalize_name(folder.rpartition("-")[0]))
    try:
        paths = [row[0] for row in csv.reader(text.splitlines()) if row]
    except csv.Error:  # a field of more than 131,072 characters
        return owner, []
    return owner, [posixpath.normpath(posixpath.join("/", found["site"], one)).lstrip("/") for one in paths]


def versions(packages: Iterable[Package], ecosystem: str) -> dict[str, str]:
    """Return name → version; a package that is there several times shows all its versions."""
    found: dict[str, list[str]] = {}
    for one in packages:
        if one.ecosystem == ecosystem:
            found.setdefault(one.name, []).append(one.version)
    return {name: " / ".join(sorted(set(several))) for name, several in found.items()}


def _debian(text: str) -> Iterator[Package]:
    for stanza in text.split("\n\n"):
        fields = _fields(stanza)
        installed = fields.get("Status", "install ok installed").endswith(" installed")
        if "Package" in fields and installed:
            yield Package(DEBIAN, fields["Package"], fields.get("Version", ""))


def _fields(text: str) -> Mapping[str, str]:
    """Return the fields of one stanza; of a field that repeats, the first."""
    found: dict[str, str] = {}
    for name, value in re.findall(r"^([\w-]+):[ \t]*(.*?)\r?$", text, re.MULTILINE):
        found.setdefault(name, value)
    return found
