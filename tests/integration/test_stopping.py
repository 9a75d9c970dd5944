"""SIGTERM in a real engine: what runs is finished, what was started is not left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services import Services, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from containers import Engine, Image

pytestmark = [pytest.mark.real, pytest.mark.docker]

STATE = "SELECT state FROM task_instance WHERE dag_id = 'slow'"
CELERY = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CELERY__BROKER_URL": "redis://valkey:6379/0",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
}


@pytest.fixture
def services(engine: Engine, image: Image, lab_image: str, slow_dag: Sequence[str]) -> Iterator[Services]:
    """Give all of an Airflow but what runs the tasks; its only DAG waits for a scheduler."""
    with Services(engine.program, image.reference, lab_image) as found:
        found.postgres()
        env = found.env(AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False")
        assert found.run("version", env=env | {"_AIRFLOW_DB_MIGRATE": "true"}).code == 0
        found.start("api-server", "api-server", env=env | {"AIRFLOW__API__WORKERS": "1"})
        found.start("dag-processor", "dag-processor", env=env, options=tuple(slow_dag))
        yield found


def test_a_worker_that_is_stopped_finishes_its_task(services: Services, slow_dag: Sequence[str]) -> None:
    services.valkey()
    env = services.env(**CELERY)
    services.start("scheduler", "scheduler", env=env)
    services.start("worker", "celery", "worker", env=env, options=tuple(slow_dag))
    until("the task runs", lambda: services.sql(STATE) == "running")

    code = services.stop("worker", 60)

    assert code == 0, services.logs("worker")[-3000:]
    until("the task is done", lambda: services.sql(STATE) == "success", 20)


def test_a_scheduler_that_is_stopped_leaves_no_process_and_finishes_its_task(
    services: Services, slow_dag: Sequence[str]
) -> None:
    # Not as process 1, whose end would take every orphan with it.
    services.start("host", "bash", "-c", "sleep infinity", env=services.env(), options=tuple(slow_dag))
    services.exec("host", "bash", "-c", "/entrypoint scheduler >/tmp/log 2>&1 & echo $! >/tmp/pid")
    until("the task runs", lambda: services.sql(STATE) == "running")

    services.exec("host", "bash", "-c", "kill -TERM $(cat /tmp/pid)")

    until("the scheduler is gone", lambda: "airflow" not in services.exec("host", "ps", "-eo", "args"), 60)
    left = services.exec("host", "ps", "-eo", "args").splitlines()[1:]
    assert sorted(left) == [
        "/usr/bin/dumb-init -- /entrypoint bash -c sleep infinity",
        "ps -eo args",
        "sleep infinity",
    ]
    assert services.sql(STATE) == "success"
