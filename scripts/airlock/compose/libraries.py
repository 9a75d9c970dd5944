"""Every shared library that an ELF file of the image needs must be in the image (ld.so(8))."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Kind
from airlock.debian.libraries import named_by_policy
from airlock.errors import MissingLibraryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.compose.elf import ElfFacts
    from airlock.compose.fragment import Facts
    from airlock.platforms import Platform

_SHOWN = 6  # packages named for one library


def require_all(
    fragments: Iterable[Facts],
    platform: Platform,
    providers: Mapping[str, str],
    optional: Sequence[str] = (),
) -> None:
    """Raise MissingLibraryError, naming who wants what, unless every needed library is found.

    `providers` says which Debian package holds a library, as the lock recorded it; `optional` are shell
    patterns of libraries that may be missing.
    """
    listed = list(fragments)
    everything = {
        fact.path: fact.target if fact.kind is Kind.SYMLINK else None
        for facts in listed
        for fact in facts.paths
    }
    missing: dict[str, list[tuple[str, str]]] = {}
    for facts in (one for one in listed if one.elves):
        own = {posixpath.basename(fact.path) for fact in facts.paths}
        own |= {elf.soname for elf in facts.elves}
        for elf in facts.elves:
            if elf.machine != platform.elf_machine:
                continue  # one that image.toml allows: the loader never opens it
            for soname in elf.needed:
                # what a package ships itself it may load by path before it is needed
                if soname in own or any(fnmatchcase(soname, pattern) for pattern in optional):
                    continue
                if not _found(soname, elf, everything, platform):
                    missing.setdefault(soname, []).append((facts.package, elf.path))
    if missing:
        raise _error(missing, providers)


def _found(soname: str, elf: ElfFacts, everything: Mapping[str, str | None], platform: Platform) -> bool:
    if "/" in soname:
        return _exists(soname.lstrip("/"), everything)
    origin = "/" + posixpath.dirname(elf.path)
    own = [folder.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for folder in elf.search if folder]
    system = [
        f"/usr/lib/{platform.multiarch}",
        "/usr/lib",
        posixpath.dirname(platform.loader).replace("/lib", "/usr/lib", 1),
    ]
    return any(_exists(entry.join(folder, soname), everything) for folder in (*own, *system))


def _exists(path: str, everything: Mapping[str, str | None]) -> bool:
    for _ in range(8):  # links to links, but no loop
        if path not in everything:
            return False
        target = everything[path]
        if target is None:
            return True
        path = entry.join(posixpath.dirname("/" + path), target)
    return False


def _error(missing: Mapping[str, list[tuple[str, str]]], providers: Mapping[str, str]) -> MissingLibraryError:
    lines, holders, guesses = [], set(), {}
    for soname, wanted in sorted(missing.items()):
        packages = sorted({package for package, _ in wanted})
        shown = ", ".join(packages[:_SHOWN]) + (
            f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
        )
        if holder := _holder(soname, providers):
            holders.add(holder)
            where = f"Debian's {holder} has it"
        else:
            *_, guesses[soname] = named_by_policy(soname)
            where = f"no Debian package that the lock knows has it, but {guesses[soname]} may, by its name"
        lines.append(f"{soname} is needed by {shown} (/{wanted[0][1]}); {where}")
    steps = []
    if holders:
        steps.append(f"add {' '.join(sorted(holders))} to constraints/debian.in")
    if guesses:
        steps.append(
            f"try {' '.join(sorted(set(guesses.values())))} there (apt-file search {next(iter(guesses))})"
        )
    steps.append(
        "or, where what needs one is never loaded, name it in optional-libraries (docs/configuration.md)"
    )
    return MissingLibraryError(
        f"{len(missing)} shared librar{'ies are' if len(missing) > 1 else 'y is'} not in the image",
        cause="\n".join(lines),
        remedy="\n".join([*steps, "then run: airlock lock && airlock image"]),
    )


def _holder(soname: str, providers: Mapping[str, str]) -> str | None:
    """Return who has a library, or the one whose full version it is: libgomp.so.1.0.0 is libgomp.so.1's."""
    known = (name for name in providers if soname == name or soname.startswith(f"{name}."))
    return next((providers[name] for name in known), None)
