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
        ("AL741",),
        added=_rule(_ENDPOINTS, "ingress", 'cidr_ipv4 = "0.0.0.0/0"'),
        into=NETWORK,
    ),
    Fault(
        "endpoints that the world may ask by IPv6",
        ("AL741",),
        added=_rule(_ENDPOINTS, "ingress", 'cidr_ipv6 = "::/0"'),
        into=NETWORK,
    ),
    Fault(
        "a service that may talk to the world",
        ("AL741",),
        added=_rule(_SCHEDULER, "egress", 'cidr_ipv4 = "0.0.0.0/0"', ports=""),
        into=NETWORK,
    ),
    Fault(
        "rules of a group that are written into it",
        ("AL741",),
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
        ("AL742",),
        added=_rule(_ENDPOINTS, "ingress", "cidr_ipv4 = aws_vpc.this.cidr_block"),
        into=NETWORK,
    ),
    Fault(
        "a default security group with rules",
        ("AL745",),
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
        ("AL731",),
        edits=(
            Edit(
                _GROUPS,
                r'("aws_vpc_security_group_ingress_rule" "endpoints" \{\n  for_each = )aws_security_group\.service',
                r"\1{}",
            ),
        ),
    ),
    Fault(
        "services that may not ask endpoints",
        ("AL732",),
        edits=(
            Edit(
                _GROUPS,
                r'("aws_vpc_security_group_egress_rule" "endpoints" \{\n  for_each = )aws_security_group\.service',
                r"\1{}",
            ),
        ),
    ),
    Fault(
        "no rule for the addresses of S3",
        ("AL733",),
        edits=(
            Edit(
                _GROUPS,
                r'(resource "aws_vpc_security_group_egress_rule" "gateway" \{\n  for_each = )[^\n]*\n',
                r"\1{}\n",
            ),
        ),
    ),
    Fault(
        "endpoints that a subnet may ask by its range",
        ("AL743",),
        added=_rule(
            _ENDPOINTS, "ingress", "cidr_ipv4 = aws_subnet.private[var.availability_zones[0]].cidr_block"
        ),
        into=NETWORK,
    ),
    Fault(
        "a group open to another on all ports",
        ("AL744",),
        added=_rule(
            _SCHEDULER,
            "ingress",
            'referenced_security_group_id = aws_security_group.service["worker"].id',
            ports="",
        ),
        into=NETWORK,
    ),
    Fault(
        "a database that the scheduler may not ask",
        ("AL734",),
        edits=(
            Edit(
                "modules/database/network.tf",
                r"(ingress_rule\" \"clients\" \{\n  for_each = )var\.client_security_group_ids",
                r'\1{ for name, id in var.client_security_group_ids : name => id if name != "scheduler" }',
            ),
        ),
    ),
    Fault(
        "a load balancer that faces the internet, on plain HTTP",
        ("AL752", "AL753"),
        added="""
resource "aws_lb" "fault" {
  name               = "fault"
  internal           = false
  load_balancer_type = "application"
  subnets            = [for subnet in aws_subnet.private : subnet.id]
  security_groups    = [aws_security_group.service["api-server"].id]
}

resource "aws_lb_listener" "fault" {
  load_balancer_arn = aws_lb.fault.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "200"
    }
  }
}
""",
        into=NETWORK,
    ),
    Fault(
        "no flow logs",
        ("AL751",),
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
        ("AL751",),
        edits=(Edit(_FLOW, r'traffic_type +\s*= "ALL"', 'traffic_type = "REJECT"'),),
    ),
)
