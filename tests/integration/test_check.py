"""`airlock check` on files whose faults are known: each is found, at its line, and nothing else is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import check_corpus
from airlock import process
from airlock.check import run, starts
from airlock.cli import Session
from airlock.terminal import Terminal
from check_corpus import Case, cases, projects
from checking import Checked, check, read
from containers import Image, volume
from project import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from check_corpus import Said

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image runs on Linux: use one")

SINGLE = [case for case in cases() if not case.alone]
# What a container, or a machine that allows no namespaces, must hold as well.
EGRESS = [case for case in SINGLE if case.code.startswith("AL20")]
# In a namespace of its own a user may do what it likes there; so nobody below may have one.
WITHOUT_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)


@pytest.fixture(scope="module", autouse=True)
def composed() -> None:
    """Compose the image that DAGs are checked in, where this repository's is not the newest."""
    process.run([sys.executable, "-m", "airlock", "--project", REPOSITORY, "image"])


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("shared")
    check_corpus.lay_out_shared(project)
    return project


@pytest.fixture(scope="module")
def shared(shared_project: Path) -> Checked:
    """Check all files that can share a bundle in one run: what one of them does, no other may feel."""
    return check(shared_project)


def path_of(case: Case) -> str:
    return f"dags/{case}"


def expected_of(case: Case) -> set[Said]:
    return {said for said in check_corpus.expected_of_shared() if said.path == path_of(case)}


@pytest.mark.parametrize("case", SINGLE, ids=str)
def test_what_a_file_is_about_is_found_and_nothing_else(case: Case, shared: Checked) -> None:
    assert shared.about(path_of(case)) == expected_of(case), shared.shown(path_of(case))


def test_nothing_is_found_beside_the_files(shared: Checked) -> None:
    assert shared.said == check_corpus.expected_of_shared()
    assert shared.code == 1


@pytest.mark.parametrize("case", projects(), ids=str)
def test_what_a_project_is_about_is_found_and_nothing_else(case: Case, tmp_path: Path) -> None:
    check_corpus.lay_out(case, tmp_path)

    found = check(tmp_path)

    assert found.said == check_corpus.expected_of(case), found.shown()


def test_a_bundle_without_dag_files_has_no_findings(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "tables.yaml").write_text("orders: []\n", encoding="utf-8")

    found = check(tmp_path)

    assert (found.said, found.code) == (set(), 0)


def test_a_bundle_that_airflow_cannot_walk_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "dags" / "shop").mkdir(parents=True)
    (tmp_path / "dags" / "again").symlink_to("shop")

    found = check(tmp_path)

    assert {said.code for said in found.said} == {"AL101"}
    assert "recursive loop" in found.shown()


def test_a_sandbox_is_what_keeps_dags_from_the_network(shared: Checked) -> None:
    assert shared.document["isolation"] == {"namespace": True, "seccomp": True, "notified": True}


def test_where_no_sandbox_can_be_made_the_filter_alone_finds_the_same(shared_project: Path) -> None:
    found = check(
        shared_project, *(shared_project / path_of(case) for case in EGRESS), under=WITHOUT_NAMESPACES
    )

    assert found.said == {said for case in EGRESS for said in expected_of(case)}, found.shown()
    assert found.document["isolation"] == {"namespace": False, "seccomp": True, "notified": True}
    assert "sandbox" in found.talk


def test_dags_find_the_airlock_spec_of_the_image_and_not_the_copy_of_the_probe_that_is_sent_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starts, "_path_in", lambda _: starts.PLACE)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "one.py").write_text(
        "import airlock_spec  # of an airflow dag\nraise OSError(airlock_spec.__file__)\n"
    )

    found = run.facts(Session(tmp_path, Terminal(quiet=True)), image=str(REPOSITORY / "build" / "image"))

    [problem] = found.files[0].problems
    assert "OSError: /opt/venv/lib/" in str(problem)


@pytest.mark.docker
@pytest.mark.parametrize("network", ["none", "bridge"])
def test_in_a_container_of_the_image_its_own_probe_finds_the_same(
    network: str, image: Image, shared_project: Path
) -> None:
    with volume(image, shared_project / "dags", "/opt/airflow/dags") as mount:
        options = ("--network", network, "--read-only", "--tmpfs", "/tmp", *mount)  # noqa: S108 - in the container
        words = ("airlock-check", "--format", "json", *(str(case) for case in EGRESS))
        done = image.engine.run("run", "--rm", *options, image.reference, *words, check=False)
    found = read(done.stdout, done.returncode, done.stderr)

    assert found.said == {said for case in EGRESS for said in expected_of(case)}, found.shown()
    isolation = {"namespace": network == "none", "seccomp": True, "notified": True}
    assert found.document["isolation"] == isolation
