"""Checks what is about to be published: exactly that, in the image that will run it."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from airlock import layout
from airlock.check import reporting, run
from airlock.check.bundle import Bundle
from airlock.errors import PublishError
from airlock.platforms import native
from airlock.terminal import counted
from airlock_spec.check.reports import render
from airlock_spec.releases import staging
from airlock_spec.releases.manifest import Checked, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.cli import Session
    from airlock.releases.tree import Tree

# Below the project, as the cache of facts knows a folder by its path; a name that nobody has DAGs of their own in.
_STAGED = "build/.airlock-dags"
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
    with _staged(session, tree) as staged:
        checked = run.check(session, run.Wanted(image=folder, bundle=staged))
    told = [
        replace(one, bundle=Bundle(tree.top)) for one in checked
    ]  # findings and the baseline name its paths
    found = reporting.judged(told, config.check, config.project)
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


@contextlib.contextmanager
def _staged(session: Session, tree: Tree) -> Iterator[Path]:
    """Give a folder with just what is to be published: a copy, where the tree has more, as what git ignores."""
    if not tree.left_out:
        yield tree.top
        return
    place = session.project.absolute() / _STAGED
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            session.terminal.say("another airlock checks what it publishes from this project: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            staging.stage(place, Manifest(tree.files), tree)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
