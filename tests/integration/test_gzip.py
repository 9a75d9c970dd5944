"""Layers as gzip, for old engines and SOCI: the same tree, the same guarantees."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest

from airlock import contents, layout
from airlock.places import places
from airlock.platforms import AMD64
from project import REPOSITORY, Project, share_store
from reduced import reduce

if TYPE_CHECKING:
    from pathlib import Path

    from containers import Engine

pytestmark = pytest.mark.real

ZSTD, GZIP = 'compression = "zstd"', 'compression = "gzip"'


def compressed(folder: Path, how: str, **environment: str) -> tuple[Project, str]:
    """Compose this repository's project, reduced, with caches of its own; return it and its digest."""
    Project(REPOSITORY, places().root).run("fetch")
    share_store(places().root, folder / "cache")
    project = reduce(Project.copy(folder / "project", folder / "cache", **environment))
    file = project.folder / "image/image.toml"
    assert ZSTD in file.read_text()
    file.write_text(file.read_text().replace(ZSTD, how).replace("level = 3", ""))
    return project, str(project.image()["digest"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    return compressed(tmp_path_factory.mktemp("gzip"), GZIP)


def image_of(project: Project) -> layout.LaidOutImage:
    return layout.read_image(project.layout, AMD64)


def test_every_layer_is_gzip_and_unpacks_to_its_diff_id(made: tuple[Project, str]) -> None:
    image = image_of(made[0])
    for layer, diff_id in zip(image.layers, image.diff_ids, strict=True):
        assert layer.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
        content = gzip.decompress(image.blob(layer).read_bytes())
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == diff_id


def test_another_world_gives_the_same_digest_and_nothing_is_made_twice(
    made: tuple[Project, str], tmp_path: Path
) -> None:
    project, digest = made
    assert compressed(tmp_path / "other", GZIP, PYTHONHASHSEED="4711", TZ="Asia/Kolkata")[1] == digest
    again = project.image()
    assert again["digest"] == digest
    assert all(layer["reused"] for layer in again["layers"])


def test_the_tree_is_the_same_as_with_zstd(made: tuple[Project, str], tmp_path: Path) -> None:
    project, digest = compressed(tmp_path, ZSTD)
    assert digest != made[1]
    image, other = image_of(made[0]), image_of(project)
    assert image.diff_ids == other.diff_ids
    assert contents.of_image(image) == contents.of_image(other)


@pytest.mark.docker
def test_an_engine_loads_and_runs_it(made: tuple[Project, str], engine: Engine) -> None:
    project, _ = made
    reference = "airlock-test/gzip:latest"
    file = project.folder / "pyproject.toml"
    file.write_text(file.read_text().replace('name = "airlock/airflow"', 'name = "airlock-test/gzip"'))
    try:
        project.run("image", "--offline", "--load")
        python = ("--entrypoint", "/opt/venv/bin/python", "--network", "none", "--read-only")
        said = engine.text("run", "--rm", *python, reference, "-c", "import yaml, greenlet; print('fine')")
    finally:
        engine.run("image", "rm", reference, check=False)
    assert said == "fine"
