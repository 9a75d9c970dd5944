"""Rules on flow logs, load balancers and zones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN, FlowLog
from airlock.verify.rules import vpc
from airlock.verify.rules.vpc import NoFlowLogs, OneZone, PlainBalancer, PublicBalancer
from verify_inventory import added, changed, clean, found, named, without
from verify_network import SUBNETS, at

if TYPE_CHECKING:
    from airlock.verify.rule import Rule


@pytest.mark.parametrize("rule", vpc.RULES, ids=lambda rule: rule.code)
def test_a_clean_deployment_is_logged_private_and_in_three_zones(rule: Rule) -> None:
    assert not found(rule, clean())


def test_a_vpc_without_flow_logs_is_found_at_the_vpc() -> None:
    (one,) = found(NoFlowLogs(), without("flow_logs", "fl-1"))

    assert (one.place, one.message) == (at("aws_vpc.this"), "aws_vpc.this has no flow logs")


@pytest.mark.parametrize("traffic", ["ACCEPT", "REJECT"])
def test_a_flow_log_of_a_part_is_found_at_the_log(traffic: str) -> None:
    (one,) = found(NoFlowLogs(), changed("flow_logs", "fl-1", traffic=traffic))

    assert one.place == at("aws_flow_log.this")
    assert one.message == f"flow logs of aws_vpc.this have {traffic} traffic alone"


def test_logs_of_both_parts_or_of_each_subnet_are_logs_of_the_vpc() -> None:
    accepted = changed("flow_logs", "fl-1", traffic="ACCEPT")
    rejected = FlowLog(at("aws_flow_log.rejected"), "fl-2", "vpc-1", "REJECT")
    none = without("flow_logs", "fl-1")
    each = [FlowLog(at("aws_flow_log.subnets"), f"fl-{one}", one, "ALL") for one in SUBNETS]

    assert not found(NoFlowLogs(), added("flow_logs", rejected, inventory=accepted))
    assert not found(NoFlowLogs(), added("flow_logs", *each, inventory=none))
    assert len(found(NoFlowLogs(), added("flow_logs", *each[:2], inventory=none))) == 1


def test_flow_logs_that_are_not_known_or_not_read_say_nothing() -> None:
    none = without("flow_logs", "fl-1")

    assert not found(NoFlowLogs(), changed("flow_logs", "fl-1", of=UNKNOWN))
    assert not found(NoFlowLogs(), replace(none, unread=(Unread("flow_logs", "denied"),)))


def test_a_load_balancer_that_faces_the_internet_is_found() -> None:
    (one,) = found(PublicBalancer(), changed("load_balancers", "lb-1", internal=False))

    assert one.message == "the load balancer aws_lb.this faces the internet"


@pytest.mark.parametrize(
    ("protocols", "number"), [(("HTTP",), 1), (("HTTPS", "HTTP"), 1), (("TLS",), 0), (("TCP",), 0), ((), 0)]
)
def test_a_load_balancer_on_plain_http_is_found(protocols: tuple[str, ...], number: int) -> None:
    assert len(found(PlainBalancer(), changed("load_balancers", "lb-1", protocols=protocols))) == number


def test_tasks_in_one_zone_are_found() -> None:
    (one,) = found(OneZone(), changed("services", "airflow-scheduler", subnets=("subnet-b",)))

    assert one.message == "tasks of airflow-scheduler run in eu-west-1b alone"


def test_two_subnets_of_one_zone_are_one_zone_and_two_zones_are_enough() -> None:
    same = changed("subnets", "subnet-b", zone="eu-west-1a")
    two = ("subnet-a", "subnet-b")

    assert len(found(OneZone(), changed("services", "airflow-scheduler", same, subnets=two))) == 1
    assert not found(OneZone(), changed("services", "airflow-scheduler", subnets=two))


@pytest.mark.parametrize("subnets", [("subnet-a", UNKNOWN), ("subnet-elsewhere",), ()])
def test_subnets_that_are_not_known_say_nothing_of_zones(subnets: tuple[str, ...]) -> None:
    assert not found(OneZone(), changed("services", "airflow-scheduler", subnets=subnets))


def test_a_zone_that_is_not_known_says_nothing() -> None:
    one = replace(named("subnets", "subnet-a"), zone=UNKNOWN)
    inventory = replace(clean(), subnets=(one,))

    assert not found(OneZone(), changed("services", "airflow-scheduler", inventory, subnets=("subnet-a",)))
