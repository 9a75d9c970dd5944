"""What `make bench-runtime` measures against: the peer's entrypoint and variables, and the targets."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from benchmarks import official, runtime, services

if TYPE_CHECKING:
    from benchmarks.results import Target

DOCKERFILE = (Path(__file__).parents[2] / "image" / "Dockerfile").read_text()


def started(folder: Path, *words: str, **variables: str) -> list[str]:
    """Run the peer's entrypoint with an `airflow` that notes how it is called; return the calls."""
    airflow = folder / "airflow"
    airflow.write_text(
        f'#!/bin/sh\necho "$*" >>{shlex.quote(str(folder / "calls"))}\n'
        '[ "$1 $2" != "db migrate" ] || exit 1\n[ "$1" != config ] || echo LocalExecutor\n'
    )
    airflow.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", **variables}
    process.run(["bash", official.ENTRYPOINT, *words], env=environment)
    return (folder / "calls").read_text().splitlines()


def test_the_peer_starts_airflow_to_see_whether_the_database_answers(tmp_path: Path) -> None:
    assert started(tmp_path, "api-server") == ["db check", "api-server"]


def test_the_peer_starts_airflow_again_to_ask_which_executor_there_is(tmp_path: Path) -> None:
    assert started(tmp_path, "airflow", "scheduler") == [
        "db check",
        "config get-value core executor",
        "scheduler",
    ]


def test_the_peer_goes_on_after_a_failed_migration(tmp_path: Path) -> None:
    calls = started(tmp_path, "triggerer", _AIRFLOW_DB_MIGRATE="true", CONNECTION_CHECK_MAX_COUNT="0")

    assert calls == ["db migrate", "triggerer"]


def test_the_peer_has_none_of_our_variables_and_the_rest_of_our_dockerfile() -> None:
    changed = official.with_official_variables(DOCKERFILE)

    assert official.ENV in changed
    assert "AWS_" in DOCKERFILE
    assert "AWS_" not in changed
    ours = official.ENV.splitlines()
    assert [
        line for line in changed.splitlines() if line not in ours and line not in DOCKERFILE.splitlines()
    ] == []
    assert len(changed.splitlines()) > len(DOCKERFILE.splitlines()) - 10


@pytest.mark.parametrize("target", runtime.TARGETS, ids=lambda target: target.case)
def test_every_target_is_of_something_measured(target: Target) -> None:
    kind, name, *what = target.case.split(".")
    measured = {
        "start": services.STARTED, "cpu": services.STARTED, "memory": services.ALL,
        "health": tuple(runtime.OURS),
    }[kind]  # fmt: skip
    assert name in {service.name for service in measured}
    assert what in ([["cpu"], ["wall"], ["peak"]] if kind == "health" else [[]])
    assert runtime.OURS.keys() == runtime.THEIRS.keys()
