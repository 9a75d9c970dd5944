"""`airlock-check`, with a probe that says what a test wants."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from airlock_probe import asking, cli
from airlock_spec.check import json_form
from airlock_spec.check.facts import Kind, Need, Place, Run
from airlock_spec.check.request import Request
from facts_made import dag, file, problem, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BROKEN = run(file("known.py", problems=(problem(Kind.IMPORT, place=Place("known.py", 3)),)))
SOUND = run(file(dags=(dag(),)))
SLOW = run(file(seconds=60.0, dags=(dag(),)))


class Probe:
    def __init__(self, facts: Run) -> None:
        self.facts = facts
        self.asked: list[tuple[Request, dict[str, str]]] = []

    def __call__(self, request: Request, own: Mapping[str, str]) -> Run:
        self.asked.append((request, dict(own)))
        return self.facts


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dags" / "team").mkdir(parents=True)
    (tmp_path / "dags" / "orders.py").touch()
    (tmp_path / "dags" / "known.py").write_text("a\n\nb  # airlock: ignore[AL101] known\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(probe: Probe, *words: str) -> int:
    return cli.run(cli.parser().parse_args(["--bundle", "dags", *words]), probe)


@pytest.mark.parametrize(
    ("facts", "words", "code"),
    [
        (SOUND, (), 0),
        (SLOW, (), 0),
        (SLOW, ("--fail-on", "warning"), 1),
        (run(file("other.py", problems=(problem(Kind.CRASH),))), (), 1),
        (BROKEN, (), 0),  # a comment ignores it
    ],
)
def test_the_exit_code_says_whether_something_blocks(
    project: Path, facts: Run, words: tuple[str, ...], code: int
) -> None:
    assert check(Probe(facts), *words) == code


def test_the_report_is_on_stdout_with_paths_from_the_project(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(Probe(SLOW), "--format", "json")

    document = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["path"]) for one in document["findings"]] == [("AL302", "dags/orders.py")]
    assert document["duration"] >= 0


def test_with_a_file_for_it_the_text_is_on_stderr(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(Probe(SLOW), "--format", "junit", "--output", "check.xml")

    printed = capsys.readouterr()
    assert (project / "check.xml").read_text().startswith("<?xml")
    assert (printed.out, "AL302" in printed.err) == ("", True)
    assert sorted(path.name for path in project.iterdir()) == ["check.xml", "dags"]


@pytest.mark.parametrize(
    ("words", "only"),
    [
        ((), ()),
        (("dags/orders.py",), ("orders.py",)),
        (("orders.py", "dags/orders.py", "team"), ("orders.py", "team")),
        (("dags",), ()),
        (("team", "dags/"), ()),
    ],
)
def test_paths_select_in_the_bundle(project: Path, words: tuple[str, ...], only: tuple[str, ...]) -> None:
    probe = Probe(SOUND)

    check(probe, *words)

    assert probe.asked[0][0].only == only
    assert probe.asked[0][0].bundle == str(project / "dags")


def test_the_settings_beside_the_folder_of_dags_hold(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.airlock.check]\nbudget = 90\npools = ["p"]\nenv = { A = "b" }\nlimits = { seconds = 7 }\n'
    )
    probe = Probe(SLOW)

    assert check(probe, "--fail-on", "warning") == 0
    request, own = probe.asked[0]
    assert (request.pools, request.limits.seconds, own) == (("p",), 7.0, {"A": "b"})


def test_settings_may_be_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "settings.toml"
    other.write_text("[tool.airlock.check]\nbudget = 90\n")

    assert check(Probe(SLOW), "--fail-on", "warning", "--settings", str(other)) == 0


def test_the_endpoints_of_the_command_line_come_first(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.airlock.network]\nendpoints = ["s3"]\n')
    facts = run(file(needs=(Need("x.Op", "ecs", task_id="t", dag_id="d", place=Place("orders.py", 1)),)))

    assert check(Probe(facts)) == 1
    assert check(Probe(facts), "--endpoints", "s3, ecs") == 0


def test_what_is_found_today_can_be_taken_as_given(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = Probe(run(file("other.py", problems=(problem(Kind.CRASH),))))

    assert check(broken, "--write-baseline") == 0
    assert check(broken, "--baseline", "airlock-baseline.json") == 0
    assert "1 finding of the baseline" in capsys.readouterr().out
    assert check(broken) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bundle", "nowhere"], "there is no folder of DAGs"),
        (["--bundle", "dags", "/etc/passwd"], "/etc/passwd is not in"),
        (["--bundle", "dags", "nothing.py"], "nothing.py is not in"),
        (["--bundle", "dags", "--settings", "no.toml"], "no.toml does not exist"),
        (["--bundle", "dags", "--settings", "bad.toml"], "perhaps you meant budget"),
        (["--bundle", "dags", "--settings", "broken.toml"], "broken.toml cannot be read"),
        (["--bundle", "dags", "--baseline", "bad.toml"], "the baseline bad.toml cannot be read"),
        (["--bundle", "dags", "--baseline", "none"], "the baseline none cannot be read"),
        (["--bundle", "dags", "--write-baseline", "orders.py"], "name no PATH"),
        (["--bundle", "dags", "--output", "nowhere/check.xml"], "nowhere/check.xml cannot be written"),
        (["--bundle", "dags", "--endpoints", "s3,emr"], "whose endpoint is elasticmapreduce"),
        (["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_misuse_is_exit_code_2(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    (project / "bad.toml").write_text("[tool.airlock.check]\nbudgett = 3\n")
    (project / "broken.toml").write_text("[")

    with pytest.raises(SystemExit) as ended:
        cli.main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


# the probe's own process

ANSWER = """
import json, os, sys
request = json.load(sys.stdin)
print(json.dumps({"progress": [1, 2]}))
run = dict(%s, airflow=request["bundle"], python=json.dumps(dict(os.environ)))
print(json.dumps({"run": run}))
"""


def answered(script: str, own: Mapping[str, str] | None = None) -> Run:
    return asking.ask(Request(bundle="/b"), own or {}, ("-c", script))


def test_the_probe_is_asked_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/company/lib")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "database")

    facts = answered(ANSWER % json_form.plain(SOUND), {"AIRFLOW_VAR_REGION": "eu"})

    environ = json.loads(facts.python)
    assert (facts.airflow, facts.files) == ("/b", SOUND.files)
    assert environ["PYTHONPATH"].split(os.pathsep) == [str(asking.LIBRARY), "/company/lib"]
    assert environ["AIRFLOW_VAR_REGION"] == "eu"
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET" not in environ


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "import json; print(json.dumps({'error': 'no \\x1b Airflow'})); raise SystemExit(3)",
            "no \\x1b Airflow",
        ),
        ("raise SystemExit(7)", "exit code 7"),
        ("print('hello')", "its answer cannot be read"),
        ("print(3)", "its answer cannot be read"),
        ("print('{\"run\": {}}')", "its answer cannot be read"),
        ("import sys; sys.stdin.close(); print('{}')", "exit code 0"),
    ],
)
def test_a_probe_that_fails_is_told_with_what_it_said(script: str, said: str) -> None:
    with pytest.raises(asking.Failure) as failure:
        answered(script)

    assert said in str(failure.value)


def test_a_probe_that_fails_has_an_exit_code_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(SystemExit) as ended:
        cli.main(["--bundle", "dags"])

    assert ended.value.code == 27
    assert "exit code 1" in capsys.readouterr().err
