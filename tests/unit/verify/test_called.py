"""What resources are called for people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airlock.verify.called import called, group_called, name_of, names_of, peer_called, rule_called
from airlock.verify.inventory import Source
from airlock.verify.network import UNKNOWN, Place
from verify_inventory import changed, clean, named
from verify_network import to_group, to_range, to_s3

ARN = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-worker"
IN_AWS = replace(named("security_groups", "sg-worker"), place=Place(ARN))


def test_of_terraform_a_resource_is_its_address_without_modules() -> None:
    subnet = replace(
        named("subnets", "subnet-a"),
        place=Place('module.network["a.b"].module.inner.aws_subnet.private["eu-west-1a"]', "main.tf", 3),
    )

    assert called(subnet) == 'aws_subnet.private["eu-west-1a"]'


def test_of_aws_a_resource_is_its_id_and_a_group_has_its_name() -> None:
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/airflow/46d3"

    assert called(replace(named("load_balancers", "lb-1"), id=balancer, place=Place(balancer))) == (
        "loadbalancer/app/airflow/46d3"
    )
    assert called(IN_AWS) == "sg-worker"
    assert group_called(IN_AWS) == "airflow-worker (sg-worker)"
    assert group_called(replace(IN_AWS, name="")) == "sg-worker"
    assert group_called(named("security_groups", "sg-worker")) == "aws_security_group.worker"


def test_an_id_is_what_has_it_and_a_made_up_one_that_nothing_has_is_not_shown() -> None:
    inventory = clean()

    assert name_of(inventory, "subnet-a") == 'aws_subnet.private["a"]'
    assert name_of(inventory, "tgw-0123") == "tgw-0123"
    assert name_of(inventory, "wq5zofke") == ""
    assert name_of(inventory, UNKNOWN) == ""
    assert name_of(replace(inventory, source=Source.AWS), "local") == "local"
    assert names_of(inventory, ["rtb-1", "wq5zofke", "vpc-1"]) == "aws_route_table.private, aws_vpc.this"


def test_the_other_side_of_a_rule_is_its_range_its_group_or_its_list() -> None:
    inventory = changed("security_groups", "sg-worker", place=Place(ARN))

    assert peer_called(inventory, to_group("sg-worker", 443)) == "airflow-worker (sg-worker)"
    assert peer_called(inventory, to_group("wq5zofke", 443)) == "another group"
    assert peer_called(inventory, to_s3()) == "com.amazonaws.eu-west-1.s3"
    assert peer_called(inventory, to_range("10.0.0.0/8")) == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("protocol", "first", "last", "text"),
    [
        ("tcp", 443, 443, "tcp 443, 10.0.0.0/8"),
        ("tcp", 0, 65535, "tcp 0-65535, 10.0.0.0/8"),
        ("udp", -1, -1, "udp all ports, 10.0.0.0/8"),
        ("-1", -1, -1, "all protocols, 10.0.0.0/8"),
    ],
)
def test_a_rule_is_its_protocol_its_ports_and_its_peer(
    protocol: str, first: int, last: int, text: str
) -> None:
    assert rule_called(clean(), to_range("10.0.0.0/8", protocol, first, last)) == text
