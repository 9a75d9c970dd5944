"""Rules on what roles may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.rules import escalation, roles
from airlock.verify.rules.escalation import BroadManaged, Escalates, PassesAnyRole
from airlock.verify.rules.roles import AllBut, EveryResource, WholeService
from airlock.verify.services import Role
from airlock_spec.check.finding import Severity
from verify_inventory import added, changed, clean, found
from verify_network import ACCOUNT, REGION, at, policy_of
from verify_services import BUCKET, CHANNELS, SECRET
from verify_spoiled import allow, with_rights

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

WORKER = "airflow-worker"
RULES = [*roles.RULES, *escalation.RULES]
PASSED = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_roles_of_a_clean_deployment_have_what_they_need_and_no_more(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize("action", ["*", "*:*", "s3:*", "s3:**", "S3:*", "s*:*", "iam:*"])
def test_every_action_of_all_or_of_a_service_is_found_once(action: str) -> None:
    inventory = with_rights(WORKER, allow(action))

    codes = [rule.code for rule in RULES for _ in found(rule, inventory)]

    assert codes == ["AL883"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:Get*", f"{BUCKET}/*"),
        allow("ssmmessages:*"),
        {**allow("s3:*"), "Effect": "Deny"},
    ],
)
def test_some_actions_of_a_service_are_not_every_action(statement: dict[str, Any]) -> None:
    assert not [one for rule in RULES for one in found(rule, with_rights(WORKER, statement))]


@pytest.mark.parametrize(
    "action",
    [
        *("s3:GetObject", "secretsmanager:GetSecretValue", "ecs:RunTask", "kms:Decrypt", "ecr:BatchGetImage"),
        *("logs:PutLogEvents", "sts:AssumeRole", "ecr:*Image", "s3:List*"),
    ],
)
@pytest.mark.parametrize("resource", ["*", "**", "arn:*"])
def test_an_action_that_takes_a_resource_is_found_on_every_resource(action: str, resource: str) -> None:
    (one,) = found(
        EveryResource(), with_rights(WORKER, allow([action, "ecr:GetAuthorizationToken"], resource))
    )

    assert one.message == f"the role airflow-worker may {action} on every resource"


@pytest.mark.parametrize(
    "action",
    [
        *(
            "ecr:GetAuthorizationToken",
            "ecs:RegisterTaskDefinition",
            "ecs:DescribeTaskDefinition",
            "ecs:ListTasks",
        ),
        *("logs:DescribeLogGroups", "ec2:DescribeSubnets", "ec2:Describe*", "ssmmessages:OpenDataChannel"),
        *(
            "cloudwatch:PutMetricData",
            "sts:GetCallerIdentity",
            "s3:ListAllMyBuckets",
            "xray:PutTraceSegments",
        ),
    ],
)
def test_an_action_that_knows_no_resource_may_be_on_every_one(action: str) -> None:
    assert not found(EveryResource(), with_rights(WORKER, allow(action)))


@pytest.mark.parametrize(
    "statement",
    [
        allow("ecs:RunTask", Condition={"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:1:cluster/x"}}),
        allow("ecs:TagResource", Condition={"StringEquals": {"ecs:CreateAction": ["RunTask"]}}),
        allow("ec2:StopInstances", Condition={"StringEquals": {"aws:ResourceTag/project": "airflow"}}),
        allow("s3:GetObject", f"{BUCKET}/*"),
        allow("ecs:DescribeTasks", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/airflow/*"),
        allow("secretsmanager:GetSecretValue", SECRET.replace("database-AbCdEf", "connections/*")),
        allow("s3:GetObject", UNKNOWN),
    ],
)
def test_a_resource_that_is_named_by_itself_or_by_a_condition_is_not_every_one(
    statement: dict[str, Any],
) -> None:
    assert not found(EveryResource(), with_rights(WORKER, statement))


@pytest.mark.parametrize(
    "condition", [{"StringLike": {"aws:ResourceTag/x": "*"}}, {"StringEqualsIfExists": {"ecs:cluster": "x"}}]
)
def test_a_condition_that_takes_nothing_away_names_no_resource(condition: dict[str, Any]) -> None:
    assert len(found(EveryResource(), with_rights(WORKER, allow("ecs:RunTask", Condition=condition)))) == 1


@pytest.mark.parametrize(
    "resource",
    [
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/*",
        f"arn:aws:iam::{ACCOUNT}:role/*",
    ],
)
def test_all_of_a_type_is_a_warning(resource: str) -> None:
    result = found(EveryResource(), with_rights(WORKER, allow("x:Read", [resource, BUCKET])))

    assert [(one.severity, resource in one.message) for one in result] == [(Severity.WARNING, True)]


@pytest.mark.parametrize("key", ["NotAction", "NotResource"])
def test_all_but_some_is_found_where_it_is_allowed_and_not_where_it_is_denied(key: str) -> None:
    other = "Resource" if key == "NotAction" else "Action"
    statement = {"Effect": "Allow", key: "iam:*", other: "s3:GetObject" if other == "Action" else BUCKET}

    assert len(found(AllBut(), with_rights(WORKER, statement))) == 1
    assert not found(AllBut(), with_rights(WORKER, {**statement, "Effect": "Deny"}))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (allow("iam:PassRole", "*"), "any role to any service"),
        (allow("iam:PassRole", "*", Condition=PASSED), "any role"),
        (allow("iam:Pass*", f"arn:aws:iam::{ACCOUNT}:role/*", Condition=PASSED), "any role"),
        (allow("iam:PassRole", ROLE), "its roles to any service"),
        (
            allow("iam:PassRole", ROLE, Condition={"StringLike": {"iam:PassedToService": "*"}}),
            "its roles to any service",
        ),
        (
            allow("iam:PassRole", ROLE, Condition={"StringEqualsIfExists": PASSED["StringEquals"]}),
            "its roles to any service",
        ),
    ],
)
def test_a_role_that_passes_any_role_or_to_any_service_is_found_once(
    statement: dict[str, Any], says: str
) -> None:
    inventory = with_rights(WORKER, statement)

    assert [one.message for one in found(PassesAnyRole(), inventory)] == [
        f"the role airflow-worker may pass {says}"
    ]
    assert not found(EveryResource(), inventory)


def test_a_deny_may_say_to_which_services_all_roles_are_passed() -> None:
    passing = allow("iam:PassRole", ROLE)
    denial = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}
    told = {**denial, "Condition": {"StringNotEquals": PASSED["StringEquals"]}}
    less = {**denial, "Condition": {"StringNotEqualsIfExists": PASSED["StringEquals"]}}

    assert not found(PassesAnyRole(), with_rights(WORKER, passing, told))
    assert len(found(PassesAnyRole(), with_rights(WORKER, passing, {**told, "Resource": ROLE}))) == 1
    assert len(found(PassesAnyRole(), with_rights(WORKER, passing, less))) == 1


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("AdministratorAccess", 1),
        ("PowerUserAccess", 1),
        ("AmazonS3FullAccess", 1),
        ("AmazonECS_FullAccess", 1),
        ("ReadOnlyAccess", 1),
        ("service-role/AmazonECSTaskExecutionRolePolicy", 0),
        ("service-role/AmazonRDSEnhancedMonitoringRole", 0),
    ],
)
def test_a_broad_policy_of_aws_is_found(name: str, count: int) -> None:
    inventory = changed("roles", WORKER, managed=(f"arn:aws:iam::aws:policy/{name}",))

    assert len(found(BroadManaged(), inventory)) == count


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:Put*", "kms:PutKeyPolicy", "s3:Put*"])
def test_a_task_that_may_change_permissions_is_found(action: str) -> None:
    assert len(found(Escalates(), with_rights(WORKER, allow(action, ROLE)))) == 1


def test_a_role_that_no_task_has_may_change_permissions() -> None:
    rights = policy_of("aws_iam_role_policy.terraform", allow("iam:PutRolePolicy", ROLE))
    role = Role(
        at("aws_iam_role.terraform"), "arn:aws:iam::1:role/terraform", "terraform", policies=(rights,)
    )

    assert not found(Escalates(), added("roles", role))


def test_what_several_roles_have_from_one_block_is_one_finding() -> None:
    inventory = with_rights("airflow-scheduler", allow("s3:*"), inventory=with_rights(WORKER, allow("s3:*")))

    (one,) = found(WholeService(), inventory)

    assert one.message == "the roles airflow-scheduler, airflow-worker may do s3:*"


def test_the_channels_of_ecs_exec_take_no_resource() -> None:
    assert not found(EveryResource(), with_rights(WORKER, allow(CHANNELS)))
