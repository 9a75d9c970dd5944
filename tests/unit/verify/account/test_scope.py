"""What belongs to a deployment: as the project and its task definitions name it."""

from __future__ import annotations

import pytest

from airlock.verify.account.scope import Named, Repository, Scope, executors_definitions, named
from airlock.verify.network import Place
from airlock.verify.services import Container, TaskDefinition, Volume

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:airflow/fernet-AbCdEf"  # noqa: S105 - an ARN
MANAGER = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"


def found(container: Container, *more: Container, scope: Scope | None = None) -> Named:
    return named(scope or Scope(), [TaskDefinition(Place("d"), "d", "d", containers=(container, *more))])


def test_roles_and_file_systems_are_those_of_task_definitions_each_once() -> None:
    volumes = (Volume("tmp"), Volume("dags", "fs-1"), Volume("logs", "fs-1"))
    one = TaskDefinition(Place("a"), "a", "a", task_role="task", execution_role="execution", volumes=volumes)
    other = TaskDefinition(Place("b"), "b", "b", execution_role="execution")
    told = named(Scope(roles=("release",)), [one, other])
    assert told.roles == ("release", "task", "execution")
    assert told.file_systems == ("fs-1",)


@pytest.mark.parametrize("end", ["", ":key::", ":key:AWSCURRENT:", ":::version"])
def test_a_secret_is_named_by_its_arn_whatever_part_of_it_is_wanted(end: str) -> None:
    assert found(Container("a", "b", secrets={"X": SECRET + end})).secrets == (SECRET,)


def test_a_parameter_of_the_parameter_store_is_no_secret() -> None:
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/x"
    assert found(Container("a", "b", secrets={"X": arn})).secrets == ()


@pytest.mark.parametrize(
    ("image", "repositories"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/airflow:1@sha256:ab", ["team/airflow"]),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow:1", ["airflow"]),
        ("busybox:1", []),
        ("registry.example.com:5000/airflow:1", []),
    ],
)
def test_repositories_are_those_of_ecr(image: str, repositories: list[str]) -> None:
    assert [one.name for one in found(Container("a", image)).repositories] == repositories


def test_the_project_names_a_repository_and_a_bucket_beside_those_of_tasks() -> None:
    scope = Scope(
        locations=("s3://dags-of-a-test/prod", "build/dags"),
        repositories=("123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow",),
    )
    told = named(scope, [])
    assert told.buckets == ("dags-of-a-test",)
    assert told.repositories == (Repository("123456789012", "eu-west-1", "airflow"),)


def test_buckets_are_found_in_environments_and_commands() -> None:
    bundles = '[{"name": "dags", "kwargs": {"location": "s3://dags-of-a-test/prod"}}]'
    environment = {"BUNDLES": bundles, "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs.of.a.test/prod"}
    pull = ("airlock-pull", "--from", "s3://dags-of-another/prod", "--to", "/mnt")
    told = found(Container("a", "b", environment=environment, command=pull))
    assert told.buckets == ("dags-of-a-test", "logs.of.a.test", "dags-of-another")


def test_log_groups_are_those_of_drivers_and_of_remote_logs() -> None:
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/airflow/tasks"
    told = found(
        Container("a", "b", log_options={"awslogs-group": "/airflow"}),
        Container("c", "d", environment={"FOLDER": f"cloudwatch://{arn}:*"}),
    )
    assert told.log_groups == ("/airflow", "/airflow/tasks")


def test_queues_are_those_of_urls_and_the_default_one_of_celery_over_sqs() -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/airflow-tasks"
    assert found(Container("a", "b", environment={"Q": f'{{"default": {{"url": "{url}"}}}}'})).queues == (
        "airflow-tasks",
    )
    celery = {"AIRFLOW__CELERY__BROKER_URL": "sqs://"}
    assert found(Container("a", "b", environment=celery)).queues == ("default",)
    celery["AIRFLOW__OPERATORS__DEFAULT_QUEUE"] = "work"
    assert found(Container("a", "b", environment=celery)).queues == ("work",)
    celery["AIRFLOW__CELERY__BROKER_URL"] = "rediss://cache:6379/0"
    assert found(Container("a", "b", environment=celery)).queues == ()


@pytest.mark.parametrize(
    ("arguments", "prefixes"),
    [
        ("", ("airflow/connections", "airflow/variables", "airflow/config")),
        ('{"connections_prefix": "prod/c", "variables_prefix": null}', ("prod/c", "airflow/config")),
        ("no JSON", ("airflow/connections", "airflow/variables", "airflow/config")),  # as Airflow has it
    ],
)
def test_secrets_are_looked_for_where_airflows_backend_looks(
    arguments: str, prefixes: tuple[str, ...]
) -> None:
    environment = {"AIRFLOW__SECRETS__BACKEND": MANAGER, "AIRFLOW__SECRETS__BACKEND_KWARGS": arguments}
    assert found(Container("a", "b", environment=environment)).secret_prefixes == prefixes


def test_another_backend_looks_nowhere_in_secrets_manager() -> None:
    other = "airflow.providers.hashicorp.secrets.vault.VaultBackend"
    assert found(Container("a", "b", environment={"AIRFLOW__SECRETS__BACKEND": other})).secret_prefixes == ()


def test_what_the_ecs_executor_runs_is_named_by_the_schedulers_environment() -> None:
    environment = {"AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION": "airflow-worker:3"}
    containers = [Container("a", "b", environment=environment), Container("c", "d")]
    assert executors_definitions(containers) == ("airflow-worker:3",)


def test_what_is_named_twice_belongs_to_a_deployment_once() -> None:
    assert Named(buckets=("a", "b")) + Named(buckets=("b", "c")) == Named(buckets=("a", "b", "c"))
