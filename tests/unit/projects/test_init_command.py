from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airlock.errors import InitError
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "requirements.txt").write_text("pandas==2.2\n--no-index\n")
    return folder


def test_the_folder_alone_is_on_stdout_and_the_next_commands_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shop: Path
) -> None:
    assert typed(monkeypatch, "init", shop) == 0

    printed = capsys.readouterr()
    assert printed.out == f"{shop}\n"
    assert "took 1 requirement for constraints/airflow.in" in printed.err
    assert "requirements.txt:2: --no-index" in printed.err
    assert printed.err.endswith(f"next: airlock --project {shop} lock && airlock --project {shop} image\n")


def test_the_document_tells_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shop: Path
) -> None:
    assert typed(monkeypatch, "--quiet", "--project", shop, "init", "--json", "--dry-run") == 0

    printed = capsys.readouterr()
    document: dict[str, Any] = json.loads(printed.out)
    assert printed.err == ""
    assert document["taken"] == [
        {"file": "requirements.txt", "line": 1, "kind": "requirement", "text": "pandas==2.2"}
    ]
    assert [one["line"] for one in document["not_taken"]] == [2]
    assert {one["was"] for one in document["files"]} == {"written"}
    assert (document["airflow"], document["dry_run"]) == ("3.3.2", True)
    assert [path.name for path in shop.iterdir()] == ["requirements.txt"]


def test_what_was_taken_for_a_file_that_stays_is_not_said_to_be_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shop: Path
) -> None:
    (shop / "constraints").mkdir()
    (shop / "constraints" / "airflow.in").write_text("apache-airflow==3.3.2\n")
    assert typed(monkeypatch, "init", shop) == 0
    said = capsys.readouterr().err
    assert "constraints/airflow.in, which is there and stays as it is: add it yourself" in said
    assert "left as it is: constraints/airflow.in" in said


@pytest.mark.parametrize("arguments", [("--airflow", "2.10.3"), ("--requirements", "missing.txt")])
def test_a_refusal_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shop: Path,
    arguments: tuple[str, ...],
) -> None:
    assert typed(monkeypatch, "init", shop, *arguments) == InitError.exit_code

    printed = capsys.readouterr()
    assert (printed.out, "Traceback" in printed.err) == ("", False)
    assert [path.name for path in shop.iterdir()] == ["requirements.txt"]


def test_what_a_stranger_wrote_cannot_command_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "a\x1b[2Jb"
    folder.mkdir()
    (folder / "\x1b]0;x\x07.txt").write_text('pandas\nx; platform_node == "\x1b[1m"\n--\x9b1m\n')

    assert typed(monkeypatch, "init", folder, "--requirements", "\x1b]0;x\x07.txt") == 0

    said = capsys.readouterr().err
    assert said.replace("\n", "").isprintable()
    assert (folder / "constraints" / "airflow.in").read_text().replace("\n", "").isprintable()


def test_a_loop_of_symlinks_is_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert typed(monkeypatch, "init", tmp_path / "loop") == InitError.exit_code
    assert "loop is no" in capsys.readouterr().err


def test_the_folder_is_named_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert typed(monkeypatch, "--project", tmp_path / "one", "init", tmp_path / "other") == 2
    assert "FOLDER and --project" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
