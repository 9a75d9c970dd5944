"""Rules on endpoints that are missing or needless, and on ways to those that are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.verify.inventory import Inventory, Source, Unread
from airlock.verify.network import UNKNOWN, RouteTable
from airlock.verify.rules import endpoint_ways, endpoints
from airlock.verify.rules.endpoint_ways import GatewayWithoutRoute, NoNames, NoPrivateNames, TooFewZones
from airlock.verify.rules.endpoints import MissingEndpoint, NeedlessEndpoint
from airlock_spec.check.settings import Network
from verify_inventory import added, changed, clean, found, named, without
from verify_network import INTERFACES, SUBNETS, at, interface

if TYPE_CHECKING:
    from airlock.verify.rule import Rule


@pytest.mark.parametrize("rule", [*endpoints.RULES, *endpoint_ways.RULES], ids=lambda rule: rule.code)
def test_a_clean_deployment_has_the_endpoints_that_it_needs(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize("service", [*INTERFACES, "s3"])
def test_each_missing_endpoint_is_one_finding_at_the_vpc_however_many_need_it(service: str) -> None:
    (one,) = found(MissingEndpoint(), without("endpoints", service))

    assert one.place == at("aws_vpc.this")
    assert one.message.startswith(f"there is no endpoint for {service}, needed by airflow-")
    assert f"com.amazonaws.REGION.{service} (" in one.fix


def test_a_missing_endpoint_says_who_needs_it_what_for_and_what_comes_of_it() -> None:
    (ecs,) = found(MissingEndpoint(), without("endpoints", "ecs"))
    (dkr,) = found(MissingEndpoint(), without("endpoints", "ecr.dkr"))

    assert "needed by airflow-scheduler ([core] executor): each call" in ecs.message
    assert "hangs for 180 s" in ecs.message
    assert "$21.90 a month in 3 zones" in ecs.fix
    assert "(the image): no task of it starts" in dkr.message
    assert dkr.evidence.splitlines()[0] == "airflow-api-server: the image"


def test_what_dags_need_is_found_and_what_has_no_endpoint_is_said_to_have_none() -> None:
    (athena,) = found(MissingEndpoint(), clean(), "athena", "s3")
    (quicksight,) = found(MissingEndpoint(), clean(), "quicksight")

    assert "needed by DAGs (S3ListOperator)" in athena.message
    assert "AWS has no VPC endpoint for quicksight" in quicksight.fix


def test_a_promised_endpoint_that_is_not_there_is_found_though_nobody_needs_it() -> None:
    promised = Network(endpoints=("ecr.api", "glue"))

    (one,) = found(MissingEndpoint(), clean(), network=promised)

    assert "though [tool.airlock.network] endpoints promises it" in one.message
    assert not found(MissingEndpoint(), clean(), network=Network())  # kms and sts of ADR-001 are no promise


def test_an_endpoint_of_another_vpc_does_not_help() -> None:
    (one,) = found(MissingEndpoint(), changed("endpoints", "ecs", vpc="vpc-2"))

    assert one.message.startswith("there is no endpoint for ecs")
    assert not found(MissingEndpoint(), changed("endpoints", "ecs", vpc=UNKNOWN))


def test_s3_by_an_interface_endpoint_is_an_endpoint() -> None:
    inventory = added("endpoints", interface("s3"), inventory=without("endpoints", "s3"))

    assert not found(MissingEndpoint(), inventory)


def test_endpoints_that_could_not_be_read_are_not_missing() -> None:
    unread = replace(
        clean(), endpoints=(), unread=(Unread("endpoints", "ec2:DescribeVpcEndpoints is denied"),)
    )

    assert not found(MissingEndpoint(), unread)


def test_without_subnets_and_vpc_the_place_is_that_of_who_needs_it() -> None:
    inventory = replace(without("endpoints", "ecs"), vpcs=(), subnets=())

    (one,) = found(MissingEndpoint(), inventory)
    (bare,) = found(MissingEndpoint(), Inventory(Source.PLAN, "eu-west-1"), "s3")

    assert one.place == at('aws_ecs_service.this["scheduler"]')
    assert bare.place.resource == "eu-west-1"


def test_an_endpoint_that_nobody_needs_is_found_with_its_price() -> None:
    inventory = added("endpoints", interface("sts"))

    (one,) = found(NeedlessEndpoint(), inventory)

    assert one.message == "nothing is known to need the endpoint for sts, $21.90 a month before traffic"


def test_an_endpoint_that_dags_need_or_the_project_promises_is_not_needless() -> None:
    inventory = added("endpoints", interface("sts"))

    assert not found(NeedlessEndpoint(), inventory, "sts")
    assert not found(NeedlessEndpoint(), inventory, network=Network(endpoints=("sts",)))


def test_endpoints_that_are_free_others_or_of_a_network_alone_are_not_needless() -> None:
    inventory = clean()
    alone = replace(inventory, services=(), task_definitions=())
    bare = tuple(replace(one, containers=()) for one in inventory.task_definitions)
    partner = replace(interface("sts"), service="com.amazonaws.vpce.eu-west-1.vpce-svc-1")
    table = replace(named("endpoints", "s3"), service="dynamodb", id="vpce-dynamodb")

    assert not found(NeedlessEndpoint(), alone)
    assert not found(NeedlessEndpoint(), replace(inventory, task_definitions=bare))
    assert not found(NeedlessEndpoint(), added("endpoints", partner, table))


def test_interface_endpoints_without_private_dns_are_one_finding_of_their_block() -> None:
    inventory = clean()
    off = tuple(replace(one, private_dns=False) for one in inventory.endpoints)

    (one,) = found(NoPrivateNames(), replace(inventory, endpoints=off))

    assert one.message.startswith("the endpoints for ecr.api, ecr.dkr, ecs, kms, logs and 2 more have")


def test_no_private_names_are_wanted_beside_a_gateway_or_of_somebody_elses_service() -> None:
    s3 = replace(interface("s3"), private_dns=False)
    partner = replace(interface("sts"), service="com.amazonaws.vpce.eu-west-1.vpce-svc-1", private_dns=False)

    assert not found(NoPrivateNames(), added("endpoints", s3, partner))
    assert len(found(NoPrivateNames(), added("endpoints", s3, inventory=without("endpoints", "s3")))) == 1


def test_an_endpoint_without_an_address_in_a_zone_of_tasks_is_found() -> None:
    (one,) = found(TooFewZones(), changed("endpoints", "logs", subnets=SUBNETS[:2]))

    assert one.message == "the endpoint for logs has no address in eu-west-1c, where tasks run"
    assert one.evidence == 'subnet_ids: aws_subnet.private["a"], aws_subnet.private["b"]'


def test_zones_in_which_nothing_runs_and_subnets_that_are_not_known_say_nothing_of_an_endpoint() -> None:
    inventory = clean()
    two = tuple(replace(one, subnets=SUBNETS[:2]) for one in inventory.services)
    environment = dict(named("task_definitions", "airflow-scheduler").containers[0].environment)
    environment["AIRFLOW__AWS_ECS_EXECUTOR__SUBNETS"] = "subnet-a, subnet-b"
    (container,) = named("task_definitions", "airflow-scheduler").containers
    small = changed(
        "task_definitions",
        "airflow-scheduler",
        replace(inventory, services=two),
        containers=(replace(container, environment=environment),),
    )

    assert not found(TooFewZones(), changed("endpoints", "logs", small, subnets=SUBNETS[:2]))
    assert not found(TooFewZones(), changed("endpoints", "logs", subnets=("subnet-a", UNKNOWN)))
    assert not found(TooFewZones(), changed("subnets", "subnet-c", zone=UNKNOWN))


def test_a_gateway_endpoint_without_a_route_for_a_subnet_of_tasks_is_found() -> None:
    table: RouteTable = named("route_tables", "rtb-1")
    bare = replace(table, id="rtb-2", subnets=("subnet-c",), routes=table.routes[:1])
    split = added(
        "route_tables", bare, inventory=changed("route_tables", "rtb-1", subnets=("subnet-a", "subnet-b"))
    )

    (one,) = found(GatewayWithoutRoute(), split)

    assert one.message == (
        "the gateway endpoint for s3 has no route for "
        'aws_subnet.private["c"] (aws_route_table.private), where tasks run'
    )
    assert not found(
        GatewayWithoutRoute(), changed("endpoints", "s3", split, route_tables=("rtb-1", "rtb-2"))
    )


def test_a_route_is_known_by_the_endpoint_or_by_the_table() -> None:
    unlisted = changed("endpoints", "s3", route_tables=())
    unrouted = changed("route_tables", "rtb-1", routes=())

    assert not found(GatewayWithoutRoute(), unlisted)
    assert not found(GatewayWithoutRoute(), unrouted)
    assert len(found(GatewayWithoutRoute(), changed("route_tables", "rtb-1", unlisted, routes=()))) == 1


def test_route_tables_that_are_not_known_say_nothing_of_a_gateway_endpoint() -> None:
    bare = changed("route_tables", "rtb-1", subnets=(), routes=())

    assert not found(GatewayWithoutRoute(), changed("endpoints", "s3", bare, route_tables=(UNKNOWN,)))
    assert not found(
        GatewayWithoutRoute(), replace(clean(), route_tables=(), unread=(Unread("route_tables", "denied"),))
    )


def test_a_vpc_of_endpoints_with_dns_off_is_found() -> None:
    (hostnames,) = found(NoNames(), changed("vpcs", "vpc-1", dns_hostnames=False))
    (both,) = found(NoNames(), changed("vpcs", "vpc-1", dns_support=False, dns_hostnames=False))

    assert hostnames.evidence == "enable_dns_hostnames = false"
    assert both.message.startswith("aws_vpc.this has enable_dns_support and enable_dns_hostnames off")


def test_dns_is_not_asked_for_in_a_vpc_without_endpoints_and_tasks() -> None:
    other = replace(named("vpcs", "vpc-1"), id="vpc-2", dns_hostnames=False)

    assert not found(NoNames(), added("vpcs", other))
