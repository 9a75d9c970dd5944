"""The migration runs first, is waited for, and is never stopped halfway."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airlock.deploy import migration, plan
from airlock.deploy.cluster import Container
from airlock.deploy.plan import Wanted
from airlock.errors import AwsError, DeployError
from airlock.terminal import Terminal
from memory_ecs import (
    IMAGE,
    MIGRATES,
    MemoryCluster,
    Time,
    container,
    definition_arn,
    refusal,
    task,
)

LOG = "aws logs tail /airflow --since 1h --log-stream-names airflow/airflow/m1 --region eu-west-1"


def migrated(cluster: MemoryCluster, *, seconds: float = 60) -> migration.Migrated:
    if not cluster.held:
        cluster.add("api")
    planned = plan.make(cluster, IMAGE, Wanted(("api",), "api")).migration
    assert planned is not None
    return migration.run(cluster, planned, definition_arn("api", 2), Time().pace(seconds), Terminal())


def failed(cluster: MemoryCluster) -> DeployError:
    with pytest.raises(DeployError) as caught:
        migrated(cluster)
    return caught.value


def test_the_task_runs_where_the_service_runs_with_the_new_revision() -> None:
    cluster = MemoryCluster(task_states=list(MIGRATES))
    done = migrated(cluster)
    (order,) = cluster.orders
    assert order.definition == definition_arn("api", 2)
    assert order.placement == cluster.held["api"].placement
    assert order.commands == {"airflow": ("airflow", "db", "migrate")}
    assert (order.started_by, order.has_tags) == ("airlock-migrate", False)
    assert (done.task, done.log) == ("m1", LOG)
    assert cluster.log == ["run api:2"]


def test_the_task_has_the_tags_of_its_definition() -> None:
    cluster = MemoryCluster(task_states=list(MIGRATES)).add("api")
    cluster.definitions[definition_arn("api", 1)]["tags"] = [{"key": "team", "value": "data"}]
    migrated(cluster)
    assert cluster.orders[0].has_tags


def test_a_migration_that_fails_says_what_its_exit_code_means_and_where_its_log_is() -> None:
    error = failed(
        MemoryCluster(task_states=[task("STOPPED", 69, reason="Essential container in task exited")])
    )
    assert error.fact == "the migration failed; no service was changed"
    assert "airflow: exit code 69: the database or the broker did not answer in time" in error.cause
    assert error.remedy == f"see its log:\n{LOG}"


def test_a_migration_whose_image_cannot_be_pulled_says_what_the_network_lacks() -> None:
    reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp: i/o timeout"
    error = failed(
        MemoryCluster(task_states=[task("STOPPED", said=reason, code="TaskFailedToStart", reason=reason)])
    )
    assert "gateway endpoint of S3" in error.cause
    assert "logs" not in error.remedy


def test_a_task_that_ends_without_an_exit_code_has_failed() -> None:
    error = failed(MemoryCluster(task_states=[task("STOPPED", reason="Host EC2 (instance i-1) terminated.")]))
    assert "Host EC2" in error.cause


def test_it_has_ended_when_its_container_has_and_the_rest_of_the_task_is_stopped() -> None:
    sidecar = Container("otel", "RUNNING")
    running = task("RUNNING", 0)
    cluster = MemoryCluster(task_states=[replace(running, containers=(*running.containers, sidecar))])
    cluster.add("api", container(), container("otel", "host/otel:1"))
    migrated(cluster)
    assert cluster.log == ["run api:2", "stop m1"]


def test_a_failed_container_beside_one_that_runs_on_is_a_failure() -> None:
    assert failed(MemoryCluster(task_states=[task("RUNNING", 70)])).fact.startswith("the migration failed")


def test_a_migration_that_runs_too_long_is_left_running() -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")])
    error = failed(cluster)
    assert error.fact == "the migration did not end within 60 s; no service was changed"
    assert "left running" in error.cause
    assert "aws ecs stop-task --cluster prod --task m1" in error.cause
    assert error.remedy == LOG
    assert cluster.log == ["run api:2"]


def test_a_migration_that_never_began_is_stopped() -> None:
    cluster = MemoryCluster(task_states=[task("PENDING")])
    assert "had not begun, and was stopped" in failed(cluster).cause
    assert cluster.log == ["run api:2", "stop m1"]


def test_ctrl_c_leaves_a_migration_running_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")], failures={"tasks": [None, KeyboardInterrupt()]})
    with pytest.raises(KeyboardInterrupt):
        migrated(cluster)
    assert "left running" in capsys.readouterr().err
    assert cluster.log == ["run api:2"]


def test_a_migration_that_cannot_be_looked_at_any_more_is_told() -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")])
    cluster.failures["tasks"] = [*[None] * 13, refusal("ExpiredTokenException")]
    assert "m1 may be running (cannot do it)" in failed(cluster).cause


def test_a_task_that_is_not_told_of_yet_and_throttling_are_waited_out() -> None:
    cluster = MemoryCluster(failures={"tasks": [refusal("ThrottlingException")]})
    with pytest.raises(DeployError, match="did not end"):
        migrated(cluster)
    cluster = MemoryCluster(task_states=list(MIGRATES), failures={"tasks": [refusal("ThrottlingException")]})
    assert migrated(cluster).task == "m1"


def test_a_denied_look_ends_the_waiting_and_says_what_became_of_the_task() -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")])
    cluster.failures["tasks"] = [None, *[refusal("ExpiredTokenException")] * 2]
    with pytest.raises(AwsError, match="cannot do it") as caught:
        migrated(cluster)
    assert "task m1 may be running (cannot do it); to stop it: aws ecs stop-task" in caught.value.cause
    assert "no service was changed" in caught.value.cause


@pytest.mark.parametrize(
    ("code", "begun"), [("", True), ("ServerException", True), ("AccessDeniedException", False)]
)
def test_a_task_whose_answer_got_lost_may_run_all_the_same(code: str, *, begun: bool) -> None:
    with pytest.raises(AwsError) as caught:
        migrated(MemoryCluster(failures={"run": [refusal(code)]}))
    found = "aws ecs list-tasks --cluster prod --started-by airlock-migrate" in caught.value.cause
    assert found == begun
    assert "no service was changed" in caught.value.cause


def test_ctrl_c_while_the_task_is_asked_for_says_that_it_may_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        migrated(MemoryCluster(failures={"run": [KeyboardInterrupt()]}))
    assert "the migration may have begun all the same" in capsys.readouterr().err


def test_a_task_that_cannot_be_placed_is_told() -> None:
    with pytest.raises(DeployError, match="no place"):
        migrated(MemoryCluster(failures={"run": [DeployError("ECS has no place for it")]}))
