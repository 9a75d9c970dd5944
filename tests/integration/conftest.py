"""The real parts: a Docker Engine, and the image in it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from airlock import process
from airlock.places import places
from project import Project
from reduced import Built, reduce

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from subprocess import CompletedProcess

REPOSITORY = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"
# A user's own data folders are memory here, for the root is read-only.
SEALED = (
    *("--network", "none", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - in the container
    *("--tmpfs", "/opt/airflow/logs:mode=1777"),
    *("--env", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////tmp/airflow.db"),
    *("--env", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=/tmp/passwords.json"),
)


@dataclass(frozen=True)
class Engine:
    """The docker CLI, which talks to the engine of DOCKER_HOST."""

    program: Path

    def run(
        self, *arguments: str | Path, stdin: bytes | None = None, check: bool = True
    ) -> CompletedProcess[bytes]:
        return process.run([self.program, *arguments], stdin=stdin, check=check)

    def text(self, *arguments: str | Path, stdin: bytes | None = None) -> str:
        return self.run(*arguments, stdin=stdin).stdout.decode().strip()


@dataclass(frozen=True)
class Image:
    """An image in the engine, run without a network and on a read-only root."""

    engine: Engine
    reference: str
    options: tuple[str, ...] = field(default=SEALED)

    def with_options(self, *options: str) -> Image:
        return Image(self.engine, self.reference, (*self.options, *options))

    def text(self, *command: str) -> str:
        """Run a command through the entrypoint; return what it prints."""
        return self.engine.text("run", "--rm", *self.options, self.reference, *command)

    def inside(self, script: str, *arguments: str) -> dict[str, Any]:
        """Run one of the scripts in inside/ with the image's Python; return the JSON that it prints."""
        command = ("run", "--rm", "--interactive", *self.options, self.reference, "python", "-", *arguments)
        return document(self.engine.text(*command, stdin=(INSIDE / script).read_bytes()))

    def start(self, *command: str) -> Container:
        name = f"airlock-test-{uuid.uuid4().hex[:12]}"
        self.engine.run("run", "--detach", "--name", name, *self.options, self.reference, *command)
        return Container(self.engine, name)


@dataclass(frozen=True)
class Container:
    """A container that runs on; `with` removes it."""

    engine: Engine
    name: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.run("rm", "--force", "--volumes", self.name)

    def inside(self, script: str, *arguments: str) -> dict[str, Any]:
        command = ("exec", "--interactive", self.name, "python", "-", *arguments)
        return document(self.engine.text(*command, stdin=(INSIDE / script).read_bytes()))

    def logs(self) -> str:
        done = self.engine.run("logs", "--tail", "100", self.name)
        return (done.stdout + done.stderr).decode(errors="replace")


def document(text: str) -> dict[str, Any]:
    """Read the last line of a program's output, which is its result."""
    value = json.loads(text.splitlines()[-1])
    assert isinstance(value, dict)
    return value


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a skip a failure with AIRLOCK_REQUIRE_REAL=1, so that CI cannot skip unseen."""
    report = yield
    if report.skipped and os.environ.get("AIRLOCK_REQUIRE_REAL") == "1":
        report.outcome = "failed"
        report.longrepr = f"a real part is missing, and AIRLOCK_REQUIRE_REAL is set: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Give the docker CLI that talks to a running engine."""
    program = process.find("docker")
    if program is None:
        pytest.skip("there is no docker program: install one, then: make integration")
    done = process.run([program, "version", "--format", "{{.Server.Version}}"], check=False)
    if done.returncode:
        cause = done.stderr.decode(errors="replace").strip()
        pytest.skip(f"no Docker Engine ({cause}): start one, or set DOCKER_HOST, then: make integration")
    return Engine(program)


@pytest.fixture(scope="session")
def skopeo() -> Path:
    program = process.find("skopeo")
    if program is None:
        pytest.skip("there is no skopeo: apt-get install skopeo, then: make integration")
    return program


@pytest.fixture(scope="session")
def chromium() -> Path:
    program = process.find("chromium")
    if program is None:
        pytest.skip("there is no chromium: apt-get install chromium, then: make integration")
    return program


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Give this repository's project with few of its packages, composed, to be copied and never changed."""
    Project(REPOSITORY, places().root).run("fetch")
    folder = tmp_path_factory.mktemp("built")
    (folder / "cache").mkdir()
    (folder / "cache" / "store").symlink_to(places().store)
    project = reduce(Project.copy(folder / "project", folder / "cache"))
    return Built(project, project.image()["digest"], places().store)


@pytest.fixture(scope="session")
def image(engine: Engine) -> Image:
    """Give the image named by AIRLOCK_TEST_IMAGE, or compose this repository's and load it."""
    reference = os.environ.get("AIRLOCK_TEST_IMAGE")
    if not reference:
        options: list[str | Path] = ["--project", REPOSITORY, "image", "--load", "--json"]
        composed = json.loads(process.run([sys.executable, "-m", "airlock", *options]).stdout)
        reference = str(composed["reference"])
    return Image(engine, reference)


@pytest.fixture(scope="session")
def lab_image(engine: Engine) -> str:
    """Give the image named by AIRLOCK_TEST_LAB_IMAGE, or compose the lab's and load it."""
    if reference := os.environ.get("AIRLOCK_TEST_LAB_IMAGE"):
        return reference
    options: list[str | Path] = ["--project", REPOSITORY / "lab", "image", "--load", "--json"]
    return str(json.loads(process.run([sys.executable, "-m", "airlock", *options]).stdout)["reference"])


@contextlib.contextmanager
def volume(image: Image, folder: Path, target: str) -> Iterator[Sequence[str]]:
    """Give the options that mount a copy of a folder, also in an engine that cannot see our files."""
    engine, name = image.engine, f"airlock-test-{uuid.uuid4().hex[:12]}"
    mount = f"type=volume,source={name},target={target}"
    engine.run("volume", "create", name)
    try:
        engine.run("create", "--name", name, "--mount", mount, image.reference, "true")
        engine.run("cp", f"{folder}/.", f"{name}:{target}")
        engine.run("rm", name)
        yield ("--mount", f"{mount},readonly")
    finally:
        engine.run("rm", "--force", name, check=False)
        engine.run("volume", "rm", "--force", name)


@pytest.fixture(scope="session")
def dags_volume(image: Image) -> Iterator[Sequence[str]]:
    """Give the options that mount this repository's dags/."""
    with volume(image, REPOSITORY / "dags", "/opt/airflow/dags") as options:
        yield options


@pytest.fixture(scope="session")
def slow_dag(image: Image) -> Iterator[Sequence[str]]:
    """Give the options that mount a DAG whose only task takes a while."""
    with volume(image, INSIDE / "dags_slow", "/opt/airflow/dags") as options:
        yield options
