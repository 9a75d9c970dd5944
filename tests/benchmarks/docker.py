"""The docker program, and what is left in its engine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import EngineError
from benchmarks.measuring import timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.layout import LaidOutImage
    from benchmarks.measuring import Run

REPOSITORY = "airlock-bench"  # of every image that a benchmark loads


def docker(*arguments: str | Path, cwd: Path | None = None) -> Run:
    """Run docker and time it. Raises EngineError where there is none, CommandError where it fails."""
    program = process.find("docker")
    if program is None:
        raise EngineError("there is no docker program", remedy="install one, and buildx with it")
    return timed([program, *arguments], os.environ, cwd or Path.cwd())


def image_id(reference: str) -> str:
    return docker("image", "inspect", "--format", "{{.Id}}", reference).stdout.strip()


def remove_images(ids: Iterable[str] = (), name: str = f"{REPOSITORY}/*") -> None:
    """Remove the images of a name and, by id, those that lost it to a newer one."""
    named = docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"reference={name}").stdout
    held = docker("image", "ls", "--quiet", "--no-trunc").stdout.split()
    if wanted := sorted({*named.split(), *ids} & set(held)):
        docker("image", "rm", "--force", *wanted)


def held_layers(image: LaidOutImage) -> int:
    """Return how many layers of the image the engine holds, from whichever image."""
    ids = docker("image", "ls", "--quiet", "--no-trunc").stdout.split()
    found = docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", *ids).stdout if ids else ""
    held = {layer for line in found.splitlines() for layer in json.loads(line) or ()}
    return len(held & set(image.diff_ids))
