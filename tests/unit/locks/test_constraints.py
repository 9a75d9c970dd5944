"""Constraints are read, recorded and held to, or it is said why they cannot be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import ConfigError, FetchError
from airlock.locks import constraints
from airlock.locks.intent import Asked
from airlock.locks.target import Target

if TYPE_CHECKING:
    from airlock.config import Config
    from airlock.locks.constraints import Constraints

IMAGE = Target("3.13.5", "2.41")
PINNED = (Asked("constraints/airflow.in", 3, "apache-airflow[otel]==3.3.2"),)
FLOATING = (Asked("constraints/airflow.in", 3, "apache-airflow>=3.3"), Asked("a", 1, "apache-airflow==3.*"))
URL = "https://me:secret@files.example.invalid/constraints-{airflow}/constraints-{python}.txt?token=1"


def nothing(_url: str) -> bytes:
    raise AssertionError


def source(config: Config, place: str, asked: tuple[Asked, ...] = PINNED) -> constraints.Source:
    found = constraints.source(replace(config, airflow_constraints=place), asked, IMAGE)
    assert found
    return found


def of_text(config: Config, text: str | bytes) -> Constraints:
    (config.project / "limits.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    return constraints.read(source(config, "limits.txt"), nothing)


def test_without_configuration_there_are_none(project: Config) -> None:
    assert constraints.source(project, PINNED, IMAGE) is None


def test_the_intents_airflow_and_the_images_python_are_filled_in(project: Config) -> None:
    found = source(project, URL)
    assert found.place.endswith("/constraints-3.3.2/constraints-3.13.txt?token=1")
    assert found.name == "https://files.example.invalid/constraints-3.3.2/constraints-3.13.txt"
    assert found.is_remote


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("c-{airflow}.txt", "no line pins apache-airflow==VERSION"),
        ("c-{minor}.txt", "{minor} is not known; there are {airflow} and {python}"),
        ("c-{}.txt", "{} is not known"),
        ("http://files.example.invalid/c.txt", "neither an https URL nor a path"),
        ("ftp://files.example.invalid/c.txt", "neither an https URL nor a path"),
        ("https://[::1", "neither an https URL nor a path"),
        ("x\n# allowed: yanked demo==1.0: no", "a lock records it in one line"),
        (" x", "a lock records it in one line"),
        ("file:///etc/passwd", "neither an https URL nor a path"),
        ("/etc/passwd", "not in the project"),
        ("constraints/../../c.txt", "not in the project"),
        ("./constraints/constraints.txt", "`airlock lock` writes that file itself"),
    ],
)
def test_a_place_that_cannot_be_used_is_told(project: Config, place: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        source(project, place, FLOATING)
    assert said in caught.value.cause


def test_credentials_are_in_no_message(project: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        source(project, "http://me:secret@files.example.invalid/c.txt?token=1")
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)


def test_lines_are_read_with_where_they_stand(project: Config) -> None:
    found = of_text(project, "\ufeff# Airflow's\n\nBoto3 == 1.40.0  # pinned\ncelery<5.7\n")
    assert found.limits == (
        Asked("limits.txt", 3, "Boto3==1.40.0"),
        Asked("limits.txt", 4, "celery<5.7"),
    )
    content = (project.project / "limits.txt").read_bytes()
    assert found.record == f"limits.txt sha256:{hashlib.sha256(content).hexdigest()}"


def test_locked_versions_that_a_line_excludes_are_not_kept(project: Config) -> None:
    found = of_text(project, 'boto3==1.40.0\ncelery<5.7\nold==1 ; python_version < "3"\nrc<2\n')
    locked = {"boto3": "1.40.1", "celery": "5.6", "old": "2", "other": "1", "rc": "1.0rc1"}
    assert found.allowing(locked) == {"celery": "5.6", "old": "2", "other": "1", "rc": "1.0rc1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no line of constraints, in 0 bytes"),
        ("# nothing\n", "no line of constraints, in 10 bytes"),
        ("\n<!DOCTYPE html><html><TITLE>\nSign in</TITLE>", "an HTML page, 'Sign in'"),
        (b"\xff\xfe\x00", "it is no text"),
        ("404: Not Found", "limits.txt:1: '404: Not Found': not a requirement"),
        ("a==1\n-r other.txt\n", "limits.txt:2: '-r other.txt': options and hashes are no constraints"),
        ("a==1 \\\n    --hash=sha256:00\n", "limits.txt:1: 'a==1 \\\\': options and hashes"),
        ("a @ https://files.example.invalid/a.whl", "neither a URL nor extras"),
        ("a[b]==1", "neither a URL nor extras"),
        ("x y\n" * 5, "and 2 lines more"),
    ],
)
def test_a_file_that_holds_something_else_is_told_by_what_it_holds(
    project: Config, text: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigError, match=r"limits\.txt is no file of constraints") as caught:
        of_text(project, text)
    assert said in caught.value.cause


def test_a_page_instead_of_the_file_is_a_failed_download(project: Config) -> None:
    with pytest.raises(FetchError, match="no file of constraints") as caught:
        constraints.read(source(project, URL), lambda _: b"<html><title>Sign in</title>")
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_told(project: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        constraints.read(source(project, "nowhere.txt"), nothing)
    assert "No such file" in caught.value.cause


def test_a_change_of_source_or_of_a_files_content_is_noticed(project: Config) -> None:
    recorded = of_text(project, "boto3==1.40.0\n").record
    local, remote = source(project, "limits.txt"), source(project, URL)
    assert constraints.changes(recorded, local) == []
    assert constraints.changes("", None) == []
    assert constraints.changes(recorded, None) == ["constraints: limits.txt was locked within, now none"]
    assert constraints.changes("", local) == ["constraints: none were locked within, now limits.txt"]
    assert constraints.changes(f"{remote.name} sha256:0", remote) == []
    (project.project / "limits.txt").write_text("boto3==1.40.1\n")
    assert constraints.changes(recorded, local) == ["constraints: limits.txt has changed"]


def test_the_name_of_a_file_may_hold_blanks(project: Config) -> None:
    (project.project / "my limits.txt").write_text("a==1\n")
    found = constraints.read(source(project, "my limits.txt"), nothing)
    assert constraints.changes(found.record, source(project, "my limits.txt")) == []
