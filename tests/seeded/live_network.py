"""Faults of the network in a deployment: ways out, and endpoints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from seeded.deployed import ANYWHERE, Deployed

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = (
    '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)

# ways out


def _gateway(one: Deployed, *destinations: str) -> None:
    gateway = one.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    one.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=one.vpc)
    for destination in destinations:
        one.route(GatewayId=gateway, DestinationCidrBlock=destination)


def _nat(one: Deployed) -> None:
    address = one.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = one.ec2.create_nat_gateway(SubnetId=one.subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    one.route(NatGatewayId=nat)


def _private_nat(one: Deployed) -> None:
    one.ec2.create_nat_gateway(SubnetId=one.subnet, ConnectivityType="private")


def _nat_instance(one: Deployed) -> None:
    image = one.ec2.describe_images()["Images"][0]["ImageId"]
    made = one.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=one.subnet)["Instances"][0]
    one.ec2.modify_instance_attribute(InstanceId=made["InstanceId"], SourceDestCheck={"Value": False})
    one.route(NetworkInterfaceId=made["NetworkInterfaces"][0]["NetworkInterfaceId"])


def _egress_only(one: Deployed) -> None:
    made = one.ec2.create_egress_only_internet_gateway(VpcId=one.vpc)["EgressOnlyInternetGateway"]
    one.ec2.create_route(
        RouteTableId=one.table,
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=made["EgressOnlyInternetGatewayId"],
    )


def _peering(one: Deployed) -> None:
    other = one.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = one.ec2.create_vpc_peering_connection(VpcId=one.vpc, PeerVpcId=other)["VpcPeeringConnection"]
    peering = made["VpcPeeringConnectionId"]
    one.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    one.route(VpcPeeringConnectionId=peering, DestinationCidrBlock="10.9.0.0/16")


def _transit(one: Deployed) -> None:
    transit = one.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    one.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=one.vpc, SubnetIds=[one.subnet]
    )
    one.route(TransitGatewayId=transit)


def _vpn(one: Deployed) -> None:
    gateway = one.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    one.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=one.vpc)


def _address(one: Deployed) -> None:
    """Give an interface an address: one that belongs to nothing is in no VPC."""
    interface = one.ec2.create_network_interface(SubnetId=one.subnet)["NetworkInterface"]
    address = one.ec2.allocate_address(Domain="vpc")["AllocationId"]
    one.ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface["NetworkInterfaceId"])


def _public_subnet(one: Deployed) -> None:
    one.ec2.modify_subnet_attribute(SubnetId=one.subnet, MapPublicIpOnLaunch={"Value": True})


# endpoints


def _without(service: str, one: Deployed) -> None:
    one.ec2.delete_vpc_endpoints(VpcEndpointIds=[one.outputs["endpoint_ids"][service]])


def _interfaces(one: Deployed, **changed: Any) -> None:
    for service in one.interfaces():
        one.made_anew(service, **changed)


def _zone_too_few(one: Deployed) -> None:
    _interfaces(one, SubnetIds=one.outputs["subnet_ids"][1:])


def _other_table(one: Deployed) -> None:
    table = one.ec2.create_route_table(VpcId=one.vpc)["RouteTable"]["RouteTableId"]
    by_table = [{"Name": "route-table-id", "Values": [one.table]}]
    for old in one.ec2.describe_route_tables(Filters=by_table)["RouteTables"][0]["Associations"]:
        one.ec2.replace_route_table_association(
            AssociationId=old["RouteTableAssociationId"], RouteTableId=table
        )


def _vpc(one: Deployed, *attributes: str) -> None:
    for attribute in attributes:
        one.ec2.modify_vpc_attribute(VpcId=one.vpc, **{attribute: {"Value": False}})


def _any_account(one: Deployed) -> None:
    for service in one.interfaces():
        one.endpoint_policy(
            service, lambda policy: policy["Statement"][0]["Condition"].pop("StringEquals", None)
        )


def _no_layers(one: Deployed) -> None:
    one.endpoint_policy("s3", lambda policy: policy["Statement"].pop())


def _any_bucket(one: Deployed) -> None:
    one.endpoint_policy("s3", lambda policy: policy["Statement"][0].update(Resource="*"))


_DEFAULT = "an internet gateway that is attached apart, and a route in the table itself"
_HALVES = ("0.0.0.0/1", "128.0.0.0/1")

SPOILED: dict[str, Callable[[Deployed], Any]] = {
    "an internet gateway": _gateway,
    "an internet gateway and a default route": lambda one: _gateway(one, ANYWHERE),
    "a default route in two halves": lambda one: _gateway(one, *_HALVES),
    "a route to public addresses": lambda one: _gateway(one, "52.0.0.0/8"),
    _DEFAULT: lambda one: _gateway(one, ANYWHERE),
    "a NAT gateway and a default route": _nat,
    "a private NAT gateway": _private_nat,
    "a NAT instance": _nat_instance,
    "an egress-only internet gateway": _egress_only,
    "a peering connection with a route": _peering,
    "a transit gateway and a default route": _transit,
    "a virtual private gateway": _vpn,
    "an Elastic IP address": _address,
    "subnets that give public addresses": _public_subnet,
    **{
        f"no endpoint for {service}": partial(_without, service)
        for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ecs")
    },
    "no endpoint for ECS Exec": partial(_without, "ssmmessages"),
    "no private DNS": lambda one: _interfaces(one, PrivateDnsEnabled=False),
    "endpoints in a zone too few": _zone_too_few,
    "S3's gateway without a route": lambda one: one.made_anew("s3", RouteTableIds=None),
    "subnets of a route table that the gateway does not know": _other_table,
    "a VPC without host names": lambda one: _vpc(one, "EnableDnsHostnames"),
    "a VPC without a resolver": lambda one: _vpc(one, "EnableDnsHostnames", "EnableDnsSupport"),
    "endpoints with the policy that allows everything": lambda one: _interfaces(
        one, PolicyDocument=EVERYTHING
    ),
    "endpoints open to every account": _any_account,
    "S3's gateway with the policy that allows everything": lambda one: one.made_anew(
        "s3", PolicyDocument=EVERYTHING
    ),
    "S3's gateway closed to ECR's layers": _no_layers,
    "S3's gateway open to every bucket": _any_bucket,
}
