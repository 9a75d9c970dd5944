"""`airlock deploy` as a process of its own, against ECS by moto over HTTP and a real registry."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import pytest
import requests
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

import moto_ecs
from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TYPE = "application/vnd.oci.image.manifest.v1+json"
SERVICES = ("airflow-api", "airflow-scheduler")
ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass(frozen=True)
class World:
    """A project, a registry with an image in it, and a cluster that runs another image."""

    project: Path
    endpoint: str
    repository: str
    digest: str
    made: moto_ecs.Made

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "airlock",
            "--project",
            str(self.project),
            "deploy",
            "--timeout",
            "60",
            *arguments,
        ]

    @property
    def environ(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        place = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": moto_ecs.REGION}
        return {**inherited, **ACCESS, **place}

    def deploy(self, *arguments: str) -> tuple[int, str, str]:
        done = process.run(self.command(*arguments), env=self.environ, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def images(self) -> list[str]:
        told = self.made.client.describe_services(cluster=moto_ecs.CLUSTER, services=list(SERVICES))
        definitions = [
            self.made.client.describe_task_definition(taskDefinition=one["taskDefinition"])
            for one in told["services"]
        ]
        return [one["taskDefinition"]["containerDefinitions"][0]["image"] for one in definitions]


@dataclass
class Scheduler:
    """What ECS does by itself, in moto: the migration ends, deployments are completed, fail, or go on and on."""

    exit_code: int = 0  # of the migration's task
    fails: Sequence[str] = ()  # services whose new tasks never run
    hangs: Sequence[str] = ()

    def take_over(self, backend: Any, patch: pytest.MonkeyPatch) -> None:
        update, run = backend.update_service, backend.run_task

        def update_service(told: dict[str, Any]) -> Any:
            service = update(told)
            self._roll(service)
            return service

        def run_task(*arguments: Any, **more: Any) -> Any:
            tasks = run(*arguments, **more)
            for one in tasks:
                one.status, one.stopped_reason = "STOPPED", "Essential container in task exited"
                one.advance = lambda: None
                one.containers[0].exitCode = self.exit_code
                one.containers[0].last_status = "STOPPED"
            return tasks

        patch.setattr(backend, "update_service", update_service)
        patch.setattr(backend, "run_task", run_task)

    def _roll(self, service: Any) -> None:
        new = not service.task_definition.endswith(":1")
        state = "COMPLETED"
        if new and service.name in self.fails:
            state = "FAILED"
        if new and service.name in self.hangs:
            state = "IN_PROGRESS"
        service.running_count = service.desired_count if state == "COMPLETED" else 0
        service.deployments[0] |= {
            "id": f"ecs-svc/{service.task_definition}",  # a new one; moto has one for ever
            "taskDefinition": service.task_definition,
            "rolloutState": state,
            "rolloutStateReason": f"ECS deployment circuit breaker: {state}",
            "runningCount": service.running_count,
        }


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a registry on this machine; give its address."""
    program = process.find("docker-registry")
    if program is None:
        pytest.skip("there is no docker-registry: apt-get install docker-registry, then: make integration")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "config.json").write_text(json.dumps(settings))  # YAML, too
    running = process.start(
        [program, "serve", folder / "config.json"], env={"OTEL_TRACES_EXPORTER": "none", "PATH": ""}
    )
    try:
        for _ in range(100):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{address}/v2/", timeout=5).raise_for_status()
                break
            time.sleep(0.1)
        yield address
    finally:
        running.kill()
        running.communicate()


def pushed(address: str) -> str:
    """Push a small image under the tag 3.3.2; return its digest."""
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    begun = requests.post(f"http://{address}/v2/airflow/blobs/uploads/", timeout=5)
    requests.put(
        begun.headers["Location"], params={"digest": digest}, data=config, timeout=5
    ).raise_for_status()
    blob = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
    layer = blob | {"mediaType": "application/vnd.oci.image.layer.v1.tar"}
    manifest = {"schemaVersion": 2, "mediaType": TYPE, "config": blob, "layers": [layer]}
    url = f"http://{address}/v2/airflow/manifests/3.3.2"
    answer = requests.put(url, json.dumps(manifest), headers={"Content-Type": TYPE}, timeout=5)
    answer.raise_for_status()
    return answer.headers["Docker-Content-Digest"]


@pytest.fixture
def world(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    text = f'[tool.airlock.push]\nrepository = "{registry}/airflow"\n'
    text += f"[tool.airlock.deploy]\ncluster = 'prod'\nservices = {list(SERVICES)}\n"
    (tmp_path / "pyproject.toml").write_text(text)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        requests.post(f"{endpoint}/moto-api/reset", timeout=10).raise_for_status()
        made = moto_ecs.make(endpoint_url=endpoint)
        for name in SERVICES:
            made.service(name, f"{registry}/airflow:3.3.1")
        moto_ecs.settle()
        yield World(tmp_path, endpoint, f"{registry}/airflow", pushed(registry), made)
    finally:
        server.stop()


@pytest.fixture
def scheduler(world: World, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    made = Scheduler()
    made.take_over(get_backend("ecs")[moto_ecs.ACCOUNT][moto_ecs.REGION], monkeypatch)
    return made


def test_a_deployment_changes_everything_once(world: World, scheduler: Scheduler) -> None:
    code, out, err = world.deploy("--image", f"{world.repository}:3.3.2")
    assert (code, out) == (0, f"{world.digest}\n"), err
    assert world.images() == [f"{world.repository}@{world.digest}"] * 2
    assert "airflow-scheduler: stable" in err
    code, out, err = world.deploy("--image", f"{world.repository}:3.3.2", "--json")
    assert code == 0, err
    assert json.loads(out)["changed"] is False


def test_a_dry_run_changes_nothing(world: World, scheduler: Scheduler) -> None:
    code, out, err = world.deploy("--image", f"{world.repository}:3.3.2", "--dry-run")
    assert (code, out) == (0, f"{world.digest}\n")
    assert "  - api  :3.3.1\n" in err
    assert f"  + api  @{world.digest}\n" in err
    assert world.images() == [f"{world.repository}:3.3.1"] * 2
    assert len(world.made.client.list_task_definitions()["taskDefinitionArns"]) == 2
    assert world.made.client.list_tasks(cluster="prod")["taskArns"] == []


def test_a_failed_migration_changes_no_service(world: World, scheduler: Scheduler) -> None:
    scheduler.exit_code = 79
    code, out, err = world.deploy("--image", f"{world.repository}:3.3.2")
    assert (code, out) == (33, "")
    assert "exit code 79: the database is not of this image's Airflow" in err
    assert "aws logs tail /airflow" in err
    assert world.images() == [f"{world.repository}:3.3.1"] * 2


def test_a_failed_rollout_is_taken_back(world: World, scheduler: Scheduler) -> None:
    scheduler.fails = ("airflow-scheduler",)
    code, out, err = world.deploy("--image", f"{world.repository}:3.3.2")
    assert (code, out) == (33, "")
    assert "airflow-api runs airflow-api:1 again" in err
    assert "the database stays migrated" in err
    assert "Traceback" not in err
    assert world.images() == [f"{world.repository}:3.3.1"] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_deployment_that_is_cancelled_is_taken_back(
    world: World, scheduler: Scheduler, number: signal.Signals
) -> None:
    scheduler.hangs = ("airflow-scheduler",)
    command = world.command("--image", f"{world.repository}:3.3.2", "--no-migrate")
    with Popen(command, env=world.environ, stdout=PIPE, stderr=PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("airflow-scheduler: 0 of 1"):
                break
        running.send_signal(number)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "airflow-scheduler runs airflow-scheduler:1 again" in err
    assert world.images() == [f"{world.repository}:3.3.1"] * 2


def test_an_image_that_is_not_in_the_registry_changes_nothing(world: World, scheduler: Scheduler) -> None:
    code, out, err = world.deploy("--image", f"{world.repository}:none")
    assert (code, out) == (33, "")
    assert "there is no image" in err
