"""Faults of what runs in a deployment: definitions, services, and the roles of tasks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeded.deployed import Deployed

_PUBLIC = "docker.io/apache/airflow@sha256:" + "c" * 64

# tasks and services


def _public_addresses(one: Deployed) -> None:
    ecs, cluster = one.client("ecs"), one.outputs["cluster_name"]
    for old in ecs.describe_services(cluster=cluster, services=one.outputs["service_names"])["services"]:
        network = old["networkConfiguration"]
        network["awsvpcConfiguration"]["assignPublicIp"] = "ENABLED"
        ecs.update_service(cluster=cluster, service=old["serviceName"], networkConfiguration=network)


def _by_tag(container: Any) -> None:
    container["image"] = container["image"].split("@")[0] + ":latest"


def _no_logs(container: Any) -> None:
    del container["logConfiguration"]


def _no_health(container: Any) -> None:
    container.pop("healthCheck", None)


def _starts_airflow(container: Any) -> None:
    if "healthCheck" in container:
        container["healthCheck"]["command"] = ["CMD-SHELL", "airflow jobs check --local"]


def _password(container: Any) -> None:
    value = "postgresql://airflow:hunter2@db/airflow"
    container["environment"].append({"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "value": value})


def _no_rollback(one: Deployed) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    for name in one.outputs["service_names"]:
        one.client("ecs").update_service(
            cluster=one.outputs["cluster_name"], service=name, deploymentConfiguration=breaker
        )


def _open_sessions(one: Deployed) -> None:
    ecs, cluster = one.client("ecs"), one.outputs["cluster_name"]
    [old] = ecs.describe_clusters(clusters=[cluster], include=["CONFIGURATIONS"])["clusters"]
    del old["configuration"]["executeCommandConfiguration"]["kmsKeyId"]
    ecs.update_cluster(cluster=cluster, configuration=old["configuration"])


def _one_role(definition: Any) -> None:
    definition["taskRoleArn"] = definition["executionRoleArn"]


# roles


def _trusts_all(one: Deployed) -> None:
    for role in one.roles():
        document = role["AssumeRolePolicyDocument"]
        for statement in document["Statement"]:
            statement["Principal"] = {"AWS": "*"}
            statement.pop("Condition", None)
        one.client("iam").update_assume_role_policy(
            RoleName=role["RoleName"], PolicyDocument=json.dumps(document)
        )


def _any_repository(one: Deployed) -> None:
    iam, name = one.client("iam"), one.outputs["release_role_arn"].rsplit("/", 1)[1]
    document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    issuer = "token.actions.githubusercontent.com"
    for statement in document["Statement"]:
        statement["Condition"] = {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": "repo:*"},
        }
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))


def _grants(**statement: Any) -> Callable[[Deployed], None]:
    whole: Mapping[str, Any] = {"Sid": "Fault", "Effect": "Allow", "Resource": "*", **statement}
    return lambda one: one.grant(whole, "airflow-scheduler")


def _passes_any(one: Deployed) -> None:
    one.grant(
        {"Sid": "Fault", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}, "airflow-scheduler"
    )


def _administrator(one: Deployed) -> None:
    one.client("iam").attach_role_policy(
        RoleName="airflow-worker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def _not_pulling(one: Deployed) -> None:
    for role in one.roles("-execution"):
        one.role_policy(role["RoleName"], lambda text: text.replace('"ecr:BatchGetImage", ', ""))


SPOILED: dict[str, Callable[[Deployed], Any]] = {
    "tasks with public addresses": _public_addresses,
    "an image by tag": lambda one: one.containers(_by_tag),
    "an image of a public registry": lambda one: one.containers(lambda each: each.update(image=_PUBLIC)),
    "tasks with a writable root file system": lambda one: one.containers(
        lambda each: each.update(readonlyRootFilesystem=False)
    ),
    "tasks as root": lambda one: one.containers(lambda each: each.update(user="0")),
    "containers without logs": lambda one: one.containers(_no_logs),
    "services that do not go back": _no_rollback,
    "services without health checks": lambda one: one.containers(_no_health),
    "health checks that start Airflow": lambda one: one.containers(_starts_airflow),
    "sessions that nothing encrypts": _open_sessions,
    "a password in the clear": lambda one: one.containers(_password),
    "task roles that any account may take": _trusts_all,
    "a release job of any repository": _any_repository,
    "a role with every action": _grants(Action="*"),
    "a role with every action of a service": _grants(Action="s3:*"),
    "a role over every secret": _grants(Action="secretsmanager:GetSecretValue"),
    "a role that may do all but one thing": _grants(NotAction="iam:*"),
    "a role that passes any role": _passes_any,
    "a role with a broad policy of AWS's": _administrator,
    "one role to start tasks and to run them": lambda one: one.definitions(_one_role),
    "an execution role that may not pull": _not_pulling,
}
