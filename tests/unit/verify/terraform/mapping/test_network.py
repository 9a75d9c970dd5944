from __future__ import annotations

import pytest

from airlock.verify.network import Target
from airlock.verify.terraform.mapping import network
from terraform_states import model

VPC = {
    "id": "vpc-1",
    "cidr_block": "10.0.0.0/16",
    "main_route_table_id": "rtb-m",
    "default_route_table_id": "rtb-m",
}


def test_a_vpc_has_its_further_ranges_too() -> None:
    found = model(
        aws_vpc__v={**VPC, "ipv6_cidr_block": "2001:db8::/56", "assign_generated_ipv6_cidr_block": True},
        aws_vpc_ipv4_cidr_block_association__m={"vpc_id": "vpc-1", "cidr_block": "10.1.0.0/16"},
        aws_vpc_ipv4_cidr_block_association__other={"vpc_id": "vpc-2", "cidr_block": "10.2.0.0/16"},
    )
    assert [one.cidrs for one in network.vpcs(found)] == [("10.0.0.0/16", "10.1.0.0/16", "2001:db8::/56")]


def test_what_a_mocked_run_makes_up_for_ipv6_is_no_range_of_a_vpc() -> None:
    found = model(
        aws_vpc__v={**VPC, "ipv6_cidr_block": "2001:db8::/56", "assign_generated_ipv6_cidr_block": False}
    )
    assert [one.cidrs for one in network.vpcs(found)] == [("10.0.0.0/16",)]


def test_a_default_subnet_gives_public_addresses_unless_it_is_told_not_to() -> None:
    found = model(
        aws_subnet__a={"availability_zone": "eu-west-1a"},
        aws_default_subnet__b={"availability_zone": "eu-west-1b"},
        aws_default_subnet__c={"availability_zone": "eu-west-1c", "map_public_ip_on_launch": False},
    )
    assert [one.public_addresses for one in network.subnets(found)] == [False, True, False]


@pytest.mark.parametrize(
    ("route", "target"),
    [
        ({"nat_gateway_id": "nat-1"}, Target.NAT),
        ({"egress_only_gateway_id": "eigw-1"}, Target.EGRESS_ONLY),
        ({"vpc_peering_connection_id": "pcx-1"}, Target.PEERING),
        ({"transit_gateway_id": "tgw-1"}, Target.TRANSIT),
        ({"carrier_gateway_id": "cagw-1"}, Target.CARRIER),
        ({"core_network_arn": "arn:aws:networkmanager::1:core-network/c"}, Target.CORE_NETWORK),
        ({"local_gateway_id": "lgw-1"}, Target.LOCAL_GATEWAY),
        ({"network_interface_id": "eni-1"}, Target.INTERFACE),
        ({"vpc_endpoint_id": "vpce-1"}, Target.ENDPOINT),
        ({"gateway_id": "local"}, Target.LOCAL),
        ({"gateway_id": "igw-0123"}, Target.INTERNET),
        ({"gateway_id": "made-up-igw"}, Target.INTERNET),
        ({"gateway_id": "looked-up-igw"}, Target.INTERNET),
        ({"gateway_id": "made-up-vgw"}, Target.VPN),
        ({"gateway_id": "nobody-knows"}, Target.OTHER),
    ],
)
def test_each_kind_of_target_is_told_from_the_others(route: dict[str, str], target: Target) -> None:
    found = model(
        aws_vpc__v=VPC,
        aws_internet_gateway__g={"id": "made-up-igw"},
        data__aws_internet_gateway__l={"internet_gateway_id": "looked-up-igw"},
        aws_vpn_gateway__v={"id": "made-up-vgw"},
        aws_route_table__t={
            "id": "rtb-1",
            "vpc_id": "vpc-1",
            "route": [{"cidr_block": "0.0.0.0/0", **route}],
        },
    )
    table = next(one for one in network.route_tables(found) if one.id == "rtb-1")
    assert [(one.destination, one.target) for one in table.routes] == [("0.0.0.0/0", target)]


def test_routes_and_associations_of_their_own_belong_to_their_table() -> None:
    found = model(
        aws_vpc__v=VPC,
        aws_route_table__t={"id": "rtb-1", "vpc_id": "vpc-1"},
        aws_route__d={
            "route_table_id": "rtb-1",
            "destination_ipv6_cidr_block": "::/0",
            "nat_gateway_id": "nat-1",
        },
        aws_route_table_association__a={"route_table_id": "rtb-1", "subnet_id": "subnet-1"},
        aws_route_table_association__gateway={"route_table_id": "rtb-1", "gateway_id": "igw-1"},
    )
    table = next(one for one in network.route_tables(found) if one.id == "rtb-1")
    assert (table.subnets, [one.destination for one in table.routes]) == (("subnet-1",), ["::/0"])
    assert table.routes[0].place.resource == "aws_route.d"


def test_a_vpc_comes_with_a_main_table_that_routes_are_added_to() -> None:
    found = model(
        aws_vpc__v=VPC,
        aws_route__d={
            "route_table_id": "rtb-m",
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": "igw-1",
        },
    )
    [table] = network.route_tables(found)
    assert (table.id, table.main, table.vpc, len(table.routes)) == ("rtb-m", True, "vpc-1", 1)


def test_a_vpc_calls_its_first_table_by_two_names() -> None:
    found = model(
        aws_vpc__v={**VPC, "default_route_table_id": "made-up", "main_route_table_id": "another"},
        aws_default_route_table__d={"id": "rtb-d", "default_route_table_id": "made-up"},
        aws_route_table_association__a={"route_table_id": "another", "subnet_id": "subnet-1"},
    )
    [table] = network.route_tables(found)
    assert (table.id, table.main, table.subnets) == ("rtb-d", True, ("subnet-1",))


def test_a_vpc_whose_main_table_was_replaced_has_one_main_table() -> None:
    found = model(
        aws_vpc__v=VPC,
        aws_route_table__t={"id": "rtb-1", "vpc_id": "vpc-1"},
        aws_main_route_table_association__m={"vpc_id": "vpc-1", "route_table_id": "rtb-1"},
    )
    assert {one.id: one.main for one in network.route_tables(found)} == {"rtb-1": True, "rtb-m": False}


def test_a_route_into_a_table_from_elsewhere_is_not_passed_over() -> None:
    found = model(
        data__aws_route_table__t={"id": "rtb-9"},
        aws_route__d={
            "route_table_id": "rtb-9",
            "destination_cidr_block": "0.0.0.0/0",
            "nat_gateway_id": "nat-1",
        },
    )
    [table] = network.route_tables(found)
    assert (table.id, [one.target for one in table.routes]) == ("rtb-9", [Target.NAT])


@pytest.mark.parametrize(
    ("kind", "values", "target"),
    [
        ("aws_internet_gateway", {"vpc_id": "vpc-1"}, Target.INTERNET),
        ("aws_nat_gateway", {"subnet_id": "subnet-1"}, Target.NAT),
        ("aws_egress_only_internet_gateway", {"vpc_id": "vpc-1"}, Target.EGRESS_ONLY),
        ("aws_vpc_peering_connection", {"vpc_id": "vpc-1"}, Target.PEERING),
        ("aws_ec2_transit_gateway_vpc_attachment", {"vpc_id": "vpc-1"}, Target.TRANSIT),
        ("aws_vpn_gateway", {"vpc_id": "vpc-1"}, Target.VPN),
        ("aws_ec2_carrier_gateway", {"vpc_id": "vpc-1"}, Target.CARRIER),
        (
            "aws_networkmanager_vpc_attachment",
            {"vpc_arn": "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"},
            Target.CORE_NETWORK,
        ),
        ("aws_networkfirewall_firewall", {"vpc_id": "vpc-1"}, Target.OTHER),
    ],
)
def test_each_kind_of_gateway_is_known_with_its_vpc(
    kind: str, values: dict[str, str], target: Target
) -> None:
    found = model(
        aws_vpc__v={**VPC, "arn": "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"},
        aws_subnet__s={"id": "subnet-1", "vpc_id": "vpc-1"},
        **{f"{kind}__g": values},
    )
    assert [(one.kind, one.vpc) for one in network.gateways(found)] == [(target, "vpc-1")]


def test_a_gateway_may_be_attached_by_a_resource_of_its_own() -> None:
    found = model(
        aws_internet_gateway__g={"id": "igw-1"},
        aws_internet_gateway_attachment__a={"internet_gateway_id": "igw-1", "vpc_id": "vpc-1"},
    )
    assert [one.vpc for one in network.gateways(found)] == ["vpc-1"]


def test_what_could_make_any_gateway_leaves_gateways_unread() -> None:
    found = model(aws_cloudformation_stack__s={"template_body": "{}"})
    assert not list(network.gateways(found))
    assert [(one.kind, "aws_cloudformation_stack.s" in one.cause) for one in found.unread] == [
        ("gateways", True)
    ]


def test_an_elastic_address_tells_what_it_is_attached_to() -> None:
    found = model(
        aws_eip__nat={"id": "eipalloc-1"},
        aws_eip__free={"id": "eipalloc-2"},
        aws_nat_gateway__n={"id": "nat-1", "allocation_id": "eipalloc-1"},
    )
    assert [one.attached_to for one in network.public_addresses(found)] == ["nat-1", ""]


def test_instances_and_interfaces_that_forward_are_told() -> None:
    found = model(
        aws_instance__nat={"source_dest_check": False, "associate_public_ip_address": True},
        aws_instance__plain={"source_dest_check": True},
        aws_network_interface__forwards={"source_dest_check": False, "subnet_id": "subnet-1"},
        aws_network_interface__plain={"source_dest_check": True},
        aws_launch_template__public={"network_interfaces": [{"associate_public_ip_address": "true"}]},
    )
    assert [(one.place.resource, one.public_address, one.forwards) for one in network.instances(found)] == [
        ("aws_instance.nat", True, True),
        ("aws_instance.plain", False, False),
        ("aws_network_interface.forwards", False, True),
        ("aws_launch_template.public", True, False),
    ]


def test_a_load_balancer_has_the_protocols_of_its_listeners() -> None:
    found = model(
        aws_lb__l={"arn": "arn:lb", "internal": True, "subnet_mapping": [{"subnet_id": "subnet-1"}]},
        aws_lb_listener__a={"load_balancer_arn": "arn:lb", "protocol": "HTTPS"},
        aws_lb_listener__other={"load_balancer_arn": "arn:other", "protocol": "HTTP"},
    )
    [one] = network.load_balancers(found)
    assert (one.internal, one.subnets, one.protocols) == (True, ("subnet-1",), ("HTTPS",))


def test_a_flow_log_is_of_what_it_names() -> None:
    found = model(aws_flow_log__f={"vpc_id": "vpc-1", "traffic_type": "REJECT"})
    assert [(one.of, one.traffic) for one in network.flow_logs(found)] == [("vpc-1", "REJECT")]
