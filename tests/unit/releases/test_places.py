"""Where releases are, who changes them, and how failures are told."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

import pytest

from airlock.cli import Session
from airlock.errors import AwsError, ConfigError, LocationError
from airlock.releases import places, who
from airlock.releases.in_folder import InFolder
from airlock.releases.in_s3 import InS3
from airlock.releases.telling import told
from airlock.terminal import Terminal
from airlock_spec.releases.failures import AbsentError, RefusedError, ReleaseError, UnreachableError


def session(folder: Path, text: str = "") -> Session:
    if text:
        (folder / "pyproject.toml").write_text(text)
    return Session(folder, Terminal(quiet=True))


def test_a_place_is_the_options_or_else_the_projects(tmp_path: Path, aws_keys: None) -> None:
    project = session(tmp_path, '[tool.airlock.sync]\nto = "dags-of-the-project"\n')
    found = places.resolve(project, "", "--at")
    assert isinstance(found, InFolder)
    assert found.folder.root == tmp_path / "dags-of-the-project"
    named = places.resolve(project, "here", "--at")
    assert isinstance(named, InFolder)
    assert named.folder.root == Path("here")
    in_s3 = places.resolve(project, "s3://bucket/dags", "--at")
    assert isinstance(in_s3, InS3)
    assert str(in_s3).startswith("s3://bucket/dags")


def test_no_project_is_needed_where_a_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws_keys: None
) -> None:
    monkeypatch.setenv("AIRLOCK_SYNC_KEEP", "7")
    assert places.settings(session(tmp_path), "s3://bucket/dags").keep == 7
    monkeypatch.setenv("AIRLOCK_SYNC_KEEP", "many")
    with pytest.raises(ConfigError, match="AIRLOCK_SYNC"):
        places.settings(session(tmp_path), "s3://bucket/dags")


def test_where_no_place_is_known_the_option_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not known where the releases are") as caught:
        places.resolve(session(tmp_path, "[tool.airlock]\n"), "", "--at")
    assert "--at s3://BUCKET/PREFIX" in caught.value.remedy


@pytest.mark.parametrize("text", ["http://bucket/dags", "s3://", "S3://b/c d?"])
def test_what_is_no_place_is_refused(tmp_path: Path, text: str, aws_keys: None) -> None:
    with pytest.raises(ConfigError):
        places.resolve(session(tmp_path), text, "--at")


@pytest.mark.parametrize("error", [AbsentError("gone"), RefusedError("gone"), UnreachableError("gone")])
def test_failures_are_told_with_where_and_what_next(error: ReleaseError) -> None:
    with pytest.raises(LocationError) as caught, told("s3://bucket/dags"):
        raise error
    assert "s3://bucket/dags" in caught.value.fact
    assert caught.value.cause == "gone"
    assert caught.value.remedy


def test_what_aws_said_is_told_as_aws_said_it() -> None:
    said = AwsError("denied", cause="AccessDenied", remedy="allow it")
    error = UnreachableError("denied")
    error.__cause__ = said
    with pytest.raises(AwsError) as caught, told("s3://bucket/dags"):
        raise error
    assert caught.value is said


def test_who_did_it_is_cis_person_or_the_user_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert who.by({"GITHUB_ACTOR": "ada", "GITLAB_USER_LOGIN": "eve"}) == "ada"
    assert who.by({"GITLAB_USER_LOGIN": "e" * 300}) == "e" * 200
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    assert who.by({"GITHUB_ACTOR": ""}) == "ada@laptop"

    def nobody() -> str:
        raise KeyError("uid")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert who.by({}) == "unknown@laptop"
