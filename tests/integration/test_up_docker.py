"""`airlock up --docker`: real containers on a network with no way out; and afterwards nothing."""

from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest

from airflow_api import AirflowApi
from airlock import process
from airlock.up import containers
from up_project import UpProject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Engine

pytestmark = [pytest.mark.real, pytest.mark.docker]

TRIES = """
import socket
for place in [("1.1.1.1", 443), ("example.com", 443), ("169.254.169.254", 80)]:
    try:
        socket.create_connection(place, timeout=3).close()
    except OSError:
        continue
    print("reached", place)
"""
CONNECTION = """
from airflow.models.connection import Connection
found = Connection.get_connection_from_secrets("lab_api")
print(found.conn_type, found.login, len(found.password))
"""
ASK_SECRETS_MANAGER = """
import boto3
print(boto3.client("secretsmanager").get_secret_value(SecretId="airflow-outside/api-token")["SecretString"])
"""
ALWAYS = {"postgres", "aws", "outside", "api", "api-server", "scheduler", "dag-processor", "triggerer", "ui"}


@pytest.fixture(scope="module")
def compose(engine: Engine) -> None:
    if process.run([engine.program, "compose", "version"], check=False).returncode:
        pytest.skip("there is no Docker Compose: install its plugin, then: make integration")


@pytest.fixture(scope="module")
def project(compose: None, tmp_path_factory: pytest.TempPathFactory) -> UpProject:
    return UpProject.create(tmp_path_factory.mktemp("docker") / "project")


class Stack:
    """What is up in containers."""

    def __init__(self, embedded: UpProject, engine: Engine, *options: str) -> None:
        self.embedded, self.engine = embedded, engine
        self.name = containers.project_name(embedded.project.folder)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        done = embedded.run("up", "--docker", *options, "--port", port, "--json")
        assert done.returncode == 0, done.stderr.decode()
        self.document: dict[str, Any] = json.loads(done.stdout)
        print(f"healthy after {self.document['seconds']} s")  # noqa: T201 - shown with -s or where it fails

    def api(self) -> AirflowApi:
        with open(self.document["password_file"], encoding="utf-8") as file:  # noqa: PTH123 - a path from JSON
            password = json.load(file)["admin"]
        return AirflowApi.log_in(self.document["url"], "admin", password)

    def states(self) -> dict[str, str]:
        """Return the services that run, and their health."""
        label = f"label=com.docker.compose.project={self.name}"
        shown = '{{.Label "com.docker.compose.service"}} {{.Status}}'
        text = self.engine.text("ps", "--filter", label, "--format", shown)
        return {line.split()[0]: line for line in text.splitlines()}

    def python(self, service: str, code: str) -> str:
        container = f"{self.name}-{service}-1"
        return self.engine.text("exec", "--interactive", container, "python", "-", stdin=code.encode())

    def left(self) -> list[str]:
        """Return what the engine still has of it."""
        label = f"label=com.docker.compose.project={self.name}"
        kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        return [
            line for kind in kinds for line in self.engine.text(*kind, "-q", "--filter", label).splitlines()
        ]


@pytest.fixture(scope="module")
def stack(project: UpProject, engine: Engine) -> Iterator[Stack]:
    yield Stack(project, engine)
    project.run("down")


def test_every_service_is_healthy(stack: Stack) -> None:
    states = stack.states()

    assert set(states) == ALWAYS | {"valkey", "worker"}
    assert [line for line in states.values() if "(healthy)" not in line] == []


def test_a_dag_runs_in_the_worker_and_its_log_comes_from_cloudwatch(stack: Stack) -> None:
    api = stack.api()
    run = api.run("image_report")

    text = api.log("image_report", run, "report", "this task runs in airflow 3.")
    assert "Reading remote log from Cloudwatch log_group: airlock-lab" in text


@pytest.mark.parametrize(
    "dag", ["preflight", "copy_objects", "ask_outside", "wait_for_object", "secret_connection"]
)
def test_every_dag_runs(stack: Stack, dag: str) -> None:
    stack.api().run(dag)


def test_the_token_that_the_partner_asks_for_is_in_no_log_and_no_environment(stack: Stack) -> None:
    token = stack.python("outside", ASK_SECRETS_MANAGER)
    label = f"label=com.docker.compose.project={stack.name}"

    assert len(token) == 32
    for name in stack.engine.text("ps", "--all", "--filter", label, "--format", "{{.Names}}").splitlines():
        done = stack.engine.run("logs", name)
        assert token.encode() not in done.stdout + done.stderr, name
        assert token not in stack.engine.text("inspect", name), name


def test_connections_come_from_secrets_manager(stack: Stack) -> None:
    assert stack.python("worker", CONNECTION).splitlines()[-1] == "http lab 32"


@pytest.mark.parametrize("service", sorted(ALWAYS | {"valkey", "worker"}))
def test_no_container_has_a_way_out(stack: Stack, service: str) -> None:
    assert stack.python(service, TRIES) == ""


def test_root_file_systems_cannot_be_written_to(stack: Stack) -> None:
    code = "import os\nfor place in ('/', '/opt/airflow', '/usr/bin'): print(os.access(place, os.W_OK))"

    assert stack.python("scheduler", code).split() == ["False"] * 3


def test_it_is_not_brought_up_twice(stack: Stack) -> None:
    done = stack.embedded.run("up")

    assert (done.returncode, done.stdout) == (26, b"")
    assert f"containers of {stack.name}" in done.stderr.decode()


def test_down_leaves_nothing(stack: Stack) -> None:
    assert len(stack.left()) > len(ALWAYS)

    assert stack.embedded.run("down").returncode == 0

    assert stack.left() == []
    assert not stack.embedded.up_folder.path.exists()


def test_without_celery_tasks_run_in_the_scheduler_and_make_clean_is_no_way_to_lose_containers(
    stack: Stack, project: UpProject, engine: Engine
) -> None:
    local = Stack(project, engine, "--local")
    try:
        assert set(local.states()) == ALWAYS
        local.api().run("image_report")
        shutil.rmtree(project.project.folder / "build")
    finally:
        assert project.run("down").stderr.decode() == "down\n"
    assert local.left() == []
