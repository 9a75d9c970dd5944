"""Rules on who may take a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.rules import trust
from airlock.verify.rules.trust import LooseOidc, OpenTrust
from airlock.verify.services import Role
from airlock_spec.check.finding import Severity
from verify_inventory import added, clean, found
from verify_network import ACCOUNT, at, policy_of
from verify_spoiled import with_trust

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Rule

WORKER = "airflow-worker"
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
TASKS = {"Service": "ecs-tasks.amazonaws.com"}
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


@pytest.mark.parametrize("rule", trust.RULES, ids=lambda rule: rule.code)
def test_roles_of_a_clean_deployment_are_taken_by_those_that_they_are_for(rule: Rule) -> None:
    assert not found(rule, clean())


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
