from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from airlock import docker_context, layout
from airlock.compose.trust import BUNDLES, STORE
from airlock.errors import ConfigError
from airlock.terminal import Terminal
from authorities import Signed
from small_project import HERE, SmallProject

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.docker_context import DockerContext

HTTP = "apache-airflow-providers-http"


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    made = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    for name in ("Dockerfile", "finish.py"):
        (made.folder / "image" / name).write_text(f"# {name}\n")
    made.lock_wheels({"apache-airflow": {"airflow/__init__.py": ""}, HTTP: {"http.py": "x = 1\n"}})
    return made


def prepare(project: SmallProject) -> DockerContext:
    return docker_context.prepare(project.inputs, HERE, project.places, Terminal(quiet=True))


def files(context: DockerContext) -> dict[str, bytes]:
    found = (path for path in context.folder.rglob("*") if path.is_file())
    return {path.relative_to(context.folder).as_posix(): path.read_bytes() for path in found}


def test_providers_lie_apart_from_libraries_and_each_wheel_is_required_with_its_hash(
    project: SmallProject,
) -> None:
    context = prepare(project)

    lists = {
        name: files(context)[f"wheels/{name}/requirements.txt"].decode()
        for name in ("libraries", "providers")
    }
    for name, package in (("libraries", "apache-airflow"), ("providers", HTTP)):
        locked = next(one for one in project.inputs.airflow.wheels(HERE) if one.name == package)
        wheel = context.folder / "wheels" / name / locked.file.filename
        assert wheel.samefile(project.places.store / locked.file.sha256 / locked.file.filename)
        line = f"{package} @ file:///wheels/{locked.file.filename} --hash=sha256:{locked.file.sha256}\n"
        assert lists[name] == line


def test_the_base_is_the_composed_images_first_layer(project: SmallProject) -> None:
    composed = project.compose()
    context = prepare(project)

    (base,) = layout.images(context.folder / "base")
    assert [layer.hex for layer in base.layers] == [composed.layers[0].digest]
    assert composed.layers[0].name == "debian"
    assert base.settings["User"] == "0:0"


def test_a_moved_provider_changes_its_folder_and_the_identity_alone(project: SmallProject) -> None:
    before = files(prepare(project))
    project.lock_wheels({"apache-airflow": {"airflow/__init__.py": ""}, HTTP: {"http.py": "x = 2\n"}})
    after = files(prepare(project))

    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert {path.rpartition("/")[0] for path in changed} == {"wheels/providers", ""}
    assert {path for path in changed if "/" not in path} == {"docker-bake.json", "rootfs.tar"}


def test_what_is_not_wanted_any_more_is_removed_and_the_rest_left_as_it_is(project: SmallProject) -> None:
    context = prepare(project)
    before = {path: path.stat() for path in context.folder.rglob("*")}
    (context.folder / "wheels" / "gone").mkdir()
    (context.folder / "wheels" / "gone" / "old.whl").write_bytes(b"")
    prepare(project)

    after = {path: path.stat() for path in context.folder.rglob("*")}
    assert after.keys() == before.keys()
    assert all(
        (after[path].st_ino, after[path].st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
        for path, stat in before.items()
        if path.is_file()
    )


def test_the_root_file_system_keeps_the_modes_and_owners_of_its_folders(project: SmallProject) -> None:
    project.append(
        "image/image.toml", '[directories]\n"/opt/airflow" = { mode = "0775", uid = 50000, gid = 0 }\n'
    )

    with tarfile.open(fileobj=io.BytesIO(files(prepare(project))["rootfs.tar"])) as archive:
        folder = archive.getmember("opt/airflow")
        names = archive.getnames()
    assert (folder.isdir(), folder.mode, folder.uid, folder.gid) == (True, 0o775, 50000, 0)
    assert {"entrypoint", "opt/airlock/identity.json"} <= set(names)


def test_the_trust_store_comes_with_the_root_file_system_and_each_step_is_told_of_it(
    project: SmallProject,
) -> None:
    before = files(prepare(project))
    folder = project.folder / "image/certificates"
    folder.mkdir()
    (folder / "one.pem").write_text(Signed.authority("One").pem)
    after = files(prepare(project))
    for name in ("libraries", "providers", "own"):
        assert json.loads(before[f"wheels/{name}/trust.json"])["store"] == ""
        assert json.loads(after[f"wheels/{name}/trust.json"]) == {"store": STORE, "bundles": list(BUNDLES)}
    with tarfile.open(fileobj=io.BytesIO(after["rootfs.tar"])) as archive:
        assert STORE.lstrip("/") in archive.getnames()


def test_the_definition_names_what_the_dockerfile_takes(project: SmallProject) -> None:
    context = prepare(project)

    target = json.loads(context.bake_file.read_text())["target"]["docker"]
    assert target["contexts"] == {"base": f"oci-layout://{context.folder}/base:latest"}
    assert target["args"]["SOURCE_DATE_EPOCH"] == "315532800"
    assert target["tags"] == ["airlock/airflow:docker"]


def test_a_project_without_a_dockerfile_is_told_so(project: SmallProject) -> None:
    (project.folder / "image" / "Dockerfile").unlink()

    with pytest.raises(ConfigError, match="Dockerfile is missing"):
        prepare(project)
