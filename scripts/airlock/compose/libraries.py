"""Every shared library that an ELF file of the image needs must be in the image (ld.so(8))."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Kind
from airlock.errors import MissingLibraryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.compose.elf import ElfFacts
    from airlock.compose.fragment import Facts
    from airlock.platforms import Platform

_SHOWN = 6  # packages named for one library


def require_all(fragments: Iterable[Facts], platform: Platform, providers: Mapping[str, str]) -> None:
    """Raise MissingLibraryError, naming who wants what, unless every needed library is found.

    `providers` says which Debian package holds a library, as the lock recorded it.
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
                if soname not in own and not _found(soname, elf, everything, platform):
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
    lines, known = [], []
    for soname, wanted in sorted(missing.items()):
        packages = sorted({package for package, _ in wanted})
        shown = ", ".join(packages[:_SHOWN]) + (
            f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
        )
        holder = providers.get(soname)
        known += [holder] if holder else []
        where = f"Debian's {holder} has it" if holder else "no Debian package that the lock knows has it"
        lines.append(f"{soname} is needed by {shown} (/{wanted[0][1]}); {where}")
    remedy = f"apt-file search {next(iter(missing))}"
    if known:
        remedy = f"add {' '.join(sorted(set(known)))} to constraints/debian.in, then: airlock lock && airlock fetch"
    return MissingLibraryError(
        f"{len(missing)} shared libraries are not in the image", cause="\n".join(lines), remedy=remedy
    )
