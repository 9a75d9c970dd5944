"""Security groups that are open to too many, or closed to those who must pass; and what nobody records."""

from __future__ import annotations

from seeded.fault import NETWORK, Edit, Fault

_GROUPS = "modules/network/security_groups.tf"
_FLOW = "modules/network/flow_logs.tf"


def _rule(group: str, direction: str, peer: str, ports: str = "from_port = 443\n  to_port = 443") -> str:
    protocol = "tcp" if ports else "-1"
    return f"""
resource "aws_vpc_security_group_{direction}_rule" "fault" {{
  security_group_id = {group}
  {peer}
  ip_protocol = "{protocol}"
  {ports}
}}
"""


_ENDPOINTS = "aws_security_group.endpoints.id"
_SCHEDULER = 'aws_security_group.service["scheduler"].id'

FAULTS = (
    Fault(
        "endpoints that the world may ask",
        ("AL731",),
        added=_rule(_ENDPOINTS, "ingress", 'cidr_ipv4 = "0.0.0.0/0"'),
        into=NETWORK,
    ),
    Fault(
        "endpoints that the world may ask by IPv6",
        ("AL731",),
        added=_rule(_ENDPOINTS, "ingress", 'cidr_ipv6 = "::/0"'),
        into=NETWORK,
    ),
    Fault(
        "a service that may talk to the world",
        ("AL731",),
        added=_rule(_SCHEDULER, "egress", 'cidr_ipv4 = "0.0.0.0/0"', ports=""),
        into=NETWORK,
    ),
    Fault(
        "rules of a group that are written into it",
        ("AL731",),
        added="""
resource "aws_security_group" "fault" {
  name   = "fault"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
""",
        into=NETWORK,
    ),
    Fault(
        "endpoints that the whole VPC may ask",
        ("AL732",),
        added=_rule(_ENDPOINTS, "ingress", "cidr_ipv4 = aws_vpc.this.cidr_block"),
        into=NETWORK,
    ),
    Fault(
        "a default security group with rules",
        ("AL734",),
        edits=(
            Edit(
                "modules/network/main.tf",
                r"  ingress = \[\]\n  egress  = \[\]\n",
                "  ingress {\n    protocol = -1\n    self = true\n    from_port = 0\n    to_port = 0\n  }\n",
            ),
        ),
    ),
    Fault(
        "endpoints that no service may ask",
        ("AL735",),
        edits=(
            Edit(
                _GROUPS,
                r'(resource "aws_vpc_security_group_ingress_rule" "endpoints" \{\n  for_each = )aws_security_group\.service',
                r"\1{}",
            ),
        ),
    ),
    Fault(
        "services that may not ask endpoints",
        ("AL735",),
        edits=(
            Edit(
                _GROUPS,
                r'(resource "aws_vpc_security_group_egress_rule" "endpoints" \{\n  for_each = )aws_security_group\.service',
                r"\1{}",
            ),
        ),
    ),
    Fault(
        "no rule for the addresses of S3",
        ("AL736",),
        edits=(
            Edit(
                _GROUPS,
                r'(resource "aws_vpc_security_group_egress_rule" "gateway" \{\n  for_each = )[^\n]*\n',
                r"\1{}\n",
            ),
        ),
    ),
    Fault(
        "no flow logs",
        ("AL741",),
        edits=(
            Edit(
                _FLOW,
                r'resource "aws_flow_log" "this" \{.*?\n\}\n',
                "",
            ),
        ),
    ),
    Fault(
        "flow logs of what is refused alone",
        ("AL741",),
        edits=(Edit(_FLOW, r'traffic_type +  = "ALL"|traffic_type +\s*= "ALL"', 'traffic_type = "REJECT"'),),
    ),
)
