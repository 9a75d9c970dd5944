"""`airlock reproduce`: the real image in two worlds, and a project that cannot be reproduced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airlock.places import places
from project import REPOSITORY, Project
from reduced import reduce

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

# A build hook (hatchling's own way to run code while a wheel is made), and where it writes
HOOK = """
import os
import pathlib

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        text = f"built in\\n{os.getcwd()}\\nand nowhere else\\n"
        pathlib.Path(self.root, "airlock_operators", "where.txt").write_text(text)
"""


@pytest.fixture(scope="module")
def store() -> Path:
    Project(REPOSITORY, places().root).run("fetch")
    return places().store


@pytest.fixture
def project(store: Path, tmp_path: Path) -> Project:
    """Return a copy of the project whose cache is empty but for the store."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "store").symlink_to(store)
    return Project.copy(tmp_path / "project", tmp_path / "cache")


def test_the_real_image_is_reproduced_and_is_the_one_that_image_makes(
    project: Project, tmp_path: Path
) -> None:
    done = project.run("reproduce")
    here = Project.copy(tmp_path / "here", places().root)
    assert done.stdout.decode().strip() == here.image()["digest"]
    assert b"varied: project folder, " in done.stderr
    assert not (project.folder / "build/worlds").exists()


def test_a_build_that_writes_its_folder_is_caught_and_the_file_is_shown(project: Project) -> None:
    small = reduce(project)
    (small.folder / "operators/hatch_build.py").write_text(HOOK)
    small.append("operators/pyproject.toml", "\n[tool.hatch.build.targets.wheel.hooks.custom]\n")

    done = small.run("reproduce", "--json", "--keep", check=False)

    said, found = done.stderr.decode(), json.loads(done.stdout)
    path = "/opt/venv/lib/python3.13/site-packages/airlock_operators/where.txt"
    assert done.returncode == 19, said
    assert f"the image cannot be reproduced: {path} differs between two builds" in said
    assert "Traceback" not in said
    assert (found["reproducible"], found["difference"]["path"]) == (False, path)
    assert found["difference"]["where"] == "linux/amd64, layer airlock-operators"
    _, before, first, second, *_ = found["difference"]["shown"]
    assert before == " built in"
    assert first.startswith(f"-{small.folder}/build/worlds/a/tmp/")
    assert second.startswith(f"+{small.folder}/build/worlds/another world")
    for name, digest in found["digests"].items():
        (index,) = (
            small.folder / "build/worlds" / world / "project/build/image/index.json"
            for world in ("a", "another world, ünder a much longer path")
            if (world == "a") == (name == "first")
        )
        assert digest in index.read_text()


def test_a_lock_that_cannot_be_used_is_refused_before_any_world_is_made(project: Project) -> None:
    project.append("constraints/airflow.in", "requests<2\n")
    project.refused("reproduce", code=4)
    assert not (project.folder / "build").exists()
