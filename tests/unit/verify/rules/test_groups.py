"""Rules on security groups that let through what nobody needs, and on those that nobody uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN, Peer, Permission, PrefixList, SecurityGroup
from airlock.verify.rules import group_uses, groups
from airlock.verify.rules.group_uses import DefaultGroup, UnusedGroup
from airlock.verify.rules.groups import AllPorts, OpenToVpc, OpenToWorld, RangeForGroup
from airlock_spec.check.finding import Severity
from verify_inventory import added, changed, clean, found, named
from verify_network import at, to_group, to_range

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Rule

IDLE = SecurityGroup(at("aws_security_group.idle[0]"), "sg-idle", "vpc-1", "idle")


def with_rules(
    *rules: Permission,
    direction: str = "egress",
    group: str = "sg-worker",
    inventory: Inventory | None = None,
) -> Inventory:
    """Return an inventory in which a group has more rules."""
    values: dict[str, Any] = {
        direction: (*getattr(named("security_groups", group, inventory), direction), *rules)
    }
    return changed("security_groups", group, inventory, **values)


def codes(inventory: Inventory) -> list[str]:
    """Return codes of all that rules on groups find, once for each finding."""
    rules = [*groups.RULES, *group_uses.RULES]
    return [one.code for one in rules for _ in found(one, inventory)]


@pytest.mark.parametrize("rule", [*groups.RULES, *group_uses.RULES], ids=lambda rule: rule.code)
def test_groups_of_a_clean_deployment_name_groups_and_one_port(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(
    "cidr", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "52.94.0.0/22", "8.8.8.8/32", "10.0.0.0/7"]
)
@pytest.mark.parametrize("protocol", ["tcp", "-1"])
def test_a_group_open_to_the_internet_is_one_finding_whatever_its_ports(
    direction: str, cidr: str, protocol: str
) -> None:
    inventory = with_rules(to_range(cidr, protocol), direction=direction)

    (one,) = found(OpenToWorld(), inventory)

    lets = "lets in" if direction == "ingress" else "lets out"
    assert one.message == f"aws_security_group.worker {lets} addresses of the internet: {cidr}"
    assert one.evidence.startswith(f"{direction}: ")
    assert codes(inventory) == ["AL741"]


def test_both_families_in_one_rule_are_one_finding() -> None:
    (one,) = found(OpenToWorld(), with_rules(to_range("0.0.0.0/0"), to_range("::/0")))

    assert one.message.endswith("0.0.0.0/0, ::/0")


def test_a_prefix_list_of_ones_own_is_what_is_in_it_and_awss_are_services() -> None:
    rule = Permission(at("rule"), "tcp", 443, 443, Peer.PREFIX_LIST, "pl-x")
    mine = PrefixList(at("aws_ec2_managed_prefix_list.x"), "pl-x", "partners", ("203.0.114.0/24",))
    aws = replace(mine, name="com.amazonaws.global.cloudfront.origin-facing")

    assert codes(added("prefix_lists", mine, inventory=with_rules(rule))) == ["AL741"]
    assert codes(added("prefix_lists", aws, inventory=with_rules(rule))) == []
    vpc = replace(mine, entries=("10.0.0.0/16",))
    assert codes(added("prefix_lists", vpc, inventory=with_rules(rule))) == ["AL742"]


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/8"])
@pytest.mark.parametrize("protocol", ["tcp", "-1"])
def test_a_group_open_to_the_whole_vpc_is_one_finding(cidr: str, protocol: str) -> None:
    inventory = with_rules(to_range(cidr, protocol), direction="ingress", group="sg-endpoints")

    (one,) = found(OpenToVpc(), inventory)

    assert one.message == f"aws_security_group.endpoints lets in the whole VPC: {cidr}"
    assert codes(inventory) == ["AL742"]


def test_the_vpcs_range_of_ipv6_is_no_range_of_the_internet() -> None:
    inventory = with_rules(
        to_range("2a05:d018:1::/56"),
        inventory=changed("vpcs", "vpc-1", cidrs=("10.0.0.0/16", "2a05:d018:1::/56")),
    )

    assert codes(inventory) == ["AL742"]


@pytest.mark.parametrize("cidr", ["10.0.16.0/20", "10.0.0.10/32"])
def test_a_range_within_the_vpc_is_a_warning(cidr: str) -> None:
    inventory = with_rules(to_range(cidr))

    assert codes(inventory) == ["AL743"]
    assert RangeForGroup.severity is Severity.WARNING


@pytest.mark.parametrize("peer", ["10.100.0.0/16", "192.168.1.0/24", UNKNOWN])
def test_private_ranges_of_other_networks_and_what_is_not_known_are_not_found(peer: str) -> None:
    assert codes(with_rules(to_range(peer))) == []


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [
        ("-1", -1, -1),
        ("tcp", 0, 65535),
        ("tcp", 1, 65535),
        ("udp", 1024, 65535),
        ("6", 0, 65535),
        ("tcp", -1, -1),
    ],
)
def test_a_rule_for_all_ports_of_a_group_is_found(protocol: str, first: int, last: int) -> None:
    rule = replace(to_group("sg-api", 443), protocol=protocol, first=first, last=last)

    (one,) = found(AllPorts(), with_rules(rule))

    assert one.message == "aws_security_group.worker lets out all ports: aws_security_group.api"
    assert codes(with_rules(rule)) == ["AL744"]


@pytest.mark.parametrize(
    ("protocol", "first", "last"), [("tcp", 443, 443), ("tcp", 8793, 8794), ("icmp", -1, -1)]
)
def test_a_rule_for_a_port_or_a_few_is_not_found(protocol: str, first: int, last: int) -> None:
    rule = replace(to_group("sg-api", 443), protocol=protocol, first=first, last=last)

    assert codes(with_rules(rule)) == []


def test_a_default_group_with_rules_is_one_warning_and_an_error_where_something_is_in_it() -> None:
    loose = with_rules(to_range("0.0.0.0/0", "-1", -1, -1), group="sg-default")
    used = changed("services", "airflow-triggerer", loose, groups=("sg-triggerer", "sg-default"))

    (one,) = found(DefaultGroup(), loose)
    (worse,) = found(DefaultGroup(), used)

    assert one.message == "the default group of aws_vpc.this has rules; nothing known is in it"
    assert one.evidence == "egress: all protocols, 0.0.0.0/0"
    assert codes(loose) == ["AL745"]
    assert worse.severity is Severity.ERROR
    assert "airflow-triggerer is in it" in worse.message


def test_groups_of_one_block_that_nobody_uses_are_one_finding() -> None:
    other = replace(IDLE, id="sg-idler", place=at("aws_security_group.idle[1]"))

    (one,) = found(UnusedGroup(), added("security_groups", IDLE, other))

    assert (
        one.message == "nothing in the inventory is in aws_security_group.idle[0], aws_security_group.idle[1]"
    )
    assert UnusedGroup.severity is Severity.INFO


def test_nothing_is_said_to_be_unused_where_uses_are_not_known() -> None:
    inventory = added("security_groups", IDLE)

    assert not found(UnusedGroup(), replace(inventory, unread=(Unread("databases", "denied"),)))
    assert not found(UnusedGroup(), changed("services", "airflow-triggerer", inventory, groups=(UNKNOWN,)))
    assert not found(
        UnusedGroup(), replace(type(inventory)(inventory.source, "eu-west-1"), security_groups=(IDLE,))
    )
