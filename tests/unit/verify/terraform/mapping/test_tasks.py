from __future__ import annotations

import json

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.services import Volume
from airlock.verify.terraform.mapping import roles, tasks
from terraform_states import model

ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:1"


def _policy(action: str) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


def test_a_role_has_its_policies_from_wherever_they_are_attached() -> None:
    found = model(
        aws_iam_role__r={
            "id": "made-up", "name": "worker", "arn": "arn:role", "assume_role_policy": _policy("sts:AssumeRole"),
            "inline_policy": [{"name": "inline", "policy": _policy("a:inline")}],
            "managed_policy_arns": ["arn:aws:iam::aws:policy/Managed"],
        },
        aws_iam_role_policy__own={"role": "made-up", "name": "own", "policy": _policy("a:own")},
        aws_iam_role_policy__other={"role": "somebody", "name": "other", "policy": _policy("a:other")},
        aws_iam_policy__ours={"arn": "arn:ours", "name": "ours", "policy": _policy("a:ours")},
        aws_iam_role_policy_attachment__ours={"role": "worker", "policy_arn": "arn:ours"},
        aws_iam_policy_attachment__theirs={"roles": ["worker"], "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    )  # fmt: skip
    [role] = roles.roles(found)
    assert [statement.actions for one in role.policies for statement in one.statements] == [
        ("a:inline",), ("a:own",), ("a:ours",),
    ]  # fmt: skip
    assert role.managed == ("arn:aws:iam::aws:policy/Managed", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert role.trust
    assert role.policies[2].place.resource == "aws_iam_policy.ours"


def test_a_policy_that_is_not_known_yet_leaves_roles_unread() -> None:
    found = model(
        aws_iam_role__r={"name": "worker", "assume_role_policy": _policy("sts:AssumeRole")},
        aws_iam_role_policy__p={"role": "worker", "policy": UNKNOWN},
    )
    assert [one.policies for one in roles.roles(found)] == [()]
    assert [one.kind for one in found.unread] == ["roles"]


@pytest.mark.parametrize("name", [ARN, "api", "api:1", "made-up"])
def test_a_service_names_its_definition_by_arn_family_or_revision(name: str) -> None:
    found = model(
        aws_ecs_task_definition__t={
            "id": "made-up",
            "arn": ARN,
            "family": "api",
            "container_definitions": "[]",
        },
        aws_ecs_service__s={"name": "api", "task_definition": name},
    )
    assert [one.task_definition for one in tasks.services(found)] == [ARN]


def test_a_service_as_it_runs() -> None:
    found = model(
        aws_vpc__v={"id": "vpc-1", "default_security_group_id": "sg-d"},
        aws_subnet__s={"id": "subnet-1", "vpc_id": "vpc-1"},
        aws_ecs_cluster__c={
            "id": "arn:cluster", "name": "airflow",
            "configuration": [{"execute_command_configuration": [{"kms_key_id": "arn:key"}]}],
        },
        aws_ecs_service__s={
            "name": "api", "cluster": "arn:cluster", "desired_count": 2, "enable_execute_command": True,
            "network_configuration": [{"subnets": ["subnet-1"], "security_groups": [], "assign_public_ip": True}],
            "deployment_circuit_breaker": [{"enable": True, "rollback": False}],
        },
    )  # fmt: skip
    [one] = tasks.services(found)
    assert (one.cluster, one.subnets, one.groups) == ("airflow", ("subnet-1",), ("sg-d",))
    assert (one.public_address, one.breaker, one.rolls_back) == (True, True, False)
    assert (one.exec_enabled, one.desired, one.running) == (True, 2, None)
    assert [each.exec_key for each in tasks.clusters(found)] == ["arn:key"]


def test_containers_are_read_whatever_the_case_of_their_keys() -> None:
    container = {
        "Name": "api", "image": "r@sha256:0", "essential": False, "command": ["api-server"],
        "environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "S", "valueFrom": "arn:secret"}],
        "healthCheck": {"command": ["CMD", "true"]}, "readonlyRootFilesystem": True, "privileged": True,
        "user": "50000",
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
    }  # fmt: skip
    efs = {"file_system_id": "fs-1", "transit_encryption": "ENABLED"}
    found = model(
        aws_ecs_task_definition__t={
            "family": "api", "container_definitions": json.dumps([container]),
            "volume": [
                {"name": "dags", "efs_volume_configuration": [
                    {**efs, "authorization_config": [{"access_point_id": "fsap-1", "iam": "ENABLED"}]}
                ]},
                {"name": "scratch"},
            ],
        }
    )  # fmt: skip
    [one] = tasks.task_definitions(found)
    [read] = one.containers
    assert (read.name, read.image, read.essential, read.command) == (
        "api",
        "r@sha256:0",
        False,
        ("api-server",),
    )
    assert (read.environment, read.secrets, read.health) == ({"A": "1"}, {"S": "arn:secret"}, ("CMD", "true"))
    assert (read.read_only, read.privileged, read.user) == (True, True, "50000")
    assert (read.log_driver, read.log_options) == ("awslogs", {"awslogs-group": "g"})
    assert one.volumes == (Volume("dags", "fs-1", "fsap-1", encrypted=True, iam=True), Volume("scratch"))


def test_containers_that_are_not_known_yet_leave_task_definitions_unread() -> None:
    found = model(aws_ecs_task_definition__t={"family": "api", "container_definitions": UNKNOWN})
    assert [one.containers for one in tasks.task_definitions(found)] == [()]
    assert [(one.kind, "after apply" in one.cause) for one in found.unread] == [("task_definitions", True)]
