"""What the stage is told to do, as it goes to the other process; and what it says in return."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from airlock import layout
from airlock.platforms import native
from airlock.up.services import Unpacked

RESOLV_CONF, AUTHORITY = "/etc/resolv.conf", "/run/airlock/ca.pem"


@dataclass(frozen=True)
class Tree:
    """An image of a layout, and where it is unpacked."""

    layout: str
    tree: str

    def read(self) -> Unpacked:
        return Unpacked(layout.read_image(Path(self.layout), native()), Path(self.tree))


@dataclass(frozen=True)
class Plan:
    """One network and the one command that runs in it."""

    folder: str  # an empty folder of this machine: the stage lays memory over it, which nobody else sees
    region: str
    services: tuple[str, ...]  # that have an endpoint
    lab: Tree
    image: Tree | None  # None: a command of this machine
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    binds: tuple[tuple[str, str], ...] = ()  # of this machine → in the image, read-only
    owner: tuple[int, int] = (0, 0)  # uid and gid that a command of this machine has
    outside: bool = False  # whether what answers the outbox runs, too

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        found: dict[str, Any] = json.loads(text)
        trees = {key: found[key] and Tree(**found[key]) for key in ("lab", "image")}
        pairs = tuple((source, target) for source, target in found["binds"])
        lists = {key: tuple(found[key]) for key in ("services", "command", "owner")}
        return cls(**{**found, **trees, **lists, "binds": pairs})
