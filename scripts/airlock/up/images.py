"""The two images that `airlock up` runs: the project's, and the lab's, which stands in airlock's own checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import config, layout
from airlock.errors import UpError
from airlock.platforms import native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.layout import LaidOutImage

FOLDER = "lab"
_CHECKOUT = Path(__file__).parents[3]
_OF_THE_MACHINE = ("AIRLOCK_DEBIAN_MIRROR",)  # what else AIRLOCK_* says is of the project, not of its lab


def lab_project(project: Path, checkout: Path = _CHECKOUT) -> Path:
    """Return the folder of the lab's project: the project's own, else airlock's. Raises UpError without any."""
    for folder in (project / FOLDER, checkout / FOLDER):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise UpError(
        "there is no lab, which has what Airflow needs around it",
        cause=f"neither {project / FOLDER} nor {checkout / FOLDER} is a project",
        remedy="run airlock from a checkout of its repository, or take the folder lab/ from there",
    )


def lab_config(project: Path, environ: Mapping[str, str] = os.environ) -> Config:
    kept = {name: environ[name] for name in _OF_THE_MACHINE if name in environ}
    return config.load(lab_project(project), environ=kept, platforms=[native().name])


def composed(session: Session, wanted: Config, *, offline: bool) -> LaidOutImage:
    """Compose an image for this machine, where that was not done; return it."""
    from airlock.commands.fetch import sealed_inputs  # noqa: PLC0415 - heavy imports, after --help
    from airlock.compose import image  # noqa: PLC0415

    inputs = sealed_inputs(session, wanted, offline=offline)
    made = image.compose(inputs, session.places, session.terminal)
    session.terminal.say(f"{wanted.name}: {made.digest}")
    return layout.read_image(wanted.layout, native())
