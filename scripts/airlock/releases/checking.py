"""Checks what is about to be published: exactly that, in the image that will run it."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

from airlock import layout
from airlock.check import reporting, run
from airlock.errors import PublishError
from airlock.platforms import native
from airlock.terminal import counted
from airlock_spec.check.reports import render
from airlock_spec.releases import staging
from airlock_spec.releases.manifest import Checked, Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.cli import Session
    from airlock.releases.tree import Tree

_STAGED = "build/dags"  # below the project: the cache of facts knows a folder by its path
_LABELS = ("dev.airlock.airflow-lock", "dev.airlock.debian-lock")


def image(session: Session, folder: str) -> Checked:
    """Return the image that releases are checked in: the project's, or the layout in a folder.

    Raises ImageError, CorruptError, and PublishError for an image that does not say what it was composed from.
    """
    from pathlib import Path  # noqa: PLC0415 - of a string that may be ""

    place = Path(folder) if folder else run.project_config(session).layout
    labels = layout.read_image(place, native()).settings.get("Labels") or {}
    missing = [name for name in _LABELS if not labels.get(name)]
    if missing:
        raise PublishError(
            f"the image in {place} does not say what it was composed from",
            cause=f"it has no label {' and no '.join(missing)}",
            remedy="airlock image, or publish what nobody checked: airlock sync --no-check",
        )
    return Checked(layout.digest(place), *(str(labels[name]) for name in _LABELS))


def check(session: Session, tree: Tree, folder: str) -> None:
    """Check the DAGs of a tree in the project's image, or in the layout in a folder.

    Raises PublishError where one must be mended, after the report was shown on stderr, and what checking raises.
    """
    begun = time.monotonic()
    config = run.project_config(session)
    paths = [_staged(session, tree)] if tree.left_out else [tree.top]
    checked = run.check(session, run.Wanted(paths, folder))
    found = reporting.judged(checked, config.check, config.project)
    baseline = reporting.configured_baseline(config)
    made = reporting.report(found, config.check, baseline, time.monotonic() - begun, [])
    tree.require_unchanged()
    if made.findings or made.exit_code:
        session.terminal.say(render(made, "text", colour=sys.stderr.isatty()).rstrip("\n"))
    if made.exit_code:
        raise PublishError(
            "the DAGs do not pass the check, and are not published",
            cause=f"{counted(len(made.findings), 'finding')}, as above",
            remedy="mend them, or see more of them: airlock check; what cannot wait: airlock sync --no-check",
        )


def _staged(session: Session, tree: Tree) -> Path:
    """Return a folder with just what is to be published: the tree has more, which git ignores."""
    place = session.project.absolute() / _STAGED
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    staging.stage(place, Manifest(tree.files), tree)
    return place
