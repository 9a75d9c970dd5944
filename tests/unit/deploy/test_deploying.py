"""A deployment as a whole: what it changes, in which order, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.deploy.deploying import Deployment, Rehearsal, deploy
from airlock.deploy.plan import Wanted
from airlock.errors import DeployError
from airlock.terminal import Terminal
from memory_ecs import (
    IMAGE,
    MIGRATES,
    NEW,
    OLD,
    MemoryCluster,
    Time,
    breaks,
    container,
    content,
    definition_arn,
    task,
)

WANTED = Wanted(("api", "scheduler"), "api")
SECRET = "postgresql://airflow:hunter2@db/airflow"  # noqa: S105 - looked for in what is said


def world(**more: Any) -> MemoryCluster:
    environment = [{"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "value": SECRET}]
    cluster = MemoryCluster(task_states=list(MIGRATES), **more)
    return cluster.add("api", container(environment=environment), container("otel", "host/otel:1")).add(
        "scheduler"
    )


def deployed(cluster: MemoryCluster, wanted: Wanted = WANTED) -> dict[str, Any]:
    return deploy(cluster, IMAGE, wanted, Deployment(cluster, Time().pace(), Terminal()), Terminal())


def test_revisions_then_the_migration_then_the_services() -> None:
    cluster = world()
    done = deployed(cluster)
    assert cluster.log == [
        "register api:2",
        "register scheduler:2",
        "run api:2",
        "update api api:2",
        "update scheduler scheduler:2",
    ]
    assert done["changed"] is True
    assert done["digest"] == IMAGE.reference.digest
    assert done["migration"] == {"service": "api", "container": "airflow", "task": "m1"}
    assert [(one["service"], one["to"]) for one in done["services"]] == [
        ("api", definition_arn("api", 2)),
        ("scheduler", definition_arn("scheduler", 2)),
    ]
    assert done["services"][0]["containers"] == [
        {"name": "airflow", "from": OLD, "to": NEW},
        {"name": "otel", "from": "host/otel:1", "to": "host/otel:1"},
    ]


def test_a_second_deployment_of_the_same_image_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = world()
    deployed(cluster)
    cluster.log.clear()
    done = deployed(cluster)
    assert cluster.log == []
    assert (done["changed"], done["migration"], done["dry_run"]) == (False, None, False)
    assert "deployed already: every service runs this image" in capsys.readouterr().err


def test_a_deployment_after_one_that_failed_registers_nothing_again() -> None:
    cluster = world(rollouts={"api": breaks})
    with pytest.raises(DeployError):
        deployed(cluster)
    cluster.rollouts.clear()
    cluster.log.clear()
    cluster.task_states = list(MIGRATES)
    deployed(cluster)
    assert cluster.log == ["run api:2", "update api api:2", "update scheduler scheduler:2"]


def test_services_that_share_a_task_definition_share_the_new_one() -> None:
    cluster = MemoryCluster().add("api").add("twin", definition=definition_arn("api", 1))
    deployed(cluster, Wanted(("api", "twin"), ""))
    assert cluster.log == ["register api:2", "update api api:2", "update twin api:2"]


def test_a_service_that_only_the_migration_takes_after_is_not_updated() -> None:
    cluster = world()
    deployed(cluster, Wanted(("scheduler",), "api"))
    assert cluster.log == [
        "register scheduler:2",
        "register api:2",
        "run api:2",
        "update scheduler scheduler:2",
    ]


def test_a_failed_migration_leaves_every_service_as_it_was() -> None:
    cluster = world()
    cluster.task_states = [task("STOPPED", 1)]
    with pytest.raises(DeployError, match="the migration failed; no service was changed"):
        deployed(cluster)
    assert not [line for line in cluster.log if line.startswith("update")]


@pytest.mark.parametrize("migrate", ["api", ""])
def test_going_back_says_what_became_of_the_database(migrate: str) -> None:
    with pytest.raises(DeployError) as caught:
        deployed(world(rollouts={"api": breaks}), Wanted(("api",), migrate))
    assert ("the database stays migrated" in caught.value.cause) == bool(migrate)


def test_ctrl_c_says_what_became_of_the_database(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = world()
    cluster.failures["update"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        deployed(cluster)
    assert "the database stays migrated" in capsys.readouterr().err


def test_a_dry_run_says_what_would_change_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = world()
    cluster.add("idle", container(image=NEW))
    before = dict(cluster.held), dict(cluster.definitions)
    wanted = Wanted(("api", "scheduler", "idle"), "api")
    done = deploy(cluster, IMAGE, wanted, Rehearsal(Terminal()), Terminal())
    assert (cluster.held, cluster.definitions) == before
    assert cluster.log == []
    assert (done["dry_run"], done["changed"]) == (True, True)
    assert [one["to"] for one in done["services"]] == [None, None, definition_arn("idle", 1)]
    assert capsys.readouterr().err.splitlines() == [
        f"{NEW} in cluster prod",
        "api  api:1 → a new revision",
        f"  - airflow  @sha256:{'a' * 64}",
        f"  + airflow  @sha256:{'b' * 64}",
        "    otel  host/otel:1, as it is",
        "scheduler  scheduler:1 → a new revision",
        f"  - airflow  @sha256:{'a' * 64}",
        f"  + airflow  @sha256:{'b' * 64}",
        "idle  idle:1, as it is",
        "the database: a task as api runs it, container airflow: airflow db migrate",
        "nothing was changed: this was a dry run",
    ]


def test_what_is_unusual_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = MemoryCluster().add("api", container(), container("init", essential=False), desired=0)
    cluster.definitions[definition_arn("api", 2)] = {
        **cluster.definitions[definition_arn("api", 1)],
        "cpu": "9",
    }
    deploy(cluster, IMAGE, Wanted(("api",), "api"), Rehearsal(Terminal()), Terminal())
    said = capsys.readouterr().err
    assert "api:2 is newer: what else it changes is not deployed by this" in said
    assert "no task of it is to run" in said
    assert "meanwhile idle in it: init" in said


@pytest.mark.parametrize("failing", [False, True])
def test_what_a_task_definition_keeps_secret_is_never_said(
    capsys: pytest.CaptureFixture[str], *, failing: bool
) -> None:
    cluster = world(rollouts={"scheduler": breaks} if failing else {})
    told = ""
    try:
        told = repr(deployed(cluster))
    except DeployError as error:
        told = f"{error}{error!r}{error.__cause__}{error.__cause__!r}"
    told += repr(cluster.orders) + capsys.readouterr().err
    assert "hunter2" not in told
    assert ("going back" in told) == failing


def test_what_was_deregistered_is_gone_back_to_by_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = world(rollouts={"api": breaks}, deregistered={definition_arn("api", 1)})
    with pytest.raises(DeployError) as caught:
        deployed(cluster, Wanted(("api", "scheduler"), ""))
    assert cluster.log == [
        "register api:2",
        "register api:3",
        "register scheduler:2",
        "update api api:3",
        "update api api:2",
    ]
    assert cluster.definition(definition_arn("api", 2)).content == (
        cluster.definition(definition_arn("api", 1)).content
    )
    said = capsys.readouterr().err
    assert "api:1 was deregistered: a copy of it is registered first, to go back to" in said
    assert "registered api:2, which is as api:1" in said
    assert "api:2 again" in caught.value.cause


def test_a_deregistered_definition_that_stays_is_not_copied() -> None:
    cluster = world(deregistered={definition_arn("idle", 1)}).add("idle", container(image=NEW))
    deployed(cluster, Wanted(("api", "idle"), ""))
    assert cluster.log == ["register api:2", "update api api:2"]


# families that no service runs

WITH_WORKER = Wanted(("api", "scheduler"), "api", families=("worker",))


def with_worker(image: str = OLD, **more: Any) -> MemoryCluster:
    cluster = world(**more)
    cluster.definitions[definition_arn("worker", 1)] = content("worker", container(image=image))
    return cluster


def test_a_family_gets_the_image_when_the_services_have_it() -> None:
    cluster = with_worker()
    done = deployed(cluster, WITH_WORKER)

    assert cluster.log[-3:] == ["update api api:2", "update scheduler scheduler:2", "register worker:2"]
    (family,) = done["families"]
    assert (family["family"], family["to"], family["changed"]) == (
        "worker",
        definition_arn("worker", 2),
        True,
    )
    assert family["containers"] == [{"name": "airflow", "from": OLD, "to": NEW}]


def test_a_family_is_left_alone_where_the_services_are_taken_back() -> None:
    cluster = with_worker(rollouts={"api": breaks})
    with pytest.raises(DeployError):
        deployed(cluster, WITH_WORKER)

    assert "register worker:2" not in cluster.log


def test_a_family_alone_is_brought_up_without_a_migration() -> None:
    cluster = with_worker()
    deployed(cluster)
    cluster.log.clear()
    done = deployed(cluster, WITH_WORKER)

    assert cluster.log == ["register worker:2"]
    assert (done["changed"], done["migration"]) == (True, None)


def test_a_family_that_has_the_image_is_done() -> None:
    cluster = with_worker(NEW)
    deployed(cluster)
    cluster.log.clear()
    done = deployed(cluster, WITH_WORKER)

    assert cluster.log == []
    assert done["changed"] is False


def test_a_family_that_is_not_there_or_runs_something_else_is_told_before_anything_is_changed() -> None:
    cluster = with_worker("elsewhere/airflow:1")
    with pytest.raises(DeployError) as failed:
        deployed(cluster, Wanted(("api", "scheduler"), "api", families=("worker", "nobody")))

    assert "worker: no container runs" in failed.value.cause
    assert "nobody: there is no such task definition" in failed.value.cause
    assert cluster.log == []


def test_a_dry_run_tells_what_a_family_gets(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = with_worker()
    done = deploy(cluster, IMAGE, WITH_WORKER, Rehearsal(Terminal()), Terminal())

    assert cluster.log == []
    assert done["families"][0]["to"] is None
    assert "family worker  worker:1 → a new revision, when the services are stable" in capsys.readouterr().err
