"""Which folder is the bundle, and what of it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.check import bundle
from airlock.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("dags/one.py", "dags/sub/two.py", "dags/sub/three.py", "other/four.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_dags_is_the_bundle_and_without_it_the_project_itself(project: Path) -> None:
    (own,) = bundle.find(project, "", [])
    assert (own.folder, own.only, own.prefix(project)) == (project / "dags", None, "dags/")
    (plain,) = bundle.find(project / "other", "", [])
    assert (plain.folder, plain.prefix(project / "other")) == (project / "other", "")


def test_the_configured_folder_comes_first(project: Path) -> None:
    (own,) = bundle.find(project, "other", [])
    assert own.folder == project / "other"


def test_a_configured_folder_that_is_not_there_is_an_error(project: Path) -> None:
    with pytest.raises(CheckError, match="no folder of DAGs"):
        bundle.find(project, "nowhere", [])


def test_paths_within_the_bundle_select(project: Path) -> None:
    (own,) = bundle.find(project, "", [project / "dags/one.py", project / "dags/sub"])
    assert own.folder == project / "dags"
    assert [own.selects(path) for path in ("one.py", "sub/two.py", "sub", "subway.py", "other.py")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_the_bundle_itself_selects_all_of_it(project: Path) -> None:
    (own,) = bundle.find(project, "", [project / "dags/one.py", project / "dags"])
    assert own.only is None


def test_a_path_outside_is_a_bundle_of_its_own(project: Path) -> None:
    inner, outer = bundle.find(project, "", [project / "dags/one.py", project / "other/four.py"])
    assert (inner.folder, inner.only) == (project / "dags", ("one.py",))
    assert (outer.folder, outer.only) == (project / "other", ("four.py",))
    assert outer.prefix(project) == "other/"
    (folder,) = bundle.find(project / "dags", "", [project / "other"])
    assert (folder.folder, folder.only) == (project / "other", None)


def test_a_path_through_a_link_is_found_in_the_bundle(project: Path) -> None:
    (project / "link").symlink_to(project / "dags")
    (own,) = bundle.find(project, "", [project / "link" / "one.py"])
    assert (own.folder, own.only) == (project / "dags", ("one.py",))


def test_a_path_that_is_not_there_is_an_error(project: Path) -> None:
    with pytest.raises(CheckError, match="does not exist"):
        bundle.find(project, "", [project / "dags" / "gone.py"])


def test_a_selection_is_narrowed_and_never_widened(project: Path) -> None:
    (own,) = bundle.find(project, "", [project / "dags/sub"])
    assert bundle.within(own, ["one.py", "sub/two.py"]).only == ("sub/two.py",)
