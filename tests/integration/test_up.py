"""`airlock up` without Docker: real images, real sandboxes, a real Airflow; and afterwards nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_api import AirflowApi
from airlock import process
from airlock.errors import SandboxError
from up_project import UpProject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.up.folder import UpFolder

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's"),
]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpProject]:
    made = UpProject.create(tmp_path_factory.mktemp("up") / "project")
    yield made
    made.run("down")


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def port() -> str:
    return free_port()


@pytest.fixture(scope="module")
def up(embedded: UpProject, port: str) -> dict[str, Any]:
    done = embedded.run("up", "--port", port, "--json")
    if done.returncode == SandboxError.exit_code:
        pytest.skip(f"no sandbox can be made here: {done.stderr.decode()}")
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    print(f"healthy after {document['seconds']} s")  # noqa: T201 - shown with -s or where it fails
    return dict(document)


@pytest.fixture(scope="module")
def api(up: dict[str, Any]) -> AirflowApi:
    password = json.loads(Path(up["password_file"]).read_text())[up["user"]]
    return AirflowApi.log_in(up["url"], up["user"], password)


def test_it_says_where_it_is_and_who_may_enter(up: dict[str, Any], port: str) -> None:
    assert (up["url"], up["user"], up["mode"]) == (f"http://127.0.0.1:{port}", "admin", "embedded")
    assert stat.S_IMODE(Path(up["password_file"]).stat().st_mode) == 0o600


WITHOUT_PREFLIGHT = ("copy_objects", "ask_outside", "wait_for_object", "secret_connection")


@pytest.mark.parametrize("dag", WITHOUT_PREFLIGHT)
def test_every_dag_runs_but_the_one_that_looks_for_endpoints(api: AirflowApi, dag: str) -> None:
    api.run(dag)


def test_a_dag_runs_and_its_log_comes_from_cloudwatch(api: AirflowApi) -> None:
    run = api.run("image_report")

    text = api.log("image_report", run, "report", "this task runs in airflow 3.")
    assert "Reading remote log from Cloudwatch log_group: airlock-lab" in text


def test_the_sandboxes_have_no_network_but_their_own_loopback(
    embedded: UpProject, up: dict[str, Any]
) -> None:
    running = embedded.up_folder.running

    assert set(running) == {"aws", "outside", "airflow"}
    for one in running.values():
        (inner,) = Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()
        devices = Path(f"/proc/{inner}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in devices] == ["lo"]
        assert len(Path(f"/proc/{inner}/net/route").read_text().splitlines()) == 1


def test_the_password_is_no_ones_argument(embedded: UpProject, up: dict[str, Any]) -> None:
    password = json.loads(Path(up["password_file"]).read_text())["admin"]

    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert password.encode() not in path.read_bytes()
        except OSError:
            continue


def test_it_is_not_brought_up_twice(embedded: UpProject, up: dict[str, Any]) -> None:
    done = embedded.run("up")

    assert (done.returncode, done.stdout) == (26, b"")
    assert f"Airflow is up at {up['url']}" in done.stderr.decode()


def test_a_port_that_is_taken_is_told_before_anything_is_made(
    up: dict[str, Any], port: str, tmp_path: Path
) -> None:
    other = UpProject.create(tmp_path / "other")

    done = other.run("up", "--port", port)

    assert (done.returncode, done.stdout) == (26, b"")
    assert f"port {port} of 127.0.0.1 cannot be had" in done.stderr.decode()
    assert f"airlock up --port {int(port) + 1}" in done.stderr.decode()
    assert not (other.project.folder / "build").exists() or not other.up_folder.path.exists()


def test_down_leaves_nothing(embedded: UpProject, up: dict[str, Any], port: str) -> None:
    assert len(embedded.processes()) > 1

    assert embedded.run("down").returncode == 0

    assert embedded.processes() == []
    assert not embedded.up_folder.path.exists()
    socket.create_server(("127.0.0.1", int(port))).close()
    assert embedded.run("down").stderr.decode() == "nothing was up\n"


@dataclass(frozen=True)
class Starting:
    """`airlock up` in a process of its own."""

    embedded: UpProject
    port: str

    def until(self, reached: Callable[[UpFolder], object]) -> process.Running:
        command = self.embedded.project.command("up", "--port", self.port)
        running = process.start(command, env=self.embedded.project.variables())
        end = time.monotonic() + 60
        while not reached(self.embedded.up_folder):
            assert running.poll() is None, running.communicate()[1].decode()
            assert time.monotonic() < end
            time.sleep(0.02)
        return running


@pytest.fixture
def starting(embedded: UpProject) -> Starting:
    embedded.run("down")
    return Starting(embedded, free_port())


def has_sandboxes(folder: UpFolder) -> bool:
    return len(folder.running) == 3


def is_begun(folder: UpFolder) -> bool:
    return folder.kept is not None


@pytest.mark.parametrize("when", [is_begun, has_sandboxes])
def test_ctrl_c_leaves_nothing(starting: Starting, when: Callable[[UpFolder], object]) -> None:
    launcher = starting.until(when)

    launcher.send_signal(signal.SIGINT)

    _, said = launcher.communicate(timeout=30)
    assert launcher.returncode == 130, said.decode()
    assert starting.embedded.processes() == []
    assert not starting.embedded.up_folder.path.exists()


@pytest.mark.parametrize("when", [is_begun, has_sandboxes])
def test_what_a_killed_launcher_leaves_is_ended_by_down(
    starting: Starting, when: Callable[[UpFolder], object]
) -> None:
    launcher = starting.until(when)
    launcher.kill()
    launcher.communicate()

    assert starting.embedded.run("down").returncode == 0

    assert starting.embedded.processes() == []
    assert not starting.embedded.up_folder.path.exists()


def test_sandboxes_end_with_a_killed_keeper(starting: Starting) -> None:
    launcher = starting.until(has_sandboxes)
    folder = starting.embedded.up_folder
    running, kept = folder.running, folder.kept
    assert kept is not None
    assert kept.keeper is not None

    os.kill(kept.keeper.pid, signal.SIGKILL)

    _, said = launcher.communicate(timeout=60)
    assert launcher.returncode == 26
    assert "keeper ended with exit code -9" in said.decode()
    assert not any(one.lives for one in running.values())
    assert not folder.path.exists()


def test_what_dies_while_it_starts_is_named_and_quoted(embedded: UpProject, tmp_path: Path) -> None:
    other = UpProject.create(tmp_path / "other")
    (other.project.folder / "lab/image/rootfs/opt/lab/seed.toml").write_text("buckts = []\n")

    done = other.run("up", "--port", free_port())

    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (26, b""), said
    assert "aws ended with exit code 3" in said
    assert "unknown keys buckts" in said
    assert other.processes() == []
    assert not other.up_folder.path.exists()


def test_a_folder_that_is_removed_takes_all_with_it(starting: Starting) -> None:
    launcher = starting.until(has_sandboxes)
    running = starting.embedded.up_folder.running

    shutil.rmtree(starting.embedded.up_folder.path)  # as `make clean` does

    launcher.communicate(timeout=60)
    assert launcher.returncode == 26
    end = time.monotonic() + 10
    while any(one.lives for one in running.values()):
        assert time.monotonic() < end
        time.sleep(0.05)
