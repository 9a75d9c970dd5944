"""A small image with a paper, pushed by what `airlock push` pushes with, and by the command itself."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.layout import read_image
from airlock.papers import paper
from airlock.platforms import AMD64
from airlock.push import sending
from airlock.push.outgoing import Outgoing
from airlock.registry import connecting
from airlock.registry.reference import Repository
from airlock.terminal import Terminal
from layouts import Member, write_layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airlock.papers.paper import Paper
    from airlock.push.sending import Pushed

TAG = "released"
SETTINGS = {"Env": ["PATH=/bin"], "User": "50000:0"}


def layer(seed: str, size: int) -> list[Member]:
    """Return the one file of a layer, which compresses to no less than `size` bytes."""
    return [Member(f"opt/{seed}", random.Random(seed).randbytes(size))]  # noqa: S311 - to be had again


@dataclass(frozen=True)
class Small:
    """An image of a layout, whose layers are of these sizes in bytes; layers of one name are the same."""

    layout: Path
    outgoing: Outgoing

    @classmethod
    def make(cls, layout: Path, sizes: Mapping[str, int], tags: Sequence[str] = (TAG,)) -> Small:
        write_layout(layout, [layer(seed, size) for seed, size in sizes.items()], settings=SETTINGS)
        image = read_image(layout, AMD64)
        about = json.dumps({"about": image.digest}).encode()
        bill: Paper = paper.make("sbom", "application/vnd.example.bill+json", about, image)
        return cls(layout, Outgoing((image,), None, (bill,), tuple(tags)))

    @property
    def digest(self) -> str:
        return self.outgoing.digest

    @property
    def size(self) -> int:
        """Bytes of the blobs that its manifest names."""
        return sum(one.size for one in self.outgoing.blobs)

    def push(self, host: str, path: str, rules: sending.Rules | None = None) -> Pushed:
        registry = connecting.connect(Repository(host, path))
        return sending.push(self.outgoing, registry, rules or sending.Rules(), Terminal(quiet=True))


@dataclass
class Told:
    """A progress: what was counted, and when it moved last."""

    total: int = 0
    moves: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, size: int) -> None:
        with self.lock:
            self.total += size
            self.moves += 1
