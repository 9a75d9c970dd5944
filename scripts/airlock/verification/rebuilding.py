"""The image once more, from its commit alone: by that commit's own toolchain, with nothing cached but the store."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import CommandError
from airlock.verification import source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airlock.papers.provenance import Provenance

_TOOLCHAIN = ("scripts", "scripts/airlock_spec")  # of a repository that holds its own


@dataclass(frozen=True)
class Rebuilding:
    """Builds in `folder`, from the repository that the project is in; it fetches what the store lacks."""

    project: Path
    folder: Path
    store: Path
    environ: Mapping[str, str]
    quiet: bool = False

    def __call__(self, promise: Provenance, platforms: Sequence[str]) -> Path:
        """Return the layout of the image for these platforms. Raises CommandError where it cannot be made."""
        clone, cache = self.folder / "source", self.folder / "cache"
        source.check_out(self.project, promise.commit, clone)
        self.store.mkdir(parents=True, exist_ok=True)
        cache.mkdir()
        (cache / "store").symlink_to(self.store)
        project = clone / promise.folder
        code = process.show(self._command(project, platforms), env=self._variables(clone, cache))
        if code:
            raise CommandError(
                f"the image cannot be built again from commit {promise.commit}: exit code {code}",
                cause="what airlock image said stands above",
                remedy=f"git worktree add ../rebuilt {promise.commit}, and there: airlock image",
            )
        return project / "build" / "image"

    def _command(self, project: Path, platforms: Sequence[str]) -> list[str | Path]:
        quiet = ["--quiet"] if self.quiet else []
        named = [f"--platform={platform}" for platform in platforms]
        return [sys.executable, "-P", "-m", "airlock", "--project", project, *quiet, "image", *named]

    def _variables(self, clone: Path, cache: Path) -> dict[str, str]:
        variables = {**self.environ, "AIRLOCK_CACHE": str(cache)}
        if carries_toolchain(clone):
            paths = [str(clone / part) for part in _TOOLCHAIN]
            variables["PYTHONPATH"] = os.pathsep.join([*paths, *filter(None, [variables.get("PYTHONPATH")])])
        return variables


def carries_toolchain(clone: Path) -> bool:
    return (clone / "scripts" / "airlock" / "__main__.py").is_file()
