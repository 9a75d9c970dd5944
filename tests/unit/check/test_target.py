"""Which image DAGs are checked in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.check import probe_source, target
from airlock.errors import CheckError, ImageError
from airlock.platforms import native
from layouts import write_layout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def image(folder: Path, *, architecture: str = "") -> str:
    settings = {"Env": [str(folder)]}  # so that each is another
    return write_layout(folder, [], settings=settings, architecture=architecture or native().architecture)


def test_the_projects_image_comes_before_that_of_the_current_folder(tmp_path: Path, here: Path) -> None:
    current = image(here / "build/image")
    assert target.find(tmp_path / "project/build/image", "", {}).digest == current
    own = image(tmp_path / "project/build/image")
    assert target.find(tmp_path / "project/build/image", "", {}).digest == own != current


def test_a_folder_can_be_named(tmp_path: Path) -> None:
    other = image(tmp_path / "other")
    assert target.find(tmp_path / "none", str(tmp_path / "other"), {}).digest == other


def test_without_an_image_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CheckError) as caught:
        target.find(tmp_path / "none", "", {})
    assert "airlock image" in caught.value.remedy
    assert "--image" in caught.value.remedy


def test_an_image_for_another_machine_is_an_error(tmp_path: Path) -> None:
    image(tmp_path / "other", architecture="s390x")
    with pytest.raises(ImageError):
        target.find(tmp_path / "none", str(tmp_path / "other"), {})


def test_the_toolchain_has_a_probe() -> None:
    own = probe_source.own()
    names = [name for name, _ in own.sources()]
    assert "airlock_probe/__main__.py" in names
    assert "airlock_spec/check/facts.py" in names
    assert own.digest == probe_source.own().digest


def test_the_digest_of_a_probe_knows_every_source(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.py").write_text("1")
    first = probe_source.ProbeSource({"p": tmp_path / "p"}).digest
    (tmp_path / "p/b.py").write_text("")
    assert probe_source.ProbeSource({"p": tmp_path / "p"}).digest != first
