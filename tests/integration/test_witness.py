"""`airlock lock --verify` with the real store, interpreter, sandbox and pip-tools."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.locks import airflow
from airlock.locks.airflow import ANY, LockedPackage
from airlock.places import places
from airlock.platforms import native
from airlock.store import Store, StoreFile
from archives import make_wheel
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net", "--")
# what would lead any pip or uv of this machine elsewhere
HOSTILE = {
    "PIP_CONSTRAINT": "/nonexistent",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_NO_DEPS": "1",
    "PIP_FIND_LINKS": "/nonexistent",
    "UV_EXCLUDE_NEWER": "2001-01-01",
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache whose store has links to the files of this repository's sealed store, and room for more."""
    Project(REPOSITORY, places().root).run("fetch", "--platform", native().name)
    folder = tmp_path_factory.mktemp("cache")
    (folder / "store").mkdir()
    for held in places().store.iterdir():
        (folder / "store" / held.name).symlink_to(held)
    return folder


@pytest.fixture
def project(cache: Path, tmp_path: Path) -> Project:
    return Project.copy(tmp_path / "project", cache)


@pytest.fixture
def small(project: Project) -> Project:
    """Return a project whose lock holds three small wheels; all but those is real."""
    constraints = project.folder / "constraints"
    (constraints / "airflow.in").write_text("app[fast]\n")
    asked = replace(project, environment={"AIRLOCK_DISTRIBUTIONS": ""})
    requires = "Provides-Extra: fast\nRequires-Dist: quick>=1 ; extra == 'fast'\nRequires-Dist: base\n"
    wheels = [
        ("app", "1.0", requires + "Requires-Dist: absent ; sys_platform == 'win32'\n"),
        ("base", "1.0", ""),
        ("quick", "1.0", "Requires-Dist: base ; python_full_version >= '3.13'\n"),
    ]
    packages = tuple(
        LockedPackage(name, version, ((ANY, keep(project, name, version, metadata)),))
        for name, version, metadata in wheels
    )
    lock = replace(project.airflow_lock, intent=(("constraints/airflow.in", "app[fast]"),), packages=packages)
    (constraints / "airflow.lock").write_text(airflow.render(lock))
    return asked


def keep(project: Project, name: str, version: str, metadata: str = "") -> StoreFile:
    """Put a small wheel into the project's store."""
    module = name.replace("-", "_")
    content = make_wheel({}, name=module, version=version, metadata=metadata)
    digest = hashlib.sha256(content).hexdigest()
    file = StoreFile(f"{module}-{version}-py3-none-any.whl", len(content), digest)
    Store(project.cache / "store").add(file, [content], "a test")
    return file


def rewrite(project: Project, change: Callable[[LockedPackage], LockedPackage | None]) -> None:
    """Change the packages of the lock; None removes one."""
    lock = project.airflow_lock
    packages = tuple(changed for one in lock.packages if (changed := change(one)))
    path = project.folder / "constraints" / "airflow.lock"
    path.write_text(airflow.render(replace(lock, packages=packages)))


def swap(project: Project, name: str, version: str, file: StoreFile) -> None:
    rewrite(
        project,
        lambda one: replace(one, version=version, files=((ANY, file),)) if one.name == name else one,
    )


def refused(project: Project) -> tuple[str, dict[str, Any]]:
    """Return what a verdict against the lock says, and its document."""
    done = project.run("lock", "--verify", "--json", check=False)
    said = done.stderr.decode()
    assert done.returncode == 21, said
    assert "Traceback" not in said
    return said, json.loads(done.stdout)


def written(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_this_repositorys_lock_is_what_pip_tools_resolves_without_a_network(project: Project) -> None:
    before = written(project.folder)

    done = replace(project, environment=HOSTILE).run("lock", "--verify", under=NO_NETWORK)

    lock = project.airflow_lock
    wheels = len(lock.wheels(native()))
    assert wheels > 250
    assert (
        f"verified: {wheels} packages as locked, for {native()}, CPython {lock.python}"
        in done.stderr.decode()
    )
    assert done.stdout == b""
    assert written(project.folder) == before, "nothing is written, and no image is needed"
    assert not list((project.cache / "trees").glob(".airlock-*")), "the tree is gone"


def test_a_lock_that_lacks_a_package_is_refused_with_who_requires_it(project: Project) -> None:
    rewrite(project, lambda one: None if one.name == "pendulum" else one)

    said, document = refused(project)

    assert "Could not find a version that satisfies the requirement pendulum>=" in said
    assert "pendulum: the lock has none" in said
    assert re.search(r"apache-airflow-core \S+ requires pendulum>=\S+: not met by the lock", said)
    assert (
        "by way of constraints/airflow.in:4: apache-airflow[otel,statsd]==3.3.2 → apache-airflow-core=="
        in said
    )
    assert "airlock lock --upgrade apache-airflow-core apache-airflow-task-sdk" in said
    assert [one["name"] for one in document["differences"]] == ["pendulum"]


def test_an_older_version_that_others_do_not_take_is_refused(project: Project) -> None:
    swap(project, "sqlalchemy", "1.4.54", keep(project, "sqlalchemy", "1.4.54"))

    said, document = refused(project)

    assert "(from versions: 1.4.54)" in said
    assert "sqlalchemy: the lock has 1.4.54" in said
    assert re.search(r"alembic \S+ requires SQLAlchemy>=\S+: not met by the lock", said)
    assert document["conflict"].startswith("Could not find a version")


def test_a_pin_that_conflicts_with_another_is_refused_with_the_requirement_between_them(
    project: Project,
) -> None:
    wheel = keep(project, "pendulum", "3.1.0", "Requires-Dist: sqlalchemy<2 ; python_version >= '3.13'\n")
    swap(project, "pendulum", "3.1.0", wheel)

    said, _ = refused(project)

    assert "because these package versions have conflicting dependencies" in said
    assert 'pendulum 3.1.0 requires sqlalchemy<2; python_version >= "3.13": not met by the lock' in said
    assert "pip.pypa.io" not in said, "pip's advice is not ours"


def test_extras_and_markers_are_read_alike(small: Project) -> None:
    done = small.run("lock", "--verify")

    assert b"verified: 3 packages as locked" in done.stderr


def test_a_wheel_of_another_version_than_its_pin_is_a_difference(small: Project) -> None:
    swap(small, "base", "2.0", keep(small, "base", "1.9"))

    said, document = refused(small)

    assert "1 package differs" in said
    assert "base: the lock has 2.0, the witness 1.9" in said
    assert "quick 1.0 requires base; python_full_version >= " in said
    assert document["verified"] == 2
    (difference,) = document["differences"]
    assert (difference["lock"], difference["witness"]) == ("2.0", "1.9")


def test_packages_that_nothing_requires_are_differences(small: Project) -> None:
    more = [LockedPackage(name, "1.0", ((ANY, keep(small, name, "1.0")),)) for name in ("absent", "useless")]
    lock = small.airflow_lock
    path = small.folder / "constraints" / "airflow.lock"
    path.write_text(airflow.render(replace(lock, packages=(*lock.packages, *more))))

    said, _ = refused(small)

    assert "2 packages differ" in said
    assert "absent: the lock has 1.0, the witness none" in said
    assert 'app 1.0 requires absent; sys_platform == "win32": its marker does not hold' in said
    assert "useless: the lock has 1.0, the witness none" in said
    assert "airlock lock --upgrade absent useless" in said


def test_a_wheel_for_another_python_is_refused(small: Project) -> None:
    swap(small, "base", "1.0", keep(small, "base", "1.0", "Requires-Python: >=3.14\n"))

    said, document = refused(small)

    assert f"requires a different Python: {small.airflow_lock.python} not in '>=3.14'" in said
    assert document["differences"] == []


def test_a_file_that_the_store_lacks_is_asked_for(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = replace(project, cache=tmp_path / "empty").refused("lock", "--verify", code=6)

    assert "the store is not sealed" in said
    assert "airlock fetch" in said


def test_an_altered_file_of_the_store_is_noticed(small: Project) -> None:
    file = keep(small, "base", "1.0", "Summary: another\n")
    swap(small, "base", "1.0", file)
    Store(small.cache / "store").path(file).write_bytes(b"x" * file.size)

    assert "is not the file that the lock names" in small.refused("lock", "--verify", code=8)


def test_a_stale_lock_is_not_verified(project: Project) -> None:
    project.append("constraints/airflow.in", "pendulum<2\n")

    assert "constraints/airflow.in: + pendulum<2" in project.refused("lock", "--verify", code=4)
