"""A copy of this repository that is brought up and taken down."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.places import places
from airlock.up.folder import UpFolder
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from subprocess import CompletedProcess

WITH_THE_LAB = ("lab", "dags", "infra")


@dataclass(frozen=True)
class UpProject:
    """A copy of this repository, with the caches of whoever runs the tests."""

    project: Project

    @classmethod
    def create(cls, folder: Path) -> UpProject:
        project = Project.copy(folder, places().root)
        for name in WITH_THE_LAB:
            if (REPOSITORY / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "build")
                shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
        return cls(project)

    @property
    def up_folder(self) -> UpFolder:
        return UpFolder(self.project.folder / "build" / "up")

    def run(self, *arguments: str) -> CompletedProcess[bytes]:
        return self.project.run(*arguments, check=False)

    def processes(self) -> list[str]:
        """Return the command lines of what names the project's folder: the keeper, and what makes sandboxes."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.project.folder) in words:
                found.append(words)
        return found
