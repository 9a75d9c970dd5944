"""`airlock store` and `airlock cache` as they are typed, on a project in miniature."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from airlock import errors
from airlock.places import Places, places
from small_project import SmallProject
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

LOCATION = "s3://bucket-of-a-test/prefix"


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject.create(tmp_path / "project", tmp_path / "cache")


@pytest.fixture
def run(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    return Run(project, monkeypatch, capfdbinary)


@pytest.fixture
def bucket(aws: None) -> None:
    boto3.client("s3").create_bucket(Bucket="bucket-of-a-test")


class Run:
    """Runs commands with one of several caches, and keeps what they print."""

    def __init__(
        self,
        project: SmallProject,
        monkeypatch: pytest.MonkeyPatch,
        captured: pytest.CaptureFixture[bytes],
    ) -> None:
        self._project, self._monkeypatch, self._captured = project, monkeypatch, captured
        self.cache = project.places.root
        self.out, self.err = b"", ""

    def __call__(self, *arguments: str, code: int = 0) -> Run:
        self._monkeypatch.setenv("AIRLOCK_CACHE", str(self.cache))
        ended = typed(self._monkeypatch, "--project", self._project.folder, *arguments)
        self.out, err = self._captured.readouterr()
        self.err = err.decode()
        assert ended == code, self.err
        return self

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def files(places: Places) -> set[str]:
    return {path.relative_to(places.store).as_posix() for path in places.store.rglob("*") if path.is_file()}


def test_a_store_is_carried_as_an_archive(run: Run, project: SmallProject, tmp_path: Path) -> None:
    archive = tmp_path / "store.tar"
    run("store", "export", str(archive))
    assert run.out.decode().strip() == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert run.err.endswith(f"exported: 8 files, {archive.stat().st_size / 1e6:,.1f} MB\n")
    run.cache = tmp_path / "elsewhere"
    found = run("store", "import", "--json", str(archive)).document
    assert (found["added"], found["sealed"], found["missing"]) == (8, True, 0)
    assert "sealed: 8 files" in run.err
    assert files(Places(run.cache)) == files(project.places)
    there = dataclasses.replace(project, places=Places(run.cache))
    assert there.compose().digest == project.compose().digest


def test_only_what_the_locks_name_is_exported(run: Run, project: SmallProject, tmp_path: Path) -> None:
    project.keep("of-another-lock.whl", b"x")
    run("store", "export", str(tmp_path / "store.tar"))
    assert "exported: 8 files" in run.err


def test_an_archive_goes_through_a_pipe(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: SmallProject
) -> None:
    archive = run("store", "export", "-").out
    assert run.err.splitlines()[-1] == hashlib.sha256(archive).hexdigest()
    run.cache = tmp_path / "elsewhere"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(archive)))
    run("store", "import", "-")
    assert files(Places(run.cache)) == files(project.places)


def test_an_unsealed_store_is_not_exported(run: Run, project: SmallProject, tmp_path: Path) -> None:
    next(path for path in project.places.store.rglob("*.whl")).unlink()
    run("store", "export", str(tmp_path / "store.tar"), code=errors.UnsealedError.exit_code)
    assert not (tmp_path / "store.tar").exists()


def test_a_failed_export_leaves_what_was_there(run: Run, project: SmallProject, tmp_path: Path) -> None:
    (tmp_path / "store.tar").write_text("before")
    wheel = next(path for path in project.places.store.rglob("*.whl"))
    wheel.write_bytes(bytes(wheel.stat().st_size))
    run("store", "export", str(tmp_path / "store.tar"), code=errors.CorruptError.exit_code)
    assert (tmp_path / "store.tar").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_pipe_is_written_to_and_not_replaced(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(pipe.read_bytes)
        run("store", "export", str(pipe))
        assert hashlib.sha256(received.result(10)).hexdigest() == run.out.decode().strip()
    assert pipe.is_fifo()


def test_an_archive_of_another_lock_is_kept_and_the_store_told_unsealed(
    run: Run, project: SmallProject, tmp_path: Path
) -> None:
    run("store", "export", str(tmp_path / "store.tar"))
    project.lock_wheels({"apache-airflow": {"airflow/__init__.py": "x = 2\n"}})
    run.cache = tmp_path / "elsewhere"
    found = run("store", "import", "--json", str(tmp_path / "store.tar")).document
    assert (found["sealed"], found["missing"], found["added"]) == (False, 1, 8)
    assert "not sealed: 1 of the 8 files" in run.err


@pytest.mark.usefixtures("bucket")
def test_a_store_is_carried_through_s3(run: Run, project: SmallProject, tmp_path: Path) -> None:
    planned = run("store", "push", LOCATION, "--dry-run", "--json").document
    assert (len(planned["absent"]), planned["uploaded"]) == (8, 0)
    assert run("store", "push", LOCATION, "--json").document["uploaded"] == 8
    assert run("store", "push", LOCATION, "--json").document["absent"] == []
    run.cache = tmp_path / "elsewhere"
    assert run("store", "pull", LOCATION, "--json").document["pulled"] == 8
    assert files(Places(run.cache)) == files(project.places)
    assert run("store", "pull", LOCATION).out == b""


@pytest.mark.usefixtures("bucket")
def test_what_the_bucket_lacks_is_one_error(run: Run, tmp_path: Path) -> None:
    run.cache = tmp_path / "elsewhere"
    run("store", "pull", LOCATION, code=errors.FetchError.exit_code)
    assert "8 of 8 files are not in" in run.err
    assert f"airlock store push {LOCATION}" in run.err


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_has_an_exit_code_of_its_own(run: Run) -> None:
    run("store", "push", "s3://no-such-bucket/x", code=errors.AwsError.exit_code)
    assert "NoSuchBucket" in run.err


def test_a_location_that_is_none_is_misuse(run: Run) -> None:
    run("store", "push", "bucket", code=2)
    assert "s3://BUCKET/PREFIX" in run.err


def test_the_cache_is_shown_by_kind(run: Run, project: SmallProject) -> None:
    project.compose()
    table = run("cache").out.decode()
    assert table.splitlines()[0].split()[:3] == ["kind", "entries", "size"]
    assert "cache/frames" in table
    found = run("cache", "--json").document
    assert found == run("cache", "show", "--json").document
    kinds = {one["kind"]: one for one in found["kinds"]}
    assert kinds["store"]["entries"] == 8
    assert found["bytes"] == sum(one["bytes"] for one in kinds.values())


def test_pruning_is_planned_and_then_done(run: Run, project: SmallProject) -> None:
    digest = project.compose().digest
    planned = run("cache", "prune", "--max-size", "0B", "--dry-run", "--json").document
    assert run("cache", "--json").document["bytes"] > 0
    done = run("cache", "prune", "--max-size", "0B", "--json").document
    assert done == planned | {"dry_run": False}
    assert done["freed_bytes"] > 0
    left = {one["kind"] for one in run("cache", "--json").document["kinds"]}
    assert left == {"store", "interpreters"}
    assert project.compose().digest == digest


def test_pruning_without_options_removes_what_was_unused_for_thirty_days(
    run: Run, project: SmallProject
) -> None:
    project.compose()
    frames = [path for path in (project.places.cache / "frames").rglob("*") if path.is_file()]
    os.utime(frames[0], (0, 0))
    found = run("cache", "prune", "--json").document
    assert [one["path"] for one in found["entries"]] == [str(frames[0].relative_to(project.places.root))]


def test_the_store_keeps_what_the_locks_name(run: Run, project: SmallProject) -> None:
    kept = files(project.places)
    other = project.keep("of-another-lock.whl", b"x")
    os.utime(project.places.store / other.name, (0, 0))
    assert run("cache", "prune", "--older-than", "0s", "--json").document["entries"] == []
    found = run("cache", "prune", "--older-than", "0s", "--store", "--json").document
    assert [one["path"] for one in found["entries"]] == [f"store/{other.name}"]
    assert files(project.places) == kept


@pytest.mark.parametrize("amount", ["5", "GB", "5 parsecs", "-5GB"])
def test_an_amount_without_a_known_unit_is_misuse(run: Run, amount: str) -> None:
    run("cache", "prune", f"--max-size={amount}", code=2)
    assert "5GB" in run.err


def test_an_archive_takes_the_place_of_a_links_target(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link.tar").symlink_to("target.tar")
    run("store", "export", str(tmp_path / "link.tar"))
    assert (tmp_path / "link.tar").is_symlink()
    digest = hashlib.sha256((tmp_path / "target.tar").read_bytes()).hexdigest()
    assert digest == run.out.decode().strip()


def test_stdout_by_its_path_is_stdout(run: Run) -> None:
    archive = run("store", "export", "/dev/fd/1").out
    assert run.err.splitlines()[-1] == hashlib.sha256(archive).hexdigest()


def test_a_descriptor_is_written_to(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "store.tar").open("wb") as file:
        inode = os.fstat(file.fileno()).st_ino
        run("store", "export", f"/dev/fd/{file.fileno()}")
    assert (tmp_path / "store.tar").stat().st_ino == inode
    assert hashlib.sha256((tmp_path / "store.tar").read_bytes()).hexdigest() == run.out.decode().strip()


@pytest.mark.parametrize(("command", "stream"), [("export", "stdout"), ("import", "stdin")])
def test_a_stream_that_is_closed_is_misuse(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str, stream: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, stream, None)
        run("store", command, "-", code=2)
    assert f"{stream} is closed" in run.err


def test_a_relative_cache_folder_of_xdg_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIRLOCK_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert places().root == tmp_path / ".cache" / "airlock"
