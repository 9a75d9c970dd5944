"""Every ELF file of an image is for its platform's processor (System V gABI, e_machine)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.errors import ForeignBinaryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock.compose.fragment import Facts
    from airlock.platforms import Platform

_SHOWN = 20


def require_one(fragments: Iterable[Facts], platform: Platform, allowed: Sequence[str]) -> None:
    """Raise ForeignBinaryError, naming each file for another processor, unless its path matches `allowed`.

    `allowed` are shell patterns of absolute paths: some packages carry every processor's files on purpose.
    """
    foreign = [
        (f"/{elf.path}", f"{facts.package}: {elf.machine}")
        for facts in fragments
        for elf in facts.elves
        if elf.machine != platform.elf_machine
        and not any(fnmatchcase(f"/{elf.path}", pattern) for pattern in allowed)
    ]
    if foreign:
        more = [f"… and {len(foreign) - _SHOWN} more"] if len(foreign) > _SHOWN else []
        raise ForeignBinaryError(
            f"{len(foreign)} files are for another processor than {platform}'s ({platform.elf_machine})",
            cause="\n".join([f"{path} of {what}" for path, what in foreign[:_SHOWN]] + more),
            remedy="lock another wheel of the package; or allow the files in image/image.toml:\n"
            f'[binaries] other-machines = ["{foreign[0][0]}", …]',
        )
