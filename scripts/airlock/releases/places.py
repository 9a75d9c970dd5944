"""The seam to where releases are kept, a location of S3 or a folder, and how such a place is named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock.config import FILE
from airlock.errors import ConfigError
from airlock.release_settings import Sync, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock.cli import Session
    from airlock.releases.in_folder import InFolder
    from airlock.releases.in_s3 import InS3
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.pointer import Pointer
    from airlock_spec.releases.receipt import Receipt
    from airlock_spec.releases.staging import Source

S3 = "s3://"


@dataclass(frozen=True)
class Papers:
    """What is kept beside a release: its packs and their sizes in bytes, who has it, and which keys signed it."""

    packs: Mapping[str, int]
    receipts: tuple[Receipt, ...] = ()
    signatures: tuple[str, ...] = ()


class Place(Protocol):
    """Where releases are kept. Every method raises ReleaseError."""

    def pointer(self) -> Pointer:
        """Return which releases are there, and which serves. Raises AbsentError where nothing was published."""

    def change(self, change: Callable[[Pointer], Pointer]) -> Pointer:
        """Replace the pointer by what `change` makes of it, once nobody else does so meanwhile; return it."""

    def manifest(self, release: str) -> Manifest:
        """Return a release's manifest."""

    def missing(self, release: str) -> list[str]:
        """Return what is missing of a release or damaged: nothing, where it can serve."""

    def source(self, of: Manifest) -> Source:
        """Return who has the contents of a release."""

    def papers(self, of: Manifest) -> Papers:
        """Return what is kept beside a release."""


class Rehearsed:
    """A place at which nothing is ever changed: what would be is returned all the same."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.pointer, self.manifest = place.pointer, place.manifest
        self.missing, self.source, self.papers = place.missing, place.source, place.papers

    def __str__(self) -> str:
        return str(self._place)

    def change(self, change: Callable[[Pointer], Pointer]) -> Pointer:
        return change(self._place.pointer())


def settings(session: Session, named: str) -> Sync:
    """Return [tool.airlock.sync]; no project is needed where a place is named. Raises ConfigError."""
    if not named or (session.project / FILE).exists():
        return session.config.sync
    problems: list[str] = []
    found = read(Sync, {}, os.environ, problems)
    if problems:
        raise ConfigError(
            "the variables AIRLOCK_SYNC_* cannot be used",
            cause="\n".join(problems),
            remedy="mend or unset them",
        )
    return found


def resolve(session: Session, named: str, option: str) -> InS3 | InFolder:
    """Return the place that an option names, or else [tool.airlock.sync] to. Raises ConfigError, AwsError."""
    found = settings(session, named)
    text = named or found.to
    if not text:
        raise ConfigError(
            "it is not known where the releases are",
            cause=f"neither {option} nor [tool.airlock.sync] to names a place",
            remedy=f"add {option} s3://BUCKET/PREFIX, or {option} FOLDER",
        )
    if is_s3(text):
        from airlock.releases import s3_location  # noqa: PLC0415 - boto3, which folders do without
        from airlock.releases.in_s3 import InS3  # noqa: PLC0415

        return InS3(s3_location.connect(text, found.kms_key))
    from airlock.releases.in_folder import InFolder  # noqa: PLC0415 - as above

    return InFolder(Path(text) if named else session.project / text)


def is_s3(text: str) -> bool:
    """Whether a place is meant to be one in S3; a slip of the pen is no folder."""
    return "://" in text or text.startswith("s3:")
