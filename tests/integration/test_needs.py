"""What operators, hooks and functions of DAGs need, read in the real image with Airflow's real providers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from airlock import process
from airlock_spec.endpoints import BY_SERVICE
from airlock_spec.services import WITHOUT

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"
LIBRARIES = "/opt/airlock/lib"
THERE = "/tmp"  # noqa: S108 - of the sandbox

# Classes of the amazon provider that need nothing, each read by hand.
NOTHING = {
    "operators.sagemaker.SageMakerConditionOperator",  # compares values, calls nobody
    # SageMaker's own library, of which no part of the provider says what it calls
    "operators.sagemaker_unified_studio.SageMakerNotebookOperator",
    "sensors.sagemaker_unified_studio.SageMakerNotebookSensor",
    "triggers.sagemaker_unified_studio.SageMakerNotebookJobTrigger",
}
# Those that call more than the service they are named for, each read by hand; what of it depends on their arguments
# is left to them.
SEVERAL = {
    "operators.batch.BatchOperator": {"batch", "logs"},
    "operators.ecs.EcsRunTaskOperator": {"ecs", "logs"},
    "operators.glue.GlueJobOperator": {"glue", "iam", "logs", "s3", "sts"},
    "operators.quicksight.QuickSightCreateIngestionOperator": {"quicksight", "sts"},
    "operators.sagemaker.SageMakerTrainingOperator": {"iam", "logs", "s3", "sagemaker.api"},
    "operators.sagemaker_unified_studio_notebook.SageMakerUnifiedStudioNotebookOperator": {"datazone", "s3"},
    "sensors.glue.GlueJobSensor": {"glue", "logs"},
    "transfers.dynamodb_to_s3.DynamoDBToS3Operator": {"dynamodb", "s3"},
    "transfers.s3_to_redshift.S3ToRedshiftOperator": {"redshift-data", "s3"},
    "triggers.ecs.TaskDoneTrigger": {"ecs", "logs"},
}
EXPECTED = {
    "": {"sqs", "sns"},
    "ecs": {"ecs"},
    "ecs_logs": {"ecs", "logs"},
    "ecs_mapped": {"ecs"},
    "glue_by_arn": {"glue", "logs"},
    "glue_by_name": {"glue", "iam", "s3"},
    "athena": {"athena"},
    "sqs": {"sqs"},
    "sql_to_s3": {"s3"},
    "to_redshift": {"s3"},
    "to_redshift_by_api": {"s3", "redshift-data"},
    "snowflake": {"*.snowflakecomputing.com"},
    "sql_to_slack": {"hooks.slack.com"},
    "http_absolute": {"api.partner.com"},
    "outbox": {"s3"},
    "callback": {"hooks.slack.com"},
    "python": {"emr-serverless"},
    "by_boto3": {"states", "dynamodb"},
    "by_hooks": {"s3", "slack.com"},
    "by_requests": {"status.partner.com"},
}


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    airlock("image", "--json")


def airlock(*arguments: str | Path) -> bytes:
    command = [sys.executable, "-m", "airlock", "-q", "--project", REPOSITORY, *arguments]
    return process.run(command).stdout


def inside(script: str, *binds: str) -> Any:
    """Run a program of `inside/` in the image, without a network, and return the JSON that it prints."""
    shown = [f"{INSIDE / script}:{THERE}/{script}", *binds]
    arguments = [part for bind in shown for part in ("--bind", bind)]
    arguments += ["--", "env", f"PYTHONPATH={LIBRARIES}", "python", "-P", f"{THERE}/{script}"]
    return json.loads(airlock("run", *arguments, *(bind.rpartition(":")[2] for bind in binds)))


def test_every_class_of_the_amazon_provider_leads_to_its_services() -> None:
    found = inside("needs_of_amazon.py")
    of = {name.removeprefix("airflow.providers.amazon.aws."): one for name, one in found["classes"].items()}

    assert len(of) > 340
    assert {name for name, one in of.items() if not one["services"]} == NOTHING
    assert {name: set(of[name]["services"]) for name in SEVERAL} == SEVERAL
    assert {
        service for one in of.values() for service in one["services"]
    } <= BY_SERVICE.keys() | WITHOUT.keys()
    assert {name: one["hosts"] for name, one in of.items() if one["hosts"]} == {}


def test_every_way_of_a_dag_to_need_something_is_seen_and_nothing_else() -> None:
    found = inside("needs_of_dags.py", f"{INSIDE / 'dags_needs'}:{THERE}/dags")
    needs: dict[str, set[str]] = {}
    for _, task, _, service, host in found["needs"]:
        needs.setdefault(task, set()).add(service or host)

    assert found["errors"] == {}
    assert needs == EXPECTED
    assert found["unread"] == []
    assert len(found["needs"]) == sum(map(len, EXPECTED.values()))  # each once


def test_airflows_examples_need_what_their_tasks_ask_for() -> None:
    found = inside("needs_of_dags.py")

    assert found["errors"] == {}
    assert found["dags"] > 80
    assert {(dag, task, service or host) for dag, task, _, service, host in found["needs"]} == {
        ("example_retry_policy", "call_external_api", "api.example.com"),
        ("tutorial_objectstorage", "get_air_quality_data", "s3"),
        ("tutorial_objectstorage", "get_air_quality_data", "air-quality-api.open-meteo.com"),
        ("tutorial_taskflow_api_virtualenv", "extract", "python-package-index"),
    }
    assert [need[1] for need in found["common"]] == ["secretsmanager"]
