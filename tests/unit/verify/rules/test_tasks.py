"""Rules on the registry, images, task definitions and services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.rules import logs, registry, rollouts, tasks
from airlock.verify.rules.logs import KeptForEver, NoLogGroup
from airlock.verify.rules.registry import ByTag, FromElsewhere, MutableTags, NoScan
from airlock.verify.rules.rollouts import (
    ExecInTheOpen,
    Flapping,
    ForkingHealthCheck,
    NoHealthCheck,
    NotAtStrength,
    NoWayBack,
)
from airlock.verify.rules.tasks import NotAwsvpc, Privileged, Root, Silent, WritableRoot
from airlock.verify.services import Container
from airlock_spec.check.finding import Severity
from verify_inventory import changed, clean, found, named, without
from verify_network import ACCOUNT, REGION
from verify_services import IMAGE
from verify_spoiled import unread, with_container

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

DIGEST = f"sha256:{'ab' * 32}"
ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/airflow"
CHECK = ("CMD", "airlock-health", "scheduler")


@pytest.mark.parametrize(
    "rule", [*registry.RULES, *tasks.RULES, *logs.RULES, *rollouts.RULES], ids=lambda rule: rule.code
)
def test_nothing_is_found_of_tasks_as_they_should_be(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"mutability": "MUTABLE"}, "image_tag_mutability: MUTABLE"),
        (
            {"mutability": "MUTABLE_WITH_EXCLUSION", "excluded": ("v*",)},
            "image_tag_mutability: MUTABLE_WITH_EXCLUSION",
        ),
        (
            {"mutability": "IMMUTABLE_WITH_EXCLUSION", "excluded": ("sha256-*", "latest")},
            "excluded: sha256-*, latest",
        ),
        ({"mutability": "IMMUTABLE_WITH_EXCLUSION", "excluded": ("*",)}, "excluded: *"),
    ],
)
def test_tags_that_can_move_are_found(values: dict[str, Any], shown: str) -> None:
    assert [one.evidence for one in found(MutableTags(), changed("repositories", "airflow", **values))] == [
        shown
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"mutability": "IMMUTABLE"},
        {"mutability": "IMMUTABLE_WITH_EXCLUSION", "excluded": ("deployed-*", "sha256-*")},
        {"mutability": UNKNOWN},
    ],
)
def test_tags_that_airlock_itself_moves_may_move(values: dict[str, Any]) -> None:
    assert not found(MutableTags(), changed("repositories", "airflow", **values))


def test_a_repository_without_scans_is_found() -> None:
    assert len(found(NoScan(), changed("repositories", "airflow", scans=False))) == 1


@pytest.mark.parametrize("image", [f"{ECR}:3.3.2", ECR, f"{ECR}@sha256:short", f"{ECR}:sha256-{'ab' * 32}"])
def test_an_image_without_a_digest_is_found(image: str) -> None:
    (one,) = found(ByTag(), with_container("airflow-worker", image=image))

    assert one.evidence == f"image: {image}"


@pytest.mark.parametrize("image", [f"{ECR}@{DIGEST}", f"{ECR}:3.3.2@{DIGEST}", UNKNOWN, f"{UNKNOWN}:3"])
def test_an_image_by_its_digest_or_not_known_yet_is_not_found(image: str) -> None:
    inventory = with_container("airflow-worker", image=image)

    assert not found(ByTag(), inventory)
    assert not found(FromElsewhere(), inventory)


def test_one_image_of_several_tasks_is_one_finding() -> None:
    inventory = with_container(
        "airflow-worker", with_container("airflow-scheduler", image=f"{ECR}:3"), image=f"{ECR}:3"
    )

    (one,) = found(ByTag(), inventory)

    assert "airflow-scheduler/scheduler, airflow-worker/worker" in one.message


@pytest.mark.parametrize(
    ("image", "where", "severity"),
    [
        (f"apache/airflow@{DIGEST}", "Docker Hub", None),
        (f"busybox@{DIGEST}", "Docker Hub", None),
        (f"public.ecr.aws/docker/library/busybox@{DIGEST}", "public.ecr.aws", None),
        (f"registry.example:5000/airflow@{DIGEST}", "registry.example:5000", None),
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/airflow@{DIGEST}", "us-east-1", None),
        (f"999999999999.dkr.ecr.{REGION}.amazonaws.com/airflow@{DIGEST}", "999999999999", Severity.WARNING),
    ],
)
def test_an_image_from_elsewhere_is_found_with_where(
    image: str, where: str, severity: Severity | None
) -> None:
    (one,) = found(FromElsewhere(), with_container("airflow-worker", image=image))

    assert where in one.message
    assert one.severity is severity


@pytest.mark.parametrize("mode", ["bridge", "host", ""])
def test_a_task_in_the_machines_network_is_found(mode: str) -> None:
    assert len(found(NotAwsvpc(), changed("task_definitions", "airflow-worker", network_mode=mode))) == 1


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (Privileged(), {"privileged": True}),
        (WritableRoot(), {"read_only": False}),
        (Root(), {"user": "0"}),
        (Root(), {"user": "root:root"}),
        (Root(), {"user": "0:50000"}),
        (Silent(), {"log_driver": ""}),
        (Silent(), {"log_driver": "none"}),
    ],
)
def test_a_loose_container_is_found_by_the_rule_for_it_alone(rule: Rule, values: dict[str, Any]) -> None:
    inventory = with_container("airflow-scheduler", **values)

    assert [one.message.endswith("airflow-scheduler/scheduler") for one in found(rule, inventory)] == [True]
    assert not [each for other in tasks.RULES if other.code != rule.code for each in found(other, inventory)]


@pytest.mark.parametrize("user", ["", "50000", "50000:0", "airflow"])
def test_another_user_than_root_is_not_found(user: str) -> None:
    assert not found(Root(), with_container("airflow-scheduler", user=user))


def test_what_one_block_makes_for_all_services_is_one_finding() -> None:
    inventory = with_container("airflow-worker", with_container("airflow-scheduler", user="0"), user="0")

    (one,) = found(Root(), inventory)

    assert one.message == "runs as root: airflow-scheduler/scheduler, airflow-worker/worker"


def test_a_log_group_that_is_not_there_is_found_once() -> None:
    (one,) = found(NoLogGroup(), without("log_groups", "/airflow/tasks"))

    assert one.evidence == "awslogs-group: /airflow/tasks"


def test_a_log_group_that_is_made_at_the_start_or_that_could_not_be_looked_for_is_not_missed() -> None:
    options = {"awslogs-group": "/other", "awslogs-create-group": "true"}

    assert not found(NoLogGroup(), with_container("airflow-worker", log_options=options))
    assert not found(NoLogGroup(), with_container("airflow-worker", log_options={"awslogs-group": UNKNOWN}))
    assert not found(NoLogGroup(), unread("log_groups"))


def test_a_log_group_without_a_retention_is_found() -> None:
    assert len(found(KeptForEver(), changed("log_groups", "/airflow/tasks", retention=0))) == 1
    assert not found(KeptForEver(), changed("log_groups", "/airflow/tasks", retention=1))


@pytest.mark.parametrize(
    ("values", "says"), [({"breaker": False}, "is not given up"), ({"rolls_back": False}, "does not go back")]
)
def test_a_service_without_a_way_back_is_found(values: dict[str, Any], says: str) -> None:
    (one,) = found(NoWayBack(), changed("services", "airflow-scheduler", **values))

    assert one.message == f"a deployment that fails {says}: airflow-scheduler"


def test_a_service_whose_essential_containers_have_no_health_check_is_found() -> None:
    (one,) = found(NoHealthCheck(), with_container("airflow-scheduler", health=()))

    assert one.place == named("task_definitions", "airflow-scheduler").place


def test_a_health_check_of_a_container_that_is_not_essential_does_not_do() -> None:
    main = replace(named("task_definitions", "airflow-scheduler").containers[0], health=())
    sidecar = Container("sidecar", IMAGE, essential=False, health=CHECK)
    inventory = changed("task_definitions", "airflow-scheduler", containers=(main, sidecar))

    assert len(found(NoHealthCheck(), inventory)) == 1


def test_a_sidecar_without_a_health_check_is_no_fault() -> None:
    main = named("task_definitions", "airflow-scheduler").containers[0]
    inventory = changed("task_definitions", "airflow-scheduler", containers=(main, Container("pull", IMAGE)))

    assert not found(NoHealthCheck(), inventory)


@pytest.mark.parametrize(
    "command",
    [
        ("CMD-SHELL", 'airflow jobs check --job-type SchedulerJob --hostname "$(hostname)"'),
        ("CMD", "airflow", "db", "check"),
        ("CMD-SHELL", "/opt/venv/bin/airflow jobs check || exit 1"),
        ("CMD-SHELL", "celery --app airflow.providers.celery inspect ping -d worker"),
    ],
)
def test_a_health_check_that_starts_airflow_is_found(command: tuple[str, ...]) -> None:
    assert len(found(ForkingHealthCheck(), with_container("airflow-scheduler", health=command))) == 1


@pytest.mark.parametrize(
    "command",
    [CHECK, ("CMD-SHELL", "curl --fail http://localhost:8080/airflow/api/v2/version"), ("CMD", "true")],
)
def test_other_health_checks_are_not_found(command: tuple[str, ...]) -> None:
    assert not found(ForkingHealthCheck(), with_container("airflow-scheduler", health=command))


def test_ecs_exec_without_a_key_is_found_of_the_cluster_where_a_service_has_it() -> None:
    inventory = changed("clusters", "airflow", exec_key="")

    (one,) = found(ExecInTheOpen(), inventory)

    assert one.message.startswith("sessions of ECS Exec in airflow-scheduler ")
    assert not found(ExecInTheOpen(), changed("services", "airflow-scheduler", inventory, exec_enabled=False))


def test_a_service_may_name_its_cluster_by_its_arn() -> None:
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/airflow"
    inventory = changed(
        "services", "airflow-scheduler", changed("clusters", "airflow", exec_key=""), cluster=arn
    )

    assert len(found(ExecInTheOpen(), inventory)) == 1


@pytest.mark.parametrize(("running", "count"), [(None, 0), (0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_service_below_its_desired_count_is_found(running: int | None, count: int) -> None:
    events = ("(service airflow-scheduler) was unable to place a task",)
    inventory = changed("services", "airflow-scheduler", desired=2, running=running, events=events)

    result = found(NotAtStrength(), inventory)

    assert len(result) == count
    assert all(events[0] in one.evidence for one in result)


def test_three_events_of_failures_are_flapping_and_a_deployment_is_none() -> None:
    usual = "(service a) has stopped 1 running tasks: (task 1)."
    sick = "(service a) (task 1) failed container health checks."
    flapping = changed("services", "airflow-scheduler", events=(sick, usual, sick, usual, sick))
    steady = changed("services", "airflow-scheduler", events=(sick, usual, usual, usual, sick))

    assert len(found(Flapping(), flapping)) == 1
    assert not found(Flapping(), steady)
