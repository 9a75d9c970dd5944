"""What infra/example gives its containers, beside what those ask for: by the image's own words, on mocked runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

import moto_aws
import terraform_runs
from airlock_runtime import required
from airlock_runtime.settings import Settings
from airlock_spec import configured
from project import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from terraform_runs import Deployment, Terraform

RUNS = {"AwsEcsExecutor": "ecs_executor", "CeleryExecutor": "celery_executor"}
SERVICES = ("api-server", "dag-processor", "scheduler", "triggerer")
# What the container has from a secret is one of these forms.
FORMS = {
    "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    "AIRFLOW__CELERY__BROKER_URL": "rediss://airflow:password@broker.example:6379/0?ssl_cert_reqs=required",
}
BLOCK = re.compile(r"```json\n(\{.*?\n\})\n```", re.DOTALL)

KEPT = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "requiresCompatibilities",
    "cpu",
    "memory",
)

Resources = list[dict[str, Any]]


@pytest.fixture(scope="session")
def states(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Resources]:
    """All resources of each run of the tests of services."""
    example = terraform_runs.copy(terraform, tmp_path_factory.mktemp("services"))
    example.init()
    said = example.must("test", "-json", "-verbose", "-filter=tests/services.tftest.hcl").stdout
    events = (json.loads(line) for line in said.splitlines())
    return {
        one["@testrun"]: list(_resources(one["test_state"]["root_module"]))
        for one in events
        if one["type"] == "test_state"
    }


def _resources(module: Any) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def containers(resources: Resources) -> dict[str, Any]:
    """Return the container of each task definition, by its name."""
    documents = (
        one["values"]["container_definitions"]
        for one in resources
        if one["type"] == "aws_ecs_task_definition"
    )
    return {one["name"]: one for document in documents for one in json.loads(document)}


def variables(container: Any) -> dict[str, str]:
    """Return what a process in the container would have in its environment."""
    given = {one["name"]: one["value"] for one in container["environment"]}
    return given | {one["name"]: FORMS.get(one["name"], "value") for one in container["secrets"]}


def words(container: Any) -> str:
    return " ".join(container["command"])


@pytest.mark.parametrize("executor", RUNS)
def test_every_service_has_the_settings_that_its_component_asks_for(
    states: Mapping[str, Resources], tmp_path: Path, executor: str
) -> None:
    found = containers(states[RUNS[executor]])
    services = [*SERVICES, *(["worker"] if executor == "CeleryExecutor" else [])]
    (tmp_path / "logs").mkdir()
    for service in services:
        environ = variables(found[service]) | {"AIRFLOW_HOME": str(tmp_path)}
        assert required.problems(words(found[service]), Settings.read(environ), environ) == [], service


@pytest.mark.parametrize("executor", RUNS)
def test_no_container_has_a_secret_that_its_component_would_not_miss(
    states: Mapping[str, Resources], tmp_path: Path, executor: str
) -> None:
    (tmp_path / "logs").mkdir()
    for service, container in containers(states[RUNS[executor]]).items():
        secrets = {one["name"] for one in container["secrets"]} - {"PGPASSWORD", "_AIRFLOW_WWW_USER_PASSWORD"}
        for secret in secrets:
            environ = variables(container) | {"AIRFLOW_HOME": str(tmp_path)}
            del environ[secret]
            missed = required.problems(words(container), Settings.read(environ), environ)
            assert any(secret in line for line in missed), (service, secret)


@pytest.mark.parametrize("executor", RUNS)
def test_the_endpoints_are_those_that_the_containers_settings_need(
    states: Mapping[str, Resources], executor: str
) -> None:
    resources = states[RUNS[executor]]
    needs = {
        need
        for container in containers(resources).values()
        for need in configured.needs(_option(variables(container)), {configured.FARGATE: "there"})
    }
    table = json.loads((REPOSITORY / "infra/modules/endpoints/table.json").read_text(encoding="utf-8"))[
        "needs"
    ]
    of_airflow = {name for need in needs for name in table[need.name.lower()]["endpoints"]}
    # Secrets that ECS puts into variables and the backend of the image; sessions of ECS Exec, which Celery's run has.
    of_the_rest = {"secretsmanager"} | ({"kms", "ssmmessages"} if executor == "CeleryExecutor" else set())
    assert {
        _service(one) for one in resources if one["type"] == "aws_vpc_endpoint"
    } == of_airflow | of_the_rest


def _option(environ: Mapping[str, str]) -> configured.Option:
    return lambda section, key: environ.get(f"AIRFLOW__{section}__{key}".upper(), "")


def _service(endpoint: dict[str, Any]) -> str:
    return str(endpoint["values"]["service_name"]).split(".", 3)[3]


def test_the_release_role_may_what_the_documents_say_and_no_more(states: Mapping[str, Resources]) -> None:
    made = {
        action
        for one in states["ecs_executor"]
        if one["type"] == "aws_iam_role_policy" and "module.release" in one["address"]
        for statement in json.loads(one["values"]["policy"])["Statement"]
        for action in _listed(statement["Action"])
    }
    pages = [(REPOSITORY / "docs" / name).read_text(encoding="utf-8") for name in ("release.md", "deploy.md")]
    publisher = (REPOSITORY / "infra/dag-releases/publisher-policy.json").read_text(encoding="utf-8")
    documents = [*(found for page in pages for found in BLOCK.findall(page)), publisher]
    said = {
        action
        for document in documents
        for statement in json.loads(document)["Statement"]
        for action in _listed(statement["Action"])
    }
    # It takes the role; the example names no key that signs.
    assert made == said - {"sts:AssumeRoleWithWebIdentity", "kms:GetPublicKey", "kms:Sign"}


def _listed(found: Any) -> list[str]:
    return [found] if isinstance(found, str) else list(found)


def test_what_a_deployment_moved_terraform_leaves_there(applied_example: Deployment) -> None:
    ecs = moto_aws.client("ecs", applied_example.url)
    cluster, name = applied_example.outputs["cluster_name"], applied_example.outputs["service_names"][0]
    [service] = ecs.describe_services(cluster=cluster, services=[name])["services"]
    before = set(applied_example.differences())

    made = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    taken = {key: made[key] for key in KEPT if key in made}
    taken["containerDefinitions"][0]["image"] = f"example.invalid/airflow@sha256:{'0' * 64}"
    arn = ecs.register_task_definition(**taken)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=cluster, service=name, taskDefinition=arn)
    try:
        assert arn != service["taskDefinition"]
        assert set(applied_example.differences()) == before
    finally:  # others look at it, too
        ecs.update_service(cluster=cluster, service=name, taskDefinition=service["taskDefinition"])
        ecs.deregister_task_definition(taskDefinition=arn)
