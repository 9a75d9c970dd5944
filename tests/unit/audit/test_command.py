"""`airlock audit` never says that nothing is known where it could not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.locks import airflow, debian
from airlock.locks.airflow import AirflowLock
from airlock.locks.debian import DebianLock
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    return typed(monkeypatch, "--project", folder, "audit", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "constraints").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.airlock]\n")
    wheels = AirflowLock("3.13.5", "2.41", ("linux/amd64",), "as of x", (), ())
    (tmp_path / "constraints/airflow.lock").write_text(airflow.render(wheels))
    debs = DebianLock("sid", ("linux/amd64",), (), (), (), ())
    (tmp_path / "constraints/debian.lock").write_text(debian.render(debs))
    return tmp_path


def test_misuse_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert run(monkeypatch, folder, "--json", "--markdown") == 2


def test_a_missing_lock_is_told(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, folder, "--toolchain") == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "toolchain.lock is missing" in captured.err


def test_a_source_that_is_no_url_is_no_clean_bill(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pyproject.toml").write_text("[tool.airlock]\naudit-source = 'nowhere:8'\n")
    assert run(monkeypatch, folder) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "audit-source" in captured.err
    assert "Debian packages are not asked about" not in captured.err
