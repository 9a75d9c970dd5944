"""How what EC2 tells of routes, endpoints, groups and gateways is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.account.account import Account
from airlock.verify.account.groups import permissions
from airlock.verify.account.network import destination, short, target
from airlock.verify.account.scope import Scope
from airlock.verify.network import Peer, Place, Target
from airlock_spec.endpoints import ENDPOINTS
from shaped_aws import DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory


def read(**values: Any) -> Inventory:
    return Account(ShapedAws(DEPLOYED | values), Scope("airflow")).read()


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ({"GatewayId": "local"}, (Target.LOCAL, "local")),
        ({"GatewayId": "igw-1"}, (Target.INTERNET, "igw-1")),
        ({"GatewayId": "vgw-1"}, (Target.VPN, "vgw-1")),
        ({"GatewayId": "vpce-1"}, (Target.ENDPOINT, "vpce-1")),
        ({"NatGatewayId": "nat-1"}, (Target.NAT, "nat-1")),
        ({"EgressOnlyInternetGatewayId": "eigw-1"}, (Target.EGRESS_ONLY, "eigw-1")),
        ({"VpcPeeringConnectionId": "pcx-1"}, (Target.PEERING, "pcx-1")),
        ({"TransitGatewayId": "tgw-1"}, (Target.TRANSIT, "tgw-1")),
        ({"CarrierGatewayId": "cagw-1"}, (Target.CARRIER, "cagw-1")),
        ({"CoreNetworkArn": "arn:core"}, (Target.CORE_NETWORK, "arn:core")),
        ({"LocalGatewayId": "lgw-1"}, (Target.LOCAL_GATEWAY, "lgw-1")),
        ({"InstanceId": "i-1", "NetworkInterfaceId": "eni-1"}, (Target.INSTANCE, "i-1")),
        ({"NetworkInterfaceId": "eni-1"}, (Target.INTERFACE, "eni-1")),
        ({"OdbNetworkArn": "arn:odb"}, (Target.OTHER, "")),
    ],
)
def test_a_route_leads_to_what_its_answer_names(route: dict[str, str], told: tuple[Target, str]) -> None:
    assert target(route) == told


def test_a_routes_destination_is_a_range_or_a_prefix_list() -> None:
    assert destination({"DestinationCidrBlock": "0.0.0.0/0"}) == "0.0.0.0/0"
    assert destination({"DestinationIpv6CidrBlock": "::/0"}) == "::/0"
    assert destination({"DestinationPrefixListId": "pl-1"}) == "pl-1"


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1"])
def test_an_endpoint_is_known_by_the_tables_name_in_every_region(region: str) -> None:
    assert {short(one.name(region), region) for one in ENDPOINTS} == {one.service for one in ENDPOINTS}


def test_an_endpoint_that_the_table_lacks_keeps_what_follows_the_region() -> None:
    assert short("com.amazonaws.eu-west-1.brand-new", "eu-west-1") == "brand-new"
    of_others = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
    assert short(of_others, "eu-west-1") == of_others


def test_a_rule_of_a_group_is_one_for_each_peer() -> None:
    told = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    found = list(permissions(Place("sg"), [told]))
    peers = [
        (Peer.RANGE, "10.0.0.0/16"),
        (Peer.RANGE, "::/0"),
        (Peer.GROUP, "sg-1"),
        (Peer.PREFIX_LIST, "pl-1"),
    ]
    assert [(one.kind, one.peer) for one in found] == peers
    assert all(one.admits(443) and not one.admits(80) for one in found)


def test_a_rule_for_all_protocols_admits_every_port() -> None:
    [rule] = permissions(Place("sg"), [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    assert (rule.first, rule.last, rule.admits(5432)) == (-1, -1, True)


@pytest.mark.parametrize("state", ["deleted", "deleting", "failed", "detached"])
def test_what_is_being_deleted_leads_nowhere(aws_keys: None, state: str) -> None:
    found = read(State=state, Code=state)
    assert {one.kind for one in found.gateways} == set()


def test_a_peering_that_waits_or_holds_is_a_way_out(aws_keys: None) -> None:
    assert Target.PEERING in {one.kind for one in read(Code="pending-acceptance").gateways}


def test_every_kind_of_gateway_that_is_attached_is_found(aws_keys: None) -> None:
    kinds = {one.kind for one in read().gateways}
    assert kinds == {
        Target.INTERNET, Target.NAT, Target.EGRESS_ONLY, Target.PEERING, Target.TRANSIT, Target.VPN, Target.CARRIER
    }  # fmt: skip
    assert {one.vpc for one in read().gateways} == {"vpc-1"}


def test_what_is_in_another_vpc_is_not_the_deployments(aws_keys: None) -> None:
    found = Account(ShapedAws(DEPLOYED | {"ResourceId": "vpc-9"}), Scope(vpcs=("vpc-2",))).read()
    assert (found.load_balancers, found.flow_logs, found.caches, found.databases) == ((), (), (), ())
    kinds = {one.kind for one in found.gateways}
    assert kinds <= {Target.NAT}  # of which EC2 itself gives those of the VPC alone


def test_a_public_address_is_told_once_with_what_holds_it(aws_keys: None) -> None:
    [address] = read().public_addresses
    assert (address.address, address.id, address.attached_to) == (
        "a-PublicIp",
        "a-AllocationId",
        "a-InstanceId",
    )
    [lent] = read(AllocationId="", InstanceId="").public_addresses
    assert (lent.id, lent.attached_to) == ("eni-1", "eni-1")
    assert lent.place.resource.endswith(":network-interface/eni-1")


def test_an_instance_forwards_where_it_does_not_check_source_and_destination(aws_keys: None) -> None:
    assert [one.forwards for one in (*read().instances, *read(SourceDestCheck=False).instances)] == [
        False,
        True,
    ]


def test_an_instance_that_is_gone_is_none(aws_keys: None) -> None:
    assert read(Name="terminated").instances == ()
