"""The modules of a configuration: which folder each is in, and where in it a resource's block is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.verify.network import Place
from airlock.verify.terraform import blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.verify.terraform.blocks import Block

_INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")
_LISTED = Path(".terraform") / "modules" / "modules.json"


def without_indices(address: str) -> str:
    """Return the address of a block, of which several instances may have been made."""
    return _INDEX.sub("", address)


@dataclass(frozen=True)
class Module:
    """A module as it is called: `address` is "" for the root, else module.a.module.b."""

    address: str
    folder: Path
    blocks: tuple[Block, ...]

    def inside(self, name: str) -> str:
        return f"{self.address}.{name}" if self.address else name


@dataclass(frozen=True)
class Modules:
    """All modules of a configuration; `project` is what paths are told relative to."""

    modules: tuple[Module, ...] = ()
    project: Path = field(default_factory=Path)

    @property
    def root(self) -> Module:
        return self.modules[0]

    @property
    def folders(self) -> set[Path]:
        return {one.folder for one in self.modules}

    @cached_property
    def _places(self) -> Mapping[str, Block]:
        found: dict[str, Block] = {}
        for module in self.modules:
            for block in module.blocks:
                if block.kind in ("resource", "data") and len(block.labels) == 2:  # noqa: PLR2004 - type and name
                    prefix = "data." if block.kind == "data" else ""
                    found.setdefault(module.inside(prefix + ".".join(block.labels)), block)
        return found

    def place(self, address: str) -> Place:
        """Return where the block of a resource's address is; only the address where there are no files of it."""
        block = self.block(address)
        return Place(address, self.shown(block.path), block.lines.start) if block else Place(address)

    def block(self, address: str) -> Block | None:
        """Return the block that a resource's address is of."""
        return self._places.get(without_indices(address))

    def shown(self, path: Path) -> str:
        """Return a path, its links followed, relative to the project, or as it is where it is outside."""
        path = path.resolve()
        return path.relative_to(self.project).as_posix() if path.is_relative_to(self.project) else str(path)

    def of_kind(self, *kinds: str) -> list[tuple[Module, Block]]:
        return [(module, block) for module in self.modules for block in module.blocks if block.kind in kinds]


def read(root: Path, project: Path) -> Modules:
    """Read a configuration from its root module's folder; modules of registries where `init` has fetched them."""
    listed = _listed(root)
    found: list[Module] = []
    waiting = [("", root.resolve())]
    known: dict[Path, tuple[Block, ...]] = {}
    while waiting:
        address, folder = waiting.pop(0)
        content = known.setdefault(folder, tuple(blocks.read(folder)))
        found.append(Module(address, folder, content))
        for block in content:
            if block.kind == "module" and block.labels:
                called = found[-1].inside(f"module.{block.labels[0]}")
                inner = _folder(block, folder) or listed.get(called)
                if inner and inner.is_dir():
                    waiting.append((called, inner.resolve()))
    return Modules(tuple(found), project.resolve())


def _folder(block: Block, folder: Path) -> Path | None:
    source = block.word("source")
    return folder / source if source.startswith(("./", "../")) else None


def _listed(root: Path) -> dict[str, Path]:
    """Return the folders of modules by address, as `terraform init` has noted them."""
    try:
        noted = json.loads((root / _LISTED).read_bytes())
        pairs = [(str(one["Key"]), root / str(one["Dir"])) for one in noted["Modules"] if one["Key"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {".".join(f"module.{part}" for part in key.split(".")): path for key, path in pairs}
