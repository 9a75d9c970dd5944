"""`airlock check` as it is typed: the report on stdout, talk on stderr, 1 where something must be mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml  # type: ignore[import-untyped]

from airlock import process
from airlock.check import target
from airlock.check.probe_source import ProbeSource
from airlock.check.target import Target
from airlock.commands.check import command
from airlock.errors import CheckError, ConfigError
from airlock.report_output import FORMATS
from airlock_spec.check.reports import FORMATS as KNOWN
from fake_probe import answering
from typed import typed

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD = "from airflow import DAG\nDAG('a', schedule_interval='@daily')\n"


class Typed:
    """A project in the current folder, and commands in it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capture = folder, patch, capture
        self.out = self.err = ""

    def check(self, *arguments: str | Path) -> int:
        code = typed(self._patch, "check", *arguments)
        printed = self._capture.readouterr()
        self.out, self.err = printed.out, printed.err
        return code

    def document(self, *arguments: str | Path, code: int = 1) -> Any:
        assert self.check(*arguments, "--json") == code
        return json.loads(self.out)

    def codes(self, *arguments: str | Path, code: int = 1) -> list[tuple[str, str]]:
        return [(one["path"], one["code"]) for one in self.document(*arguments, code=code)["findings"]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def found(own: Path, wanted: str, env: Mapping[str, str]) -> Target:
        return Target("sha256:1", ProbeSource({}), env, contained=[answering(tmp_path / "log")])

    monkeypatch.setattr(target, "find", found)
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    (folder / "dags/team").mkdir(parents=True)
    (folder / "dags/good.py").write_text("x = 1")
    (folder / "dags/bad.py").write_text("broken")
    (folder / "dags/team/old.py").write_text(OLD)
    monkeypatch.chdir(folder)
    return Typed(folder, monkeypatch, capsys)


def test_findings_are_told_and_exit_with_1(here: Typed) -> None:
    assert here.check() == 1
    assert "dags/bad.py\n" in here.out
    assert "AL101" in here.out
    assert "AIR301" in here.out
    assert here.err == "parsing DAG files …\n"


def test_without_a_finding_that_blocks_it_exits_with_0(here: Typed) -> None:
    assert here.check("dags/good.py", "dags/team") == 0
    assert "AIR301" in here.out
    assert here.check("dags/team", "--fail-on", "warning") == 1
    assert here.check("--fail-on", "none") == 0
    assert "AL101" in here.out


def test_the_json_names_paths_from_the_project(here: Typed) -> None:
    document = here.document()
    first = next(one for one in document["findings"] if one["code"] == "AL101")
    assert (first["path"], first["line"], first["severity"]) == ("dags/bad.py", 1, "error")
    assert document["summary"]["files"] == 3


def test_codes_can_be_chosen(here: Typed) -> None:
    assert here.codes("--select", "AL1") == [("dags/bad.py", "AL101")]
    assert {code for _, code in here.codes("--ignore", "AL101,AL3", code=0)} == {"AIR301", "AIR311"}
    assert "AIR301" not in {code for _, code in here.codes("--no-ruff")}


def test_the_project_can_be_named_after_the_command_and_needs_no_configuration(
    here: Typed, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "bad.py").write_text("broken")
    assert here.codes("--project", plain, "--select", "AL1") == [("bad.py", "AL101")]


def test_two_bundles_make_one_report(here: Typed, tmp_path: Path) -> None:
    other = here.folder / "other"
    other.mkdir()
    (other / "bad.py").write_text("broken")
    assert here.codes("dags/bad.py", "other", "--select", "AL101") == [
        ("dags/bad.py", "AL101"),
        ("other/bad.py", "AL101"),
    ]


def test_a_report_can_go_to_a_file(here: Typed) -> None:
    assert here.check("--format", "junit", "--output", "out.xml") == 1
    root = ET.fromstring((here.folder / "out.xml").read_text())  # noqa: S314 - ours
    assert root.attrib["failures"] == "1"
    assert here.out == ""
    assert "AL101" in here.err


@pytest.mark.parametrize("place", ["dags", "dags/good.py/out", "/proc/none/out", ""])
def test_a_report_that_cannot_be_written_is_a_clear_error(here: Typed, place: str) -> None:
    assert here.check("--output", place) == CheckError.exit_code
    assert "the report cannot be written" in here.err


def test_every_format_is_offered(here: Typed) -> None:
    assert set(FORMATS) == set(KNOWN)
    for form in FORMATS:
        assert here.check("--format", form) == 1
        assert "AL101" in here.out


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_in_a_workflow_paths_begin_at_the_checkout(
    here: Typed, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here.folder.parent))
    here.check("--format", form)
    assert "project/dags/bad.py" in here.out
    assert here.codes("--select", "AL1") == [("dags/bad.py", "AL101")]
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here.folder))
    here.check("--format", form)
    assert "project/dags" not in here.out


def test_a_baseline_is_written_and_taken_as_given(here: Typed) -> None:
    assert here.check("--write-baseline") == 0
    assert 'once [tool.airlock.check] holds: baseline = "airlock-baseline.json"' in here.err
    assert here.codes("--baseline", "airlock-baseline.json", code=0) == []
    (here.folder / "dags/good.py").write_text("broken, too")
    assert here.codes("--baseline", "airlock-baseline.json", "--select", "AL1") == [("dags/good.py", "AL101")]


def test_a_configured_baseline_needs_no_option(here: Typed) -> None:
    (here.folder / "pyproject.toml").write_text('[tool.airlock.check]\nbaseline = "known.json"\n')
    assert here.check() == CheckError.exit_code
    assert "there is no baseline" in here.err
    assert here.check("--write-baseline") == 0
    assert "once" not in here.err
    assert here.check() == 0


def test_a_baseline_of_a_part_is_refused(here: Typed) -> None:
    assert here.check("dags/good.py", "--write-baseline") == 2


def test_a_damaged_baseline_is_a_clear_error(here: Typed) -> None:
    (here.folder / "b.json").write_text("{}")
    assert here.check("--baseline", "b.json") == CheckError.exit_code
    assert "cannot be read" in here.err


def test_what_nothing_affects_is_not_parsed(here: Typed) -> None:
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-q", "-m", "x"],
    ):
        process.run(["git", *arguments])
    document = here.document("--changed-since", "main", code=0)
    assert document["findings"] == []
    assert document["notes"] == ["no DAG file is selected, or can be affected"]
    assert not (here.folder.parent / "log").exists()
    (here.folder / "dags/bad.py").write_text("broken again")
    assert here.codes("--changed-since", "main", "--select", "AL1") == [("dags/bad.py", "AL101")]


def test_timings_are_told_on_stderr(here: Typed) -> None:
    here.check("--timings")
    assert [line.split()[0] for line in here.err.splitlines()[-5:]] == [
        "image", "files", "probe", "judging", "total",
    ]  # fmt: skip


def test_ignores_in_comments_hide(here: Typed) -> None:
    (here.folder / "dags/bad.py").write_text("broken  # airlock: ignore[AL101] it is known\n")
    document = here.document("--select", "AL1", code=0)
    assert document["findings"] == []
    assert document["summary"]["ignored"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--select", "AL999"],
        ["--endpoints", "stepfunctions"],
        ["--json", "--format", "sarif"],
        ["--fail-on", "nothing"],
    ],
)
def test_misuse_is_exit_code_2(here: Typed, arguments: list[str]) -> None:
    assert here.check(*arguments) == 2


def test_a_wrong_code_is_refused_by_the_name_of_its_option(here: Typed) -> None:
    here.check("--ignore", "al101")
    assert "--ignore must be a list of codes" in here.err


def test_a_folder_without_dag_files_is_told(here: Typed, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert here.document("--project", tmp_path / "empty", code=0)["notes"] == ["there is no DAG file"]


def test_a_wrong_configuration_is_refused_with_all_that_is_wrong(here: Typed) -> None:
    (here.folder / "pyproject.toml").write_text(
        '[tool.airlock.check]\nbugdet = 3\nfail-on = "never"\n[tool.airlock.network]\nzones = 0\n'
    )
    assert here.check() == ConfigError.exit_code
    for part in ("perhaps you meant budget", "fail-on", "zones"):
        assert part in here.err


def test_the_pre_commit_hooks_are_commands_that_there_are() -> None:
    hooks = yaml.safe_load((Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"airlock-check", "airlock-check-all"}
    for hook in hooks:
        program, name, *arguments = hook["entry"].split()
        assert (program, name, hook["pass_filenames"]) == ("airlock", "check", False)
        with command.make_context(name, arguments):
            pass
