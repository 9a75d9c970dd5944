"""Endpoints that are not there, that do not answer, and that let too much through."""

from __future__ import annotations

from seeded.fault import NETWORK, Edit, Fault

_MAIN = "modules/network/main.tf"
_ENDPOINTS = "modules/network/endpoints.tf"


def _without(service: str) -> Edit:
    return Edit(
        _ENDPOINTS,
        r"for_each = var\.interface_endpoints\n",
        f'for_each = {{ for service, name in var.interface_endpoints : service => name if service != "{service}" }}\n',
    )


FAULTS = (
    *(
        Fault(f"no endpoint for {service}", ("AL721",), edits=(_without(service),))
        for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ecs")
    ),
    Fault(
        "no endpoint for ECS Exec",
        ("AL721",),
        edits=(_without("ssmmessages"),),
        variables={"exec": "true"},
    ),
    Fault(
        "no private DNS",
        ("AL723",),
        edits=(Edit(_ENDPOINTS, r"private_dns_enabled = true", "private_dns_enabled = false"),),
    ),
    Fault(
        "endpoints in a zone too few",
        ("AL724",),
        edits=(
            Edit(
                _ENDPOINTS,
                r"(\n  subnet_ids +)= local\.subnet_ids",
                r"\1= slice(local.subnet_ids, 1, length(local.subnet_ids))",
            ),
        ),
    ),
    Fault(
        "S3's gateway without a route",
        ("AL725",),
        edits=(
            Edit(
                _ENDPOINTS, r"route_table_ids   = \[aws_route_table\.private\.id\]", "route_table_ids   = []"
            ),
        ),
    ),
    Fault(
        "subnets of a route table that the gateway does not know",
        ("AL725",),
        edits=(
            Edit(
                _MAIN,
                r"route_table_id = aws_route_table\.private\.id",
                "route_table_id = aws_route_table.fault.id",
            ),
        ),
        added="""
resource "aws_route_table" "fault" {
  vpc_id = aws_vpc.this.id
}
""",
        into=NETWORK,
    ),
    Fault(
        "a VPC without host names",
        ("AL726",),
        edits=(Edit(_MAIN, "enable_dns_hostnames = true", "enable_dns_hostnames = false"),),
    ),
    Fault(
        "a VPC without a resolver",
        ("AL726",),
        edits=(
            Edit(_MAIN, "enable_dns_support   = true", "enable_dns_support   = false"),
            Edit(_MAIN, "enable_dns_hostnames = true", "enable_dns_hostnames = false"),
        ),
    ),
    Fault(
        "endpoints with the policy that allows everything",
        ("AL727",),
        edits=(Edit(_ENDPOINTS, r"\n  policy +=[^\n]*local\.own_account\)", ""),),
    ),
    Fault(
        "endpoints open to every account",
        ("AL728",),
        edits=(
            Edit(
                _ENDPOINTS,
                r'        StringEquals         = \{ "aws:PrincipalAccount" = var.account_id \}\n',
                "",
            ),
        ),
    ),
    Fault(
        "S3's gateway with the policy that allows everything",
        ("AL727",),
        edits=(
            Edit(
                _ENDPOINTS,
                r'each\.key == "s3" \? jsonencode\(local\.own_buckets\)',
                'each.key == "s3" ? null',
            ),
        ),
    ),
    Fault(
        "S3's gateway closed to ECR's layers",
        ("AL729",),
        edits=(Edit(_ENDPOINTS, "starport-layer-bucket", "another-bucket"),),
    ),
    Fault(
        "S3's gateway open to every bucket",
        ("AL720",),
        edits=(
            Edit(
                _ENDPOINTS,
                r'Resource  = flatten\(\[for arn in var\.bucket_arns : \[arn, "\$\{arn\}/\*"\]\]\)',
                'Resource  = "*"',
            ),
        ),
    ),
)
