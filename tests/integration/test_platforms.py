"""One set of locks, two platforms: composed here without emulation, in one index."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import contents, layout, process
from airlock.compose import elf
from airlock.compose.entry import Kind
from airlock.places import places
from airlock.platforms import AMD64, ARM64
from project import REPOSITORY, Project, layers
from reading import files_of_layer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.real

BOTH = ("--platform", ARM64.name, "--platform", AMD64.name)
LIBRARIES = f"usr/lib/{ARM64.multiarch}"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project composed for both platforms, on the user's own cache."""
    root = places().root
    Project(REPOSITORY, root).run("fetch", *BOTH)
    folder = tmp_path_factory.mktemp("both")
    project = Project.copy(folder / "project", root)
    project.image(*BOTH)
    return project


@pytest.fixture(scope="module")
def arm64(both: Project) -> layout.LaidOutImage:
    return layout.read_image(both.layout, ARM64)


def document(both: Project, *arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = both.image(*arguments)
    return made


def test_the_locks_give_both_platforms_the_same_versions(both: Project) -> None:
    amd64, arm64 = (
        {wheel.name: wheel.version for wheel in both.airflow_lock.wheels(platform)}
        for platform in (AMD64, ARM64)
    )
    assert amd64.keys() == arm64.keys()
    assert amd64 == arm64
    packages = [
        {deb.package for deb in both.debian_lock.for_platform(platform)} for platform in (AMD64, ARM64)
    ]
    assert packages[0] == packages[1]


def test_the_digest_is_the_indexs_whichever_platform_was_named_first(both: Project) -> None:
    first = document(both, *BOTH)
    assert document(both, *BOTH[2:], *BOTH[:2])["digest"] == first["digest"]
    index = json.loads((both.layout / "index.json").read_text())
    (descriptor,) = index["manifests"]
    assert descriptor["digest"] == first["digest"]
    assert [image["platform"] for image in first["images"]] == [AMD64.name, ARM64.name]
    for image in first["images"]:
        assert document(both, "--platform", image["platform"])["digest"] == image["digest"]
    document(both, *BOTH)


def test_pure_packages_are_one_blob_for_both(both: Project) -> None:
    amd64, arm64 = (layers(image) for image in document(both, *BOTH)["images"])
    shared = {name for name in amd64 if amd64[name] == arm64.get(name)}
    assert {"airlock-operators", "airlock-plugins", "airlock-spec"} <= shared
    assert any(name.startswith("providers-") for name in shared)


def test_the_arm64_image_holds_programs_and_libraries_for_arm64_alone(arm64: layout.LaidOutImage) -> None:
    machines: dict[str, set[str]] = {}
    for layer in arm64.layers:
        for path, content in files_of_layer(arm64, layer):
            found = elf.read(path, content) if content.startswith(elf.MAGIC) else None
            if found:
                machines.setdefault(found.machine, set()).add(path)
    assert machines.keys() == {"EM_AARCH64"}
    assert len(machines["EM_AARCH64"]) > 500
    assert f"{LIBRARIES}/libc.so.6" in machines["EM_AARCH64"]


def test_the_arm64_image_has_its_own_loader_and_interpreter(arm64: layout.LaidOutImage) -> None:
    found = contents.of_image(arm64)
    assert found[f"{LIBRARIES}/ld-linux-aarch64.so.1"].kind is Kind.FILE
    assert "usr/bin/python3.13" in found
    assert not [path for path in found if "x86_64-linux-gnu" in path or "x86-64" in path]


def test_a_library_that_only_arm64_lacks_is_missed_there(both: Project, tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", both.cache)
    lock = project.debian_lock
    kept = tuple(deb for deb in lock.debs if (deb.package, deb.platform) != ("libstdc++6", ARM64.name))
    project.write_debian_lock(replace(lock, debs=kept))
    said = project.refused("image", "--offline", "--platform", ARM64.name, code=11)
    assert "libstdc++.so.6 is needed by" in said
    project.image("--platform", AMD64.name)


def test_a_wheel_for_another_processor_is_refused(both: Project, tmp_path: Path) -> None:
    """A lock that was tampered with, or an index that mixed up its files, is noticed."""
    project = Project.copy(tmp_path / "project", both.cache)
    project.swap_platforms("greenlet")
    said = project.refused("image", "--offline", "--platform", ARM64.name, code=20)
    assert "greenlet: EM_X86_64" in said
    assert "other-machines" in said


def test_skopeo_chooses_the_platform_from_the_index(both: Project, skopeo: Path) -> None:
    digests = {image["platform"]: image["digest"] for image in document(both, *BOTH)["images"]}
    for platform in (AMD64, ARM64):
        command: list[str | Path] = [
            skopeo,
            f"--override-arch={platform.architecture}",
            "inspect",
            f"oci:{both.layout}",
        ]
        found = json.loads(process.run(command).stdout)
        assert found["Architecture"] == platform.architecture
        assert found["Digest"] in {digests[platform.name], document(both, *BOTH)["digest"]}


def test_an_image_that_cannot_be_locked_for_both_names_the_difference(both: Project, tmp_path: Path) -> None:
    """Intel's mathematics come for one processor only."""
    project = Project.copy(tmp_path / "project", both.cache)
    project.append("constraints/airflow.in", "mkl\n")
    said = project.refused("lock", code=5)
    assert "linux/arm64" in said
    assert "mkl" in said
