"""Packages as an image itself tells of them: dist-info of Python distributions, dpkg's status."""

from __future__ import annotations

import csv
import itertools
import posixpath
import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

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


class Step(StrEnum):
    """How far a version moved: by its first number, its second, a later one, or otherwise."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    OTHER = "other"


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


def step(before: str, after: str) -> Step:
    """Return how far a version moved; of Debian's, another revision of the same source is a patch."""
    try:
        old, new = _parsed(before), _parsed(after)
    except ValueError:  # InvalidVersion is one, and so is a number of more digits than Python reads
        return Step.OTHER
    if old.epoch != new.epoch:
        return Step.MAJOR
    numbers = itertools.zip_longest(old.release, new.release, fillvalue=0)
    first = next((at for at, (one, other) in enumerate(numbers) if one != other), None)
    if first is None:
        return Step.PATCH if before != after and _upstream(before) == _upstream(after) else Step.OTHER
    return (Step.MAJOR, Step.MINOR, Step.PATCH)[min(first, 2)]


def is_downgrade(before: str, after: str) -> bool:
    """Whether the version is known to be lower than before."""
    try:
        return _parsed(after) < _parsed(before)
    except ValueError:
        return False


def _upstream(version: str) -> str:
    """Return a Debian version without its revision; any other as it is."""
    return version.rpartition("-")[0] or version


def _parsed(version: str) -> Version:
    """Read a Python version, or what is left of a Debian one without what its packaging adds."""
    epoch, colon, rest = _upstream(version).rpartition(":")
    upstream = re.sub(r"[+~](?:dfsg|ds|really|git|deb).*$", "", rest)
    return Version(f"{epoch}!{upstream}" if colon else upstream)


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
