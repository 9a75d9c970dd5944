"""`airlock deploy` as it is typed: where its settings come from, and what it prints."""

from __future__ import annotations

import hashlib
import json
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import moto_ecs
from airlock import cli, ecs
from airlock.errors import ConfigError, DeployError, ImageError
from airlock.registry import connecting
from airlock.registry.reference import Repository
from airlock.registry.registry import Manifest
from memory_registry import MemoryRegistry
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = Repository(f"{moto_ecs.ACCOUNT}.dkr.ecr.{moto_ecs.REGION}.amazonaws.com", "airflow")
TYPE = "application/vnd.oci.image.manifest.v1+json"
SETTINGS = f"""
[tool.airlock.push]
repository = "{REPOSITORY}"
[tool.airlock.deploy]
cluster = "prod"
services = ["airflow-api", "airflow-scheduler"]
"""


@dataclass(frozen=True)
class World:
    """A project, a registry that holds an image under a tag, and two services that run another one."""

    project: Path
    registry: MemoryRegistry
    digest: str
    made: moto_ecs.Made

    def lay_out(self, digest: str) -> None:
        """Let build/image name an image."""
        layout = self.project / "build" / "image"
        layout.mkdir(parents=True)
        entries = [{"mediaType": TYPE, "digest": digest, "size": 1}]
        (layout / "index.json").write_text(json.dumps({"manifests": entries}))


@pytest.fixture
def world(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "pyproject.toml").write_text(f"[tool.airlock]\n{SETTINGS}")
    registry = MemoryRegistry(REPOSITORY)
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    registry.blobs[digest] = config
    document = {"config": {"digest": digest}, "layers": [{"digest": digest}]}
    manifest = Manifest(TYPE, json.dumps(document).encode())
    registry.put_manifest(manifest, "3.3.2")
    registry.log.clear()
    monkeypatch.setattr(connecting, "connect", lambda _: registry)
    made = moto_ecs.make()
    for name in ("airflow-api", "airflow-scheduler"):
        made.service(name, f"{REPOSITORY}:3.3.1")
    moto_ecs.settle()
    return World(tmp_path, registry, manifest.digest, made)


def run(world: World, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    return typed(monkeypatch, "--project", world.project, "deploy", *arguments)


def images(world: World) -> list[str]:
    told = world.made.client.describe_services(cluster="prod", services=["airflow-api", "airflow-scheduler"])
    definitions = [
        world.made.client.describe_task_definition(taskDefinition=one["taskDefinition"])
        for one in told["services"]
    ]
    return [one["taskDefinition"]["containerDefinitions"][0]["image"] for one in definitions]


def lively(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ECS do what moto leaves undone."""
    real = ecs.connect
    monkeypatch.setattr(ecs, "connect", lambda place: moto_ecs.Lively(place, real(place)._asking))


def test_a_tag_is_deployed_by_its_digest(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lively(monkeypatch)
    assert run(world, monkeypatch, "--image", f"{REPOSITORY}:3.3.2", "--no-migrate") == 0
    assert capsys.readouterr().out == f"{world.digest}\n"
    assert images(world) == [f"{REPOSITORY}@{world.digest}"] * 2
    assert world.registry.log == []


def test_where_what_runs_cannot_be_tagged_it_is_told_and_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lively(monkeypatch)
    assert run(world, monkeypatch, "--image", f"{REPOSITORY}:3.3.2", "--no-migrate") == 0
    assert "the image is not tagged as what runs, and may expire" in capsys.readouterr().err


def test_without_an_image_named_it_is_the_one_that_was_composed(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lively(monkeypatch)
    world.lay_out(world.digest)
    assert run(world, monkeypatch, "--json", "--no-migrate", "--service", "airflow-scheduler") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["digest"], told["changed"], told["migration"]) == (world.digest, True, None)
    assert images(world) == [f"{REPOSITORY}:3.3.1", f"{REPOSITORY}@{world.digest}"]


def test_a_dry_run_changes_nothing_also_before_the_image_is_pushed(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = f"sha256:{'0' * 64}"
    world.lay_out(absent)
    assert run(world, monkeypatch, "--dry-run", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["dry_run"] is True
    assert "is not there yet: it has to be pushed first" in told.err
    assert "+ api  @sha256:000" in told.err
    assert "a task as airflow-api runs it" in told.err
    assert images(world) == [f"{REPOSITORY}:3.3.1"] * 2
    assert len(world.made.client.list_task_definitions()["taskDefinitionArns"]) == 2
    assert run(world, monkeypatch) == DeployError.exit_code


def test_the_migrations_service_can_be_named(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--dry-run", "--image", f"{REPOSITORY}:3.3.2")
    assert run(world, monkeypatch, *arguments, "--migrate", "airflow-scheduler") == 0
    assert "a task as airflow-scheduler runs it" in capsys.readouterr().err
    monkeypatch.setenv("AIRLOCK_DEPLOY_MIGRATE", "airflow-scheduler")
    assert run(world, monkeypatch, *arguments) == 0
    assert "a task as airflow-scheduler runs it" in capsys.readouterr().err
    assert run(world, monkeypatch, *arguments, "--migrate", "x", "--no-migrate") == 2


def test_what_is_not_configured_is_told_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.project / "pyproject.toml").write_text("[tool.airlock]\n")
    assert run(world, monkeypatch) == ConfigError.exit_code
    assert "no cluster and no services" in capsys.readouterr().err
    assert run(world, monkeypatch, "--cluster", "c", "--service", "s") == ConfigError.exit_code
    assert "nobody said which image to deploy" in capsys.readouterr().err


def test_what_was_not_composed_cannot_be_deployed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(world, monkeypatch) == ImageError.exit_code


def test_sigterm_is_as_ctrl_c_until_the_command_ends(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Cancelled(moto_ecs.Lively):
        def update(self, service: str, definition: str) -> None:
            super().update(service, definition)
            if definition.endswith("airflow-scheduler:2"):
                signal.raise_signal(signal.SIGTERM)

    real = ecs.connect
    monkeypatch.setattr(ecs, "connect", lambda place: Cancelled(place, real(place)._asking))
    before = signal.getsignal(signal.SIGTERM)
    arguments = ("--image", f"{REPOSITORY}:3.3.2", "--no-migrate")
    assert run(world, monkeypatch, *arguments) == cli.INTERRUPTED
    assert images(world) == [f"{REPOSITORY}:3.3.1"] * 2
    assert "airflow-api runs airflow-api:1 again" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before
