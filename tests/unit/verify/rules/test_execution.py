"""Rules on the two roles of a task, and on Access Analyzer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.inventory import Source
from airlock.verify.network import UNKNOWN
from airlock.verify.rules import analyzer, execution
from airlock.verify.rules.analyzer import NoAnalyzer, Reported
from airlock.verify.rules.execution import CannotStart, NoChannels, OneRoleForBoth
from airlock.verify.services import Analyzer, Secret
from verify_inventory import added, changed, clean, found, named, without
from verify_network import ACCOUNT, REGION, at, policy_of
from verify_services import CHANNELS, ENCRYPTED, EXECUTION, KEY, LOG_GROUP, REPOSITORY, SECRET
from verify_spoiled import allow, less_action, unread, with_container, with_policy, with_rights

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Rule

ROLE = "airflow-execution"
OTHER = SECRET.replace("database", "other")
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
WRITE = ["logs:CreateLogStream", "logs:PutLogEvents"]
READ = "secretsmanager:GetSecretValue"


def with_only(*statements: dict[str, Any], source: Source = Source.AWS) -> Inventory:
    """Return an inventory in which the execution role may do only this."""
    rights = policy_of("aws_iam_role_policy.execution", *statements)
    return replace(changed("roles", ROLE, policies=(rights,)), source=source)


NEEDED = [
    allow("ecr:GetAuthorizationToken"),
    allow(PULL, REPOSITORY),
    allow(WRITE, f"{LOG_GROUP}:*"),
    allow(READ, SECRET),
    allow("kms:Decrypt", KEY),
]


@pytest.mark.parametrize("rule", [*execution.RULES, *analyzer.RULES], ids=lambda rule: rule.code)
@pytest.mark.parametrize("source", Source)
def test_tasks_of_a_clean_deployment_start(rule: Rule, source: Source) -> None:
    assert not found(rule, replace(clean(), source=source))


def test_one_role_for_both_is_found() -> None:
    inventory = changed("task_definitions", "airflow-worker", task_role=EXECUTION)

    assert [one.evidence for one in found(OneRoleForBoth(), inventory)] == [
        f"task_role_arn and execution_role_arn: {EXECUTION}"
    ]


@pytest.mark.parametrize("role", ["", UNKNOWN])
def test_no_role_and_an_unknown_one_are_not_the_same_role(role: str) -> None:
    inventory = changed("task_definitions", "airflow-worker", task_role=role, execution_role=role)

    assert not found(OneRoleForBoth(), inventory)


@pytest.mark.parametrize("action", ["ecr:GetAuthorizationToken", *PULL, *WRITE, READ, "kms:Decrypt"])
@pytest.mark.parametrize("source", Source)
def test_each_action_that_the_execution_role_lacks_is_one_finding_for_all_tasks(
    action: str, source: Source
) -> None:
    (one,) = found(CannotStart(), replace(less_action(ROLE, action), source=source))

    assert one.message.startswith(f"{action} is not allowed to {ROLE}, by which ECS starts airflow-")


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        (1, allow(PULL, REPOSITORY.replace("airflow", "other"))),
        (2, allow(WRITE, LOG_GROUP)),  # of the group, not of its streams
        (2, allow(WRITE, LOG_GROUP.replace("tasks", "other") + ":*")),
        (3, allow(READ, OTHER)),
        (4, allow("kms:Decrypt", KEY.replace("1111", "2222"))),
        (
            4,
            allow(
                "kms:Decrypt",
                KEY,
                Condition={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
            ),
        ),
    ],
)
def test_the_right_action_for_the_wrong_resource_is_found_live(index: int, statement: dict[str, Any]) -> None:
    statements = [*NEEDED]
    statements[index] = statement

    assert len(found(CannotStart(), with_only(*statements))) == 1
    assert not found(CannotStart(), with_only(*NEEDED))


@pytest.mark.parametrize(
    "statement",
    [
        allow(PULL, "*"),
        allow([*WRITE], f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/airflow/*"),
        allow(READ, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:airflow/*"),
        allow("kms:*", "*"),
        allow(
            "kms:Decrypt",
            KEY,
            Condition={"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}},
        ),
    ],
)
def test_wider_resources_do_as_well(statement: dict[str, Any]) -> None:
    names = statement["Action"]
    left = [
        one for one in NEEDED if one["Action"] != names and not str(names).startswith(str(one["Action"])[:4])
    ]

    assert not found(CannotStart(), with_only(*left, statement))


def test_a_secret_of_the_deployment_that_the_role_may_not_read_is_found_in_terraform_too() -> None:
    secret = Secret(at("aws_secretsmanager_secret.one"), "airflow/other", OTHER, ENCRYPTED)
    inventory = with_container("airflow-worker", added("secrets", secret), secrets={"A": OTHER})

    (one,) = found(CannotStart(), inventory)

    assert OTHER in one.evidence


def test_an_arn_that_a_mocked_run_made_up_is_not_taken_for_another() -> None:
    statements = [*NEEDED[:2], allow(WRITE, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:mock:*"), *NEEDED[3:]]

    assert not found(CannotStart(), with_only(*statements, source=Source.TERRAFORM))


def test_a_group_that_is_made_at_the_start_takes_one_action_more() -> None:
    options = {"awslogs-group": "/airflow/tasks", "awslogs-create-group": "true"}
    inventory = with_container("airflow-worker", log_options=options)

    assert [one.message.split()[0] for one in found(CannotStart(), inventory)] == ["logs:CreateLogGroup"]


def test_a_deny_takes_it_away() -> None:
    denial = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}

    assert len(found(CannotStart(), with_rights(ROLE, denial))) == 1


def test_a_secrets_policy_that_spares_others_alone_is_found() -> None:
    def sparing(*names: str) -> dict[str, Any]:
        condition = {"ArnNotEquals": {"aws:PrincipalArn": list(names)}}
        return {"Effect": "Deny", "Principal": "*", "Action": READ, "Resource": "*", "Condition": condition}

    others = with_policy("secrets", SECRET, sparing(f"arn:aws:iam::{ACCOUNT}:role/other"))

    assert len(found(CannotStart(), others)) == 1
    assert not found(
        CannotStart(), with_policy("secrets", SECRET, sparing("arn:aws:iam::1:role/other", EXECUTION))
    )
    assert not found(CannotStart(), with_policy("secrets", SECRET, sparing(UNKNOWN)))


def test_what_the_secrets_or_the_keys_own_policy_allows_is_not_missed() -> None:
    principal = {"Principal": {"AWS": EXECUTION}}
    rights = policy_of("aws_iam_role_policy.execution", *NEEDED[:3])
    inventory = changed(
        "roles", ROLE, with_policy("secrets", SECRET, {**allow(READ), **principal}), policies=(rights,)
    )
    policy = policy_of("aws_kms_key.this", {**allow("kms:Decrypt"), **principal})

    assert [one.message.split()[0] for one in found(CannotStart(), inventory)] == ["kms:Decrypt"]
    assert not found(CannotStart(), changed("keys", KEY, inventory, policy=policy))


def test_awss_policy_for_the_purpose_has_pulls_and_logs_and_no_secrets() -> None:
    inventory = changed("roles", ROLE, policies=(), managed=(MANAGED,))

    (one,) = found(CannotStart(), inventory)

    assert one.message.startswith(f"kms:Decrypt, {READ} is not allowed")


def test_a_role_with_other_policies_of_aws_or_that_is_not_the_deployments_is_not_judged() -> None:
    managed = ("arn:aws:iam::aws:policy/SecretsManagerReadWrite",)

    assert not found(CannotStart(), changed("roles", ROLE, policies=(), managed=managed))
    assert not found(CannotStart(), without("roles", ROLE))
    assert not found(CannotStart(), unread("roles"))


def test_a_task_without_an_execution_role_is_found() -> None:
    (one,) = found(CannotStart(), changed("task_definitions", "airflow-worker", execution_role=""))

    assert one.place == named("task_definitions", "airflow-worker").place


def test_parameters_are_read_by_an_action_of_their_own() -> None:
    inventory = with_container("airflow-worker", secrets={"A": "/airflow/fernet"})

    (one,) = found(CannotStart(), inventory)

    assert one.evidence == f"ssm:GetParameters on arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/airflow/fernet"


def test_ecs_exec_without_its_actions_is_found_of_services_that_have_it() -> None:
    inventory = less_action("airflow-scheduler", "ssmmessages:OpenDataChannel")

    (one,) = found(NoChannels(), inventory)

    assert one.message.endswith("may not ssmmessages:OpenDataChannel: airflow-scheduler")
    assert not found(NoChannels(), changed("services", "airflow-scheduler", inventory, exec_enabled=False))


def test_ecs_exec_with_all_of_ssmmessages_or_a_policy_of_awss_is_not_missed() -> None:
    whole = with_rights(
        "airflow-scheduler",
        allow("ssmmessages:*"),
        inventory=less_action("airflow-scheduler", "ssmmessages:OpenDataChannel"),
    )

    assert not found(NoChannels(), whole)
    assert not found(NoChannels(), without("roles", "airflow-scheduler"))
    assert not found(
        NoChannels(), replace(less_action("airflow-scheduler", CHANNELS[0]), unread=unread("roles").unread)
    )


def test_active_findings_of_an_analyzer_are_one_finding() -> None:
    lines = tuple(f"s3 bucket {one} is open" for one in range(7))
    inventory = added("analyzers", Analyzer(at("arn:analyzer"), "organization", lines))

    (one,) = found(Reported(), inventory)

    assert one.message == "the analyzer organization has 7 active findings"
    assert one.evidence.endswith("s3 bucket 4 is open; and 2 more")


def test_no_analyzer_is_found_in_an_account_where_they_could_be_listed() -> None:
    nobody = without("analyzers", "account")

    assert len(found(NoAnalyzer(), replace(nobody, source=Source.AWS))) == 1
    assert not found(NoAnalyzer(), nobody)
    assert not found(NoAnalyzer(), replace(unread("analyzers"), source=Source.AWS))
