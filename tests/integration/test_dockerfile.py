"""image/Dockerfile in a real BuildKit: the tree and the configuration of the composed image."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, cast

import pytest

from airlock import contents, layout, process
from airlock.contents import Member
from airlock.places import places
from airlock.platforms import native
from airlock.uncompressed import uncompressed
from authorities import Signed
from differences import DIFFERENCES
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.layout import LaidOutImage
    from containers import Engine

pytestmark = [pytest.mark.docker, pytest.mark.real]

NAME = "airlock-test/dockerfile"
RECORDS = "opt/venv/lib/python3.*/site-packages/*.dist-info/RECORD"
COMPARED = [field.name for field in fields(Member) if field.compare and field.name != "path"]


@dataclass(frozen=True)
class Both:
    """One project's image, composed and built with BuildKit."""

    composed: LaidOutImage
    built: LaidOutImage
    reference: str  # of the built one in the engine


@pytest.fixture(scope="module")
def both(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    if engine.run("buildx", "version", check=False).returncode:
        pytest.skip("docker has no buildx: install docker-buildx, then: make integration")
    Project(REPOSITORY, places().root).run("fetch")
    project = Project.copy(tmp_path_factory.mktemp("docker") / "project", places().root, AIRLOCK_NAME=NAME)
    certificates = project.folder / "image/certificates"
    certificates.mkdir()
    (certificates / "corporate.pem").write_text(Signed.authority("Corporate root").pem)
    project.image()
    bake_file = project.run("context", "--offline").stdout.decode().strip()
    bake: list[str | Path] = [engine.program, "buildx", "bake", "--progress=plain", "--file", bake_file]
    try:
        process.run([*bake, "layout", "docker"], cwd=project.folder)
        (built,) = layout.images(project.folder / "build" / "image-docker")
        composed = layout.read_image(project.layout, native())
        yield Both(composed, built, f"{NAME}:docker")
    finally:
        engine.run("image", "rm", "--force", f"{NAME}:docker", check=False)


def test_the_trees_differ_only_as_the_table_says(both: Both) -> None:
    ours, theirs = contents.of_image(both.composed), contents.of_image(both.built)
    assert len(ours) > 40_000
    used = set()
    unexplained = []
    for path in sorted(ours.keys() | theirs.keys()):
        what = differing(ours.get(path), theirs.get(path))
        rows = [row for row in DIFFERENCES if what and row.explains(path, what)]
        if what and len(rows) != 1:
            unexplained.append(f"{path}: {', '.join(sorted(what))} ({len(rows)} rows of the table)")
        used.update(rows)
    assert not unexplained, "\n".join(unexplained[:100])
    assert used == set(DIFFERENCES)


def differing(ours: Member | None, theirs: Member | None) -> frozenset[str]:
    if ours is None or theirs is None:
        return frozenset() if ours == theirs else frozenset({"path"})
    return frozenset(name for name in COMPARED if getattr(ours, name) != getattr(theirs, name))


def test_records_differ_in_the_lines_of_console_scripts_alone(both: Both) -> None:
    ours, theirs = dict(records(both.composed)), dict(records(both.built))
    assert len(ours) > 200
    assert ours == theirs


def records(image: LaidOutImage) -> Iterator[tuple[str, list[str]]]:
    """Read every RECORD without the lines of what it has in bin/."""
    for descriptor in image.layers:
        with (
            uncompressed(image.blob(descriptor), descriptor.media_type) as content,
            tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|") as archive,
        ):
            for member in archive:
                if fnmatchcase(member.name, RECORDS):
                    file = archive.extractfile(member)
                    assert file
                    lines = file.read().decode().splitlines()
                    yield member.name, [line for line in lines if not line.startswith("../../../bin/")]


def test_the_configurations_are_equal(both: Both) -> None:
    ours, theirs = dict(both.composed.settings), dict(both.built.settings)
    assert sorted(ours.pop("Env")) == sorted(theirs.pop("Env"))
    assert ours == theirs
    assert both.composed.platform == both.built.platform


def test_no_member_has_a_time_of_the_build(both: Both) -> None:
    times = {member.mtime for member in contents.of_image(both.built).values()}
    assert times == {member.mtime for member in contents.of_image(both.composed).values()}


def test_a_container_of_it_starts_without_a_network_on_a_read_only_root(both: Both, engine: Engine) -> None:
    sealed = ("--network", "none", "--read-only", "--tmpfs", "/tmp")  # noqa: S108 - in the container
    assert engine.text("run", "--rm", *sealed, both.reference, "version").splitlines()[-1] == "3.3.2"
