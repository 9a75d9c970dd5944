"""The real parts: a Docker Engine, and the image in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import moto_aws
import terraform_runs
from airlock import process
from airlock.places import places
from containers import INSIDE, Engine, Image, volume
from project import Project
from reduced import Built, reduce

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from terraform_runs import Deployment, Terraform

REPOSITORY = Path(__file__).parents[2]


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


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    found = terraform_runs.find(tmp_path_factory.mktemp("terraform"))
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(scope="session")
def applied_example(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give infra/example applied to a server of moto (`url`, `outputs`), to be looked at and never changed."""
    with moto_aws.serving() as url:
        made = terraform_runs.copy(terraform, tmp_path_factory.mktemp("applied"), url, **terraform_runs.WHOLE)
        made.init()
        made.apply()
        yield made
