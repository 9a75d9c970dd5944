"""Releases as they are kept, with a real server in the place of S3, by processes that end when they are asked to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import moto_s3
from airlock import process
from airlock.errors import PublishError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pointer import Pointer
from airlock_spec.releases.staging import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.real

CREDENTIALS = {**moto_s3.ENVIRONMENT, "PYTHONUNBUFFERED": "1"}
MANY = 400  # files of a release
SOON = 1.0  # seconds in which whoever is asked to end has ended


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_s3.server() as address:
        yield f"http://{address}"


@pytest.fixture(scope="module")
def s3(endpoint: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto asks for none
    )


class Project:
    """A project with DAGs, whose releases go to a prefix of its own."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder, self.place = folder, f"s3://{moto_s3.BUCKET}/{folder.name}"
        self.environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}
        folder.mkdir()
        (folder / "pyproject.toml").write_text(f'[tool.airlock.sync]\nto = "{self.place}"\n')
        (folder / "dags").mkdir()

    def arguments(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "airlock", "--project", str(self.folder), *map(str, arguments)]

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        done = process.run(self.arguments(*arguments), env=self.environment, check=False)
        assert done.returncode == code, done.stderr.decode()
        return (done.stdout if code == 0 else done.stderr).decode()

    def json(self, *arguments: str | Path) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def sync(self, text: str, files: int = 1) -> str:
        for number in range(files):
            (self.folder / "dags" / f"dag_{number:04}.py").write_text(f"# {text} {number}\n" * 50)
        return self.run("sync", "--no-check").strip()

    def start(self, *arguments: str | Path, endpoint: str = "") -> subprocess.Popen[str]:
        environment = self.environment | ({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.arguments(*arguments), env=environment, stdout=pipe, stderr=pipe, text=True
        )


@pytest.fixture
def project(tmp_path: Path, endpoint: str, s3: S3Client, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / f"of-{abs(hash(request.node.name)):x}", endpoint)


def ended(running: subprocess.Popen[str], number: int) -> tuple[int, float, str]:
    """Send a signal; return the exit code, after how many seconds it ended, and what it said."""
    begun = time.monotonic()
    running.send_signal(number)
    _, said = running.communicate(timeout=20)
    return running.returncode, time.monotonic() - begun, said


def whole(folder: Path) -> bool:
    there = Folder(folder)
    serving = there.current()
    return not serving or not damaged(there, there.manifest(serving))


def test_the_life_of_a_release(project: Project, s3: S3Client, tmp_path: Path) -> None:
    first, second, third = (project.sync(text) for text in ("one", "two", "three"))
    listed = project.json("releases")
    assert [one["release"] for one in listed["releases"]] == [third, second, first]
    assert "-# one 0" in project.run("releases", "diff", first[:10], second[:10], "--with-content")
    assert project.json("releases", "show", second[:10])["files"] == 1
    dags = tmp_path / "dags"
    assert project.run("pull", "--to", dags).strip() == third
    assert project.run("rollback").strip() == second
    assert project.run("rollback").strip() == first
    assert project.run("pull", "--to", dags).strip() == first
    assert (dags / "current" / "dag_0000.py").read_text().startswith("# one 0")
    assert "no release to roll back to" in project.run("rollback", code=PublishError.exit_code)
    assert project.json("gc", "--keep", "1", "--keep-days", "1")["releases"] == []
    prefix = project.place.removeprefix(f"s3://{moto_s3.BUCKET}/")
    (pack,) = project.json("releases", "show", second[:10])["packs"]
    s3.delete_object(Bucket=moto_s3.BUCKET, Key=f"{prefix}/packs/{pack}")
    assert f"the pack {pack} is not there" in project.run("rollback", second, code=PublishError.exit_code)


def let_rest(project: Project, s3: S3Client) -> None:
    """Let the releases be ten days old; their objects stay new, as nobody can set S3's clock."""
    key, past = project.place.removeprefix(f"s3://{moto_s3.BUCKET}/") + "/current", timedelta(days=10)
    said = Pointer.from_data(s3.get_object(Bucket=moto_s3.BUCKET, Key=key)["Body"].read())
    older = replace(
        said,
        releases=tuple(replace(one, at=one.at - past) for one in said.releases),
        events=tuple(replace(one, at=one.at - past) for one in said.events),
    )
    s3.put_object(Bucket=moto_s3.BUCKET, Key=key, Body=older.to_data())


def test_what_nobody_needs_is_deleted_and_what_is_left_can_be_pulled(
    project: Project, s3: S3Client, tmp_path: Path
) -> None:
    releases = [project.sync(f"text {number}", 5) for number in range(4)]
    let_rest(project, s3)
    wanted = project.json("gc", "--keep", "2", "--keep-days", "1")
    assert (wanted["applied"], set(wanted["releases"])) == (False, set(releases[:2]))
    done = project.json("gc", "--keep", "2", "--keep-days", "1", "--apply")
    assert (done["deleted"], done["stopped"]) == (4, None)
    left = s3.list_objects_v2(
        Bucket=moto_s3.BUCKET, Prefix=project.place.removeprefix(f"s3://{moto_s3.BUCKET}/")
    )["Contents"]
    assert not [item["Key"] for item in left for gone in releases[:2] if gone in item["Key"]]
    assert project.run("rollback").strip() == releases[2]
    assert project.run("pull", "--to", tmp_path / "dags").strip() == releases[2]
    assert whole(tmp_path / "dags")


def test_a_folder_that_is_published_to_has_the_same_commands(project: Project, tmp_path: Path) -> None:
    dags = tmp_path / "dags"
    releases = []
    for text in ("one", "two"):
        (project.folder / "dags" / "dag.py").write_text(f"# {text}\n")
        releases.append(project.run("sync", "--no-check", "--to", dags).strip())
    assert project.run("rollback", "--to", dags).strip() == releases[0]
    assert (dags / "current" / "dag.py").read_text() == "# one\n"
    listed = project.json("releases", "--at", dags)["releases"]
    assert [(one["release"], one["serves"]) for one in listed] == [(releases[1], False), (releases[0], True)]
    assert "-# one\n+# two\n" in project.run(
        "releases", "diff", "current", releases[1][:9], "--at", dags, "--with-content"
    )
    assert whole(dags)


def test_whoever_watches_follows_and_ends_by_either_signal_within_a_second(
    project: Project, tmp_path: Path
) -> None:
    dags = tmp_path / "dags"
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        first = project.sync(f"before {number}", MANY)
        watching = project.start("pull", "--to", dags, "--watch", "--interval", "0.2")
        assert watching.stdout
        assert watching.stdout.readline().strip() == first
        second = project.sync(f"after {number}")
        assert watching.stdout.readline().strip() == second
        assert (dags / "current" / "dag_0000.py").read_text().startswith(f"# after {number}")
        returned, seconds, said = ended(watching, number)
        assert (returned, "Traceback" in said) == (code, False)
        assert seconds < SOON
        assert whole(dags)


def test_whoever_is_asked_to_end_at_any_moment_leaves_the_folder_whole(
    project: Project, tmp_path: Path
) -> None:
    releases = [project.sync(text, MANY) for text in ("one", "two")]
    dags = tmp_path / "dags"
    begun = time.monotonic()
    project.run("pull", "--to", tmp_path / "timed")
    takes = time.monotonic() - begun
    for number in range(12):
        if number:
            project.run("rollback", releases[(number + 1) % 2])
        pulling = project.start("pull", "--to", dags, "--keep-for", "0")  # so that each is made anew
        time.sleep(takes * (0.5 + number / 20))
        if pulling.poll() is None:
            returned, seconds, _ = ended(pulling, signal.SIGTERM)
            assert returned in (0, 143, -signal.SIGTERM)
            assert seconds < SOON
        assert whole(dags)
    expected = project.json("releases")["release"]
    assert project.run("pull", "--to", dags).strip() == expected
    assert whole(dags)
    assert not list((dags / ".staging").glob("*"))


@pytest.mark.parametrize("watch", [True, False])
def test_s3_that_never_answers_holds_up_no_end(project: Project, tmp_path: Path, *, watch: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        pulling = project.start(
            "pull", "--to", tmp_path / "dags", *(["--watch"] if watch else []), endpoint=endpoint
        )
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            returned, seconds, said = ended(pulling, signal.SIGTERM)
    assert (returned, "Traceback" in said) == (0 if watch else 143, False)
    assert seconds < SOON
