"""The bundle of releases, and airlock-pull, in the composed image; S3 is moto, reached through a carrier."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

REPOSITORY = Path(__file__).parents[2]
TESTS = REPOSITORY / "tests"
INSIDE = "/tmp/tests"  # noqa: S108 - in the image
SOCKET = "/tmp/socket"  # noqa: S108 - as above
ENDPOINT = "127.0.0.1:4566"
CONFIG = [
    {
        "name": "dags",
        "classpath": "airlock_plugins.bundle.ReleaseBundle",
        "kwargs": {"location": "s3://releases/dags", "region": "us-east-1"},
    }
]
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": f"http://{ENDPOINT}",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "PYTHONPATH": INSIDE,
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(CONFIG),
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": "/tmp/bundles",  # noqa: S108 - as above
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db",
    "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    "AIRFLOW__SECRETS__BACKEND": "",
}


@dataclass(frozen=True)
class Sandbox:
    """The image, in which S3 is at ENDPOINT and nothing else is anywhere."""

    folder: Path

    def run(self, *command: str) -> CompletedProcess[bytes]:
        options = [word for name, value in ENVIRONMENT.items() for word in ("--env", f"{name}={value}")]
        binds = ("--bind", f"{self.folder}/tests:{INSIDE}", "--bind", f"{self.folder}/socket:{SOCKET}")
        carrier = ("python", "-P", "-m", "airlock_spec.carrier", f"tcp:{ENDPOINT}", f"unix:{SOCKET}/s3")
        words = [sys.executable, "-m", "airlock", "--project", str(REPOSITORY), "run", *options, *binds]
        return process.run([*words, "--", *carrier, "--", *command], check=False)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    process.run([sys.executable, "-m", "airlock", "--project", REPOSITORY, "image"])
    folder = tmp_path_factory.mktemp("sandbox")
    for name in ("tests", "socket"):
        (folder / name).mkdir()
    for path in (TESTS / "published_releases.py", *(TESTS / "integration/inside").glob("release_*.py")):
        shutil.copy(path, folder / "tests")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    socket = folder / "socket/s3"
    words = (sys.executable, "-P", "-m", "airlock_spec.carrier", f"unix:{socket}", f"tcp:{host}:{port}")
    carrier = process.start_apart(words, log=Path(os.devnull))
    try:
        end = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777)  # the image's user is another
        yield Sandbox(folder)
    finally:
        carrier.kill()
        carrier.wait()
        server.stop()


@pytest.fixture(scope="module")
def found(sandbox: Sandbox) -> dict[str, Any]:
    done = sandbox.run("python", f"{INSIDE}/release_bundle.py")
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_airflow_finds_the_dags_of_a_release_below_one_path(found: dict[str, Any]) -> None:
    assert found["path"] == "/tmp/bundles/dags/current"  # noqa: S108 - in the image
    assert found["version"]
    assert found["files"] == ["one.py", "two.py"]


def test_a_location_without_a_release_is_no_empty_one(found: dict[str, Any]) -> None:
    assert found["without_a_release"].startswith("AbsentError: nothing was published there yet")


def test_a_version_is_where_airflow_deletes_it_and_stays_as_it_is(found: dict[str, Any]) -> None:
    assert found["pinned_path"] == "/tmp/bundles/dags/pinned/ID"  # noqa: S108 - in the image
    assert found["pinned_is_linked"]
    assert found["pinned_word"] == 'WORD = "a"\n'
    assert "does not change" in found["pinned_refresh"]
    assert found["worker_receipts"] == [1]
    assert found["pinned_again_seconds"] < 0.1


def test_a_release_and_a_rollback_are_taken(found: dict[str, Any]) -> None:
    assert found["second"]
    assert found["word"] == 'WORD = "b"\n'
    assert found["rolled_back"]


def test_the_last_good_release_serves_on(found: dict[str, Any]) -> None:
    assert found["after_wrong_content"]
    assert found["served_without_s3"]
    assert found["seconds_of_refresh_without_s3"] < 15


def test_a_version_that_cannot_be_had_fails_with_its_cause(found: dict[str, Any]) -> None:
    assert found["missing_version"].startswith("UnreachableError: get_object of s3://releases/dags/releases/")


@pytest.fixture(scope="module")
def arrived(sandbox: Sandbox) -> dict[str, Any]:
    """Give what the receipts of a real dag-processor said, by the step of release_processor.py."""
    done = sandbox.run("python", f"{INSIDE}/release_processor.py")
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_first_release_has_arrived_with_all_its_files(arrived: dict[str, Any]) -> None:
    assert arrived["first"]["dags"] == {
        "one.py": ["one"],
        "slow.py": ["slow"],
        "uses.py": ["uses"],
        "words.py": [],
    }
    assert arrived["first"]["errors"] == {"bad.py": "ModuleNotFoundError: No module named 'dag_missing'"}


def test_a_changed_module_brings_the_dags_that_use_it(arrived: dict[str, Any]) -> None:
    assert arrived["words"]["dags"] == {"uses.py": ["uses"], "words.py": []}
    assert arrived["words"]["seconds"] < 20
    assert arrived["tags"]["uses"] == ["2"]


def test_a_file_that_was_being_parsed_when_the_release_came_is_parsed_again(arrived: dict[str, Any]) -> None:
    assert arrived["slow"]["dags"] == {"slow.py": ["slow"]}
    assert arrived["tags"]["slow"] == ["v2"]


def test_the_releases_that_airflow_needs_are_claimed(arrived: dict[str, Any]) -> None:
    assert arrived["claims"] == [arrived["needed"]]


def test_airlock_pull_fills_a_folder(sandbox: Sandbox, found: dict[str, Any]) -> None:
    script = "airlock-pull --from s3://releases/dags --to /tmp/dags && cat /tmp/dags/current/common/words.py"
    done = sandbox.run("sh", "-c", script)
    assert done.returncode == 0, done.stderr.decode()
    release, word = done.stdout.decode().splitlines()
    assert len(release) == 64
    assert word == 'WORD = "a"'  # of the release that was gone back to
    assert found["rolled_back"]
    assert '"event": "release_taken"' in done.stderr.decode()


def test_airlock_pull_that_watches_is_ended_at_once(sandbox: Sandbox) -> None:
    script = (
        "airlock-pull --from s3://releases/nothing --to /tmp/dags --watch & sleep 2; kill $!; "
        "begun=$(date +%s%3N); wait $!; echo $? $(($(date +%s%3N) - begun))"
    )
    code, milliseconds = sandbox.run("sh", "-c", script).stdout.split()
    assert int(code) == 143
    assert int(milliseconds) < 1000
