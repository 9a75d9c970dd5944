"""The Python that the wheels are for: the image's, never the host's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from airlock.errors import LockError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.locks.debian import DebianLock
    from airlock.platforms import Platform

# glibc's minor versions that the manylinux tags before PEP 600 stand for (PEP 513, 571, 599)
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
OLDEST_MINOR = {"x86_64": 5}  # other machines begin with manylinux2014 (PEP 599)
UV_MINORS = (40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17)  # what `uv --python-platform` has names for


@dataclass(frozen=True)
class Target:
    """The exact CPython (as 3.13.5) and glibc (as 2.41) of the image."""

    python: str
    glibc: str

    @property
    def python_minor(self) -> tuple[int, int]:
        major, minor, *_ = self.python.split(".")
        return int(major), int(minor)

    @property
    def glibc_minor(self) -> int:
        return int(self.glibc.split(".")[1])

    def uv_platform(self, platform: Platform) -> str:
        """Return the newest platform known to uv that the image's glibc satisfies."""
        minor = next((known for known in UV_MINORS if known <= self.glibc_minor), UV_MINORS[-1])
        return f"{platform.machine}-manylinux_2_{minor}"

    def tags(self, platform: Platform) -> dict[Tag, int]:
        """Return the wheel tags that run on the image, each with its rank: 0 is the best (PEP 425, 600)."""
        version, abi = self.python_minor, "cp{}{}".format(*self.python_minor)
        platforms = list(self._platform_tags(platform.machine))
        ordered = [*cpython_tags(version, [abi], platforms), *compatible_tags(version, abi, platforms)]
        return {tag: rank for rank, tag in reversed(list(enumerate(ordered)))}

    def _platform_tags(self, machine: str) -> Iterable[str]:
        for minor in range(self.glibc_minor, OLDEST_MINOR.get(machine, 17) - 1, -1):
            yield f"manylinux_2_{minor}_{machine}"
            if minor in LEGACY:
                yield f"{LEGACY[minor]}_{machine}"
        yield f"linux_{machine}"


def target(debian: DebianLock) -> Target:
    """Read the target from the Debian packages that the image will hold.

    Raises LockError where they hold no Python or no C library.
    """
    versions = {deb.package: deb.version for deb in debian.debs}
    pythons = [name for name in versions if re.fullmatch(r"libpython3\.\d+-stdlib", name)]
    if len(pythons) != 1 or "libc6" not in versions:
        raise LockError(
            "the Debian packages do not hold one Python and the C library",
            cause=f"they hold {', '.join([*pythons, *({'libc6'} & versions.keys())]) or 'neither'}",
            remedy="name python3 in constraints/debian.in, then run: airlock lock",
        )
    python, libc = _upstream(versions[pythons[0]]), _upstream(versions["libc6"])
    exact, glibc = re.match(r"\d+\.\d+\.\d+", python), re.match(r"\d+\.\d+", libc)
    if not exact or not glibc:
        raise LockError(
            "the Debian packages have versions of no known form", cause=f"Python {python}, libc6 {libc}"
        )
    return Target(exact[0], glibc[0])


def _upstream(version: str) -> str:
    """Take the upstream part of a Debian version: [epoch:]upstream[-revision] (policy 5.6.12)."""
    return version.partition(":")[2] or version


def wheel_name(url: str) -> str:
    """Return the file name at the end of a URL or path."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def best(filenames: Iterable[str], tags: dict[Tag, int]) -> str | None:
    """Choose the wheel that pip would: the best tag, then the highest build number. None where none fits."""
    ranked = []
    for filename in filenames:
        try:
            _, _, build, own = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            continue
        ranks = [tags[tag] for tag in own if tag in tags]
        if ranks:
            ranked.append((-min(ranks), build, filename))
    return max(ranked)[2] if ranked else None
