"""`airlock push` as a process: killed at any moment, interrupted, and beside others of its kind.

AIRLOCK_TEST_SEED chooses other moments, AIRLOCK_TEST_ROUNDS=10 ten times as many.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

import faults
from airlock import process
from fault_proxy import proxy
from faults import UPLOAD, On
from registries import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.process import Running
    from faults import Fault
    from project import Project
    from reduced import Built
    from registries import RunningRegistry

pytestmark = pytest.mark.real

SEED = int(os.environ.get("AIRLOCK_TEST_SEED", "20261126"))
ROUNDS = 10 * int(os.environ.get("AIRLOCK_TEST_ROUNDS", "1"))
TAG = "released"
RATE = 10_000_000  # bytes a second of each upload, so that there are moments to be killed in
INTERRUPTED, MOVED = 130, 29


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture(scope="module")
def project(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return built.warm(tmp_path_factory.mktemp("pushed"))


def start(project: Project, host: str, path: str) -> Running:
    arguments = ("push", "--offline", "--repository", f"{host}/{path}", "--tag", TAG)
    return process.start(project.command(*arguments), env=project.variables())


def ended(running: Running) -> tuple[int, str, str]:
    stdout, stderr = running.communicate(timeout=120)
    return running.returncode, stdout.decode().strip(), stderr.decode()


def pushed(project: Project, host: str, path: str) -> str:
    code, digest, said = ended(start(project, host, path))
    assert code == 0, said
    return digest


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_push_that_is_stopped_at_any_moment_is_done_by_the_next(
    running: RunningRegistry, project: Project, number: signal.Signals
) -> None:
    pushed(project, running.host, "warm")
    chance = random.Random(f"{SEED} {number}")  # noqa: S311 - to be had again
    stopped = partly = 0
    with proxy(running.host, On(faults.slows(RATE), UPLOAD)) as between:
        begun = time.monotonic()
        digest = pushed(project, between.host, f"whole/{number.name.lower()}")
        longest = time.monotonic() - begun
        sent = between.received
        for turn in range(ROUNDS):
            path = f"stopped/{number.name.lower()}/{turn}"
            between.seen.clear()
            started = start(project, between.host, path)
            time.sleep(chance.uniform(longest / 4, longest))
            started.send_signal(number)
            code, _, said = ended(started)
            assert code in {0, -number, INTERRUPTED}, said
            assert "Traceback" not in said
            assert running.whole(path, TAG) in ({digest} if code == 0 else {None, digest})
            stopped += code != 0
            partly += 0 < between.received < sent
            assert pushed(project, running.host, path) == digest
            assert running.whole(path, TAG) == digest
    assert stopped > ROUNDS / 3
    assert partly


@pytest.mark.parametrize("fault", [faults.slows(300_000), faults.slows(1000), faults.SILENCE])
def test_an_interrupted_push_ends_within_seconds(
    running: RunningRegistry, project: Project, fault: Fault
) -> None:
    with proxy(running.host, On(fault, UPLOAD)) as between:
        started = start(project, between.host, "interrupted")
        while not between.asked(UPLOAD):
            time.sleep(0.05)
        time.sleep(0.5)
        begun = time.monotonic()
        started.send_signal(signal.SIGINT)
        code, digest, said = ended(started)
    assert time.monotonic() - begun < 10
    assert (code, digest) == (INTERRUPTED, "")
    assert "run the same command again" in said


@pytest.mark.parametrize("number", [2, 4])
def test_processes_that_push_the_same_at_once_all_succeed(
    running: RunningRegistry, project: Project, number: int
) -> None:
    path = f"together/{number}"
    started = [start(project, running.host, path) for _ in range(number)]
    done = [ended(one) for one in started]
    assert {code for code, _, _ in done} == {0}, [said for _, _, said in done]
    (digest,) = {digest for _, digest, _ in done}
    assert running.whole(path, TAG) == digest
    listed = running.referrers(path, digest)
    assert sorted(one["annotations"]["dev.airlock.paper"] for one in listed) == ["facts", "sbom"]
    for one in listed:
        assert running.whole(path, one["digest"]) == one["digest"]


def test_processes_that_push_different_images_leave_one_of_them(
    running: RunningRegistry, built: Built, tmp_path: Path
) -> None:
    projects = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        project = built.warm(tmp_path / str(number))
        (project.folder / "image" / "rootfs" / "etc").mkdir(exist_ok=True)
        (project.folder / "image" / "rootfs" / "etc" / "number").write_text(f"{number}\n")
        project.image()
        projects.append(project)
    started = [start(project, running.host, "different") for project in projects]
    done = [ended(one) for one in started]
    assert {code for code, _, _ in done} <= {0, MOVED}, [said for _, _, said in done]
    assert running.whole("different", TAG) in {digest for code, digest, _ in done if code == 0}
    for project in projects:
        digest = project.image()["digest"]
        assert running.whole("different", digest) == digest
