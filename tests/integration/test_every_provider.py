"""Every provider that the Airflow project publishes, in one image: `make projects`, on demand and nightly."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from airlock.places import places
from airlock.store import Store
from project import REPOSITORY, Project, layers, share_store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real, pytest.mark.projects]
INSIDE = REPOSITORY / "tests" / "integration" / "inside"
SHOWN = "/tmp/inside"  # noqa: S108 - in the sandbox


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Lock it anew, from requirements to a sealed store."""
    made = Project(tmp_path_factory.mktemp("every") / "every-provider", places().root)
    shutil.copytree(REPOSITORY / "tests" / "projects" / "every-provider", made.folder)
    made.run("init")
    made.append("image/image.toml", "\n" + (made.folder / "image-more.toml").read_text())
    made.run("lock")
    made.run("fetch")
    return made


def test_the_lock_holds_every_provider_that_is_asked_for(project: Project) -> None:
    text = (project.folder / "requirements.txt").read_text()
    asked = set(re.findall(r"^apache-airflow-providers-[a-z0-9-]+", text, re.MULTILINE))
    locked = {one.name for one in project.airflow_lock.packages}
    assert asked
    assert asked <= locked
    assert len(locked) > 600


def test_what_has_no_wheel_was_built_and_what_is_compiled_is_for_this_platform_alone(
    project: Project,
) -> None:
    built = {one.name: one.source for one in project.airflow_lock.packages if one.source}
    assert {"pydruid", "hdfs"} <= built.keys()
    assert built["pydruid"]
    assert built["pydruid"].platform == "any"
    assert built["mysqlclient"]
    assert built["mysqlclient"].platform == "linux/amd64"


def test_the_second_witness_arrives_at_the_same_pins(project: Project) -> None:
    found = project.document("lock", "--verify")
    assert found["agrees"]
    assert found["verified"] > 600


def test_it_composes_offline_to_one_digest_whatever_was_cached(project: Project, tmp_path: Path) -> None:
    first = project.image(under=["unshare", "--user", "--map-root-user", "--net"])
    share_store(project.cache, tmp_path)
    assert layers(Project(project.folder, tmp_path).image()) == layers(first)


def test_every_module_of_every_provider_imports(project: Project) -> None:
    project.image()
    words = ["--bind", f"{INSIDE}:{SHOWN}", "--", "python", f"{SHOWN}/import_providers.py"]
    found = json.loads(project.run("run", *words).stdout.splitlines()[-1])
    assert found["failed"] == {}
    assert found["providers"] > 100
    assert found["imported"] > 2000


def test_the_store_holds_the_very_wheels_that_were_built(project: Project) -> None:
    files = [file for one in project.airflow_lock.packages if (file := one.built)]
    assert files
    assert all(Store(places().store).holds(file) for file in files)
