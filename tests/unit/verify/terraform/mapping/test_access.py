from __future__ import annotations

import json

import pytest

from airlock.verify.network import UNKNOWN, Peer
from airlock.verify.terraform.mapping import access
from terraform_states import model

VPC = {"id": "vpc-1", "default_security_group_id": "sg-d"}


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("com.amazonaws.eu-west-1.s3", "s3"),
        ("com.amazonaws.us-gov-west-1.ecr.dkr", "ecr.dkr"),
        ("cn.com.amazonaws.cn-north-1.ecr.api", "ecr.api"),
        ("com.amazonaws.iam", "iam"),
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-0123", "com.amazonaws.vpce.eu-west-1.vpce-svc-0123"),
    ],
)
def test_a_service_of_aws_has_a_short_name_and_somebody_elses_its_whole_one(service: str, name: str) -> None:
    assert access.short_name(service) == name


def test_an_endpoint_has_what_is_associated_by_resources_of_their_own() -> None:
    deny = json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}})
    found = model(
        aws_vpc_endpoint__e={
            "id": "vpce-1",
            "vpc_id": "vpc-1",
            "service_name": "com.amazonaws.eu-west-1.logs",
            "vpc_endpoint_type": "Interface",
            "subnet_ids": ["subnet-1"],
            "private_dns_enabled": True,
        },
        aws_vpc_endpoint_subnet_association__s={"vpc_endpoint_id": "vpce-1", "subnet_id": "subnet-2"},
        aws_vpc_endpoint_security_group_association__g={
            "vpc_endpoint_id": "vpce-1",
            "security_group_id": "sg-1",
        },
        aws_vpc_endpoint_route_table_association__r={"vpc_endpoint_id": "vpce-1", "route_table_id": "rtb-1"},
        aws_vpc_endpoint_policy__p={"vpc_endpoint_id": "vpce-1", "policy": deny},
    )
    [one] = access.endpoints(found)
    assert (one.service, one.gateway, one.private_dns) == ("logs", False, True)
    assert (one.subnets, one.groups, one.route_tables) == (("subnet-1", "subnet-2"), ("sg-1",), ("rtb-1",))
    assert one.policy
    assert one.policy.place.resource == "aws_vpc_endpoint_policy.p"


def test_an_interface_endpoint_without_a_group_is_in_its_vpcs_default_one() -> None:
    interface = {
        "vpc_id": "vpc-1",
        "service_name": "com.amazonaws.eu-west-1.ecs",
        "vpc_endpoint_type": "Interface",
    }
    found = model(aws_vpc__v=VPC, aws_vpc_endpoint__e=interface)
    assert [one.groups for one in access.endpoints(found)] == [("sg-d",)]


def test_an_endpoint_is_a_gateway_unless_it_says_otherwise() -> None:
    found = model(
        aws_vpc__v=VPC, aws_vpc_endpoint__e={"vpc_id": "vpc-1", "service_name": "com.amazonaws.eu-west-1.s3"}
    )
    assert [(one.gateway, one.groups, one.policy) for one in access.endpoints(found)] == [(True, (), None)]


def test_a_policy_that_is_not_known_yet_leaves_endpoints_unread() -> None:
    found = model(aws_vpc_endpoint__e={"service_name": "com.amazonaws.eu-west-1.s3", "policy": UNKNOWN})
    assert [one.policy for one in access.endpoints(found)] == [None]
    assert [one.kind for one in found.unread] == ["endpoints"]


def test_a_rule_has_one_permission_for_each_peer() -> None:
    rule = {
        "from_port": 443, "to_port": 443, "protocol": "tcp", "self": True, "cidr_blocks": ["10.0.0.0/16"],
        "ipv6_cidr_blocks": ["2001:db8::/56"], "prefix_list_ids": ["pl-1"], "security_groups": ["sg-2"],
    }  # fmt: skip
    found = model(aws_security_group__g={"id": "sg-1", "vpc_id": "vpc-1", "ingress": [rule]})
    [group] = access.security_groups(found)
    assert [(one.kind, one.peer) for one in group.ingress] == [
        (Peer.RANGE, "10.0.0.0/16"),
        (Peer.RANGE, "2001:db8::/56"),
        (Peer.PREFIX_LIST, "pl-1"),
        (Peer.GROUP, "sg-1"),
        (Peer.GROUP, "sg-2"),
    ]
    assert not group.egress


def test_rules_of_both_kinds_of_resources_belong_to_their_group() -> None:
    found = model(
        aws_security_group__g={"id": "sg-1"},
        aws_security_group_rule__a={
            "security_group_id": "sg-1", "type": "egress", "protocol": "-1", "from_port": 0, "to_port": 0,
            "cidr_blocks": ["0.0.0.0/0"],
        },
        aws_vpc_security_group_egress_rule__b={
            "security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432,
            "referenced_security_group_id": "sg-2",
        },
        aws_vpc_security_group_ingress_rule__c={
            "security_group_id": "sg-1", "ip_protocol": "udp", "from_port": 53, "to_port": 53, "cidr_ipv6": "::/0",
        },
    )  # fmt: skip
    [group] = access.security_groups(found)
    assert [(one.protocol, one.first, one.last, one.peer) for one in group.egress] == [
        ("-1", -1, -1, "0.0.0.0/0"),
        ("tcp", 5432, 5432, "sg-2"),
    ]
    assert [(one.protocol, one.peer) for one in group.ingress] == [("udp", "::/0")]


def test_a_vpc_comes_with_a_default_group_that_lets_everything_out() -> None:
    [group] = access.security_groups(model(aws_vpc__v=VPC))
    assert (group.id, group.default) == ("sg-d", True)
    assert [(one.kind, one.peer) for one in (*group.ingress, *group.egress)] == [
        (Peer.GROUP, "sg-d"),
        (Peer.RANGE, "0.0.0.0/0"),
    ]


def test_a_default_group_that_is_managed_has_only_its_own_rules() -> None:
    found = model(aws_vpc__v=VPC, aws_default_security_group__d={"id": "made-up", "vpc_id": "vpc-1"})
    [group] = access.security_groups(found)
    assert (group.id, group.default, group.ingress, group.egress) == ("sg-d", True, (), ())


def test_a_rule_of_a_group_from_elsewhere_is_not_passed_over() -> None:
    found = model(
        data__aws_security_group__s={"id": "sg-9"},
        aws_vpc_security_group_egress_rule__r={
            "security_group_id": "sg-9",
            "ip_protocol": "-1",
            "cidr_ipv4": "0.0.0.0/0",
        },
    )
    assert [(one.id, one.egress[0].peer) for one in access.security_groups(found)] == [("sg-9", "0.0.0.0/0")]


def test_the_prefix_list_of_a_gateway_endpoint_has_its_services_name() -> None:
    found = model(
        aws_vpc_endpoint__e={"service_name": "com.amazonaws.eu-west-1.s3", "prefix_list_id": "pl-1"},
        data__aws_ec2_managed_prefix_list__a={"id": "pl-2", "name": "com.amazonaws.eu-west-1.s3"},
        data__aws_prefix_list__b={
            "id": "pl-3", "name": "q8t2mz0p",
            "filter": [{"name": "prefix-list-name", "values": ["com.amazonaws.eu-west-1.dynamodb"]}],
        },
        aws_ec2_managed_prefix_list__own={"id": "pl-4", "name": "own", "entry": [{"cidr": "10.0.0.0/8"}]},
        aws_ec2_managed_prefix_list_entry__more={"prefix_list_id": "pl-4", "cidr": "0.0.0.0/0"},
    )  # fmt: skip
    assert {one.id: (one.name, one.entries) for one in access.prefix_lists(found, "eu-west-1")} == {
        "pl-1": ("com.amazonaws.eu-west-1.s3", ()),
        "pl-2": ("com.amazonaws.eu-west-1.s3", ()),
        "pl-3": ("com.amazonaws.eu-west-1.dynamodb", ()),
        "pl-4": ("own", ("10.0.0.0/8", "0.0.0.0/0")),
    }
