"""What a new project is made of, held against this repository's own files and against what reads them."""

from __future__ import annotations

import configparser
import re
import sys
import tomllib
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import config, process
from airlock.compose import image_file
from airlock.debian import requirements as debian_requirements
from airlock.locks import intent
from airlock.projects import initial, template, version
from airlock.projects.findings import Taken
from airlock.projects.folder import Line
from airlock.projects.template import Wishes
from project import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Wishes("x/airflow", "3.3.2", "linux/amd64")


def taken(text: str, source: str = "requirements.txt") -> Taken:
    return Taken(Line(source, 1, text), text)


def test_the_default_airflow_is_the_one_this_repository_locks() -> None:
    own = (REPOSITORY / "constraints" / "airflow.in").read_text()
    assert re.search(rf"^apache-airflow\S*=={re.escape(version.DEFAULT)}\s", own, re.MULTILINE)


def test_companions_are_in_the_words_of_this_repository() -> None:
    own = (REPOSITORY / "constraints" / "airflow.in").read_text()
    for requirement, why in template._COMPANIONS.values():
        assert re.search(rf"^{re.escape(requirement)} +# {re.escape(why)}$", own, re.MULTILINE)


def test_the_workflow_uses_the_actions_that_this_repository_pins() -> None:
    def actions(text: str) -> set[str]:
        return set(re.findall(r"uses: (.*)", text))

    own = actions((REPOSITORY / ".github" / "workflows" / "pull-request.yml").read_text())
    written = {file.path: file.content for file in template.files(PLAIN)}[template.WORKFLOW]
    assert actions(written) <= own
    assert actions(written)


def test_an_installed_toolchain_carries_the_same_files(tmp_path: Path) -> None:
    process.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=REPOSITORY)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "from airlock.projects import template\n"
        "print(template.__file__)\n"
        "for file in template.files(template.Wishes('x/airflow', '3.3.2', 'linux/amd64')):\n"
        "    print(repr(file))"
    )
    found = process.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "site")}, cwd=tmp_path
    )

    where, *files = found.stdout.decode().splitlines()
    assert where.startswith(str(tmp_path))
    assert files == [repr(file) for file in template.files(PLAIN)]


def test_a_project_of_everything_is_one_that_the_other_commands_read(tmp_path: Path) -> None:
    wishes = Wishes(
        "shop/airflow",
        "3.3.2",
        "linux/arm64",
        "limits.txt",
        extras=["celery"],
        requirements=[
            taken("pandas<3"),
            taken("polars", "requirements/more.txt"),
            taken("polars", "x\n\x1b.txt"),
        ],
        debian=[taken("git", "packages.txt"), taken("bash", "packages.txt")],
        environment={"QUOTED": 'a "b" \\ c é'},
    )

    initial.write(tmp_path, initial.plan(tmp_path, wishes))

    read = config.load(tmp_path, environ={})
    assert (read.name, [one.name for one in read.platforms]) == ("shop/airflow", ["linux/arm64"])
    assert read.airflow_constraints == "limits.txt"
    wanted = intent.read(read)
    assert [one.requirement for one in wanted.airflow] == [
        "apache-airflow[celery]==3.3.2",
        "pandas<3",
        "polars",
        "polars",
        "celery<5.7",
    ]
    own = (REPOSITORY / "constraints" / "debian.in").read_text()
    assert [one.requirement for one in wanted.debian if one.requirement not in own] == ["git"]
    assert len(debian_requirements.parse(intent.pairs(wanted.debian))) == len(wanted.debian)
    run = image_file.load(read.image_file).run
    assert dict(run.env)["QUOTED"] == 'a "b" \\ c é'
    assert (tmp_path / "image" / "rootfs" / "entrypoint").stat().st_mode & 0o777 == 0o755


def test_a_project_of_nothing_asks_for_airflow_alone(tmp_path: Path) -> None:
    initial.write(tmp_path, initial.plan(tmp_path, PLAIN))

    assert [one.requirement for one in intent.read(config.load(tmp_path, environ={})).airflow] == [
        "apache-airflow==3.3.2"
    ]
    assert image_file.load(tmp_path / "image" / "image.toml") == image_file.load(
        REPOSITORY / "image" / "image.toml"
    )


def test_constraints_are_written_as_the_configuration_has_them() -> None:
    text = template.table(Wishes("", "3.3.2", "linux/amd64", "https://files.example/{airflow}/{python}.txt"))
    assert tomllib.loads(text)["tool"]["airlock"] == {
        "platforms": ["linux/amd64"],
        "airflow-constraints": "https://files.example/{airflow}/{python}.txt",
    }


def test_celery_is_bounded_only_where_its_provider_is_asked_for_and_nobody_else_bounds_it() -> None:
    provider = taken("apache-airflow-providers-celery")
    assert "celery<5.7" in template.airflow_in(Wishes("", "3.3.2", "", requirements=[provider]))
    own = Wishes("", "3.3.2", "", requirements=[provider, taken("celery==5.5")])
    assert "celery<5.7" not in template.airflow_in(own)
    assert "celery<5.7" not in template.airflow_in(PLAIN)


@pytest.mark.parametrize("name", ["workflow.yml", "hello.py.txt"])
def test_no_line_of_a_written_file_is_longer_than_people_read(name: str) -> None:
    lines = (template._FILES / name).read_text().splitlines()
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize(
    ("wanted", "has"),
    [
        (PLAIN, False),
        (replace(PLAIN, requirements=[taken("apache-airflow-providers-http")]), False),
        (replace(PLAIN, requirements=[taken("apache-airflow-providers-Amazon>=9")]), True),
        (replace(PLAIN, extras=["amazon"]), True),
    ],
)
def test_what_wants_amazons_provider_is_there_with_it_alone(wanted: Wishes, *, has: bool) -> None:
    text = template.airflow_cfg(wanted)
    file = configparser.RawConfigParser()
    file.read_string(text)

    assert file.has_option("secrets", "backend") is has
    assert file.has_option("logging", "remote_log_conn_id") is has
    assert file.has_option("logging", "delete_local_logs")
    assert "SecretsManagerBackend" in text
    assert file.get("core", "hostname_callable") == "socket.gethostname"
