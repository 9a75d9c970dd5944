"""Rules on what security groups must let through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.network import UNKNOWN, Peer, Permission, PrefixList, SecurityGroup
from airlock.verify.rules import flows
from airlock.verify.rules.flows import EndpointShut, FlowShut, NoPrefixList, TasksShut
from verify_inventory import added, changed, clean, found, named, without
from verify_network import CLIENTS, at, to_group, to_range, to_s3

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Rule


def less(group: str, direction: str, peer: str, inventory: Inventory | None = None) -> Inventory:
    """Return an inventory in which a group has no rule for a peer."""
    rules = getattr(named("security_groups", group, inventory), direction)
    left = tuple(one for one in rules if one.peer != peer)
    assert len(left) < len(rules)
    return changed("security_groups", group, inventory, **{direction: left})


def more(group: str, direction: str, rule: Permission, inventory: Inventory | None = None) -> Inventory:
    rules = getattr(named("security_groups", group, inventory), direction)
    values: dict[str, Any] = {direction: (*rules, rule)}
    return changed("security_groups", group, inventory, **values)


def with_variables(family: str, inventory: Inventory, **variables: str) -> Inventory:
    (container,) = named("task_definitions", family, inventory).containers
    changed_one = replace(container, environment={**container.environment, **variables})
    return changed("task_definitions", family, inventory, containers=(changed_one,))


@pytest.mark.parametrize("rule", flows.RULES, ids=lambda rule: rule.code)
def test_groups_of_a_clean_deployment_let_through_what_is_needed(rule: Rule) -> None:
    assert not found(rule, clean())


def test_an_endpoints_group_that_does_not_let_a_service_in_is_one_finding_for_all_endpoints() -> None:
    (one,) = found(EndpointShut(), less("sg-endpoints", "ingress", "sg-scheduler"))

    assert one.place == at("aws_security_group.endpoints")
    assert one.message == (
        "tasks of airflow-scheduler are not let in on TCP 443 by the endpoints "
        "for ecr.api, ecr.dkr, logs, secretsmanager, kms and 2 more"
    )
    assert one.evidence == (
        "no ingress rule of aws_security_group.endpoints for TCP 443 from aws_security_group.scheduler"
    )


def test_an_endpoints_group_without_any_rule_is_one_finding_for_all_services() -> None:
    (one,) = found(EndpointShut(), changed("security_groups", "sg-endpoints", ingress=()))

    assert one.message.startswith(
        "tasks of airflow-api-server, airflow-scheduler, airflow-dag-processor, airflow-triggerer, airflow-worker are"
    )


def test_a_rule_for_another_port_does_not_let_in() -> None:
    shut = less("sg-endpoints", "ingress", "sg-worker")

    assert found(EndpointShut(), more("sg-endpoints", "ingress", to_group("sg-worker", 80), shut))


@pytest.mark.parametrize(
    "rule",
    [
        to_range("10.0.0.0/16"),
        to_range("0.0.0.0/0"),
        to_range("0.0.0.0/0", "-1", -1, -1),
        to_group(UNKNOWN, 443),
        to_range("10.0.0.0/18", "tcp", 0, 65535),
    ],
)
def test_ranges_with_all_subnets_and_what_is_not_known_yet_let_in(rule: Permission) -> None:
    shut = less("sg-endpoints", "ingress", "sg-worker")

    assert not found(EndpointShut(), more("sg-endpoints", "ingress", rule, shut))


def test_a_range_with_some_subnets_alone_does_not_let_in() -> None:
    shut = less("sg-endpoints", "ingress", "sg-worker")

    assert found(EndpointShut(), more("sg-endpoints", "ingress", to_range("10.0.0.0/20"), shut))


def test_a_prefix_list_of_ones_own_with_all_subnets_lets_in() -> None:
    shut = less("sg-endpoints", "ingress", "sg-worker")
    rule = Permission(at("rule"), "tcp", 443, 443, Peer.PREFIX_LIST, "pl-vpc")
    with_rule = more("sg-endpoints", "ingress", rule, shut)
    listing = PrefixList(
        at("aws_ec2_managed_prefix_list.vpc"), "pl-vpc", "vpc", ("10.0.0.0/19", "10.0.32.0/20")
    )

    assert found(EndpointShut(), with_rule)
    assert not found(EndpointShut(), added("prefix_lists", listing, inventory=with_rule))


def test_one_of_several_groups_is_enough_and_a_group_that_is_not_known_says_nothing() -> None:
    shut = less("sg-endpoints", "ingress", "sg-scheduler")

    assert not found(
        EndpointShut(), changed("services", "airflow-scheduler", shut, groups=("sg-scheduler", "sg-worker"))
    )
    assert not found(EndpointShut(), without("security_groups", "sg-endpoints"))


def test_tasks_that_are_not_let_out_to_endpoints_are_one_finding_of_their_group() -> None:
    (one,) = found(TasksShut(), less("sg-worker", "egress", "sg-endpoints"))

    assert one.place == at("aws_security_group.worker")
    assert one.message == (
        "tasks of airflow-worker are not let out on TCP 443 to the endpoints for ecr.api, ecr.dkr, logs, secretsmanager"
    )
    assert one.evidence == (
        "no egress rule of aws_security_group.worker for TCP 443 to aws_security_group.endpoints"
    )


def test_services_that_share_a_group_are_one_finding() -> None:
    inventory = clean()
    shared = tuple(replace(one, groups=("sg-triggerer",)) for one in inventory.services)

    (one,) = found(
        TasksShut(), less("sg-triggerer", "egress", "sg-endpoints", replace(inventory, services=shared))
    )

    assert (
        "tasks of airflow-api-server, airflow-scheduler, airflow-dag-processor, airflow-triggerer"
        in one.message
    )


def test_what_dags_need_must_be_let_through_for_the_tasks_that_run_them() -> None:
    own = replace(
        named("security_groups", "sg-endpoints"), id="sg-athena", place=at("aws_security_group.athena")
    )
    athena = replace(named("endpoints", "ecs"), service="athena", id="vpce-athena", groups=("sg-athena",))
    inventory = added(
        "endpoints",
        athena,
        inventory=added("security_groups", replace(own, ingress=())),
    )

    (one,) = found(EndpointShut(), inventory, "athena")

    assert one.message == "tasks of airflow-worker are not let in on TCP 443 by the endpoints for athena"
    assert not found(EndpointShut(), inventory)


@pytest.mark.parametrize("group", CLIENTS)
def test_a_group_without_a_rule_to_the_prefix_list_of_s3_is_found(group: str) -> None:
    (one,) = found(NoPrefixList(), less(group, "egress", "pl-s3"))

    assert "are not let out on TCP 443 to the prefix list of s3" in one.message
    assert one.evidence.endswith("with prefix_list_id of com.amazonaws.eu-west-1.s3")


@pytest.mark.parametrize(
    "rule",
    [
        to_range("0.0.0.0/0"),
        replace(to_s3(), peer="pl-not-in-the-inventory"),
        replace(to_s3(), peer=UNKNOWN),
    ],
)
def test_the_world_and_lists_that_are_not_known_let_out_to_s3(rule: Permission) -> None:
    shut = less("sg-worker", "egress", "pl-s3")

    assert not found(NoPrefixList(), more("sg-worker", "egress", rule, shut))


@pytest.mark.parametrize(
    "rule",
    [
        to_range("10.0.0.0/16"),
        replace(to_s3(), first=80, last=80),
        replace(to_s3(), peer="pl-dynamodb"),
        to_group("sg-endpoints", 443),
    ],
)
def test_other_ports_lists_and_ranges_do_not_let_out_to_s3(rule: Permission) -> None:
    dynamodb = PrefixList(at("data.aws_prefix_list.d"), "pl-dynamodb", "com.amazonaws.eu-west-1.dynamodb")
    shut = added("prefix_lists", dynamodb, inventory=less("sg-worker", "egress", "pl-s3"))

    assert len(found(NoPrefixList(), more("sg-worker", "egress", rule, shut))) == 1


def test_without_a_gateway_endpoint_no_prefix_list_is_asked_for() -> None:
    inventory = without("endpoints", "s3", less("sg-worker", "egress", "pl-s3"))

    assert not found(NoPrefixList(), inventory)


@pytest.mark.parametrize(
    ("group", "direction", "peer", "message"),
    [
        (
            "sg-triggerer",
            "egress",
            "sg-database",
            "airflow-triggerer cannot connect to the database on TCP 5432: not let out",
        ),
        (
            "sg-database",
            "ingress",
            "sg-triggerer",
            "airflow-triggerer cannot connect to the database on TCP 5432: not let in",
        ),
        (
            "sg-worker",
            "egress",
            "sg-cache",
            "airflow-worker cannot connect to the cache on TCP 6379: not let out",
        ),
        (
            "sg-cache",
            "ingress",
            "sg-scheduler",
            "airflow-scheduler cannot connect to the cache on TCP 6379: not let in",
        ),
        (
            "sg-processor",
            "egress",
            "sg-files",
            "airflow-dag-processor cannot connect to the file system aws_efs_file_system.dags on TCP 2049: not let out",
        ),
        (
            "sg-files",
            "ingress",
            "sg-worker",
            "airflow-worker cannot connect to the file system aws_efs_file_system.dags on TCP 2049: not let in",
        ),
        (
            "sg-worker",
            "egress",
            "sg-api",
            "airflow-worker cannot connect to the API server on TCP 8080: not let out",
        ),
        (
            "sg-api",
            "ingress",
            "sg-worker",
            "airflow-worker cannot connect to the API server on TCP 8080: not let in",
        ),
        (
            "sg-api",
            "ingress",
            "sg-lb",
            "aws_lb.this cannot connect to the API server on TCP 8080: not let in",
        ),
        (
            "sg-lb",
            "egress",
            "sg-api",
            "aws_lb.this cannot connect to the API server on TCP 8080: not let out",
        ),
    ],
)
def test_a_shut_way_within_the_vpc_is_found_on_the_side_that_lacks_the_rule(
    group: str, direction: str, peer: str, message: str
) -> None:
    (one,) = found(FlowShut(), less(group, direction, peer))

    assert one.message == message
    assert one.place == at(f"aws_security_group.{group.removeprefix('sg-')}")


def test_clients_that_a_group_does_not_let_in_are_one_finding() -> None:
    (one,) = found(FlowShut(), changed("security_groups", "sg-database", ingress=()))

    assert one.message.count("airflow-") == 4


def test_both_sides_that_lack_a_rule_are_two_findings() -> None:
    inventory = less("sg-triggerer", "egress", "sg-database", less("sg-database", "ingress", "sg-triggerer"))

    assert len(found(FlowShut(), inventory)) == 2


def test_the_api_may_be_reached_by_its_load_balancer() -> None:
    definition = named("task_definitions", "airflow-worker")
    (container,) = definition.containers
    environment = {
        **container.environment,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "https://airflow.example.com/execution/",
    }
    inventory = changed(
        "task_definitions",
        "airflow-worker",
        less("sg-worker", "egress", "sg-api"),
        containers=(replace(container, environment=environment),),
    )
    lets_out = more("sg-worker", "egress", to_group("sg-lb", 443), inventory)

    assert len(found(FlowShut(), lets_out)) == 1
    assert not found(FlowShut(), more("sg-lb", "ingress", to_group("sg-worker", 443), lets_out))


def test_a_broker_of_sqs_and_servers_that_are_not_in_the_inventory_are_no_ways_within_the_vpc() -> None:
    shut = less("sg-worker", "egress", "sg-cache")
    (container,) = named("task_definitions", "airflow-worker").containers
    environment = {**container.environment, "AIRFLOW__CELERY__BROKER_URL": "sqs://"}
    over_sqs = changed(
        "task_definitions",
        "airflow-worker",
        shut,
        containers=(replace(container, environment=environment, secrets={}),),
    )

    assert not found(FlowShut(), over_sqs)
    assert not found(FlowShut(), without("caches", "airflow", shut))


def test_groups_that_could_not_be_read_say_nothing() -> None:
    none: tuple[SecurityGroup, ...] = ()

    for rule in flows.RULES:
        assert not found(rule, replace(clean(), security_groups=none))


def test_the_api_is_asked_for_by_what_runs_dags_alone_though_all_have_the_setting() -> None:
    inventory = clean()
    for family in ("airflow-scheduler", "airflow-triggerer"):
        inventory = with_variables(
            family,
            inventory,
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://api.airflow.internal:8080/execution/",
        )
    local = with_variables("airflow-scheduler", inventory, AIRFLOW__CORE__EXECUTOR="LocalExecutor")

    assert not found(FlowShut(), inventory)
    assert [one.message for one in found(FlowShut(), local)] == [
        "airflow-scheduler cannot connect to the API server on TCP 8080: not let out",
        "airflow-scheduler cannot connect to the API server on TCP 8080: not let in",
    ]
