"""Which endpoints a deployment needs, by whom and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.needed import needed
from airlock.verify.network import UNKNOWN
from airlock.verify.placements import placements
from verify_inventory import changed, clean, named, without
from verify_network import ACCOUNT, INTERFACES, REGION

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory


def with_container(family: str, inventory: Inventory | None = None, **values: Any) -> Inventory:
    """Return an inventory in which one task definition's container has other values."""
    (container,) = named("task_definitions", family, inventory).containers
    return changed("task_definitions", family, inventory, containers=(replace(container, **values),))


def with_variables(family: str, inventory: Inventory | None = None, **variables: str) -> Inventory:
    (container,) = named("task_definitions", family, inventory).containers
    return with_container(family, inventory, environment={**container.environment, **variables})


def who(inventory: Inventory, service: str) -> set[tuple[str, str]]:
    return {(one.who, one.why) for one in needed(inventory).get(service, ())}


def test_a_clean_deployment_needs_exactly_the_endpoints_that_it_has() -> None:
    assert set(needed(clean())) == {*INTERFACES, "s3"}


def test_the_executors_tasks_are_a_placement_of_their_own_with_their_own_network() -> None:
    (worker,) = [one for one in placements(clean()) if one.setting]

    assert (worker.name, worker.groups) == ("airflow-worker", ("sg-worker",))
    assert worker.subnets == ("subnet-a", "subnet-b", "subnet-c")
    assert not worker.public_address


@pytest.mark.parametrize(
    "name", ["airflow-worker:1", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/airflow-worker:1"]
)
def test_the_executors_task_definition_is_found_by_its_revision_and_its_arn(name: str) -> None:
    inventory = with_variables("airflow-scheduler", AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION=name)

    assert placements(inventory)[-1].name == "airflow-worker"


def test_executors_of_several_services_that_start_the_same_tasks_are_one_placement() -> None:
    variables = {
        name: value
        for name, value in named("task_definitions", "airflow-scheduler").containers[0].environment.items()
        if "ECS_EXECUTOR" in name
    }
    inventory = with_variables("airflow-triggerer", **variables)

    assert len(placements(inventory)) == len(placements(clean()))


def test_the_ecs_executor_needs_ecs_for_the_scheduler_alone() -> None:
    assert who(clean(), "ecs") == {("airflow-scheduler", "[core] executor")}


def test_without_a_known_scheduler_all_that_have_the_setting_need_its_executor() -> None:
    inventory = with_container("airflow-scheduler", command=("airlock-start",))

    assert len(who(inventory, "ecs")) == 5


@pytest.mark.parametrize(
    ("executor", "services"),
    [
        ("airflow.providers.amazon.aws.executors.batch.AwsBatchExecutor", {"batch"}),
        ("airflow.providers.amazon.aws.executors.aws_lambda.AwsLambdaExecutor", {"lambda", "sqs"}),
        ("LocalExecutor", set()),
    ],
)
def test_other_executors_need_their_own_services(executor: str, services: set[str]) -> None:
    inventory = with_variables("airflow-scheduler", AIRFLOW__CORE__EXECUTOR=executor)

    assert set(needed(inventory)) - {*INTERFACES, "s3"} == services
    assert "ecs" not in needed(inventory)


def test_celery_over_sqs_is_known_by_its_url_or_by_queues_without_a_cache() -> None:
    celery = with_variables("airflow-scheduler", AIRFLOW__CORE__EXECUTOR="CeleryExecutor")
    plain = with_variables("airflow-scheduler", celery, AIRFLOW__CELERY__BROKER_URL="sqs://")

    assert who(plain, "sqs") == {("airflow-scheduler", "[celery] broker_url")}
    assert not who(celery, "sqs")  # its URL is a secret, and there is a cache
    assert who(without("caches", "airflow", celery), "sqs")


def test_images_need_the_registry_and_s3_unless_they_are_somebody_elses() -> None:
    inventory = clean()
    for family in [one.family for one in inventory.task_definitions]:
        inventory = with_container(family, inventory, image="registry.example.com/airflow@sha256:00")
    known_later = with_container("airflow-worker", inventory, image=UNKNOWN)

    assert not {"ecr.api", "ecr.dkr"} & set(needed(inventory))
    assert who(inventory, "s3")  # for remote logs
    assert who(known_later, "ecr.dkr") == {("airflow-worker", "the image")}


def test_logs_are_needed_for_the_log_driver_and_for_remote_logs_in_cloudwatch() -> None:
    inventory = clean()
    for family in [one.family for one in inventory.task_definitions]:
        inventory = with_container(family, inventory, log_driver="")
    remote = with_variables(
        "airflow-worker", inventory, AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER="cloudwatch://arn"
    )
    router = with_container(
        "airflow-worker", inventory, log_driver="awsfirelens", log_options={"Name": "cloudwatch_logs"}
    )

    assert not who(inventory, "logs")
    assert who(remote, "logs") == {("airflow-worker", "[logging] remote_base_log_folder")}
    assert who(router, "logs") == {("airflow-worker", "the log driver awsfirelens")}


@pytest.mark.parametrize(
    ("source", "service"),
    [
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-AbCdEf:key::", "secretsmanager"),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/airflow/fernet", "ssm"),
        ("airflow-fernet", "ssm"),
        (UNKNOWN, "secretsmanager"),
    ],
)
def test_secrets_need_the_service_that_keeps_them(source: str, service: str) -> None:
    inventory = with_container("airflow-worker", secrets={"AIRFLOW__CORE__FERNET_KEY": source})

    assert ("airflow-worker", "the secret AIRFLOW__CORE__FERNET_KEY") in who(inventory, service)


def test_a_secret_is_known_by_the_arn_of_one_that_is_in_the_inventory() -> None:
    inventory = changed("secrets", "airflow/database", arn="made-up")

    found = with_container("airflow-worker", inventory, secrets={"A": "made-up:key::"})

    assert ("airflow-worker", "the secret A") in who(found, "secretsmanager")


def test_secrets_backends_are_needed_by_airflows_setting() -> None:
    backend = "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend"
    inventory = with_variables("airflow-worker", AIRFLOW__SECRETS__BACKEND=backend)

    assert who(inventory, "ssm") == {("airflow-worker", "[secrets] backend")}


def test_ecs_exec_needs_its_messages_and_under_a_key_of_ones_own_kms() -> None:
    assert who(clean(), "ssmmessages") == {("airflow-scheduler", "ECS Exec")}
    assert who(clean(), "kms") == {("airflow-scheduler", "ECS Exec under a customer key")}
    assert not who(changed("clusters", "airflow", exec_key=""), "kms")
    assert not who(changed("services", "airflow-scheduler", exec_enabled=False), "ssmmessages")


@pytest.mark.parametrize(
    ("cluster", "needs"),
    [(f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/airflow", True), ("airflow-other", False), ("air", False)],
)
def test_the_cluster_of_a_service_is_known_by_its_name_or_its_arn(cluster: str, needs: bool) -> None:  # noqa: FBT001
    assert bool(who(changed("services", "airflow-scheduler", cluster=cluster), "kms")) is needs


def test_a_connection_that_assumes_a_role_needs_sts() -> None:
    plain = with_variables("airflow-worker", AIRFLOW_CONN_AWS_DEFAULT="aws://")
    assuming = with_variables(
        "airflow-worker", AIRFLOW_CONN_AWS_DEFAULT='{"conn_type": "aws", "extra": {"role_arn": "arn"}}'
    )

    assert not who(plain, "sts")
    assert who(assuming, "sts") == {("airflow-worker", "a connection that assumes a role")}


def test_what_dags_need_is_needed_by_no_placement() -> None:
    (reason,) = needed(clean(), {"athena": "AthenaOperator"})["athena"]

    assert (reason.who, reason.why, reason.starts, reason.placement) == (
        "DAGs",
        "AthenaOperator",
        False,
        None,
    )


def test_what_keeps_tasks_from_starting_is_told_from_what_they_call() -> None:
    found = needed(clean())

    assert all(one.starts for one in found["ecr.api"])
    assert not any(one.starts for one in found["ecs"])


def test_a_service_without_a_known_task_definition_needs_nothing_that_is_known() -> None:
    inventory = clean()

    assert set(needed(replace(inventory, task_definitions=()))) == {
        "kms",
        "ssmmessages",
    }  # of the service itself
