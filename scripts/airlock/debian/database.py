"""dpkg's database as installing would have left it: dpkg is not in the image, but scanners read its files.

One form of it alone: where `status.d` is there too, as in images that never had dpkg, some count each package twice.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.debian.deb import Deb

_FOLDER = "var/lib/dpkg"
_FIELD = re.compile(r"^(Package|Architecture|Multi-Arch): *(\S+)", re.MULTILINE)


def status(debs: Mapping[str, Deb]) -> list[Entry]:
    """Write which packages (by name) are installed."""
    stanzas = [
        re.sub(r"\A(Package: .*\n)", r"\1Status: install ok installed\n", deb.control)
        for _, deb in sorted(debs.items())
    ]
    return [
        entry.file(f"{_FOLDER}/status", "\n".join(stanzas)),
        entry.file(f"{_FOLDER}/info/format", "1\n"),
    ]


def lists(control: str, entries: Iterable[Entry]) -> list[Entry]:
    """Write which paths of the image are one package's, and the MD5 of its files, for those that are kept.

    So scanners know that a program is a package's, and do not report it once more by its looks.
    """
    kept = {item.path: item for item in entries}
    folders = {parent for path in kept for parent in entry.parents(path)}
    paths = ["/.", *(f"/{path}" for path in sorted({*kept, *folders}))]
    stem = f"{_FOLDER}/info/{_stem(dict(_FIELD.findall(control)))}"
    sums = "".join(
        f"{_md5(kept.get(item.target, item) if item.kind is Kind.HARDLINK else item)}  {path}\n"
        for path, item in sorted(kept.items())
        if item.kind in {Kind.FILE, Kind.HARDLINK}
    )
    made = [entry.file(f"{stem}.list", "\n".join(paths) + "\n")]
    return [*made, entry.file(f"{stem}.md5sums", sums)] if sums else made


def _stem(fields: Mapping[str, str]) -> str:
    """Return how dpkg names a package's files: with its architecture where several can be installed."""
    name = fields["Package"]
    return f"{name}:{fields['Architecture']}" if fields.get("Multi-Arch") == "same" else name


def _md5(item: Entry) -> str:
    return hashlib.md5(item.content, usedforsecurity=False).hexdigest()  # what dpkg's format asks for
