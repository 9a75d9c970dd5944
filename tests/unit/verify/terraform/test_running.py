from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import process
from airlock.errors import TerraformError
from airlock.verify.terraform import running
from airlock.verify.terraform.running import Complaint

if TYPE_CHECKING:
    from collections.abc import Mapping


def _said(summary: str, severity: str = "error", **more: Any) -> Mapping[str, Any]:
    return {
        "type": "diagnostic",
        "diagnostic": {"severity": severity, "summary": summary, "detail": "", **more},
    }


def test_each_error_is_told_once_and_warnings_are_not() -> None:
    where = {"filename": "main.tf", "start": {"line": 7}}
    said = [
        _said("wrong", range=where),
        _said("wrong", range=where),
        _said("odd", "warning"),
        {"type": "test_run"},
    ]
    assert running.complaints(said) == [Complaint("wrong", path="main.tf", line=7)]


def test_what_init_says_after_each_error_is_left_out() -> None:
    detail = (
        "Expected an expression.\n\nTerraform encountered problems during initialisation, including problems"
    )
    assert running.complaints([_said("wrong", detail=detail)]) == [
        Complaint("wrong", "Expected an expression.")
    ]


def test_lines_that_are_no_objects_are_passed_over() -> None:
    assert running.events(b'Warning: x\n{"type": "version"}\n\n') == [{"type": "version"}]


@pytest.mark.parametrize(
    ("summary", "detail", "remedy"),
    [
        ("No value for required variable", 'a required variable "size" with no set value', "--var size="),
        ("Failed to query available provider packages", "", "init -backend=false"),
        ("Module not installed", "", "init -backend=false"),
        ("Unsupported argument", "", "validate"),
    ],
)
def test_the_next_command_is_about_the_error(summary: str, detail: str, remedy: str) -> None:
    assert remedy in running.next_command(Complaint(summary, detail), Path("live"))


@pytest.mark.parametrize(
    ("version", "fits"), [("1.6.6", False), ("1.7.0", True), ("1.11.4", True), ("2.0.0", True)]
)
def test_a_terraform_that_cannot_mock_is_refused(tmp_path: Path, version: str, fits: object) -> None:
    program = tmp_path / "terraform"
    program.write_text(f"#!/bin/sh\necho '{json.dumps({'terraform_version': version})}'\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(process, "find", lambda *_: program)
        if fits:
            assert running.find().program == program
        else:
            with pytest.raises(TerraformError, match="too old"):
                running.find()


def test_terraform_gets_its_own_settings_and_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("TF_WORKSPACE", "production")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "settings")
    monkeypatch.setenv("TF_VAR_size", "7")
    seen = running.Terraform(program).run(tmp_path).stdout.decode().splitlines()
    assert {"TF_CLI_CONFIG_FILE=settings", "TF_VAR_size=7", "TF_INPUT=0"} <= set(seen)
    assert not any(line.startswith(("AWS_", "TF_WORKSPACE")) for line in seen)
