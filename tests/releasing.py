"""Releases as their author makes them: a folder that changes, and what publishes it."""
from __future__ import annotations
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
import stand_in
from airlock.releases import s3_location
if TYPE_CHECKING:
    from collections.abc import Mapping

@dataclass(frozen=True)
class Author:
    folder: Path
    to: str

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def empty(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def publish(self) -> str:
        return stand_in.publish(s3_location.connect(self.to), self.folder)

    def roll_back(self, release: str) -> None:
        stand_in.roll_back(s3_location.connect(self.to), release)
