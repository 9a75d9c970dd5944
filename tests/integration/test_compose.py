"""Composing the real image from the real store: one digest, no network, little work for little changes."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from airlock import process
from airlock.places import places
from project import REPOSITORY, Project, layers, share_store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

OTHER_WORLD = {
    "TZ": "Asia/Kolkata",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
    "SOURCE_DATE_EPOCH": "1700000000",
    "HOME": "/nonexistent",
}
NO_NETWORK_AS_ANOTHER_USER = ("unshare", "--user", "--map-user=12345", "--map-group=54321", "--net")


@pytest.fixture(scope="session")
def sealed() -> Path:
    """Return the user's own cache folder, with its store sealed."""
    Project(REPOSITORY, places().root).run("fetch")
    return places().root


@pytest.fixture(scope="session")
def built(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project built once with nothing cached but the store."""
    folder = tmp_path_factory.mktemp("built")
    share_store(sealed, folder / "cache")
    project = Project.copy(folder / "project", folder / "cache")
    project.image()
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """Return a fresh copy of the project that shares the warm cache."""
    return Project.copy(tmp_path / "project", built.cache)


def digest(project: Project) -> str:
    index = json.loads((project.layout / "index.json").read_text())
    return str(index["manifests"][0]["digest"])


def test_another_world_without_a_network_arrives_at_the_same_digest(
    built: Project, sealed: Path, tmp_path: Path
) -> None:
    share_store(sealed, tmp_path / "cache")
    elsewhere = Project.copy(
        tmp_path / "a much longer path to the project", tmp_path / "cache", **OTHER_WORLD
    )
    umask = ("sh", "-c", 'umask 077; exec "$@"', "sh")
    made = elsewhere.image("--workers", "1", under=(*NO_NETWORK_AS_ANOTHER_USER, *umask))
    assert made["digest"] == digest(built)
    assert not any(layer["reused"] for layer in made["layers"])


def test_nothing_changed_reuses_every_layer(project: Project, built: Project) -> None:
    first = project.image()
    second = project.image()
    assert first["digest"] == second["digest"] == digest(built)
    assert all(layer["reused"] for layer in second["layers"])


def test_an_edited_operator_changes_one_layer(project: Project) -> None:
    before = layers(project.image())
    project.append("operators/airlock_operators/endpoints.py", "\n# edited\n")
    after = layers(project.image())
    assert {name for name in after if after[name] != before[name]} == {"airlock-operators"}


def test_a_moved_provider_changes_its_layer_and_the_identity(project: Project) -> None:
    before = layers(project.image())
    name = "apache-airflow-providers-http"
    current = next(package.version for package in project.airflow_lock.packages if package.name == name)
    project.append("constraints/airflow.in", f"{name}<{current}\n")
    assert f"{name}<{current}" in project.refused("lock", "--check", code=4)
    project.run("lock", "--allow-downgrade", name)
    moved = next(package.version for package in project.airflow_lock.packages if package.name == name)
    assert Version(moved) < Version(current)
    project.run("fetch")
    after = layers(project.image())
    changed = {name for name in after if after[name] != before[name]}
    assert len(changed) == 2
    assert "rootfs" in changed
    assert any(name.startswith("providers-") for name in changed)


def test_the_layout_holds_the_image_alone(built: Project) -> None:
    index = json.loads((built.layout / "index.json").read_text())
    assert len(index["manifests"]) == 1
    manifest = json.loads((built.layout / "blobs" / digest(built).replace(":", "/")).read_text())
    wanted = {digest(built), manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])}
    assert {f"sha256:{path.name}" for path in (built.layout / "blobs" / "sha256").iterdir()} == wanted
    assert 40 <= len(manifest["layers"]) <= 60


def test_skopeo_inspects_and_copies_the_layout_with_the_digest_unchanged(
    built: Project, skopeo: Path, tmp_path: Path
) -> None:
    found = json.loads(process.run([skopeo, "inspect", f"oci:{built.layout}"]).stdout)
    assert found["Digest"] == digest(built)
    assert found["Architecture"] == "amd64"
    target = tmp_path / "copy"
    policy = ("--insecure-policy",)
    process.run([skopeo, *policy, "copy", "--preserve-digests", f"oci:{built.layout}", f"oci:{target}"])
    assert json.loads((target / "index.json").read_text())["manifests"][0]["digest"] == digest(built)


def test_one_missing_file_is_named_before_any_work(built: Project, sealed: Path, tmp_path: Path) -> None:
    share_store(sealed, tmp_path / "cache")
    project = Project.copy(tmp_path / "project", tmp_path / "cache")
    wheel = project.stored("aiofiles")
    wheel.unlink()
    said = project.refused("image", "--offline", code=6)
    assert wheel.name in said
    assert "airlock fetch" in said
    assert not (tmp_path / "cache" / "cache").exists()
    assert not project.layout.exists()


@pytest.mark.parametrize("package", ["aiofiles", "mawk"])
def test_a_file_with_a_wrong_hash_is_named(
    built: Project, sealed: Path, tmp_path: Path, package: str
) -> None:
    share_store(sealed, tmp_path / "cache")
    project = Project.copy(tmp_path / "project", tmp_path / "cache")
    path = project.stored(package)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    assert path.name in project.refused("image", "--offline", code=8)
    assert not (project.layout / "index.json").exists()


def test_a_missing_library_names_who_wants_it_and_the_debian_package(project: Project) -> None:
    lock = project.debian_lock
    project.write_debian_lock(
        replace(lock, debs=tuple(deb for deb in lock.debs if deb.package != "libstdc++6"))
    )
    said = project.refused("image", "--offline", code=11)
    assert "libstdc++.so.6 is needed by" in said
    assert "greenlet" in said
    assert "add libstdc++6 to constraints/debian.in" in said
    assert not (project.layout / "index.json").exists()


def test_two_owners_of_a_path_are_named_and_one_can_be_chosen(project: Project) -> None:
    for folder in ("operators/flask", "operators/airlock_operators"):
        (project.folder / folder).mkdir(exist_ok=True)
    (project.folder / "operators/flask/__init__.py").write_text("raise SystemExit\n")
    packages = 'packages = ["airlock_operators"]'
    file = project.folder / "operators/pyproject.toml"
    assert packages in file.read_text()
    file.write_text(file.read_text().replace(packages, 'packages = ["airlock_operators", "flask"]'))
    said = project.refused("image", "--offline", code=10)
    path = "/opt/venv/lib/python3.13/site-packages/flask/__init__.py"
    assert f"{path}: flask and airlock-operators" in said
    project.append("image/image.toml", f'\n[owners]\n"{path}" = "flask"\n')
    project.image()


@pytest.mark.parametrize(
    "content", ["def (", f"x = {'-' * 6000}1"], ids=["syntax error", "too deep to parse"]
)
def test_a_source_of_ours_that_python_refuses_is_named(project: Project, content: str) -> None:
    (project.folder / "operators/airlock_operators/broken.py").write_text(f"{content}\n")
    said = project.refused("image", "--offline", code=14)
    assert "airlock-operators has sources that Python 3.13 cannot compile" in said
    assert "airlock_operators/broken.py" in said


def test_a_lock_edited_by_hand_is_refused(project: Project) -> None:
    file = project.folder / "constraints/airflow.lock"
    file.write_text(file.read_text().replace("aiofiles==", "aiofiles== "))
    assert "was edited by hand" in project.refused("image", "--offline", code=4)


def test_an_unknown_key_is_refused_with_a_suggestion(project: Project) -> None:
    file = project.folder / "pyproject.toml"
    file.write_text(file.read_text().replace("debian-suite", "debian-siute"))
    assert "perhaps you meant debian-suite" in project.refused("image", "--offline", code=3)


def test_an_interrupted_build_leaves_nothing_half_written_and_the_next_one_finishes(
    built: Project, sealed: Path, tmp_path: Path
) -> None:
    share_store(sealed, tmp_path / "cache")
    project = Project.copy(tmp_path / "project", tmp_path / "cache")
    running = process.start(project.command("image", "--offline"), env=project.variables())
    frames = tmp_path / "cache" / "cache" / "frames"
    deadline = time.monotonic() + 60
    while not (frames.exists() and len(list(frames.iterdir())) > 20) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said.decode()
    assert b"Traceback" not in said
    assert not (project.layout / "index.json").exists()
    assert project.image()["digest"] == digest(built)
