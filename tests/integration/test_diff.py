"""What `airlock diff` says of real images is what a reading of every layer of both finds."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from airlock import contents, process
from airlock.compose.entry import Kind
from airlock.layout import read_image
from airlock.places import places
from airlock.platforms import AMD64
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.contents import Member
    from containers import Engine

pytestmark = pytest.mark.real

SITE = "/opt/venv/lib/python3.13/site-packages"
OPERATOR = "operators/airlock_operators/endpoints.py"
MOVED = "colorlog"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project whose image is composed from the user's own store and caches."""
    Project(REPOSITORY, places().root).run("fetch")
    project = Project.copy(tmp_path_factory.mktemp("before") / "project", places().root)
    project.image()
    return project


def copy_of(project: Project, folder: Path) -> Project:
    return Project.copy(folder / "project", project.cache)


def image_of(before: Project, after: Project) -> dict[str, Any]:
    document = after.document("diff", before.layout, after.layout)
    (image,) = document["images"]
    assert isinstance(image, dict)
    assert document["differs"]
    return image


def bytes_to_pull(before: Project, after: Project) -> int:
    """Add up what the two manifests give."""
    blobs = []
    for project in (before, after):
        (named,) = json.loads((project.layout / "index.json").read_text())["manifests"]
        manifest = json.loads((project.layout / "blobs" / named["digest"].replace(":", "/")).read_text())
        blobs.append({one["digest"]: one["size"] for one in (named, manifest["config"], *manifest["layers"])})
    return sum(size for digest, size in blobs[1].items() if digest not in blobs[0])


def read_in_full(project: Project) -> dict[str, Member]:
    """Return every path of the image but the folders that any image has."""
    members = contents.of_image(read_image(project.layout, AMD64))
    return {
        f"/{path}": one
        for path, one in members.items()
        if one.kind is not Kind.DIRECTORY or (one.mode, one.uid, one.gid) != (0o755, 0, 0)
    }


def files_found_in_full(before: Project, after: Project) -> dict[str, set[str]]:
    one, other = read_in_full(before), read_in_full(after)
    return {
        "added": other.keys() - one.keys(),
        "removed": one.keys() - other.keys(),
        "changed": {path for path in one.keys() & other.keys() if one[path] != other[path]},
    }


def files_told(image: dict[str, Any]) -> dict[str, set[str]]:
    return {kind: {file["path"] for file in files} for kind, files in image["files"].items()}


def layers_told(image: dict[str, Any]) -> dict[str, str]:
    return {layer["name"]: layer["status"] for layer in image["layers"] if layer["status"] != "same"}


def test_an_edited_operator_is_three_files_of_one_layer(before: Project, tmp_path: Path) -> None:
    after = copy_of(before, tmp_path)
    after.append(OPERATOR, "\n# edited\n")
    after.image()

    image = image_of(before, after)

    package = "airlock_operators"
    assert files_told(image) == {
        "added": set(),
        "removed": set(),
        "changed": {
            f"{SITE}/{package}/endpoints.py",
            f"{SITE}/{package}/__pycache__/endpoints.cpython-313.pyc",
            f"{SITE}/{package}-0.1.0.dist-info/RECORD",
        },
    }
    assert {file["package"] for file in image["files"]["changed"]} == {"airlock-operators"}
    assert layers_told(image) == {"airlock-operators": "changed"}
    named = {"ecosystem": "python", "name": "airlock-operators", "version": "0.1.0", "files": 3}
    assert image["packages"] == {"moved": [], "added": [], "removed": [], "altered": [named]}
    assert image["settings"] == []
    assert image["pull"]["bytes"] == bytes_to_pull(before, after)
    assert image["pull"]["blobs"] == 3  # the layer, the configuration, the manifest


def version(project: Project, package: str) -> str:
    return next(one.version for one in project.airflow_lock.packages if one.name == package)


def members_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def test_a_moved_wheel_is_its_files_its_layer_and_the_identity(before: Project, tmp_path: Path) -> None:
    after = copy_of(before, tmp_path)
    old = version(before, MOVED)
    after.append("constraints/airflow.in", f"{MOVED}<{old}\n")
    after.run("lock")
    new = version(after, MOVED)
    assert Version(new) < Version(old)
    after.run("fetch")
    after.image()

    image = image_of(before, after)

    (move,) = image["packages"]["moved"]
    assert (move["ecosystem"], move["name"], move["from"], move["to"]) == ("python", MOVED, old, new)
    assert move["downgrade"]
    assert (image["packages"]["added"], image["packages"]["removed"]) == ([], [])
    assert files_told(image) == files_found_in_full(before, after)
    wheels = members_of(before.stored(MOVED)), members_of(after.stored(MOVED))
    both = wheels[0].keys() & wheels[1].keys()
    changed = {file["path"]: file["package"] for file in image["files"]["changed"]}
    assert {path for path in changed if not path.endswith(".pyc")} == {
        "/opt/airlock/identity.json",
        *(f"{SITE}/{name}" for name in both if wheels[0][name] != wheels[1][name]),
    }
    assert set(changed.values()) == {MOVED, None}
    assert len(layers_told(image)) == 2
    assert layers_told(image)["rootfs"] == "changed"
    assert image["pull"]["bytes"] == bytes_to_pull(before, after)
    assert {one["key"] for one in image["settings"]} == {"Labels.dev.airlock.airflow-lock"}

    locks = before.document("diff", before.folder, after.folder)["locks"]
    (layer,) = [one for one in image["layers"] if one["status"] != "same" and one["name"] != "rootfs"]
    (foreseen,) = locks["layers"]
    assert foreseen["changed"] == 1
    assert foreseen["pull_bytes"] == pytest.approx(layer["to"]["size"], rel=0.05)
    packages = [one for one in locks["packages"]["moved"] if one["lock"] == "airflow"]
    assert [(one["name"], one["step"]) for one in packages] == [(MOVED, move["step"])]
    assert after.stored(MOVED).name in {file["name"] for file in locks["fetch"]["files"]}


def test_a_layout_whose_blob_is_gone_is_refused_by_its_name(before: Project, tmp_path: Path) -> None:
    after = copy_of(before, tmp_path)
    after.image()
    blob = max((after.layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.unlink()
    said = after.refused("diff", str(before.layout), str(after.layout), code=8)
    assert blob.name in said


@pytest.mark.docker
def test_what_docker_saves_is_the_image_that_was_loaded(
    engine: Engine, before: Project, tmp_path: Path
) -> None:
    loaded = Project.copy(tmp_path / "project", before.cache, AIRLOCK_NAME="airlock-test/diff")
    reference = loaded.image("--load")["reference"]
    archive = tmp_path / "saved.tar"
    try:
        engine.run("save", "--output", archive, reference)
    finally:
        engine.run("rmi", reference)

    (image,) = loaded.document("diff", archive, loaded.layout)["images"]
    assert image["files"] == {"added": [], "removed": [], "changed": []}
    assert {layer["status"] for layer in image["layers"]} <= {"same", "recompressed"}
    assert image["settings"] == []


def test_a_revision_of_this_repository_is_compared(before: Project) -> None:
    head = process.run(["git", "-C", REPOSITORY, "rev-parse", "HEAD"]).stdout.decode().strip()
    found = Project(REPOSITORY, before.cache).document("diff", f"git:{head}", "git:HEAD")
    assert not found["differs"]
    assert found["locks"]["packages"]["unchanged"] > 300
