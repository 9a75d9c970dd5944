"""A VPC, its subnets, route tables, endpoints and flow logs, as EC2 tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job, document
from airlock.verify.account.scope import Named
from airlock.verify.network import FlowLog, Route, RouteTable, Subnet, Target, Vpc, VpcEndpoint
from airlock_spec.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.account.api import Api
    from airlock.verify.account.where import Where

_GONE = frozenset({"deleted", "deleting", "expired", "failed", "rejected"})
# In this order: what leads to an instance names its interface, too.
_TARGETS = (
    ("NatGatewayId", Target.NAT),
    ("EgressOnlyInternetGatewayId", Target.EGRESS_ONLY),
    ("VpcPeeringConnectionId", Target.PEERING),
    ("TransitGatewayId", Target.TRANSIT),
    ("CarrierGatewayId", Target.CARRIER),
    ("CoreNetworkArn", Target.CORE_NETWORK),
    ("LocalGatewayId", Target.LOCAL_GATEWAY),
    ("InstanceId", Target.INSTANCE),
    ("NetworkInterfaceId", Target.INTERFACE),
)
_GATEWAYS = (("igw-", Target.INTERNET), ("vgw-", Target.VPN), ("vpce-", Target.ENDPOINT))
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def jobs(api: Api, where: Where) -> Iterator[Job]:
    """Give what there is to read of the network itself."""
    yield Job("vpcs", lambda: _vpcs(api, where))
    yield Job("subnets", lambda: _subnets(api, where))
    yield Job("route_tables", lambda: _route_tables(api, where))
    yield Job("endpoints", lambda: _endpoints(api, where))
    yield Job("flow_logs", lambda: _flow_logs(api, where))


def _vpcs(api: Api, where: Where) -> Iterator[Vpc]:
    for one in api.all(calls.VPCS, VpcIds=list(where.vpcs)):
        identifier = one["VpcId"]
        sets = (
            (one.get("CidrBlockAssociationSet", []), "CidrBlock"),
            (
                one.get("Ipv6CidrBlockAssociationSet", []),
                "Ipv6CidrBlock",
            ),
        )
        yield Vpc(
            place=where.ec2("vpc", identifier),
            id=identifier,
            cidrs=tuple(entry[key] for entries, key in sets for entry in entries) or (one["CidrBlock"],),
            dns_support=_attribute(api, identifier, "enableDnsSupport"),
            dns_hostnames=_attribute(api, identifier, "enableDnsHostnames"),
        )


def _attribute(api: Api, vpc: str, name: str) -> bool:
    told = api.one(calls.VPC_ATTRIBUTE, vpc, VpcId=vpc, Attribute=name)
    return bool(told[f"{name[0].upper()}{name[1:]}"]["Value"])


def _subnets(api: Api, where: Where) -> Iterator[Subnet]:
    for one in api.all(calls.SUBNETS, Filters=where.within()):
        yield Subnet(
            place=where.ec2("subnet", one["SubnetId"]),
            id=one["SubnetId"],
            vpc=one["VpcId"],
            zone=one["AvailabilityZone"],
            cidr=one.get("CidrBlock", ""),  # there are subnets of IPv6 alone
            public_addresses=bool(one.get("MapPublicIpOnLaunch")),
            ipv6_addresses=bool(one.get("AssignIpv6AddressOnCreation")),
        )


def _route_tables(api: Api, where: Where) -> Iterator[RouteTable]:
    for one in api.all(calls.ROUTE_TABLES, Filters=where.within()):
        place = where.ec2("route-table", one["RouteTableId"])
        associations = one.get("Associations", [])
        targets = [(route, *target(route)) for route in one.get("Routes", [])]
        yield RouteTable(
            place=place,
            id=one["RouteTableId"],
            vpc=one["VpcId"],
            main=any(entry.get("Main") for entry in associations),
            subnets=tuple(entry["SubnetId"] for entry in associations if entry.get("SubnetId")),
            routes=tuple(Route(place, destination(told), kind, led) for told, kind, led in targets),
        )


def target(route: Mapping[str, Any]) -> tuple[Target, str]:
    """Return what a route leads to, and its id."""
    for key, kind in _TARGETS:
        if found := route.get(key):
            return kind, str(found)
    gateway = str(route.get("GatewayId") or "")
    if gateway == "local":
        return Target.LOCAL, gateway
    return next((kind for begin, kind in _GATEWAYS if gateway.startswith(begin)), Target.OTHER), gateway


def destination(route: Mapping[str, Any]) -> str:
    return next((str(route[key]) for key in _DESTINATIONS if route.get(key)), "")


def _endpoints(api: Api, where: Where) -> Iterator[VpcEndpoint]:
    for one in api.all(calls.ENDPOINTS, Filters=where.within()):
        if one.get("State", "").lower() in _GONE:
            continue
        identifier = one["VpcEndpointId"]
        place = where.ec2("vpc-endpoint", identifier)
        gateway = one["VpcEndpointType"] == "Gateway"
        yield VpcEndpoint(
            place=place,
            id=identifier,
            service=short(one["ServiceName"], where.region),
            vpc=one["VpcId"],
            gateway=gateway,
            subnets=tuple(one.get("SubnetIds", [])),
            groups=tuple(entry["GroupId"] for entry in one.get("Groups", [])),
            route_tables=tuple(one.get("RouteTableIds", [])),
            private_dns=bool(one.get("PrivateDnsEnabled")) and not gateway,
            policy=document(place, identifier, one.get("PolicyDocument")),
        )


def short(name: str, region: str) -> str:
    """Return a service as the table of endpoints has it; a service of somebody else keeps its whole name."""
    for endpoint in ENDPOINTS:
        if name == endpoint.name(region):
            return endpoint.service
    for begin in (f"com.amazonaws.{region}.", f"cn.com.amazonaws.{region}."):
        if name.startswith(begin):
            return name.removeprefix(begin)
    return name


def _flow_logs(api: Api, where: Where) -> Iterator[FlowLog]:
    for one in _logs_of(api, where):
        place = where.ec2("vpc-flow-log", one["FlowLogId"])
        yield FlowLog(place, one["FlowLogId"], one["ResourceId"], one.get("TrafficType", ""))


def flow_logs_name(api: Api, where: Where) -> Named:
    """Return the log groups and buckets that flow logs are written to, and the roles that do it. Raises AwsError."""
    told = _logs_of(api, where)
    groups, buckets = set[str](), set[str]()
    for one in told:
        arn = one.get("LogDestination", "")
        if one.get("LogDestinationType") == "s3":
            buckets.add(arn.rpartition(":")[2].partition("/")[0])
        elif group := one.get("LogGroupName") or arn.partition(":log-group:")[2].removesuffix(":*"):
            groups.add(group)
    roles = {one["DeliverLogsPermissionArn"] for one in told if one.get("DeliverLogsPermissionArn")}
    return Named(roles=tuple(roles), log_groups=tuple(groups), buckets=tuple(buckets - {""}))


def _logs_of(api: Api, where: Where) -> list[Any]:
    """Return the logs of the VPC, its subnets and its interfaces: EC2 knows no filter for the VPC of the latter."""
    told = api.all(calls.FLOW_LOGS)
    if not told:
        return []
    ours = {*where.vpcs, *(one["SubnetId"] for one in api.all(calls.SUBNETS, Filters=where.within()))}
    if any(one["ResourceId"].startswith("eni-") for one in told):
        ours |= {one["NetworkInterfaceId"] for one in api.all(calls.INTERFACES, Filters=where.within())}
    return [one for one in told if one["ResourceId"] in ours]
