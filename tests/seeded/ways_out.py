"""Ways out of the VPC, and addresses that can be seen from outside."""

from __future__ import annotations

from seeded.fault import NETWORK, Edit, Fault

_GATEWAY = """
resource "aws_internet_gateway" "fault" {
  vpc_id = aws_vpc.this.id
}
"""
_ROUTE = """
resource "aws_route" "{name}" {{
  route_table_id = aws_route_table.private.id
  {destination}
  {target}
}}
"""
_FIRST = "aws_subnet.private[var.availability_zones[0]].id"


def _route(
    target: str, destination: str = 'destination_cidr_block = "0.0.0.0/0"', name: str = "fault"
) -> str:
    return _ROUTE.format(name=name, destination=destination, target=target)


FAULTS = (
    Fault("an internet gateway", ("AL701",), added=_GATEWAY, into=NETWORK),
    Fault(
        "an internet gateway and a default route",
        ("AL701", "AL706"),
        added=_GATEWAY + _route("gateway_id = aws_internet_gateway.fault.id"),
        into=NETWORK,
    ),
    Fault(
        "a default route in two halves",
        ("AL701", "AL706"),
        added=_GATEWAY
        + _route("gateway_id = aws_internet_gateway.fault.id", 'destination_cidr_block = "0.0.0.0/1"', "low")
        + _route(
            "gateway_id = aws_internet_gateway.fault.id", 'destination_cidr_block = "128.0.0.0/1"', "high"
        ),
        into=NETWORK,
    ),
    Fault(
        "a route to public addresses",
        ("AL701", "AL706"),
        added=_GATEWAY
        + _route("gateway_id = aws_internet_gateway.fault.id", 'destination_cidr_block = "52.0.0.0/8"'),
        into=NETWORK,
    ),
    Fault(
        "an internet gateway that is attached apart, and a route in the table itself",
        ("AL701", "AL706"),
        edits=(
            Edit(
                "modules/network/main.tf",
                r'(resource "aws_route_table" "private" \{\n  vpc_id = aws_vpc.this.id\n)',
                r'\1  route {\n    cidr_block = "0.0.0.0/0"\n    gateway_id = aws_internet_gateway.fault.id\n  }\n',
            ),
        ),
        added="""
resource "aws_internet_gateway" "fault" {}

resource "aws_internet_gateway_attachment" "fault" {
  internet_gateway_id = aws_internet_gateway.fault.id
  vpc_id              = aws_vpc.this.id
}
""",
        into=NETWORK,
    ),
    Fault(
        "a NAT gateway and a default route",
        ("AL702", "AL706"),
        added=f"""
resource "aws_eip" "fault" {{
  domain = "vpc"
}}

resource "aws_nat_gateway" "fault" {{
  allocation_id = aws_eip.fault.id
  subnet_id     = {_FIRST}
}}
{_route("nat_gateway_id = aws_nat_gateway.fault.id")}
""",
        into=NETWORK,
    ),
    Fault(
        "a private NAT gateway",
        ("AL702",),
        added=f"""
resource "aws_nat_gateway" "fault" {{
  connectivity_type = "private"
  subnet_id         = {_FIRST}
}}
""",
        into=NETWORK,
    ),
    Fault(
        "a NAT instance",
        ("AL703",),
        added=f"""
resource "aws_instance" "fault" {{
  ami               = "ami-0123456789abcdef0"
  instance_type     = "t4g.nano"
  subnet_id         = {_FIRST}
  source_dest_check = false
}}
{_route("network_interface_id = aws_instance.fault.primary_network_interface_id")}
""",
        into=NETWORK,
    ),
    Fault(
        "an egress-only internet gateway",
        ("AL704", "AL706"),
        added="""
resource "aws_egress_only_internet_gateway" "fault" {
  vpc_id = aws_vpc.this.id
}
"""
        + _route(
            "egress_only_gateway_id = aws_egress_only_internet_gateway.fault.id",
            'destination_ipv6_cidr_block = "::/0"',
        ),
        into=NETWORK,
    ),
    Fault(
        "a peering connection with a route",
        ("AL705",),
        added="""
resource "aws_vpc_peering_connection" "fault" {
  vpc_id      = aws_vpc.this.id
  peer_vpc_id = "vpc-0fedcba9876543210"
}
"""
        + _route(
            "vpc_peering_connection_id = aws_vpc_peering_connection.fault.id",
            'destination_cidr_block = "10.9.0.0/16"',
        ),
        into=NETWORK,
    ),
    Fault(
        "a transit gateway and a default route",
        ("AL705", "AL706"),
        added="""
resource "aws_ec2_transit_gateway_vpc_attachment" "fault" {
  transit_gateway_id = "tgw-0123456789abcdef0"
  vpc_id             = aws_vpc.this.id
  subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
}
"""
        + _route('transit_gateway_id = "tgw-0123456789abcdef0"'),
        into=NETWORK,
    ),
    Fault(
        "a virtual private gateway",
        ("AL705",),
        added="""
resource "aws_vpn_gateway" "fault" {
  vpc_id = aws_vpc.this.id
}
""",
        into=NETWORK,
    ),
    Fault(
        "an Elastic IP address",
        ("AL711",),
        added="""
resource "aws_eip" "fault" {
  domain = "vpc"
}
""",
        into=NETWORK,
    ),
    Fault(
        "subnets that give public addresses",
        ("AL712",),
        edits=(
            Edit(
                "modules/network/main.tf", "map_public_ip_on_launch = false", "map_public_ip_on_launch = true"
            ),
        ),
    ),
)
