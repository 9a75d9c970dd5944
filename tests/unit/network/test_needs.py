"""What DAGs need: of tasks, their arguments and connections, callbacks and watchers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from airflow_doubles import AwsGenericHook, BaseNotifier, BaseOperator, BaseTrigger, SlackHook
from airlock_probe import needs
from airlock_probe.needs import common_needs, needs_of
from airlock_spec.check.facts import Need, Place


class EcsRunTaskOperator(BaseOperator):
    __module__ = "airflow.providers.amazon.aws.operators.ecs"

    def execute(self) -> None:
        AwsGenericHook(client_type="ecs")
        AwsGenericHook(client_type="logs")


class SageMakerModelOperator(BaseOperator):
    __module__ = "airflow.providers.amazon.aws.operators.sagemaker"

    def execute(self) -> None:
        AwsGenericHook(client_type="sagemaker")
        AwsGenericHook(client_type="iam")


class SlackAPIPostOperator(BaseOperator):
    __module__ = "airflow.providers.slack.operators.slack"


class HttpOperator(BaseOperator):
    __module__ = "airflow.providers.http.operators.http"


class PythonOperator(BaseOperator):
    __module__ = "airflow.providers.standard.operators.python"


class PythonVirtualenvOperator(PythonOperator):
    __module__ = "airflow.providers.standard.operators.python"


class OutboxOperator(BaseOperator):
    __module__ = "airlock_operators.outbox"


class Ours(OutboxOperator):
    __module__ = "operators_of_ours"


class SlackNotifier(BaseNotifier):
    __module__ = "airflow.providers.slack.notifications.slack"


class QueueTrigger(BaseTrigger):
    def run(self) -> None:
        AwsGenericHook(client_type="sqs")


class Broken(BaseOperator):
    @property
    def operator_class(self) -> Any:
        raise RuntimeError("no luck")


class Dag:
    """What the probe takes of a DAG."""

    def __init__(self, *tasks: Any, condition: Any = None, **callbacks: Any) -> None:
        self.dag_id = "dag"
        self.tasks = tasks
        self.timetable = SimpleNamespace(asset_condition=condition)
        vars(self).update(callbacks)


PLACE = Place("dags/one.py", 7)
BARE: dict[str, str] = {}


def of(*tasks: Any, environment: dict[str, str] = BARE, **more: Any) -> list[str]:
    found = needs_of(Dag(*tasks, **more), lambda _: PLACE, environment)
    return [one.service or one.host for one in found]


def test_a_need_tells_who_has_it_and_where() -> None:
    assert needs_of(Dag(SlackAPIPostOperator("tell")), lambda _: PLACE, {}) == [
        Need(
            "airflow.providers.slack.operators.slack.SlackAPIPostOperator",
            host="slack.com",
            task_id="tell",
            dag_id="dag",
            place=PLACE,
        )
    ]


def test_what_depends_on_arguments_is_needed_where_they_say_so() -> None:
    logs = {"awslogs_group": "/ecs/jobs", "awslogs_stream_prefix": "ecs/job"}

    assert of(EcsRunTaskOperator()) == ["ecs"]
    assert of(EcsRunTaskOperator(**logs)) == ["ecs", "logs"]


@pytest.mark.parametrize(
    ("config", "asks"),
    [
        ({"ExecutionRoleArn": "role-by-name"}, True),
        ({"Transform": {"RoleArn": "role-by-name"}}, True),
        ({"ExecutionRoleArn": "arn:aws:iam::123456789012:role/role"}, False),
        ({"ExecutionRoleArn": "{{ var.value.role }}"}, False),
        ({"ExecutionRoleArn": object()}, False),
        (object(), False),
        (None, False),
    ],
)
def test_iam_is_asked_for_a_role_that_is_given_by_its_name(config: Any, asks: bool) -> None:  # noqa: FBT001
    assert of(SageMakerModelOperator(config=config)) == ["sagemaker.api", *(["iam"] if asks else [])]


def test_a_mapped_task_is_known_by_its_class_and_what_is_partial() -> None:
    partial = {"awslogs_group": "/ecs/jobs", "awslogs_stream_prefix": "ecs/job"}
    mapped = SimpleNamespace(task_id="mapped", operator_class=EcsRunTaskOperator, partial_kwargs=partial)

    assert of(mapped) == ["ecs", "logs"]


@pytest.mark.parametrize(
    ("endpoint", "hosts"),
    [
        ("https://api.partner.com/v1", ["api.partner.com"]),
        ("/v1/orders", []),
        ("https://{{ var.value.host }}/v1", []),
        ("https://api.partner.com/{{ ds }}", []),
        ("https://warehouse.internal/v1", []),
    ],
)
def test_a_url_in_an_argument_leads_to_its_host(endpoint: str, hosts: list[str]) -> None:
    assert of(HttpOperator(endpoint=endpoint)) == hosts
    assert of(OutboxOperator(url=endpoint), Ours(url=endpoint)) == []


@pytest.mark.parametrize(
    ("connection", "hosts"),
    [
        ("http://api.partner.com", ["api.partner.com"]),
        ("http://https%3A%2F%2Fapi.partner.com%2Fv1/", ["api.partner.com"]),
        (
            '{"conn_type": "http", "host": "https://api.partner.com:8443/v1", "password": "p"}',
            ["api.partner.com"],
        ),
        ("postgres://user:secret@10.0.0.3:5432/db", []),
        ("postgres://db.abc.eu-west-1.rds.amazonaws.com/db", []),
        ("snowflake://user:secret@/schema?account=abc", ["*.snowflakecomputing.com"]),
        ("{ no JSON", []),
        ("nothing", []),
        ("", []),
    ],
)
def test_a_connection_of_the_environment_leads_to_its_host(connection: str, hosts: list[str]) -> None:
    environment = {"AIRFLOW_CONN_PARTNER": connection}

    assert of(HttpOperator(http_conn_id="partner"), environment=environment) == hosts


def test_a_private_way_to_a_service_outside_is_taken_for_one() -> None:
    private = {"AIRFLOW_CONN_SLACK": "slack://proxy.internal", "AIRFLOW_CONN_DB": "postgres://db.internal/db"}

    assert of(SlackAPIPostOperator(slack_conn_id="slack"), environment=private) == []
    assert of(SlackAPIPostOperator(sql_conn_id="db"), environment=private) == ["slack.com"]
    assert of(
        SlackAPIPostOperator(slack_conn_id="slack"), environment={"AIRFLOW_CONN_SLACK": "slack://"}
    ) == ["slack.com"]


@pytest.mark.parametrize(
    "environment",
    [
        {"AIRFLOW_CONN_AWS": '{"conn_type": "aws", "extra": {"endpoint_url": "http://double"}}'},
        {"AIRFLOW_CONN_AWS": "aws://?endpoint_url=http%3A%2F%2Fdouble"},
        {
            "AIRFLOW_CONN_AWS": 'aws://?__extra__={"service_config": {"ecs": {"endpoint_url": "http://double"}}}'
        },
        {"AWS_ENDPOINT_URL": "http://double"},
        {"AWS_ENDPOINT_URL_ECS": "http://double"},
    ],
)
def test_clients_that_are_sent_elsewhere_need_no_endpoint(environment: dict[str, str]) -> None:
    task = EcsRunTaskOperator(aws_conn_id="aws")

    assert of(task, environment=environment) == []
    assert of(task, environment={"AIRFLOW_CONN_AWS": "aws://", "AWS_ENDPOINT_URL_S3": "http://double"}) == [
        "ecs"
    ]


def test_packages_that_are_installed_when_a_task_runs_come_from_outside() -> None:
    assert of(PythonVirtualenvOperator(requirements=["pandas"])) == ["python-package-index"]
    assert (
        of(PythonVirtualenvOperator(requirements=["pandas"], index_urls=["https://packages.internal"])) == []
    )
    assert of(PythonVirtualenvOperator(requirements=[])) == []


def work() -> None:
    boto3.client("sqs")
    SlackHook()


def test_a_function_of_a_task_is_read_and_each_need_is_told_once() -> None:
    found = needs_of(
        Dag(PythonOperator(python_callable=work, on_failure_callback=[work, SlackNotifier()])),
        lambda _: PLACE,
        {},
    )

    assert [(one.by, one.service, one.host) for one in found] == [
        ("boto3", "sqs", ""),
        ("airflow.providers.slack.hooks.slack.SlackHook", "", "slack.com"),
    ]


def test_callbacks_and_watchers_of_a_dag_count_without_a_task() -> None:
    asset = SimpleNamespace(watchers=[SimpleNamespace(trigger=QueueTrigger())])
    dag = Dag(
        condition=SimpleNamespace(objects=[SimpleNamespace(objects=[asset])]),
        on_failure_callback=SlackNotifier(),
    )

    assert [(one.service, one.host, one.task_id) for one in needs_of(dag, lambda _: PLACE, {})] == [
        ("sqs", "", ""),
        ("", "slack.com", ""),
    ]


def test_an_operator_that_cannot_be_read_needs_nothing_and_says_why() -> None:
    assert of(Broken("broken"), EcsRunTaskOperator()) == ["ecs"]
    assert "dag broken: RuntimeError: no luck" in needs.UNREAD


def test_airflow_itself_needs_what_the_images_environment_says() -> None:
    environment = {
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs",
        "AIRFLOW__SECRETS__BACKEND": (
            "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend"
        ),
        "AIRFLOW__WORKERS__SECRETS_BACKEND": "",
        "AIRFLOW__CORE__EXECUTOR": "AwsLambdaExecutor",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "",
    }

    assert [(one.by, one.service or one.host) for one in common_needs(environment)] == [
        ("remote logs in S3 ([logging] remote_base_log_folder)", "s3"),
        ("the Lambda executor, operators of Lambda ([core] executor)", "lambda"),
        ("the Lambda executor's results ([core] executor)", "sqs"),
        ("[secrets] backend", "*.googleapis.com"),
    ]
    assert common_needs(environment | {"AWS_ENDPOINT_URL": "http://double"})[0].host == "*.googleapis.com"
