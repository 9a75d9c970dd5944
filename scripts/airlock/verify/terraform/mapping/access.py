"""VPC endpoints, security groups, and prefix lists: who may speak to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.verify import network as net
from airlock.verify.network import Peer
from airlock.verify.terraform.mapping.model import default_group_id
from airlock.verify.terraform.mapping.network import VPCS, table_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.network import Place
    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource, Values

# com.amazonaws.eu-west-1.ecr.api, com.amazonaws.iam, cn.com.amazonaws.…, aws.api.eu-west-1.…
_SERVICE = re.compile(
    r"(?:cn\.)?(?:com\.amazonaws|aws\.api|aws\.sagemaker)\.(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?(?P<name>(?!vpce\.).+)"
)
_EVERYWHERE = "-1"
_ANY = "0.0.0.0/0"


def short_name(service: str) -> str:
    """Return the name of a service of AWS as the table of endpoints has it; of somebody else's, all of it."""
    found = _SERVICE.fullmatch(service)
    return found["name"] if found else service


def endpoints(model: Model) -> Iterator[net.VpcEndpoint]:
    for one in model.of("aws_vpc_endpoint"):
        gateway = (one.text("vpc_endpoint_type") or "Gateway") == "Gateway"
        vpc = one.text("vpc_id")
        configured = [each.text("subnet_id") for each in one.blocks("subnet_configuration")]
        groups = (*one.texts("security_group_ids"), *_more(model, one, "security_group"))
        tables = (*one.texts("route_table_ids"), *_more(model, one, "route_table"))
        private = model.beside(one, "aws_vpc_endpoint_private_dns", "vpc_endpoint_id")
        yield net.VpcEndpoint(
            model.place(one),
            one.called("id"),
            short_name(one.text("service_name")),
            vpc,
            gateway,
            _each((*one.texts("subnet_ids"), *configured, *_more(model, one, "subnet"))),
            _each(groups) or (() if gateway else model.default_group(vpc)),
            _each(table_id(model, name) for name in tables),
            one.flag("private_dns_enabled") or any(each.flag("private_dns_enabled") for each in private),
            model.policy_of(one, "endpoints", "aws_vpc_endpoint_policy", "vpc_endpoint_id"),
        )


def _more(model: Model, endpoint: Resource, what: str) -> Iterator[str]:
    """Give what is associated with an endpoint by resources of their own."""
    for one in model.beside(endpoint, f"aws_vpc_endpoint_{what}_association", "vpc_endpoint_id"):
        yield one.text(f"{what}_id")


def _each(names: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


_RULES = (
    "aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule",
)  # fmt: skip


def security_groups(model: Model) -> Iterator[net.SecurityGroup]:
    """Give all security groups, those that VPCs come with too, and those that rules are only added to."""
    found = list(_made(model))
    yield from found
    known = {one.id for one in found} | {one.called("id") for one in model.of("aws_default_security_group")}
    strays: dict[str, Resource] = {}
    for one in model.of(*_RULES):
        strays.setdefault(one.text("security_group_id"), one)
    for name, one in strays.items():
        if name not in known:
            ingress, egress = (tuple(_apart(model, name, side)) for side in ("ingress", "egress"))
            yield net.SecurityGroup(model.place(one), name, "", name, ingress=ingress, egress=egress)


def _made(model: Model) -> Iterator[net.SecurityGroup]:
    """Give the groups of a VPC with AWS's own rules where nothing takes them away."""
    for one in model.of("aws_security_group"):
        yield _group(model, one, one.called("id"), one.text("vpc_id"))
    managed = list(model.of("aws_default_security_group"))
    for one in managed:
        vpc = model.named(one.text("vpc_id"), *VPCS)
        yield _group(model, one, default_group_id(vpc) if vpc else one.called("id"), one.text("vpc_id"))
    for vpc in model.of(*VPCS):
        if not any(one.text("vpc_id") == vpc.called("id") for one in managed):
            place, identifier = model.place(vpc), default_group_id(vpc)
            inside = net.Permission(place, _EVERYWHERE, -1, -1, Peer.GROUP, identifier)
            out = net.Permission(place, _EVERYWHERE, -1, -1, Peer.RANGE, _ANY)
            ingress, egress = _apart(model, identifier, "ingress"), _apart(model, identifier, "egress")
            yield net.SecurityGroup(
                place, identifier, vpc.called("id"), "default", default=True,
                ingress=(inside, *ingress), egress=(out, *egress),
            )  # fmt: skip


def _group(model: Model, one: Resource, identifier: str, vpc: str) -> net.SecurityGroup:
    names = sorted({identifier, one.called("id")})
    sides = {}
    for side in ("ingress", "egress"):
        inline = [
            each for rule in one.blocks(side) for each in _permissions(model.place(one), rule, identifier)
        ]
        apart = [each for name in names for each in _apart(model, name, side)]
        sides[side] = (*inline, *apart)
    default = one.type == "aws_default_security_group"
    name = "default" if default else one.called("name")
    return net.SecurityGroup(model.place(one), identifier, vpc, name, default, **sides)


def _apart(model: Model, group: str, side: str) -> Iterator[net.Permission]:
    """Give the rules of a group that are resources of their own."""
    for one in model.of("aws_security_group_rule"):
        if one.text("security_group_id") == group and one.text("type") == side:
            yield from _permissions(model.place(one), one, group)
    for one in model.of(f"aws_vpc_security_group_{side}_rule"):
        if one.text("security_group_id") == group:
            yield from _permissions(model.place(one), one, group)


def _permissions(place: Place, rule: Values, group: str) -> Iterator[net.Permission]:
    """Give one permission for each peer of a rule, however the rule spells them."""
    protocol = (rule.text("protocol") or rule.text("ip_protocol") or _EVERYWHERE).lower()
    protocol = _EVERYWHERE if protocol == "all" else protocol
    everything = protocol == _EVERYWHERE
    ports = (-1, -1) if everything else (rule.number("from_port", -1), rule.number("to_port", -1))
    for kind, peer in _peers(rule, group):
        yield net.Permission(place, protocol, *ports, kind, peer)


def _peers(rule: Values, group: str) -> Iterator[tuple[Peer, str]]:
    single = [value for key in ("cidr_ipv4", "cidr_ipv6") if (value := rule.text(key))]
    for name in (*rule.texts("cidr_blocks"), *rule.texts("ipv6_cidr_blocks"), *single):
        yield Peer.RANGE, name
    for name in (*rule.texts("prefix_list_ids"), *rule.texts("prefix_list_id")):
        yield Peer.PREFIX_LIST, name
    others = ("security_groups", "source_security_group_id", "referenced_security_group_id")
    own = (group,) if rule.flag("self") else ()
    for name in (*own, *(value for key in others for value in rule.texts(key))):
        yield Peer.GROUP, name


def prefix_lists(model: Model, region: str) -> Iterator[net.PrefixList]:
    """Give prefix lists: made, looked up, and those that gateway endpoints are reached by."""
    for one in model.of("aws_ec2_managed_prefix_list"):
        apart = model.beside(one, "aws_ec2_managed_prefix_list_entry", "prefix_list_id")
        entries = tuple(each.text("cidr") for each in (*one.blocks("entry"), *apart))
        yield net.PrefixList(model.place(one), one.called("id"), one.text("name"), entries)
    for one in model.looked_up("aws_ec2_managed_prefix_list", "aws_prefix_list"):
        filtered = [name for each in one.blocks("filter") for name in each.texts("values")]
        name = (
            one.text("name")
            if one.text("name").startswith("com.")
            else next(iter(filtered), one.text("name"))
        )
        yield net.PrefixList(model.place(one), one.called("id"), name)
    for one in model.of("aws_vpc_endpoint"):
        if (one.text("vpc_endpoint_type") or "Gateway") == "Gateway" and one.text("prefix_list_id"):
            name = f"com.amazonaws.{region}.{short_name(one.text('service_name'))}"
            yield net.PrefixList(model.place(one), one.text("prefix_list_id"), name)
