"""Other people's projects, from `airlock init` to a running image: three real sets of requirements.

The small one is for every change: it keeps the versions of this repository's own locks, so that no release of
today decides. The big ones lock anew, on demand and nightly: `make projects`.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest
from packaging.specifiers import SpecifierSet

from airlock.errors import MissingLibraryError
from airlock.places import places
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from containers import Engine

pytestmark = pytest.mark.real

INSIDE = REPOSITORY / "tests" / "integration" / "inside"
SHOWN = "/tmp/inside"  # noqa: S108 - in the sandbox
AIRFLOW = "3.3.2"


@dataclass(frozen=True)
class Theirs:
    """A project in tests/projects, and what is known of it."""

    name: str
    kind: str
    taken: int  # requirements, Debian packages and variables
    left: frozenset[str]  # where what could not be taken is written
    dags: frozenset[str]
    packages: int  # Python packages that the lock has at least
    constraints: tuple[tuple[str, str], ...] = ()  # what their constraints allow of a package
    libraries: frozenset[str] = frozenset()  # Debian packages that composing asks for
    fresh: bool = True  # locks without this repository's versions


SMALL = Theirs(
    name="small",
    kind="requirements for MWAA",
    taken=4,
    left=frozenset(
        {"requirements.txt:1", "requirements.txt:2", "requirements.txt:3", "requirements.txt:8", "startup.sh"}
    ),
    dags=frozenset({"nightly"}),
    packages=120,
    fresh=False,
)
DATA_HEAVY = Theirs(
    name="data-heavy",
    kind="an Astro project",
    taken=22,
    left=frozenset(
        {
            *(f"Dockerfile:{line}" for line in (1, 5, 7, 8, 10, 13)),
            *("include", "airflow_settings.yaml"),
        }
    ),
    dags=frozenset({"marts"}),
    packages=250,
    constraints=(("pandas", "<3"), ("sqlglot", "<29"), ("dbt-core-experimental-parser", "==2.0.0a4")),
)
MACHINE_LEARNING = Theirs(
    name="machine-learning",
    kind="a requirements file",
    taken=14,
    left=frozenset(
        {
            *(f"requirements.txt:{line}" for line in (1, 2, 7, 8, 9)),
            *("requirements/models.txt:1", "requirements/serving.txt:1"),
        }
    ),
    dags=frozenset({"hello"}),
    packages=180,
    libraries=frozenset({"libgomp1", "libtbb12"}),
)


@dataclass(frozen=True)
class Made:
    """A project after `airlock init`, `lock` and `image`."""

    theirs: Theirs
    project: Project
    report: dict[str, Any]  # what `airlock init --json` printed
    digest: str

    @cached_property
    def named(self) -> list[str]:
        """The distributions that the project asks for by name."""
        asked = [one["text"] for one in self.report["taken"] if one["kind"] == "requirement"]
        return [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in asked]

    def run(self, script: str, *arguments: str, dags: str = "dags") -> dict[str, Any]:
        """Run one of the scripts in inside/ in the sandbox, which sees the project's DAGs."""
        binds = [f"{self.project.folder / dags}:/opt/airflow/dags", f"{INSIDE}:{SHOWN}"]
        shown = [word for bind in binds for word in ("--bind", bind)]
        done = self.project.run("run", *shown, "--", "python", f"{SHOWN}/{script}", *arguments)
        found = json.loads(done.stdout.splitlines()[-1])
        assert isinstance(found, dict)
        return found


@pytest.fixture(
    scope="module",
    params=[
        SMALL,
        pytest.param(DATA_HEAVY, marks=pytest.mark.projects),
        pytest.param(MACHINE_LEARNING, marks=pytest.mark.projects),
    ],
    ids=lambda theirs: theirs.name,
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    theirs: Theirs = request.param
    project = Project(tmp_path_factory.mktemp("theirs") / theirs.name, places().root)
    shutil.copytree(REPOSITORY / "tests" / "projects" / theirs.name, project.folder)
    report = project.document("init")
    if not theirs.fresh:
        for lock in ("airflow.lock", "debian.lock"):
            shutil.copy(REPOSITORY / "constraints" / lock, project.folder / "constraints")
    project.run("lock")
    done = project.run("image", check=not theirs.libraries)
    if theirs.libraries:
        project.append("constraints/debian.in", "".join(f"{name}\n" for name in sorted(asked_for(done))))
        assert asked_for(done) == theirs.libraries
        project.run("lock")
        done = project.run("image")
    return Made(theirs, project, report, done.stdout.decode().strip())


def asked_for(done: CompletedProcess[bytes]) -> set[str]:
    """Return the Debian packages that a refusal over missing libraries tells to add."""
    said = done.stderr.decode()
    assert done.returncode == MissingLibraryError.exit_code, said
    steps = re.findall(r"add ([a-z0-9 .+-]+) to constraints/debian.in|try ([a-z0-9 .+-]+) there", said)
    return {name for found in steps for names in found for name in names.split()}


def test_init_says_what_it_took_and_what_it_could_not(made: Made) -> None:
    theirs = made.theirs

    assert made.report["kinds"] == [theirs.kind]
    assert len(made.report["taken"]) == theirs.taken
    left = {
        f"{one['file']}:{one['line']}" if one["line"] else one["file"] for one in made.report["not_taken"]
    }
    assert left == theirs.left


def test_the_lock_answers_everything_that_was_taken(made: Made) -> None:
    made.project.run("lock", "--check")

    locked = {package.name: package.version for package in made.project.airflow_lock.packages}
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in made.named} <= locked.keys()
    assert len(locked) >= made.theirs.packages
    assert all(
        SpecifierSet(allowed).contains(locked[name], prereleases=True)
        for name, allowed in made.theirs.constraints
    )


def test_airflow_answers_its_version_in_the_sandbox(made: Made) -> None:
    assert made.project.run("run", "--", "airflow", "version").stdout.decode().splitlines()[-1] == AIRFLOW


def test_every_package_that_they_name_imports(made: Made) -> None:
    found = made.run("import_named.py", *made.named)

    assert found["failed"] == {}
    assert set(found["imported"]) == set(made.named)
    assert all(found["imported"].values()), found["imported"]


def test_their_dags_parse(made: Made) -> None:
    found = made.run("parse_dags.py", "/opt/airflow/dags")

    assert found["errors"] == {}
    assert set(found["dags"]) == made.theirs.dags


def test_nothing_changed_composes_the_same_image_at_once(made: Made) -> None:
    again = made.project.image()

    assert again["digest"] == made.digest
    assert all(layer["reused"] for layer in again["layers"])


@pytest.fixture
def reference(made: Made, engine: Engine) -> Iterator[str]:
    """Load the image into the engine under a tag of its own, which is removed."""
    tag = uuid.uuid4().hex[:12]
    reference = made.project.image("--load", "--tag", tag)["reference"]
    yield reference
    engine.run("image", "rm", "--force", reference, check=False)


@pytest.mark.docker
def test_a_container_of_it_starts_without_a_network_on_a_read_only_root(
    reference: str, engine: Engine
) -> None:
    sealed = ("--network", "none", "--read-only", "--tmpfs", "/tmp")  # noqa: S108 - in the container
    assert engine.text("run", "--rm", *sealed, reference, "version").splitlines()[-1] == AIRFLOW


def test_an_empty_folder_gets_a_project_whose_dag_parses(made: Made, tmp_path: Path) -> None:
    """Its image would be the one made, without their packages: the DAG is all that is its own."""
    Project(tmp_path / "new", places().root).run("init")
    shutil.copytree(tmp_path / "new" / "dags", made.project.folder / "new-dags", dirs_exist_ok=True)

    found = made.run("parse_dags.py", "/opt/airflow/dags", dags="new-dags")
    assert (found["errors"], found["dags"]) == ({}, {"hello": ["tell"]})
