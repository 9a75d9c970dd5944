"""Which lab a project has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import UpError
from airlock.up import images

if TYPE_CHECKING:
    from pathlib import Path


def lab(folder: Path) -> Path:
    (folder / "lab").mkdir(parents=True)
    (folder / "lab" / "pyproject.toml").write_text('[tool.airlock]\nname = "mine/lab"\nversion-of = "moto"\n')
    return folder / "lab"


def test_a_projects_own_lab_comes_before_airlocks(tmp_path: Path) -> None:
    own, theirs = lab(tmp_path / "project"), lab(tmp_path / "checkout")

    assert images.lab_project(tmp_path / "project", tmp_path / "checkout") == own
    assert images.lab_project(tmp_path / "other", tmp_path / "checkout") == theirs


def test_without_any_it_is_told_where_one_is(tmp_path: Path) -> None:
    with pytest.raises(UpError, match="there is no lab") as caught:
        images.lab_project(tmp_path, tmp_path)

    assert "checkout" in caught.value.remedy


def test_a_projects_variables_are_not_its_labs_but_the_mirror_is(tmp_path: Path) -> None:
    lab(tmp_path)
    environ = {
        "AIRLOCK_NAME": "shop",
        "AIRLOCK_DISTRIBUTIONS": "nowhere",
        "AIRLOCK_DEBIAN_MIRROR": "https://m",
    }

    found = images.lab_config(tmp_path, environ)

    assert (found.name, found.distributions, found.debian_mirror) == ("mine/lab", (), "https://m")


def test_the_repositorys_lab_is_a_project_without_airflow() -> None:
    found = images.lab_config(images._CHECKOUT, {})

    assert (found.name, found.version_of) == ("airlock/lab", "moto")
