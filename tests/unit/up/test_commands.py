"""`airlock up` and `airlock down`, with an attempt in the place of sandboxes and containers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from airlock.errors import UpError
from airlock.up import containers, start
from airlock.up.folder import Kept, Process, UpFolder, held
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://127.0.0.1:8080"
SOME = Process(7, 1, "a-boot")


@dataclass
class Attempt:
    """Brings nothing up; `failure` is raised where it waits."""

    failure: BaseException | None = None
    wanted: list[Any] = field(default_factory=list)

    def __call__(self, _: object, folder: UpFolder, wanted: Any) -> Attempt:
        self.folder = folder
        self.wanted.append(wanted)
        return self

    def begin(self, _: int) -> None:
        self.folder.write_secret(self.folder.passwords, '{"admin": "pass"}')

    def wait(self) -> float:
        if self.failure:
            raise self.failure
        return 12.34


@pytest.fixture
def attempt(monkeypatch: pytest.MonkeyPatch) -> Attempt:
    made = Attempt()
    monkeypatch.setattr(start, "Embedded", made)
    monkeypatch.setattr(start, "Containers", made)
    monkeypatch.setattr(containers, "forgotten", lambda _: None)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.airlock]\n")
    return tmp_path


def test_the_url_alone_is_on_stdout_and_the_password_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, attempt: Attempt
) -> None:
    assert typed(monkeypatch, "--project", project, "up") == 0

    printed = capsys.readouterr()
    assert printed.out == f"{URL}\n"
    assert "healthy after 12.3 s; user admin, password pass" in printed.err


def test_the_document_names_the_file_of_the_password_and_not_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, attempt: Attempt
) -> None:
    assert (
        typed(monkeypatch, "--quiet", "--project", project, "up", "--json", "--docker", "--port", "81") == 0
    )

    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out) == {
        "url": "http://127.0.0.1:81",
        "user": "admin",
        "password_file": str(project / "build/up/passwords.json"),
        "mode": "docker",
        "seconds": 12.3,
    }


@pytest.mark.parametrize(("failure", "code"), [(UpError("no"), 26), (KeyboardInterrupt(), 130)])
def test_what_fails_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, project: Path, attempt: Attempt, failure: BaseException, code: int
) -> None:
    attempt.failure = failure

    assert typed(monkeypatch, "--project", project, "up") == code
    assert not (project / "build/up").exists()


def test_what_is_up_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, attempt: Attempt
) -> None:
    folder = UpFolder(project / "build/up")
    with held(folder):
        folder.keep(Kept(SOME, URL))

        assert typed(monkeypatch, "--project", project, "up") == 26

    said = capsys.readouterr().err
    assert f"Airflow is up at {URL}" in said
    assert "airlock down" in said
    assert folder.kept == Kept(SOME, URL)


def test_containers_that_are_up_are_left_alone_though_nobody_holds_the_lock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, attempt: Attempt
) -> None:
    folder = UpFolder(project / "build/up")
    folder.path.mkdir(parents=True)
    folder.keep(Kept(SOME, URL, (), "airlock-x"))

    assert typed(monkeypatch, "--project", project, "up") == 26
    assert "containers of airlock-x" in capsys.readouterr().err


def test_what_a_killed_one_left_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch, project: Path, attempt: Attempt
) -> None:
    folder = UpFolder(project / "build/up")
    folder.path.mkdir(parents=True)
    folder.note_end("airflow", 1)
    folder.keep(Kept(SOME, URL))

    assert typed(monkeypatch, "--project", project, "up") == 0
    assert folder.ended is None


def test_down_is_done_once_and_then_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, attempt: Attempt
) -> None:
    typed(monkeypatch, "--quiet", "--project", project, "up")
    capsys.readouterr()

    assert [typed(monkeypatch, "--project", project, "down") for _ in range(2)] == [0, 0]

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "down\nnothing was up\n")
    assert not (project / "build/up").exists()


def test_down_finds_containers_that_were_forgotten_besides_what_is_up(
    monkeypatch: pytest.MonkeyPatch, project: Path, attempt: Attempt
) -> None:
    lost = Kept(None, "", (), "airlock-x")
    ended: list[Kept] = []
    monkeypatch.setattr(containers, "forgotten", lambda _: lost)
    monkeypatch.setattr(containers, "down", ended.append)
    typed(monkeypatch, "--quiet", "--project", project, "up")

    assert typed(monkeypatch, "--project", project, "down") == 0

    assert ended == [lost]
    assert not (project / "build/up").exists()


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_folder_that_is_no_project_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, attempt: Attempt, command: str
) -> None:
    assert typed(monkeypatch, "--project", tmp_path, command) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [["--local"], ["--port", "0"], ["--port", "65536"]])
def test_options_without_a_meaning_are_refused(
    monkeypatch: pytest.MonkeyPatch, project: Path, attempt: Attempt, options: list[str]
) -> None:
    assert typed(monkeypatch, "--project", project, "up", *options) == 2
    assert attempt.wanted == []


def test_containers_without_celery_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, project: Path, attempt: Attempt
) -> None:
    typed(monkeypatch, "--project", project, "up", "--docker", "--local")

    assert [(one.docker, one.local) for one in attempt.wanted] == [(True, True)]
