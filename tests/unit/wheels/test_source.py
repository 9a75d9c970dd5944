from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock.cache import Cache
from airlock.errors import BuildError, ConfigError
from airlock.wheels import source

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo-operators"
version = "1.0"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "operators" / "demo_operators"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("x = 1\n")
    (tmp_path / "operators" / "pyproject.toml").write_text(PROJECT)
    return tmp_path / "operators"


def test_the_same_sources_give_the_same_wheel(folder: Path, tmp_path: Path) -> None:
    first = source.wheel(source.describe(folder), Cache(tmp_path / "one"))
    (folder / "demo_operators" / "__init__.py").chmod(0o600)
    os.utime(folder / "demo_operators" / "__init__.py", (0, 0))
    second = source.wheel(source.describe(folder), Cache(tmp_path / "two"))
    assert first == second
    assert first[0] == "demo_operators-1.0-py2.py3-none-any.whl" or first[0].startswith("demo_operators-1.0-")


def test_a_wheel_is_built_once(folder: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    built = source.wheel(source.describe(folder), cache)
    (kept,) = (path for path in (tmp_path / "cache" / "wheels").rglob("*") if path.is_file())
    cache.write("wheels", kept.name, b"name.whl\ncached")
    assert source.wheel(source.describe(folder), cache) == ("name.whl", b"cached") != built


def test_an_edit_is_another_wheel_and_what_tools_leave_behind_is_none(folder: Path) -> None:
    before = source.describe(folder).digest
    (folder / "demo_operators" / "__pycache__").mkdir()
    (folder / "demo_operators" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (folder / ".mypy_cache").mkdir()
    (folder / ".mypy_cache" / "y").write_text("y")
    assert source.describe(folder).digest == before
    (folder / "demo_operators" / "__init__.py").write_text("x = 2\n")
    assert source.describe(folder).digest != before


def test_a_backend_that_the_toolchain_lacks_is_named(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(PROJECT.replace('["hatchling"]', '["no-such-backend"]'))
    with pytest.raises(BuildError, match="no-such-backend"):
        source.describe(folder)


@pytest.mark.parametrize("project", ["", "not toml [", PROJECT.replace("name", "nome")])
def test_a_project_that_cannot_be_built_is_refused(folder: Path, project: str) -> None:
    (folder / "pyproject.toml").write_text(project)
    with pytest.raises(BuildError, match="cannot be used"):
        source.describe(folder)


def test_a_failed_build_says_what_the_backend_said(folder: Path, tmp_path: Path) -> None:
    (folder / "pyproject.toml").write_text(PROJECT.replace("1.0", "no version"))
    with pytest.raises(BuildError, match="cannot be built") as caught:
        source.wheel(source.describe(folder), Cache(tmp_path / "cache"))
    assert "version" in caught.value.cause


def test_an_ignore_file_above_the_temporary_folder_changes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = source.wheel(source.describe(folder), Cache(tmp_path / "one"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary" / ".gitignore").write_text("*.py\n")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert source.wheel(source.describe(folder), Cache(tmp_path / "two")) == plain


def test_a_package_may_be_called_build_but_results_of_builds_are_no_sources(folder: Path) -> None:
    before = source.describe(folder).digest
    (folder / "build").mkdir()
    (folder / "build" / "x.py").write_text("")
    assert source.describe(folder).digest == before
    (folder / "demo_operators" / "build").mkdir()
    (folder / "demo_operators" / "build" / "__init__.py").write_text("")
    assert source.describe(folder).digest != before


def test_a_folder_that_cannot_be_listed_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "demo_operators" / "closed"
    closed.mkdir()
    real = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path) == closed:  # root could list it, whatever its mode
            raise PermissionError(13, "Permission denied", str(closed))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ConfigError, match="cannot be listed"):
        source.describe(folder)
