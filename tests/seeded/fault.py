"""One fault: a copy of infra/ with a few lines changed or added, as somebody might by mistake."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
NETWORK = "modules/network"
EXAMPLE = "example"


@dataclass(frozen=True)
class Edit:
    """What is replaced in one file of infra/: the first match of a regular expression, which must be there."""

    file: str
    pattern: str
    replacement: str


@dataclass(frozen=True)
class Fault:
    """`codes`: each of them must be found. `added` is HCL for a file of its own in a folder of infra/.

    `variables` are those of the example that it shows with, as `executor = "CeleryExecutor"`.
    """

    name: str
    codes: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    added: str = ""
    into: str = EXAMPLE
    variables: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def seed(self, folder: Path) -> Path:
        """Copy infra/ to `folder` with the fault, and return the example. Raises ValueError where it does not fit."""
        copy(folder)
        for edit in self.edits:
            path = folder / edit.file
            text, number = re.subn(
                edit.pattern, edit.replacement, path.read_text(), count=1, flags=re.DOTALL | re.MULTILINE
            )
            if not number:
                raise ValueError(f"{self.name}: {edit.pattern!r} is not in {edit.file}")
            path.write_text(text)
        if self.added:
            (folder / self.into / "fault.tf").write_text(self.added)
        if self.variables:
            lines = (f"{name} = {value}\n" for name, value in self.variables.items())
            (folder / EXAMPLE / "zz_fault.auto.tfvars").write_text("".join(lines))
        return folder / EXAMPLE


def copy(folder: Path) -> Path:
    """Copy infra/ to `folder`, without what Terraform left there, and return the example."""
    for part in ("modules", EXAMPLE):
        shutil.copytree(
            REPOSITORY / "infra" / part, folder / part, ignore=shutil.ignore_patterns(".terraform*", "tests")
        )
    return folder / EXAMPLE
