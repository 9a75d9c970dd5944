"""Releases in a folder that others fill, as an EFS mount: what lies beside them, by the keys that S3 has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.releases import folder
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.objects import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FolderObjects:
    """Implements `Noting`: signatures are read, receipts and claims are written; contents are the folder's own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fetched = 0

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        try:
            with (self.root / key).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError as error:
            raise AbsentError(f"there is no {self.root / key}") from error
        except OSError as error:
            raise UnreachableError(f"{self.root / key}: {error}") from error
        if len(data) > limit:
            raise RefusedError(f"{self.root / key} has more than {limit} bytes")
        return None if unless else Stored(data, "")

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        raise AbsentError(f"a folder has no {key} ({offset}, {length})")

    def put(self, key: str, content: bytes) -> None:
        path = self.root / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            folder.replace(path, content)
        except OSError as error:
            raise UnreachableError(f"{path}: {error}") from error
