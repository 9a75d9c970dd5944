"""Rules on what roles may do, and who may take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.rules import escalation, roles, trust
from airlock.verify.rules.escalation import BroadManaged, Escalates, PassesAnyRole
from airlock.verify.rules.roles import AllBut, EveryResource, WholeService
from airlock.verify.rules.trust import LooseOidc, OpenTrust
from airlock.verify.services import Role
from airlock_spec.check.finding import Severity
from verify_inventory import added, changed, clean, found
from verify_network import ACCOUNT, REGION, at, policy_of
from verify_services import BUCKET, CHANNELS, SECRET
from verify_spoiled import allow, with_rights, with_trust

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Rule

WORKER = "airflow-worker"
RULES = [*roles.RULES, *escalation.RULES, *trust.RULES]
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
TASKS = {"Service": "ecs-tasks.amazonaws.com"}
PASSED = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"


def assume(principal: Any, action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition}


def oidc(
    sub: str | list[str] | None, aud: str | None = "sts.amazonaws.com", how: str = "StringEquals"
) -> Inventory:
    """Return an inventory with a role for workflows."""
    condition: dict[str, Any] = {}
    if sub:
        condition.setdefault(how, {})[f"{GITHUB}:sub"] = sub
    if aud:
        condition.setdefault("StringEquals", {})[f"{GITHUB}:aud"] = aud
    statement = assume({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", **condition)
    place = at("aws_iam_role.release")
    role = Role(
        place, f"arn:aws:iam::{ACCOUNT}:role/release", "release", policy_of("aws_iam_role.release", statement)
    )
    return added("roles", role)


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


@pytest.mark.parametrize(
    ("statement", "says", "severity"),
    [
        (assume("*"), "by anybody", None),
        (assume({"AWS": "*"}, Bool={"aws:MultiFactorAuthPresent": "true"}), "by anybody", None),
        (assume("*", StringEquals={"sts:ExternalId": "x"}), "by anybody", None),
        (assume({"AWS": "arn:aws:iam::999999999999:root"}), "from another account: 999999999999", None),
        (
            assume("*", StringEquals={"aws:PrincipalAccount": "999999999999"}),
            "another account: 999999999999",
            None,
        ),
        (
            assume({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
            f"by arn:aws:iam::{ACCOUNT}:root",
            Severity.WARNING,
        ),
        (assume({"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]}), "ec2", Severity.WARNING),
    ],
)
def test_a_role_of_tasks_that_others_may_take_is_found(
    statement: dict[str, Any], says: str, severity: Severity | None
) -> None:
    (one,) = found(OpenTrust(), with_trust(WORKER, statement))

    assert says in one.message
    assert one.severity is severity


@pytest.mark.parametrize(
    "statement",
    [
        assume(TASKS),
        assume(TASKS, StringEquals={"aws:SourceAccount": ACCOUNT}),
        {**assume("*"), "Effect": "Deny"},
    ],
)
def test_a_role_that_tasks_alone_may_take_is_not_found(statement: dict[str, Any]) -> None:
    assert not found(OpenTrust(), with_trust(WORKER, statement))


@pytest.mark.parametrize("principal", [{"Service": "vpc-flow-logs.amazonaws.com"}, {"AWS": ROLE}])
def test_a_role_that_no_task_has_may_be_taken_by_other_services_and_principals(
    principal: dict[str, str],
) -> None:
    role = Role(
        at("aws_iam_role.other"), "arn:other", "other", policy_of("aws_iam_role.other", assume(principal))
    )

    assert not found(OpenTrust(), added("roles", role))


@pytest.mark.parametrize(
    ("inventory", "says"),
    [
        (oidc(None), "without a condition on sub"),
        (oidc("repo:acme/airflow:ref:refs/heads/main", None), "without a condition on aud"),
        (oidc(None, None), "without a condition on sub and aud"),
        (oidc("*", how="StringLike"), "without a condition on sub"),
        (oidc("repo:acme/airflow:ref:refs/heads/main", how="StringEqualsIfExists"), "a condition on sub"),
        (
            oidc("repo:acme/airflow:ref:refs/heads/main", how="ForAllValues:StringEquals"),
            "a condition on sub",
        ),
        (oidc("repo:acme/airflow:ref:refs/heads/main", how="StringNotEquals"), "a condition on sub"),
        (oidc("repo:acme/*", how="StringLike"), "more than one repository: repo:acme/*"),
        (oidc("repo:acme/airflow*:ref:refs/heads/main", how="StringLike"), "more than one repository"),
        (oidc("repo:*/airflow:*", how="StringLike"), "more than one repository"),
        (
            oidc(["repo:acme/airflow:environment:prod", "repo:*"], how="StringLike"),
            "more than one repository: repo:*",
        ),
    ],
)
def test_a_role_for_workflows_that_nobody_named_is_found(inventory: Inventory, says: str) -> None:
    (one,) = found(LooseOidc(), inventory)

    assert says in one.message
    assert one.severity is None


@pytest.mark.parametrize("sub", ["repo:acme/airflow:*", "repo:acme/airflow:pull_request"])
def test_a_role_for_every_workflow_of_a_repository_is_a_warning(sub: str) -> None:
    assert [one.severity for one in found(LooseOidc(), oidc(sub, how="StringLike"))] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("sub", "how"),
    [
        ("repo:acme/airflow:ref:refs/heads/main", "StringEquals"),
        ("repo:acme/airflow:environment:production", "StringLike"),
        ("repo:acme/airflow:ref:refs/tags/v*", "StringLike"),
        (UNKNOWN, "StringEquals"),
    ],
)
def test_a_role_for_one_repositorys_branch_environment_or_tags_is_not_found(sub: str, how: str) -> None:
    assert not [one for rule in trust.RULES for one in found(rule, oidc(sub, how=how))]


def test_a_role_for_people_of_a_saml_provider_is_no_role_for_workflows() -> None:
    principal = {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/people"}
    trusted = policy_of("aws_iam_role.people", assume(principal, "sts:AssumeRoleWithSAML"))

    assert not found(
        LooseOidc(), added("roles", Role(at("aws_iam_role.people"), "arn:people", "people", trusted))
    )


def test_the_channels_of_ecs_exec_take_no_resource() -> None:
    assert not found(EveryResource(), with_rights(WORKER, allow(CHANNELS)))
