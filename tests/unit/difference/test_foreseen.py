"""What new locks mean for the image is told from the layer plan, and in bytes only where an image tells how."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.compose.image_file import LayerRules
from airlock.difference import foreseen
from airlock.difference.foreseen import Foreseen, foresee
from airlock.locks.airflow import AirflowLock, LockedPackage
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.locks.locking import Locks
from airlock.store import StoreFile
from small_project import IMAGE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.config import Config

MB = 1_000_000
LINUX = "linux/amd64"


def locks(deb_size: int = 20 * MB, **sizes: int) -> Locks:
    """Return locks of wheels by size; another size is another file."""
    packages = []
    for name, size in sizes.items():
        file = StoreFile(
            f"{name}-1-py3-none-any.whl", size, hashlib.sha256(f"{name}{size}".encode()).hexdigest()
        )
        packages.append(LockedPackage(name, "1", (("any", file),), tier=0))
    sha256 = hashlib.sha256(str(deb_size).encode()).hexdigest()
    deb = LockedDeb("libc6", "1", LINUX, "amd64", "debian", "pool/libc6.deb", deb_size, sha256)
    return Locks(
        DebianLock("trixie", (LINUX,), (), (), (), (deb,)),
        AirflowLock("3.13.5", "2.41", (LINUX,), "as of x", (), tuple(packages)),
        None,
    )


@pytest.fixture
def project(tmp_path: Path) -> Config:
    (tmp_path / "image").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.airlock]\n")
    (tmp_path / "image/image.toml").write_text(IMAGE_FILE)
    return config.load(tmp_path, environ={})


BEFORE = locks(big=10 * MB, other=5 * MB, small=1000)


def test_a_moved_wheel_changes_its_layer_alone(project: Config) -> None:
    after = locks(big=12 * MB, other=5 * MB, small=1000)
    (found,) = foresee(BEFORE, after, project)
    assert found == Foreseen(LINUX, changed=1, layers=4, files=12 * MB, pull=None)


def test_a_small_wheel_changes_all_that_share_its_layer(project: Config) -> None:
    after = locks(big=10 * MB, other=5 * MB, small=1000, neighbour=2000)
    rules = LayerRules(tier_bins=(1,))
    (project.image_file).write_text(f"{IMAGE_FILE}[layers]\ntier-bins = {list(rules.tier_bins)}\n")
    (found,) = foresee(BEFORE, after, project)
    assert (found.changed, found.files) == (1, 3000)


def test_a_moved_deb_changes_the_layer_of_all_debs(project: Config) -> None:
    after = locks(21 * MB, big=10 * MB, other=5 * MB, small=1000)
    (found,) = foresee(BEFORE, after, project)
    assert (found.changed, found.files) == (1, 21 * MB)


def test_the_same_locks_change_nothing(project: Config) -> None:
    (found,) = foresee(BEFORE, BEFORE, project)
    assert (found.changed, found.files, found.pull) == (0, 0, None)


def test_the_pull_is_reckoned_as_the_composed_layers_compress_their_files(
    project: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"debian": 10 * MB, "big": 15 * MB, "other": 5 * MB, "rootfs": 1}
    monkeypatch.setattr(foreseen, "_composed", lambda _config, _platform: sizes)
    (grown,) = foresee(BEFORE, locks(big=12 * MB, other=5 * MB, small=1000), project)
    assert grown.pull == 18 * MB
    (new,) = foresee(BEFORE, locks(big=10 * MB, other=5 * MB, small=1000, new=7 * MB), project)
    assert new.pull == 6 * MB  # 30 MB of layers for 35 MB of files


def test_nothing_is_told_of_a_first_lock_or_without_an_image_file(project: Config) -> None:
    assert foresee(replace(BEFORE, airflow=None), BEFORE, project) == ()
    assert foresee(BEFORE, replace(BEFORE, debian=None), project) == ()
    project.image_file.unlink()
    assert foresee(BEFORE, BEFORE, project) == ()
