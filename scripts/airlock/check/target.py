"""What DAGs are checked in: the project's image, another layout's, or one that a Docker Engine holds."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import layout
from airlock.check import probe_source, starts
from airlock.errors import CheckError
from airlock.platforms import native
from airlock.tree import Trees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.check.probe_source import ProbeSource
    from airlock.check.starts import Way
    from airlock.cli import Session
    from airlock.layout import LaidOutImage

_INDEX = "index.json"


@dataclass(frozen=True)
class Target:
    """An image by its digest, and what is sent into it; `image` is None for one of a Docker Engine."""

    digest: str
    probe: ProbeSource
    env: Mapping[str, str]
    image: LaidOutImage | None = None
    contained: Sequence[Way] = ()

    @contextlib.contextmanager
    def ways(self, session: Session) -> Iterator[Sequence[Way]]:
        """Give the ways to start the probe in it, the best first; its tree stays until the block ends."""
        if self.image is None:
            yield self.contained
            return
        with Trees(session.places.trees, session.terminal).use(self.image) as tree:
            yield starts.ways(starts.Unpacked(self.image, tree, self.probe, self.env))


def find(own: Path, wanted: str, env: Mapping[str, str]) -> Target:
    """Return the image `wanted`, a folder or a name; "" for that of `own`, a layout, or of the current folder.

    Raises CheckError, ImageError, CorruptError, EngineError.
    """
    probe = probe_source.own()
    if not wanted:
        return _laid_out(_default(own), probe, env)
    if (Path(wanted) / _INDEX).is_file():
        return _laid_out(Path(wanted).absolute(), probe, env)
    from airlock.check import containers  # noqa: PLC0415 - most checks want no container

    docker, held = containers.held(wanted)
    return Target(held.id, probe, env, contained=[containers.Contained(docker, held, probe, env)])


def _laid_out(folder: Path, probe: ProbeSource, env: Mapping[str, str]) -> Target:
    image = layout.read_image(folder, native())
    return Target(image.digest, probe, env, image)


def _default(own: Path) -> Path:
    here = Path.cwd() / "build" / "image"
    for folder in (own, here):
        if (folder / _INDEX).is_file():
            return folder
    raise CheckError(
        "there is no image to check DAGs in",
        cause="\n".join(f"{folder} holds none" for folder in dict.fromkeys((own, here))),
        remedy="airlock image, or name one: airlock check --image FOLDER, or --image REF of a Docker Engine",
    )
