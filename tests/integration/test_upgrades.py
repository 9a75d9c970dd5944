"""Upgrades against the real index: what moves, what constraints hold, and what must be allowed by name.

The project is small: this repository's Debian packages, and two Python packages that need little.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from airlock.locks import airflow
from airlock.locks.airflow import AirflowLock
from airlock.places import places
from project import REPOSITORY, Project
from web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

OLD = "as of 2025-06-01T00:00:00Z"
CLIENT = "apache-airflow-client"  # guarded like the providers, and resolved in a second
YANKED = "requests==2.32.0"  # by its authors, in 2024


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project whose airflow.lock is of an older day."""
    folder = tmp_path_factory.mktemp("locked") / "project"
    (folder / "constraints").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.airlock]\n")
    for name in ("debian.in", "debian.lock"):
        shutil.copy(REPOSITORY / "constraints" / name, folder / "constraints")
    (folder / "constraints/airflow.in").write_text(f"{CLIENT}\nrequests\n")
    # a lock of nothing keeps its day when it is made anew
    target = airflow.read(REPOSITORY / "constraints/airflow.lock")
    empty = AirflowLock(target.python, target.glibc, ("linux/amd64",), OLD, (), ())
    (folder / "constraints/airflow.lock").write_text(airflow.render(empty))
    made = Project(folder, places().root)
    made.run("lock")
    return made


@pytest.fixture
def project(locked: Project, tmp_path: Path) -> Project:
    shutil.copytree(locked.folder, tmp_path / "project")
    return Project(tmp_path / "project", locked.cache)


def versions(project: Project) -> dict[str, str]:
    return {one.name: one.version for one in project.airflow_lock.packages}


def write(project: Project, path: str, text: str) -> None:
    (project.folder / path).write_text(text)


def within(project: Project, place: str) -> None:
    write(project, "pyproject.toml", f"[tool.airlock]\nairflow-constraints = '{place}'\n")


def test_a_named_upgrade_moves_that_package_alone_and_says_how_far(project: Project) -> None:
    before = versions(project)
    document = project.document("lock", "--upgrade", "requests")
    after = versions(project)
    assert Version(after["requests"]) > Version(before["requests"])
    moved = {one["name"]: one for one in document["moved"]}
    assert moved["requests"]["step"] in {"major", "minor", "patch"}
    assert not moved["requests"]["downgrade"]
    assert after[CLIENT] == before[CLIENT]
    assert {name for name in before if before[name] != after.get(name)} == set(moved)
    assert project.airflow_lock.resolved > OLD
    assert document["fetch_bytes"] > 0


def test_a_lock_stays_within_a_file_and_is_stale_once_that_changes(project: Project) -> None:
    write(project, "limits.txt", "# ours\nrequests==2.31.0\nurllib3<2.3\n")
    within(project, "limits.txt")
    assert "was locked within, now" not in project.refused("lock", "--check", code=4)
    project.document("lock")
    found = versions(project)
    assert found["requests"] == "2.31.0"
    assert Version(found["urllib3"]) < Version("2.3")
    assert project.airflow_lock.resolved == OLD
    assert project.airflow_lock.constraints.startswith("limits.txt sha256:")
    project.run("lock", "--check")
    project.append("limits.txt", "idna==3.10\n")
    assert "limits.txt has changed" in project.refused("lock", "--check", code=4)


def test_a_conflict_with_constraints_names_both_lines(project: Project) -> None:
    write(project, "limits.txt", "# ours\nrequests==2.31.0\n")
    within(project, "limits.txt")
    project.append("constraints/airflow.in", "requests>=2.32\n")
    before = (project.folder / "constraints/airflow.lock").read_bytes()
    said = project.refused("lock", code=5)
    assert "constraints/airflow.in:3: requests>=2.32" in said
    assert "limits.txt:2: requests==2.31.0" in said
    assert (project.folder / "constraints/airflow.lock").read_bytes() == before


def test_a_downgrade_is_refused_with_what_forces_it_and_recorded_once_allowed(project: Project) -> None:
    old = versions(project)[CLIENT]
    write(project, "limits.txt", f"{CLIENT}<{old}\n")
    within(project, "limits.txt")
    before = (project.folder / "constraints/airflow.lock").read_bytes()
    said = project.refused("lock", code=23)
    assert f"{CLIENT} would go down, from {old} to " in said
    assert f"limits.txt:1: {CLIENT}<{old}" in said
    assert f"{CLIENT}>={old}" in said
    assert (project.folder / "constraints/airflow.lock").read_bytes() == before

    document = project.document("lock", "--allow-downgrade", CLIENT)
    new = versions(project)[CLIENT]
    (record,) = document["allowed"]
    assert record == f"downgrade {CLIENT}=={new}: from {old}"
    assert f"# allowed: {record}\n" in (project.folder / "constraints/airflow.lock").read_text()
    project.run("lock", "--check")


def test_a_yanked_release_is_refused_with_the_indexs_reason_even_if_pinned(project: Project) -> None:
    write(project, "constraints/airflow.in", f"{CLIENT}\n{YANKED}\n")
    said = project.refused("lock", code=23)
    assert "requests 2.32.0 was yanked, and nothing was written" in said
    assert "Yanked due to conflicts with CVE-2024-35195 mitigation" in said
    (record,) = project.document("lock", "--allow-yanked", "requests")["allowed"]
    assert record.startswith(f"yanked {YANKED}: ")
    project.append("constraints/airflow.in", "idna\n")
    assert project.document("lock")["allowed"] == [record]  # of that version, once is enough


@pytest.fixture
def web() -> Iterator[tuple[Served, int]]:
    """Give what a server on this machine has, and its port."""
    world = Served()
    with serving(world) as port:
        yield world, port


def test_constraints_of_a_url_are_downloaded_for_the_images_python_or_nothing_is_locked(
    project: Project, web: tuple[Served, int]
) -> None:
    world, port = web
    within(project, f"http://me:secret@127.0.0.1:{port}/constraints-{{python}}.txt")
    before = (project.folder / "constraints/airflow.lock").read_bytes()
    assert "HTTP 404" in project.refused("lock", code=7)
    world.files["/constraints-3.13.txt"] = b"<html><title>Sign in</title></html>"
    assert "it is an HTML page, 'Sign in'" in project.refused("lock", code=7)
    assert (project.folder / "constraints/airflow.lock").read_bytes() == before

    world.files["/constraints-3.13.txt"] = b"requests==2.31.0\n"
    project.document("lock")
    assert versions(project)["requests"] == "2.31.0"
    assert project.airflow_lock.constraints.startswith(
        f"http://127.0.0.1:{port}/constraints-3.13.txt sha256:"
    )
    assert "secret" not in (project.folder / "constraints/airflow.lock").read_text()


def test_a_server_cannot_redirect_to_files_of_this_machine(project: Project, web: tuple[Served, int]) -> None:
    world, port = web
    secret = project.folder / "secret.txt"
    secret.write_text("requests==2.31.0\n")
    world.moved["/constraints.txt"] = secret.as_uri()
    within(project, f"http://127.0.0.1:{port}/constraints.txt")
    assert "No connection adapters were found" in project.refused("lock", code=7)
