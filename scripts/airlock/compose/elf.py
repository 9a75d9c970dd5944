"""What an ELF file asks of the dynamic loader (System V gABI, chapter 5; ld.so(8))."""

from __future__ import annotations

import io
from dataclasses import dataclass

MAGIC = b"\x7fELF"
_TEXT = {"DT_NEEDED": "needed", "DT_SONAME": "soname", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}


@dataclass(frozen=True)
class ElfFacts:
    """One program, library or object file; `search` is its RPATH or RUNPATH with `$ORIGIN` unexpanded."""

    path: str
    machine: str
    soname: str
    needed: tuple[str, ...]
    search: tuple[str, ...]


def read(path: str, content: bytes) -> ElfFacts | None:
    """Read the machine and the dynamic section, where it has one; return None for what is not ELF."""
    if not content.startswith(MAGIC):
        return None
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - slow to import, and seldom needed
    from elftools.elf.dynamic import DynamicSegment  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        elf = ELFFile(io.BytesIO(content))
        segment = next((part for part in elf.iter_segments("PT_DYNAMIC")), None)
        if not isinstance(segment, DynamicSegment):
            return ElfFacts(path, elf["e_machine"], "", (), ())
        soname = ""
        needed: list[str] = []
        search: list[str] = []
        for tag in segment.iter_tags():
            kind, text = tag.entry.d_tag, str(getattr(tag, _TEXT.get(tag.entry.d_tag, ""), ""))
            if kind == "DT_NEEDED":
                needed.append(text)
            elif kind == "DT_SONAME":
                soname = text
            elif kind in {"DT_RPATH", "DT_RUNPATH"}:
                search += text.split(":")
        return ElfFacts(path, elf["e_machine"], soname, tuple(needed), tuple(search))
    except (ELFError, ValueError, KeyError, OverflowError):
        return None  # test data of packages holds broken ELF files on purpose
