"""`airlock check` in a project, as it is typed, and what it found."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import process
from check_corpus import Said
from project import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Checked:
    """What a check answered: its JSON, its exit code, and its talk."""

    document: dict[str, Any]
    code: int
    talk: str

    @property
    def said(self) -> set[Said]:
        return {Said(one["code"], one["path"], one["line"]) for one in self.document["findings"]}

    def about(self, path: str) -> set[Said]:
        """Return what was found in one file."""
        return {said for said in self.said if said.path == path}

    def shown(self, path: str = "") -> str:
        """Return messages for people, of one file or all."""
        return "\n".join(
            f"{one['path']}:{one['line']} {one['code']} {one['message']}"
            for one in self.document["findings"]
            if path in ("", one["path"])
        )


def check(project: Path, *arguments: str | Path, under: Sequence[str] = ()) -> Checked:
    """Check a project with the image of this repository, from anew; `under` is a command that runs ours."""
    words = ("--project", project, "check", *arguments, "--format", "json", "--no-cache")
    command = [*under, sys.executable, "-m", "airlock", *words]
    done = process.run(command, env=os.environ, cwd=REPOSITORY, check=False)
    return read(done.stdout, done.returncode, done.stderr)


def read(stdout: bytes, code: int, stderr: bytes) -> Checked:
    """Read what a check printed."""
    talk = stderr.decode(errors="replace")
    assert code in {0, 1}, talk
    return Checked(json.loads(stdout), code, talk)
