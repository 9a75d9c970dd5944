from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from airlock import cli, errors, process
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_every_command_has_help_with_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in cli.COMMANDS:
        assert typed(monkeypatch, name, "--help") == 0
        assert "Examples:" in capsys.readouterr().out


def test_a_foreseen_failure_has_its_exit_code_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.airlock]\nplatfroms = []\n")
    assert typed(monkeypatch, "--project", str(tmp_path), "image") == errors.ConfigError.exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "perhaps you meant platforms" in printed.err
    assert "Traceback" not in printed.err


def test_misuse_is_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(monkeypatch, "imgae") == 2
    assert "imgae" in capsys.readouterr().err


def test_each_kind_of_failure_has_an_exit_code_of_its_own() -> None:
    kinds = errors.AirlockError.__subclasses__()
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2, cli.INTERRUPTED} & set(codes)
    assert f" {min(codes)}-{max(codes)} a foreseen failure" in (cli.main.__doc__ or "")


def test_a_failure_says_fact_cause_and_next_step() -> None:
    text = str(errors.LockError("it is so", cause="one\ntwo", remedy="do this"))
    assert text == "it is so\n  because: one\n           two\n  next:    do this"


def test_a_folder_that_cannot_be_written_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "cache/frames")

    monkeypatch.setattr(cli.cli, "main", full)
    assert typed(monkeypatch, "image") == errors.StorageError.exit_code
    printed = capsys.readouterr().err
    assert "No space left on device" in printed
    assert "AIRLOCK_CACHE" in printed


def test_ctrl_c_is_130_wherever_it_comes(tmp_path: Path) -> None:
    """Also within an exec() of text, which Python would else end `python -m` for by the signal itself."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, airlock.cli\n"
        "def main():\n"
        "    try:\n"
        "        exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(130)\n"
        "airlock.cli.main = main\n"
    )
    done = process.run(
        [sys.executable, "-m", "airlock"], env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False
    )
    assert (done.returncode, done.stderr) == (130, b"")
