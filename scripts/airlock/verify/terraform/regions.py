"""The region that a configuration's AWS provider is of, as far as it is written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.verify.terraform.mocked import REGION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.verify.terraform.modules import Module

_FILES = ("terraform.tfvars", "*.auto.tfvars")
_WORD = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


def of(root: Module, values: Iterable[str] = (), files: Iterable[Path] = ()) -> str:
    """Return the region of the provider without an alias: written, or the value of the variable it names."""
    for block in root.blocks:
        if block.kind == "provider" and block.labels == ("aws",) and not block.attribute("alias"):
            written = block.attribute("region")
            found = block.word("region") or _variable(root, written.removeprefix("var."), values, files)
            if _WORD.fullmatch(found):
                return found
    return REGION


def _variable(root: Module, name: str, values: Iterable[str], files: Iterable[Path]) -> str:
    automatic = [path for pattern in _FILES for path in sorted(root.folder.glob(pattern))]
    given: list[str] = []
    for path in (*automatic, *files):
        text = path.read_text(encoding="utf-8", errors="replace")
        given += re.findall(rf'(?m)^[ \t]*{re.escape(name)}[ \t]*=[ \t]*"([^"]*)"', text)
    given += [value.partition("=")[2] for value in values if value.partition("=")[0].strip() == name]
    defaults = [
        one.word("default") for one in root.blocks if one.kind == "variable" and one.labels == (name,)
    ]
    return next(reversed(given), "") or next(iter(defaults), "")
