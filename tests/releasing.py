"""Whoever releases DAGs: a folder that changes, and the commands that publish it and take it back."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Author:
    """A folder of DAGs, and the environment in which `airlock` reaches the place they are released to."""

    folder: Path
    to: str
    env: Mapping[str, str]

    def write(self, *files: Mapping[str, str]) -> None:
        """Write these files, and leave the others as they are."""
        for name, text in (item for some in files for item in some.items()):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def clear(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def publish(self) -> str:
        """Publish the folder, and return the release; its files are not checked: some tests want what is wrong."""
        return self.sync(check=True).stdout.decode().strip()

    def sync(self, *options: str, check: bool = False) -> process.Done:
        return self._airlock("sync", "--dags", str(self.folder), "--no-check", *options, check=check)

    def roll_back(self, release: str) -> None:
        self._airlock("rollback", release, check=True)

    def _airlock(self, command: str, *words: str, check: bool) -> process.Done:
        program = (sys.executable, "-m", "airlock", "--project", REPOSITORY)
        return process.run([*program, command, "--to", self.to, *words], env=self.env, check=check)
