"""VPCs, subnets, and the routes and gateways that lead out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import network as net
from airlock.verify.inventory import Unread
from airlock.verify.network import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource, Values

VPCS = ("aws_vpc", "aws_default_vpc")
_TABLES = ("aws_route_table", "aws_default_route_table")
_DESTINATIONS = (
    "cidr_block", "ipv6_cidr_block", "destination_cidr_block", "destination_ipv6_cidr_block",
    "destination_prefix_list_id",
)  # fmt: skip
_TARGETS = {
    "nat_gateway_id": Target.NAT,
    "egress_only_gateway_id": Target.EGRESS_ONLY,
    "vpc_peering_connection_id": Target.PEERING,
    "transit_gateway_id": Target.TRANSIT,
    "carrier_gateway_id": Target.CARRIER,
    "core_network_arn": Target.CORE_NETWORK,
    "local_gateway_id": Target.LOCAL_GATEWAY,
    "vpc_endpoint_id": Target.ENDPOINT,
    "instance_id": Target.INSTANCE,
    "network_interface_id": Target.INTERFACE,
}
_GATEWAYS = {
    "aws_internet_gateway": Target.INTERNET,
    "aws_nat_gateway": Target.NAT,
    "aws_egress_only_internet_gateway": Target.EGRESS_ONLY,
    "aws_vpc_peering_connection": Target.PEERING,
    "aws_vpc_peering_connection_accepter": Target.PEERING,
    "aws_ec2_transit_gateway_vpc_attachment": Target.TRANSIT,
    "aws_vpn_gateway": Target.VPN,
    "aws_ec2_carrier_gateway": Target.CARRIER,
    "aws_networkmanager_vpc_attachment": Target.CORE_NETWORK,
    "aws_ec2_local_gateway_route_table_vpc_association": Target.LOCAL_GATEWAY,
    "aws_ec2_client_vpn_network_association": Target.OTHER,
    "aws_dx_gateway_association": Target.OTHER,
    "aws_networkfirewall_firewall": Target.OTHER,
    "aws_vpclattice_service_network_vpc_association": Target.OTHER,
    "aws_globalaccelerator_endpoint_group": Target.OTHER,
}
_ATTACHMENTS = {
    "aws_internet_gateway_attachment": ("aws_internet_gateway", "internet_gateway_id"),
    "aws_vpn_gateway_attachment": ("aws_vpn_gateway", "vpn_gateway_id"),
}
# What could make anything at all, gateways too, without this module seeing it.
_OPAQUE = (
    "aws_cloudformation_stack",
    "aws_cloudcontrolapi_resource",
    "awscc_",
    "aws_servicecatalog_provisioned",
)


def vpcs(model: Model) -> Iterator[net.Vpc]:
    for one in model.of(*VPCS):
        more = [
            each.text("cidr_block")
            for each in model.of("aws_vpc_ipv4_cidr_block_association")
            if _is_in(each, one)
        ]
        six = one.text("ipv6_cidr_block") if _has_ipv6(one) else ""
        yield net.Vpc(
            model.place(one),
            one.called("id"),
            tuple(cidr for cidr in (one.text("cidr_block"), *more, six) if cidr),
            dns_support=one.flag("enable_dns_support", default=True),
            dns_hostnames=one.flag("enable_dns_hostnames", default=one.type == "aws_default_vpc"),
        )


def _is_in(one: Resource, vpc: Resource) -> bool:
    return one.text("vpc_id") == vpc.called("id")


def _has_ipv6(vpc: Resource) -> bool:
    return vpc.flag("assign_generated_ipv6_cidr_block") or bool(vpc.text("ipv6_ipam_pool_id"))


def subnets(model: Model) -> Iterator[net.Subnet]:
    for one in model.of("aws_subnet", "aws_default_subnet"):
        yield net.Subnet(
            model.place(one),
            one.called("id"),
            one.text("vpc_id"),
            one.text("availability_zone") or one.text("availability_zone_id"),
            one.text("cidr_block"),
            public_addresses=one.flag("map_public_ip_on_launch", default=one.type == "aws_default_subnet"),
            ipv6_addresses=one.flag("assign_ipv6_address_on_creation"),
        )


def table_id(model: Model, name: str) -> str:
    """Return the id of a route table; a VPC calls its first one by two names."""
    for vpc in model.of(*VPCS):
        if name and name in (vpc.text("default_route_table_id"), vpc.text("main_route_table_id")):
            managed = (one for one in model.of("aws_default_route_table") if _first_of(one, vpc))
            return next((one.called("id") for one in managed), _main_id(vpc))
    return name


def _main_id(vpc: Resource) -> str:
    return vpc.text("main_route_table_id") or f"{vpc.address}.main_route_table_id"


def _first_of(table: Resource, vpc: Resource) -> bool:
    names = {vpc.text("default_route_table_id"), vpc.text("main_route_table_id"), vpc.address} - {""}
    return table.text("default_route_table_id") in names


def route_tables(model: Model) -> Iterator[net.RouteTable]:
    """Give all route tables, those that VPCs come with too, and those that routes are only added to."""
    found = list(_made(model))
    yield from found
    known = {one.id for one in found}
    strays: dict[str, Resource] = {}
    for kind in ("aws_route", "aws_route_table_association"):
        for one in model.of(kind):
            strays.setdefault(table_id(model, one.text("route_table_id")), one)
    for name, one in strays.items():
        if name not in known:
            yield _table(model, one, (name, ""), main=False)


def _made(model: Model) -> Iterator[net.RouteTable]:
    mains = {
        each.text("vpc_id"): table_id(model, each.text("route_table_id"))
        for each in model.of("aws_main_route_table_association")
    }
    for one in model.of("aws_route_table"):
        of = one.text("vpc_id")
        yield _table(model, one, (one.called("id"), of), main=mains.get(of) == one.called("id"))
    for vpc in model.of(*VPCS):
        managed = next((one for one in model.of("aws_default_route_table") if _first_of(one, vpc)), None)
        identity = (managed.called("id") if managed else _main_id(vpc), vpc.called("id"))
        main = mains.get(vpc.called("id"), identity[0]) == identity[0]
        yield _table(model, managed or vpc, identity, main=main)
    for one in model.of("aws_default_route_table"):
        if not any(_first_of(one, vpc) for vpc in model.of(*VPCS)):  # of a VPC that is not made here
            yield _table(model, one, (one.called("id"), one.text("vpc_id")), main=True)


def _table(model: Model, one: Resource, identity: tuple[str, str], *, main: bool) -> net.RouteTable:
    inline = [(one, each) for each in one.blocks("route")] if one.type in _TABLES else []
    apart = [
        (each, each)
        for each in model.of("aws_route")
        if table_id(model, each.text("route_table_id")) == identity[0]
    ]
    associated = [
        each.text("subnet_id")
        for each in model.of("aws_route_table_association")
        if each.text("subnet_id") and table_id(model, each.text("route_table_id")) == identity[0]
    ]
    routes = tuple(_route(model, where, each) for where, each in (*inline, *apart))
    return net.RouteTable(model.place(one), *identity, main, tuple(associated), routes)


def _route(model: Model, where: Resource, route: Values) -> net.Route:
    destination = next((value for key in _DESTINATIONS if (value := route.text(key))), "")
    place = model.place(where)
    for key, target in _TARGETS.items():
        if name := route.text(key):
            return net.Route(place, destination, target, name)
    name = route.text("gateway_id")
    return net.Route(place, destination, _gateway_target(model, name), name)


def _gateway_target(model: Model, name: str) -> Target:
    """Tell what kind of gateway `gateway_id` names, which is of several kinds."""
    if name == "local":
        return Target.LOCAL
    if name.startswith("igw-") or model.named(name, "aws_internet_gateway"):
        return Target.INTERNET
    if name.startswith("vgw-") or model.named(name, "aws_vpn_gateway"):
        return Target.VPN
    found = model.named(name, "aws_vpc_endpoint", *_GATEWAYS)
    return Target.ENDPOINT if found and found.type == "aws_vpc_endpoint" else Target.OTHER


def gateways(model: Model) -> Iterator[net.Gateway]:
    for one in model.of(*_GATEWAYS):
        subnet = one.text("subnet_id")
        vpc = one.text("vpc_id") or _attached(model, one) or model.vpc_of([subnet])
        if arn := one.text("vpc_arn"):
            found = model.named(arn, *VPCS)
            vpc = found.called("id") if found else arn
        yield net.Gateway(model.place(one), one.called("id"), _GATEWAYS[one.type], vpc, subnet)
    for one in model.resources:
        if one.type.startswith(_OPAQUE) and not one.data:
            model.unread.append(
                Unread("gateways", f"{one.address}: what a {one.type} makes is not to be seen here")
            )


def _attached(model: Model, gateway: Resource) -> str:
    for kind, (of, key) in _ATTACHMENTS.items():
        if of == gateway.type:
            for one in model.of(kind):
                if one.text(key) == gateway.called("id"):
                    return one.text("vpc_id")
    return ""


def public_addresses(model: Model) -> Iterator[net.PublicAddress]:
    for one in model.of("aws_eip"):
        identifier = one.called("id")
        users = [
            each
            for each in model.resources
            if identifier in (each.text("allocation_id"), each.text("eip_id"))
        ]
        attached = one.text("instance") or one.text("network_interface")
        for user in users:
            attached = (
                attached or user.text("instance_id") or user.text("network_interface_id") or user.called("id")
            )
        yield net.PublicAddress(model.place(one), identifier, "", attached)


def instances(model: Model) -> Iterator[net.Instance]:
    """Give instances, templates of them that ask for public addresses, and interfaces that forward."""
    for one in model.of("aws_instance", "aws_spot_instance_request"):
        yield net.Instance(
            model.place(one),
            one.called("id"),
            one.text("subnet_id"),
            one.texts("vpc_security_group_ids"),
            public_address=one.flag("associate_public_ip_address"),
            forwards=not one.flag("source_dest_check", default=True),
        )
    for one in model.of("aws_network_interface"):
        if not one.flag("source_dest_check", default=True):
            groups = one.texts("security_groups")
            yield net.Instance(
                model.place(one), one.called("id"), one.text("subnet_id"), groups, forwards=True
            )
    for one in model.of("aws_launch_template"):
        for each in one.blocks("network_interfaces"):
            if each.flag("associate_public_ip_address"):
                groups = each.texts("security_groups")
                yield net.Instance(
                    model.place(one), one.called("id"), each.text("subnet_id"), groups, public_address=True
                )


def flow_logs(model: Model) -> Iterator[net.FlowLog]:
    for one in model.of("aws_flow_log"):
        keys = ("vpc_id", "subnet_id", "eni_id", "transit_gateway_id", "transit_gateway_attachment_id")
        of = next((value for key in keys if (value := one.text(key))), "")
        yield net.FlowLog(model.place(one), one.called("id"), of, one.text("traffic_type") or "ALL")


def load_balancers(model: Model) -> Iterator[net.LoadBalancer]:
    listeners = list(model.of("aws_lb_listener", "aws_alb_listener"))
    for one in model.of("aws_lb", "aws_alb"):
        names = {one.text("arn"), one.text("id"), one.address} - {""}
        mapped = [each.text("subnet_id") for each in one.blocks("subnet_mapping")]
        yield net.LoadBalancer(
            model.place(one),
            one.called("id"),
            one.flag("internal"),
            tuple(dict.fromkeys((*one.texts("subnets"), *mapped))),
            one.texts("security_groups"),
            tuple(each.text("protocol") for each in listeners if each.text("load_balancer_arn") in names),
        )
    for one in model.of("aws_elb"):
        protocols = tuple(each.text("lb_protocol").upper() for each in one.blocks("listener"))
        seen = (one.texts("subnets"), one.texts("security_groups"), protocols)
        yield net.LoadBalancer(model.place(one), one.called("id"), one.flag("internal"), *seen)
