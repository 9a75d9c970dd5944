"""How Docker Compose is called, and what is said where it fails."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.errors import UpError
from airlock.up import containers
from airlock.up.containers import Containers
from airlock.up.folder import Kept, UpFolder
from airlock.up.result import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEPT = Kept(None, "", (), "airlock-shop-123456", "unix:///other.sock")


class FakeDocker:
    """In the place of Docker's command line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, there: bool = True) -> None:
        self.calls: list[list[str]] = []
        self.hosts: list[str] = []
        self.code, self.said = 0, b""
        monkeypatch.setattr(process, "find", lambda _: Path("/usr/bin/docker") if there else None)
        monkeypatch.setattr(process, "run", self.run)

    def run(
        self, command: Sequence[str | Path], *, check: bool = True, env: Mapping[str, str] | None = None
    ) -> CompletedProcess[bytes]:
        assert not check
        self.calls.append([str(word) for word in command[1:]])
        self.hosts.append((env or {}).get("DOCKER_HOST", ""))
        code = 0 if list(command[1:]) == ["compose", "version"] else self.code
        return CompletedProcess(command, code, self.said, self.said)


def test_a_projects_containers_are_named_by_its_folder_and_told_from_anothers() -> None:
    one, other = (containers.project_name(Path(folder)) for folder in ("/a/My Shop", "/b/My Shop"))

    assert one.startswith("airlock-my-shop-")
    assert one != other
    assert containers.project_name(Path("/")).startswith("airlock-project-")


def test_down_removes_networks_and_volumes_too_at_the_engine_that_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    docker = FakeDocker(monkeypatch)

    containers.down(KEPT)

    assert docker.calls[-1] == [
        "compose", "--project-name", "airlock-shop-123456", "down", "--volumes", "--remove-orphans"
    ]  # fmt: skip
    assert docker.hosts[-1] == "unix:///other.sock"


def test_without_dags_docker_is_not_left_to_make_a_folder_that_root_owns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    FakeDocker(monkeypatch)
    session = SimpleNamespace(project=tmp_path)
    attempt = Containers(session, UpFolder(tmp_path / "up"), Wanted(0))  # type: ignore[arg-type]

    with pytest.raises(UpError, match="there is no folder of DAGs") as caught:
        attempt.begin(0)

    assert caught.value.remedy == f"mkdir {tmp_path / 'dags'}"


def test_docker_compose_is_ended_with_us_while_it_starts_containers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[process.Running] = []
    start = process.start_shown

    def interrupted(*command: object, **options: object) -> process.Running:
        started.append(start(["/bin/sleep", "300"]))
        monkeypatch.setattr(started[0], "wait", interrupt)
        return started[0]

    def interrupt() -> int:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "start_shown", interrupted)
    attempt = Containers(None, UpFolder(tmp_path / "up"), Wanted(8080))  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        attempt._run(["docker"], 0)

    assert started[0].wait() < 0


def test_where_down_fails_docker_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = FakeDocker(monkeypatch)
    docker.code, docker.said = 1, b"Cannot connect to the Docker daemon"

    with pytest.raises(UpError) as caught:
        containers.down(KEPT)

    assert caught.value.cause == "Cannot connect to the Docker daemon"
    assert caught.value.exit_code == 26


def test_without_docker_compose_it_is_told_what_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDocker(monkeypatch, there=False)

    with pytest.raises(UpError, match="Docker Compose is not here") as caught:
        containers.down(KEPT)

    assert caught.value.remedy.endswith("airlock up")


def test_containers_whose_folder_was_removed_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = FakeDocker(monkeypatch)
    assert containers.forgotten(Path("/shop")) is None

    docker.said = b"1234\n"
    found = containers.forgotten(Path("/shop"))

    assert found is not None
    assert found.compose_project == containers.project_name(Path("/shop"))


def test_without_docker_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = FakeDocker(monkeypatch, there=False)

    assert containers.forgotten(Path("/shop")) is None
    assert docker.calls == []
