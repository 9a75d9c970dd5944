"""`pytest --airlock-check` has a test for each DAG file, whose message are the findings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.check import target
from airlock.check.probe_source import ProbeSource
from airlock.check.target import Target
from fake_probe import answering

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    def found(own: Path, wanted: str, env: Mapping[str, str]) -> Target:
        return Target("sha256:1", ProbeSource({}), env, contained=[answering(pytester.path / "log")])

    monkeypatch.setattr(target, "find", found)
    monkeypatch.setenv("AIRLOCK_CACHE", str(pytester.path / "cache"))
    dags = pytester.mkdir("dags")
    (dags / "good.py").write_text("x = 1")
    (dags / "bad.py").write_text("broken")
    (dags / "notes.txt").write_text("")
    pytester.makepyfile(test_own="def test_own(): pass")
    return pytester


def test_it_does_nothing_unless_it_is_asked_for(project: pytest.Pytester) -> None:
    project.runpytest_inprocess().assert_outcomes(passed=1)
    assert not (project.path / "log").exists()


def test_each_dag_file_is_a_test(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--airlock-check", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*dags/bad.py::airlock FAILED*", "*dags/good.py::airlock PASSED*"])
    assert (project.path / "log").read_text().count("\n") == 1


def test_its_message_are_the_findings_and_no_traceback(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--airlock-check=dags/bad.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["dags/bad.py:1: error AL101: *NameError: x*"])
    result.stdout.no_fnmatch_line("*FoundError*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_what_does_not_block_is_shown_and_passes(project: pytest.Pytester) -> None:
    (project.path / "dags/bad.py").write_text(
        "from airflow import DAG\nDAG('a', schedule_interval='@daily')\n"
    )
    project.runpytest_inprocess("--airlock-check", "-rP").stdout.fnmatch_lines(
        ["*findings that do not block*", "dags/bad.py:2: warning AIR301: *"]
    )


def test_the_ini_file_asks_for_it_where_no_path_is_given(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nairlock_dags = dags")
    project.runpytest_inprocess().assert_outcomes(passed=2, failed=1)
    project.runpytest_inprocess("test_own.py").assert_outcomes(passed=1)


def test_what_the_command_would_refuse_is_said(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--airlock-check=nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*airlock: *nowhere does not exist*"])


def test_it_imports_nothing_of_airlock_unless_it_is_asked_for() -> None:
    script = "import sys, airlock.pytest_plugin; print([m for m in sys.modules if m.startswith('airlock')])"
    done = process.run([sys.executable, "-c", script])
    assert done.stdout.decode().strip() == "['airlock', 'airlock.pytest_plugin']"
