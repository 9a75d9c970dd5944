"""What leads out of a VPC and into it: gateways, public addresses, instances that forward, load balancers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job
from airlock.verify.network import Gateway, Instance, LoadBalancer, Place, PublicAddress, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.account.api import Api
    from airlock.verify.account.where import Where

_GONE = frozenset(
    {
        "deleted",
        "deleting",
        "detached",
        "detaching",
        "expired",
        "failed",
        "rejected",
        "shutting-down",
        "terminated",
    }
)


def jobs(api: Api, where: Where) -> Iterator[Job]:
    """Give what there is to read of ways out and in."""
    for read in (_internet, _nat, _egress_only, _peerings, _transit, _vpn, _carrier):
        yield Job("gateways", partial(read, api, where))
    yield Job("public_addresses", lambda: _addresses(api, where))
    yield Job("instances", lambda: _instances(api, where))
    yield Job("load_balancers", lambda: _load_balancers(api, where))


def _internet(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.INTERNET_GATEWAYS, Filters=where.within("attachment.vpc-id")):
        for vpc in _attached(one.get("Attachments", []), where):
            place = where.ec2("internet-gateway", one["InternetGatewayId"])
            yield Gateway(place, one["InternetGatewayId"], Target.INTERNET, vpc)


def _nat(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.NAT_GATEWAYS, Filter=where.within()):
        if _is_there(one):
            place = where.ec2("natgateway", one["NatGatewayId"])
            subnet = one.get("SubnetId", "")  # a regional one is in none
            yield Gateway(place, one["NatGatewayId"], Target.NAT, one["VpcId"], subnet)


def _egress_only(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.EGRESS_ONLY):  # which knows no filter but tags
        for vpc in _attached(one.get("Attachments", []), where):
            identifier = one["EgressOnlyInternetGatewayId"]
            place = where.ec2("egress-only-internet-gateway", identifier)
            yield Gateway(place, identifier, Target.EGRESS_ONLY, vpc)


def _peerings(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.PEERINGS):  # two filters, one for each side, would be two calls
        sides = (one.get("RequesterVpcInfo", {}).get("VpcId"), one.get("AccepterVpcInfo", {}).get("VpcId"))
        if one.get("Status", {}).get("Code") in _GONE:
            continue
        for vpc in sides:
            if vpc in where.vpcs:
                identifier = one["VpcPeeringConnectionId"]
                place = where.ec2("vpc-peering-connection", identifier)
                yield Gateway(place, identifier, Target.PEERING, vpc)


def _transit(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.TRANSIT, Filters=where.within()):
        if _is_there(one) and one.get("VpcId") in where.vpcs:
            place = where.ec2("transit-gateway-attachment", one["TransitGatewayAttachmentId"])
            yield Gateway(place, one["TransitGatewayId"], Target.TRANSIT, one["VpcId"])


def _vpn(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.VPN_GATEWAYS, Filters=where.within("attachment.vpc-id")):
        if _is_there(one):
            for vpc in _attached(one.get("VpcAttachments", []), where):
                place = where.ec2("vpn-gateway", one["VpnGatewayId"])
                yield Gateway(place, one["VpnGatewayId"], Target.VPN, vpc)


def _carrier(api: Api, where: Where) -> Iterator[Gateway]:
    for one in api.all(calls.CARRIER_GATEWAYS, Filters=where.within()):
        if _is_there(one) and one.get("VpcId") in where.vpcs:
            place = where.ec2("carrier-gateway", one["CarrierGatewayId"])
            yield Gateway(place, one["CarrierGatewayId"], Target.CARRIER, one["VpcId"])


def _is_there(one: Mapping[str, Any]) -> bool:
    return str(one.get("State", "")).lower() not in _GONE


def _attached(attachments: list[Any], where: Where) -> Iterator[str]:
    for one in attachments:
        if one.get("VpcId") in where.vpcs and one.get("State") not in _GONE:
            yield str(one["VpcId"])


def _addresses(api: Api, where: Where) -> Iterator[PublicAddress]:
    """Find public addresses at interfaces: Elastic IP addresses, and those that AWS lends.

    An Elastic IP address that is attached to nothing belongs to an account, not to a deployment.
    """
    for one in api.all(calls.INTERFACES, Filters=where.within()):
        told = [
            one.get("Association", {}),
            *(ip.get("Association", {}) for ip in one.get("PrivateIpAddresses", [])),
        ]
        interface = one["NetworkInterfaceId"]
        holder = one.get("Attachment", {}).get("InstanceId") or interface
        for address in {entry["PublicIp"]: entry for entry in told if entry.get("PublicIp")}.values():
            allocated = address.get("AllocationId", "")
            kind = ("elastic-ip", allocated) if allocated else ("network-interface", interface)
            yield PublicAddress(where.ec2(*kind), kind[1], address["PublicIp"], holder)


def _instances(api: Api, where: Where) -> Iterator[Instance]:
    for reservation in api.all(calls.INSTANCES, Filters=where.within()):
        for one in reservation["Instances"]:
            if one.get("State", {}).get("Name") in _GONE:
                continue
            interfaces = one.get("NetworkInterfaces", [])
            yield Instance(
                place=where.ec2("instance", one["InstanceId"]),
                id=one["InstanceId"],
                subnet=one.get("SubnetId", ""),
                groups=tuple(entry["GroupId"] for entry in one.get("SecurityGroups", [])),
                public_address=bool(one.get("PublicIpAddress")),
                forwards=any(entry.get("SourceDestCheck") is False for entry in (one, *interfaces)),
            )


def _load_balancers(api: Api, where: Where) -> Iterator[LoadBalancer]:
    for one in api.all(calls.LOAD_BALANCERS):  # which knows no filter for VPCs
        if one.get("VpcId") in where.vpcs:
            arn = one["LoadBalancerArn"]
            listeners = api.all(calls.LISTENERS, one["LoadBalancerName"], LoadBalancerArn=arn)
            yield LoadBalancer(
                place=Place(arn),
                id=arn,
                internal=one.get("Scheme") == "internal",
                subnets=tuple(
                    zone["SubnetId"] for zone in one.get("AvailabilityZones", []) if "SubnetId" in zone
                ),
                groups=tuple(one.get("SecurityGroups", [])),
                protocols=tuple(sorted({entry.get("Protocol", "") for entry in listeners} - {""})),
            )
