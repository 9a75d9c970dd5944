"""Rules on ways out of the VPC and on route tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airlock.verify.inventory import Inventory, Unread
from airlock.verify.network import (
    UNKNOWN,
    Gateway,
    Instance,
    PrefixList,
    Route,
    RouteTable,
    Target,
)
from airlock.verify.rules import routes as of_routes
from airlock.verify.rules import ways_out
from airlock.verify.rules.routes import MainTable, RouteOut
from airlock.verify.rules.ways_out import (
    EgressOnlyGateway,
    InternetGateway,
    NatGateway,
    NatInstance,
    OtherNetworks,
    Ways,
)
from airlock_spec.check.finding import Severity
from airlock_spec.check.settings import Network
from verify_inventory import added, changed, clean, found, named, without
from verify_network import SUBNETS, at

TASKS = 'aws_subnet.private["a"], aws_subnet.private["b"], aws_subnet.private["c"]'
OFFICE = Network(hosts=("git.example.com",))


def gateway(kind: Target, vpc: str = "vpc-1") -> Gateway:
    return Gateway(at("aws_gateway.one"), "gw-1", kind, vpc)


def routed(
    destination: str, target: Target, target_id: str = "gw-1", inventory: Inventory | None = None
) -> Inventory:
    """Return an inventory whose tasks' route table has one route more."""
    table: RouteTable = named("route_tables", "rtb-1", inventory)
    route = Route(at("aws_route.more"), destination, target, target_id)
    return changed("route_tables", "rtb-1", inventory, routes=(*table.routes, route))


@pytest.mark.parametrize("rule", [*ways_out.RULES, *of_routes.RULES], ids=lambda rule: rule.code)
def test_a_clean_deployment_has_no_way_out(rule: Ways) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (InternetGateway(), Target.INTERNET),
        (NatGateway(), Target.NAT),
        (EgressOnlyGateway(), Target.EGRESS_ONLY),
    ],
)
def test_a_gateway_is_found_once_with_its_place_and_vpc_even_where_a_default_route_leads_to_it(
    rule: Ways, kind: Target
) -> None:
    inventory = routed("0.0.0.0/0", kind, inventory=added("gateways", gateway(kind)))

    (one,) = found(rule, inventory)

    assert one.place == at("aws_gateway.one")
    assert one.message == f"there is {kind} of aws_vpc.this"
    assert [seen.message for seen in found(RouteOut(), inventory)] == [
        f"0.0.0.0/0 leads to {kind} (aws_gateway.one), for {TASKS}"
    ]


@pytest.mark.parametrize("vpc", ["", UNKNOWN])
def test_a_gateway_that_is_attached_to_nothing_yet_is_found(vpc: str) -> None:
    (one,) = found(InternetGateway(), added("gateways", gateway(Target.INTERNET, vpc)))

    assert UNKNOWN not in one.message


def test_a_gateway_is_not_found_by_the_rules_of_other_kinds() -> None:
    inventory = added("gateways", gateway(Target.NAT))

    assert not found(InternetGateway(), inventory)
    assert not found(EgressOnlyGateway(), inventory)
    assert not found(OtherNetworks(), inventory)


def test_a_route_to_a_gateway_that_is_not_in_the_inventory_is_found() -> None:
    (one,) = found(NatGateway(), routed("10.7.0.0/16", Target.NAT))

    assert one.place == at("aws_route.more")
    assert one.message == f"10.7.0.0/16 leads to a NAT gateway (gw-1), for {TASKS}"


def test_an_instance_that_forwards_is_found_and_another_is_not() -> None:
    instance = Instance(at("aws_instance.nat"), "i-1", "subnet-a", forwards=True)

    (one,) = found(NatInstance(), added("instances", instance))

    assert one.evidence == "source_dest_check = false"
    assert not found(NatInstance(), added("instances", replace(instance, forwards=False)))


@pytest.mark.parametrize("target", [Target.INSTANCE, Target.INTERFACE])
def test_a_route_to_an_instance_or_interface_is_found_once(target: Target) -> None:
    private, public = (
        routed("192.168.0.0/16", target, "i-1"),
        routed("0.0.0.0/0", target, "i-1"),
    )

    assert len(found(NatInstance(), private)) == 1
    assert not found(RouteOut(), private)
    assert not found(NatInstance(), public)  # the route to the internet says it
    assert len(found(RouteOut(), public)) == 1


@pytest.mark.parametrize(
    "kind",
    [Target.PEERING, Target.TRANSIT, Target.VPN, Target.CORE_NETWORK, Target.LOCAL_GATEWAY],
)
def test_another_network_is_a_warning_an_error_where_routed_and_information_where_hosts_say_why(
    kind: Target,
) -> None:
    there = added("gateways", gateway(kind))
    used = routed("10.100.0.0/16", kind, inventory=there)

    (unused,) = found(OtherNetworks(), there)
    (one,) = found(OtherNetworks(), used)
    (known,) = found(OtherNetworks(), used, network=OFFICE)

    assert [unused.severity, one.severity, known.severity] == [
        Severity.WARNING,
        Severity.ERROR,
        Severity.INFO,
    ]
    assert "to which 10.100.0.0/16 is routed" in one.message
    assert "git.example.com" in known.message


def test_a_carrier_gateway_is_an_error_whatever_hosts_say() -> None:
    (one,) = found(OtherNetworks(), added("gateways", gateway(Target.CARRIER)), network=OFFICE)

    assert one.severity is Severity.ERROR


def test_a_route_to_a_network_whose_gateway_is_not_in_the_inventory_is_found() -> None:
    inventory = routed("10.100.0.0/16", Target.TRANSIT, "tgw-1")

    assert [one.severity for one in found(OtherNetworks(), inventory)] == [None]
    assert [one.severity for one in found(OtherNetworks(), inventory, network=OFFICE)] == [Severity.INFO]


@pytest.mark.parametrize(
    "destination", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "52.0.0.0/8", "10.0.0.0/7", "2000::/3"]
)
@pytest.mark.parametrize(
    "target", [Target.NAT, Target.TRANSIT, Target.ENDPOINT, Target.OTHER, Target.INTERFACE]
)
def test_a_route_of_public_addresses_is_found_whatever_it_leads_to(destination: str, target: Target) -> None:
    (one,) = found(RouteOut(), routed(destination, target))

    assert one.place == at("aws_route.more")
    assert destination in one.message


@pytest.mark.parametrize(
    ("destination", "target"),
    [
        ("10.100.0.0/16", Target.TRANSIT),
        ("100.64.0.0/10", Target.TRANSIT),
        ("fd00::/8", Target.PEERING),
        ("pl-dynamodb", Target.ENDPOINT),
        (UNKNOWN, Target.PEERING),
        ("2a05:d018::/56", Target.LOCAL),
    ],
)
def test_a_route_of_private_addresses_or_a_service_is_no_way_to_the_internet(
    destination: str, target: Target
) -> None:
    assert not found(RouteOut(), routed(destination, target))


def test_both_halves_of_a_default_route_are_one_finding() -> None:
    halves = routed("128.0.0.0/1", Target.NAT, inventory=routed("0.0.0.0/1", Target.NAT))

    (one,) = found(RouteOut(), halves)

    assert one.message.startswith("0.0.0.0/1, 128.0.0.0/1 leads to a NAT gateway")


def test_a_prefix_list_of_ones_own_with_public_addresses_is_a_way_to_the_internet() -> None:
    mine = PrefixList(
        at("aws_ec2_managed_prefix_list.all"), "pl-all", "partners", ("10.1.0.0/16", "8.8.8.8/32")
    )

    inventory = added("prefix_lists", mine, inventory=routed("pl-all", Target.TRANSIT))
    aws = added("prefix_lists", replace(mine, name="com.amazonaws.eu-west-1.dynamodb"))

    assert len(found(RouteOut(), inventory)) == 1
    assert not found(RouteOut(), routed("pl-all", Target.ENDPOINT, inventory=aws))


def test_a_subnet_of_tasks_on_the_main_table_is_a_warning_and_an_error_where_that_has_routes() -> None:
    loose = changed("route_tables", "rtb-1", subnets=SUBNETS[:2])
    way = Route(at("aws_route.main"), "0.0.0.0/0", Target.INTERNET, "igw-1")

    (one,) = found(MainTable(), loose)
    (worse,) = found(MainTable(), changed("route_tables", "rtb-main", loose, routes=(way,)))

    assert one.message == 'no route table of its own for aws_subnet.private["c"]: the main one holds'
    assert (one.severity, worse.severity) == (None, Severity.ERROR)
    assert worse.message.endswith("which has routes to an internet gateway")


def test_subnets_in_which_nothing_runs_and_tables_that_are_not_known_say_nothing() -> None:
    idle = replace(named("subnets", "subnet-a"), id="subnet-idle")
    unknown = changed("route_tables", "rtb-1", subnets=(UNKNOWN,))
    unread = replace(
        without("route_tables", "rtb-1"),
        unread=(Unread("route_tables", "ec2:DescribeRouteTables is denied"),),
    )

    assert not found(MainTable(), added("subnets", idle))
    assert not found(MainTable(), unknown)
    assert not found(MainTable(), unread)
