"""The table of `airlock network`: what is needed, what there is, what it costs; and how people read it."""

from __future__ import annotations

import json
import re

import click
import pytest

from airlock.commands import network as commands
from airlock.network import document, table
from airlock_spec.check.facts import File, Isolation, Need, Place, Run
from airlock_spec.check.settings import Network

ECS = "airflow.providers.amazon.aws.operators.ecs.EcsRunTaskOperator"
SLACK = "airflow.providers.slack.operators.slack.SlackAPIPostOperator"
SECRETS = "secrets from Secrets Manager ([secrets] backend)"


def need(by: str, task: str, line: int, path: str = "orders.py", **what: str) -> Need:
    return Need(by, task_id=task, dag_id="orders", place=Place(path, line), **what)


RUN = Run(
    airflow="3.3.2",
    python="3.13",
    isolation=Isolation(namespace=True, seccomp=True, notified=True),
    files=(
        File(
            "orders.py",
            0.1,
            needs=(
                need(ECS, "load", 12, service="ecs"),
                need(ECS, "load", 12, service="logs"),
                need(ECS, "clean", 30, service="ecs"),
                need(ECS, "end", 40, service="ecs"),
                need(SLACK, "tell", 50, host="slack.com"),
                need("boto3", "old", 60, service="glacier"),
            ),
        ),
        File("other.py", 0.1, needs=(need("boto3", "put", 5, "other.py", service="dynamodb"),)),
    ),
    common=(Need(SECRETS, service="secretsmanager"),),
)


def states(network: Network) -> dict[str, str]:
    return {row.service: row.state for row in table(RUN, network).rows}


def test_against_adr_001_what_is_missing_unused_and_impossible_shows() -> None:
    assert states(Network()) == {
        "ecr.api": "ok",
        "ecr.dkr": "ok",
        "logs": "ok",
        "secretsmanager": "ok",
        "kms": "unused",
        "sts": "unused",
        "s3": "ok",
        "ecs": "missing",
        "dynamodb": "missing",
        "glacier": "impossible",
    }


def test_endpoints_that_are_given_stand_for_the_default_ones() -> None:
    found = states(Network(endpoints=("ecs", "sqs")))

    assert found["ecs"] == "ok"
    assert found["sqs"] == "unused"
    assert found["ecr.api"] == "missing"
    assert "kms" not in found


def test_a_deployment_without_dags_needs_what_fargate_needs() -> None:
    nothing = Run("3.3.2", "3.13", RUN.isolation, ())

    assert table(nothing, Network(endpoints=())).services("missing") == ["ecr.api", "ecr.dkr", "logs", "s3"]


def test_costs_are_of_the_zones_and_gateways_are_free() -> None:
    found = table(RUN, Network(zones=3))

    assert found.total == pytest.approx(6 * 3 * 7.30)  # s3 is a gateway
    assert found.cost("missing") == pytest.approx(3 * 7.30)  # ecs; dynamodb is a gateway
    assert found.cost("unused") == pytest.approx(2 * 3 * 7.30)


def test_a_host_is_reached_where_the_network_says_so() -> None:
    assert [(one.host, one.allowed) for one in table(RUN, Network()).hosts] == [("slack.com", False)]
    assert table(RUN, Network(hosts=("slack.*",))).hosts[0].allowed


def test_json_names_every_user_with_its_place() -> None:
    said = document(table(RUN, Network()))

    assert json.loads(json.dumps(said)) == said
    assert said["missing"] == ["ecs", "dynamodb"]
    assert said["monthly"] == 87.6
    ecs = next(one for one in said["endpoints"] if one["service"] == "ecs")
    assert ecs["needed_by"][0] == {
        "by": ECS,
        "path": "orders.py",
        "line": 12,
        "dag_id": "orders",
        "task_id": "load",
    }
    assert [one["by"] for one in said["endpoints"][3]["needed_by"]] == [SECRETS]


def test_people_see_classes_with_their_places_and_what_follows() -> None:
    said = commands.text(table(RUN, Network()))

    assert re.search(
        r"^ecs +MISSING +\$14\.60 +EcsRunTaskOperator  orders\.py:12, orders\.py:30, 1 more$",
        said,
        re.MULTILINE,
    )
    assert re.search(r"^kms +yes +\$14\.60 +nobody$", said, re.MULTILINE)
    assert re.search(r"^s3 \(a gateway: free\) +yes +\$0\.00 +every Fargate task$", said, re.MULTILINE)
    assert re.search(r"^glacier \(.*\) +NONE EXISTS +- +boto3  orders\.py:60$", said, re.MULTILINE)
    assert re.search(r"^slack\.com +NONE +SlackAPIPostOperator  orders\.py:50$", said, re.MULTILINE)
    assert "total $87.60 a month" in said
    assert "missing: ecs, dynamodb ($14.60 more)" in said
    assert "needed by nobody: kms, sts ($29.20 less without)" in said
    assert "no way to: slack.com" in said


def test_nothing_is_concluded_where_all_is_well() -> None:
    nothing = Run("3.3.2", "3.13", RUN.isolation, ())
    said = commands.text(table(nothing, Network(endpoints=("ecr.api", "ecr.dkr", "logs", "s3"), zones=1)))

    assert said.splitlines()[-1].startswith("total $21.90 a month")
    assert "a month, 1 zone" in said
    assert "outside" not in said


def test_flags_stand_for_what_the_project_says() -> None:
    network = Network(endpoints=("kms",), hosts=("slack.com",), zones=2)

    assert commands.offered(network, None, None) == network
    assert commands.offered(network, "ecs, dynamodb,", 1) == Network(("ecs", "dynamodb"), ("slack.com",), 1)
    assert commands.offered(network, "", None).endpoints == ()


def test_an_endpoint_by_boto3s_name_is_refused_with_its_own() -> None:
    with pytest.raises(click.UsageError, match=r"not boto3's: emr is elasticmapreduce, ses is email$"):
        commands.offered(Network(), "emr,s3,ses", None)
    with pytest.raises(click.UsageError, match="stepfunctions is states"):
        commands.offered(Network(endpoints=("stepfunctions",)), None, None)


def test_an_endpoint_that_airlock_does_not_know_costs_what_others_do() -> None:
    row = next(one for one in table(RUN, Network(("braket",), zones=1)).rows if one.service == "braket")

    assert (row.state, row.note) == ("unused", "not in airlock's table")
    assert row.monthly == pytest.approx(7.30)
