"""`airlock cost`: what it prints, and what it refuses."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from airlock import cli
from airlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str) -> int:
    argv = ["airlock", "--project", str(folder), "cost", *arguments]
    with patch.object(sys, "argv", argv), pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code or 0
    assert isinstance(code, int)
    return code


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.airlock.network]\nendpoints = ["ecr.api", "ecr.dkr", "logs", "s3"]\nzones = 3\n',
        encoding="utf-8",
    )
    return tmp_path


def test_endpoints_and_zones_are_the_projects(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "--json") == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["network"]["zones"], document["network"]["endpoints"]) == (3, 3)
    assert document["network"]["nats"] == 3
    assert document["break_even_gigabytes"] == 0.0  # 65.70 against 109.50


def test_flags_are_stronger(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "--azs", "1", "--endpoints", "7", "--gb", "10", "--gb", "5", "--json") == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["network"]["zones"], document["network"]["endpoints"]) == (1, 7)
    assert [row["gigabytes"] for row in document["rows"]] == [5, 10]


def test_people_read_when_the_promise_holds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "--azs", "3", "--endpoints", "6", "--no-addresses") == 0
    out = capsys.readouterr().out

    assert "endpoints are cheaper from 939 GB a month on" in out
    assert "a saving of 60%, as ADR-001 promises, holds from 11,498 GB a month on" in out
    assert "as ADR-001 has it" in out


@pytest.mark.parametrize(
    "arguments", [("--azs", "0"), ("--s3-share", "2"), ("--gb", "-1"), ("--plot", "x.gif")]
)
def test_what_cannot_be_meant_is_refused(
    project: Path, arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, *arguments) == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(("name", "begins"), [("c.png", b"\x89PNG"), ("c.svg", b"<?xml")])
def test_a_plot_is_the_same_each_time(project: Path, name: str, begins: bytes) -> None:
    assert run(project, "--plot", str(project / name)) == 0
    first = (project / name).read_bytes()
    assert run(project, "--plot", str(project / name)) == 0

    assert first.startswith(begins)
    assert (project / name).read_bytes() == first


def test_the_plot_of_the_docs_is_what_the_command_draws(project: Path) -> None:
    from airlock.costs import plot  # noqa: PLC0415 - matplotlib takes its time
    from airlock.costs.model import Network  # noqa: PLC0415

    drawn = plot.draw(Network(3, 6, addresses=False), 3_000.0, ".svg").decode()

    assert all(f"{point} GB" in drawn for point in (313, 626, 939))


@pytest.mark.parametrize("option", ["--gb", "--s3-share"])
def test_what_is_no_number_is_refused(project: Path, option: str) -> None:
    assert run(project, option, "nan") == 2


def test_a_plot_that_cannot_be_written_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "file").write_text("")

    assert run(project, "--plot", str(project / "file" / "costs.svg")) == ConfigError.exit_code
    assert "the plot cannot be written" in capsys.readouterr().err
