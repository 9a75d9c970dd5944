"""What maintainer scripts would have made, written explicitly: no script of a package ever runs.

Each function names the script whose result it writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.debian import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.debian.deb import Deb

# folders that a postinst replaces by a link (base-files): the entry of the package is dropped
REPLACED_DIRECTORIES = frozenset({"var/run", "var/lock"})


# packages whose files are read here; of the others only the control stanza is
SOURCES = frozenset({"base-files", "base-passwd", "libc-bin"})


@dataclass(frozen=True)
class User:
    """The account that the image runs as; any other uid works too, in group 0."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str = "/bin/bash"


def entries(debs: Mapping[str, Deb], user: User, links: Mapping[str, str]) -> list[Entry]:
    """Return everything that installing the packages (by name) would have left besides their own files."""
    return [
        *_base_files(debs),
        *_accounts(debs, user),
        *database.status(debs),
        *_alternatives(links),
        entry.file("etc/nsswitch.conf", _content(debs, "libc-bin", "usr/share/libc-bin/nsswitch.conf")),
        entry.symlink("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),  # tzdata
        entry.file("etc/timezone", "Etc/UTC\n"),
    ]


def _base_files(debs: Mapping[str, Deb]) -> list[Entry]:
    copies = {"root/.profile": "dot.profile", "root/.bashrc": "dot.bashrc", "etc/profile": "profile"}
    made = [
        entry.file(path, _content(debs, "base-files", f"usr/share/base-files/{name}"))
        for path, name in copies.items()
    ]
    made += [entry.directory(path) for path in ("mnt", "srv", "opt", "etc/opt", "var/opt", "media")]
    made += [entry.directory(f"usr/local/{name}") for name in ("bin", "etc", "lib", "sbin", "share")]
    made += [entry.directory("run/lock", 0o1777), entry.directory("var/mail", 0o2775, 0, 8)]
    made += [entry.symlink("var/run", "/run"), entry.symlink("var/lock", "/run/lock")]
    made += [entry.symlink("var/spool/mail", "../mail"), entry.symlink("etc/dpkg/origins/default", "debian")]
    return made


def _accounts(debs: Mapping[str, Deb], user: User) -> list[Entry]:
    """Write what update-passwd and adduser would: the base accounts, and the image's own."""
    passwd = (
        _content(debs, "base-passwd", "usr/share/base-passwd/passwd.master").decode().replace(":*:", ":x:")
    )
    group = _content(debs, "base-passwd", "usr/share/base-passwd/group.master").decode().replace(":*:", ":x:")
    passwd += f"{user.name}:x:{user.uid}:{user.gid}:{user.name}:{user.home}:{user.shell}\n"
    group += f"{user.name}:x:{user.uid}:\n"
    names = [line.partition(":")[0] for line in passwd.splitlines()]
    shadow = "".join(f"{name}:*:3652:0:99999:7:::\n" for name in names)  # day 3652 is 1980-01-01
    shadow_group = 42
    return [
        entry.file("etc/passwd", passwd),
        entry.file("etc/group", group),
        Entry("etc/shadow", Kind.FILE, 0o640, 0, shadow_group, shadow.encode()),
        entry.directory(user.home.lstrip("/"), 0o775, user.uid, user.gid),
    ]


def _alternatives(links: Mapping[str, str]) -> Iterable[Entry]:
    """Write the links of update-alternatives: a generic name, by way of /etc/alternatives."""
    for generic, program in sorted(links.items()):
        name = generic.rpartition("/")[2]
        yield entry.symlink(generic.lstrip("/"), f"/etc/alternatives/{name}")
        yield entry.symlink(f"etc/alternatives/{name}", program)


def _content(debs: Mapping[str, Deb], package: str, path: str) -> bytes:
    assert package in SOURCES, f"{package} is read without its files"
    found: Sequence[Entry] = debs[package].entries if package in debs else ()
    return next((item.content for item in found if item.path == path), b"")
