"""`airlock sync` with the real image and S3 as moto serves it: what is published is what was checked."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import moto_s3
from airlock import process
from airlock.errors import PublishError
from committing import git

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image runs on Linux: use one")

REPOSITORY = Path(__file__).parents[2]
GOOD = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
{more}
with DAG("good", schedule=None, tags=["a"]):
    EmptyOperator(task_id="a")
"""


@dataclass
class World:
    """A project of DAGs in a repository of its own, and S3."""

    project: Path
    layout: Path
    env: dict[str, str]
    place: str
    told: str = ""

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.project / "dags" / f"{name}.py").write_text(text)

    def sync(self, *words: str, code: int = 0) -> dict[str, Any]:
        options: list[str | Path] = ["--to", self.place, "--image", self.layout, "--json", *words]
        own = (sys.executable, "-m", "airlock", "--project", self.project, "sync")
        done = process.run([*own, *options], env=self.env, check=False)
        self.told = done.stderr.decode()
        assert done.returncode == code, self.told
        document: dict[str, Any] = json.loads(done.stdout) if code == 0 else {}
        assert (code == 0) or not done.stdout
        return document

    def held(self) -> list[str]:
        client = boto3.client("s3", endpoint_url=self.env["AWS_ENDPOINT_URL"])
        prefix = self.place.removeprefix(f"s3://{moto_s3.BUCKET}/") + "/"
        listed = client.list_objects_v2(Bucket=moto_s3.BUCKET, Prefix=prefix).get("Contents", [])
        return [item["Key"].removeprefix(prefix) for item in listed]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    layout = REPOSITORY / "build" / "image"
    if named := os.environ.get("AIRLOCK_TEST_LAYOUT"):
        layout = Path(named)
    else:
        process.run([sys.executable, "-m", "airlock", "--project", REPOSITORY, "image"])
    for name, value in moto_s3.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "dags").mkdir()
    (tmp_path / ".gitignore").write_text("local_*.py\nbuild/\n")
    git(tmp_path, "init", "--quiet")
    with moto_s3.server() as address:
        env = {**os.environ, "AWS_ENDPOINT_URL": f"http://{address}"}
        yield World(tmp_path, layout, env, moto_s3.location())


def test_dags_are_checked_in_the_image_whose_digest_is_published(world: World) -> None:
    world.write(good=GOOD.format(more=""))
    told = world.sync()
    digest = json.loads((world.layout / "index.json").read_text())["manifests"][0]["digest"]
    assert (told["image"], told["added"]) == (digest, ["good.py"])
    assert f"releases/{told['release']}.json.gz" in world.held()


def test_a_dag_that_does_not_import_is_not_published_and_its_line_is_told(world: World) -> None:
    world.write(good=GOOD.format(more=""), bad="from airflow.sdk import DAG\nimport nothing_of_this_name\n")
    world.sync(code=PublishError.exit_code)
    assert "dags/bad.py" in world.told
    assert "nothing_of_this_name" in world.told
    assert "do not pass the check" in world.told
    assert world.held() == []


def test_what_git_ignores_is_not_there_for_the_check_either(world: World) -> None:
    world.write(good=GOOD.format(more="import local_helper"), local_helper="")
    world.sync(code=PublishError.exit_code)
    assert "local_helper" in world.told
    assert world.held() == []
    assert world.sync("--include-ignored")["added"] == ["good.py", "local_helper.py"]


def test_an_edit_while_the_check_runs_is_noticed_and_nothing_is_published(world: World) -> None:
    world.write(good=GOOD.format(more="import time; time.sleep(3)"))
    edit = f"sleep 2; echo '# edited' >>'{world.project}/dags/good.py'"
    both = f'({edit}) & "$@"; code=$?; wait; exit $code'
    options: tuple[str | Path, ...] = ("sync", "--to", world.place, "--image", world.layout)
    own = (sys.executable, "-m", "airlock", "--project", world.project)
    done = process.run(["sh", "-c", both, "sh", *own, *options], env=world.env, check=False)
    assert done.returncode == PublishError.exit_code, done.stderr.decode()
    assert "was changed while it was being published" in done.stderr.decode()
    assert world.held() == []


def test_a_folder_within_the_dags_is_checked_as_the_top_that_it_becomes(world: World) -> None:
    team = world.project / "dags" / "team"
    team.mkdir()
    (team / "helper.py").write_text("")
    (team / "good.py").write_text(GOOD.format(more="from team import helper"))
    world.sync("--dags", str(team), code=PublishError.exit_code)
    assert "dags/team/good.py" in world.told
    assert "No module named 'team'" in world.told
    (team / "good.py").write_text(GOOD.format(more="import helper"))
    assert world.sync("--dags", str(team))["added"] == ["good.py", "helper.py"]


def test_a_project_without_a_folder_of_dags_is_checked_without_what_git_ignores(world: World) -> None:
    (world.project / "dags").rmdir()
    (world.project / "good.py").write_text(GOOD.format(more="import local_helper"))
    (world.project / "local_helper.py").write_text("")
    world.sync(code=PublishError.exit_code)
    assert "No module named 'local_helper'" in world.told
    assert world.held() == []


def test_dags_that_were_made_in_the_build_folder_stay_there(world: World) -> None:
    made = world.project / "build" / "dags"
    made.mkdir(parents=True)
    (made / "good.py").write_text(GOOD.format(more=""))
    (made / "old.pyc").write_bytes(b"")  # so that a copy is checked
    assert world.sync("--dags", str(made))["added"] == ["good.py"]
    assert (made / "good.py").exists()
    assert not list((world.project / "build").glob(".airlock-dags/*"))
