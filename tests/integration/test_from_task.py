"""`airlock-verify` as a task of ECS: by moto, which runs it in the composed image in a container of this machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

import moto_ecs
from airlock.cli import Session
from airlock.terminal import Terminal
from airlock.verify.task import from_cluster
from airlock_spec.reach.observed import Kind
from airlock_spec.reach.rules import findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from containers import Image

pytestmark = [pytest.mark.docker, pytest.mark.real]


@dataclass(frozen=True)
class World:
    """A project whose services are in a cluster of moto, where a task is run by this machine's engine."""

    session: Session
    made: moto_ecs.Made
    image: Image
    region: str = moto_ecs.REGION

    def run_tasks(self, patch: pytest.MonkeyPatch, reason: str = "") -> None:
        """Let each task run its command in the composed image, its output in the log; or not start, and why."""
        backend: Any = get_backend("ecs")[moto_ecs.ACCOUNT][self.region]
        run = backend.run_task

        def run_task(*arguments: Any, **more: Any) -> Any:
            tasks = run(*arguments, **more)
            for one in tasks:
                one.status, one.stopped_reason = "STOPPED", reason or "Essential container in task exited"
                one.advance = lambda: None
                one.containers[0].last_status = "STOPPED"
                one.containers[0].exitCode = None if reason else self._run(one)
            return tasks

        patch.setattr(backend, "run_task", run_task)

    def _run(self, task: Any) -> int:
        (override,) = task.overrides["containerOverrides"]
        variables = [f"{one['name']}={one['value']}" for one in override["environment"]]
        given = [word for one in (*variables, f"AWS_REGION={self.region}") for word in ("--env", one)]
        command = ("run", "--rm", *self.image.options, *given, self.image.reference, *override["command"])
        done = self.image.engine.run(*command, check=False)
        logs = boto3.client("logs", region_name=self.region)
        stream = f"airflow/{override['name']}/{task.task_arn.rpartition('/')[2]}"
        logs.create_log_stream(logGroupName="/airflow", logStreamName=stream)
        events: list[Any] = [
            {"timestamp": int(time.time() * 1000), "message": line}
            for line in done.stdout.decode().splitlines()
        ]
        logs.put_log_events(logGroupName="/airflow", logStreamName=stream, logEvents=events)
        return done.returncode


@pytest.fixture
def world(image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    text = "[tool.airlock.deploy]\ncluster = 'prod'\nservices = ['airflow-api', 'airflow-scheduler']\n"
    (tmp_path / "pyproject.toml").write_text(text)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        place = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": moto_ecs.REGION}
        access = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        for name, value in (place | access).items():
            monkeypatch.setenv(name, value)
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10).raise_for_status()
        made = moto_ecs.make()
        for name in ("airflow-api", "airflow-scheduler"):
            made.service(name, "host/airflow:1")
        boto3.client("logs").create_log_group(logGroupName="/airflow")
        yield World(Session(tmp_path, Terminal()), made, image)
    finally:
        server.stop()


def test_a_task_is_run_in_the_one_network_and_its_log_says_what_it_saw(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_tasks(monkeypatch)
    (seen,) = from_cluster.look(world.session, arguments=["--service", "sqs"])

    assert seen.task == "airflow-api"
    assert {one.code for one in findings(seen)} == {"AL901"}
    assert {one.service for one in seen.sights if one.kind is Kind.ENDPOINT} == {"secretsmanager", "sqs"}
    tasks = world.made.client.list_tasks(cluster="prod", startedBy="airlock-verify")
    assert len(tasks["taskArns"]) == 1


def test_each_service_that_is_named_is_looked_from(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run_tasks(monkeypatch)
    found = from_cluster.look(world.session, ["airflow-scheduler", "airflow-api"])

    assert [one.task for one in found] == ["airflow-scheduler", "airflow-api"]


def test_a_task_that_cannot_pull_its_image_is_a_finding(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_tasks(monkeypatch, "CannotPullContainerError: dial tcp 52.94.0.1:443: i/o timeout")
    (finding,) = findings(from_cluster.look(world.session)[0])

    assert (finding.code, finding.resource) == ("AL911", "airflow-api")
    assert "52.94.0.1:443: i/o timeout" in finding.message
    assert "ecr.api and ecr.dkr" in finding.detail


def test_a_rehearsal_runs_nothing(world: World) -> None:
    (stand,) = from_cluster.rehearse(world.session)

    assert (stand.service.name, stand.also) == ("airflow-api", ("airflow-scheduler",))
    assert world.made.client.list_tasks(cluster="prod")["taskArns"] == []
