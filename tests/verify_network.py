"""The network of a deployment that keeps ADR-001: what rules of `airlock verify` must find nothing in."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from airlock.verify import policy
from airlock.verify.network import (
    FlowLog,
    LoadBalancer,
    Peer,
    Permission,
    Place,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Target,
    Vpc,
    VpcEndpoint,
)

ACCOUNT, REGION = "123456789012", "eu-west-1"
SUBNETS = ("subnet-a", "subnet-b", "subnet-c")
INTERFACES = ("ecr.api", "ecr.dkr", "ecs", "kms", "logs", "secretsmanager", "ssmmessages")
CLIENTS = ("sg-api", "sg-scheduler", "sg-processor", "sg-triggerer", "sg-worker")  # of endpoints
S3_LIST = "pl-s3"


def at(resource: str) -> Place:
    """Return the place of a block in the example's Terraform: each block has a line of its own."""
    return Place(resource, "infra/example/main.tf", 1 + crc32(resource.partition("[")[0].encode()) % 10_000)


def policy_of(resource: str, *statements: dict[str, Any]) -> policy.Policy:
    return policy.read(at(resource), resource, {"Version": "2012-10-17", "Statement": list(statements)})


def to_group(group: str, port: int, resource: str = "aws_vpc_security_group_egress_rule.one") -> Permission:
    """Return a rule for TCP on one port, to or from a group."""
    return Permission(at(resource), "tcp", port, port, Peer.GROUP, group)


def to_s3(resource: str = "aws_vpc_security_group_egress_rule.s3") -> Permission:
    return Permission(at(resource), "tcp", 443, 443, Peer.PREFIX_LIST, S3_LIST)


def to_range(cidr: str, protocol: str = "tcp", first: int = 443, last: int = 443) -> Permission:
    return Permission(at("aws_vpc_security_group_egress_rule.range"), protocol, first, last, Peer.RANGE, cidr)


def vpcs() -> tuple[Vpc, ...]:
    return (Vpc(at("aws_vpc.this"), "vpc-1", ("10.0.0.0/16",), dns_support=True, dns_hostnames=True),)


def subnets() -> tuple[Subnet, ...]:
    return tuple(
        Subnet(
            at(f'aws_subnet.private["{one[-1]}"]'),
            one,
            "vpc-1",
            f"{REGION}{one[-1]}",
            f"10.0.{16 * index}.0/20",
        )
        for index, one in enumerate(SUBNETS)
    )


def route_tables() -> tuple[RouteTable, ...]:
    local = Route(at("aws_route_table.private"), "10.0.0.0/16", Target.LOCAL, "local")
    s3 = Route(at("aws_vpc_endpoint.s3"), S3_LIST, Target.ENDPOINT, "vpce-s3")
    return (
        RouteTable(at("aws_default_route_table.this"), "rtb-main", "vpc-1", main=True),
        RouteTable(at("aws_route_table.private"), "rtb-1", "vpc-1", subnets=SUBNETS, routes=(local, s3)),
    )


def endpoints() -> tuple[VpcEndpoint, ...]:
    return (
        *(interface(one) for one in INTERFACES),
        VpcEndpoint(
            at("aws_vpc_endpoint.s3"),
            "vpce-s3",
            "s3",
            "vpc-1",
            gateway=True,
            route_tables=("rtb-1",),
            policy=s3_policy(),
        ),
    )


def interface(service: str) -> VpcEndpoint:
    resource = f'aws_vpc_endpoint.interface["{service}"]'
    return VpcEndpoint(
        at(resource),
        f"vpce-{service}",
        service,
        "vpc-1",
        subnets=SUBNETS,
        groups=("sg-endpoints",),
        private_dns=True,
        policy=policy_of(resource, ours(f"{service.partition('.')[0]}:*")),
    )


def ours(action: str, *resources: str) -> dict[str, Any]:
    """Return a statement that allows principals of this account alone."""
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": action,
        "Resource": list(resources) or "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    }


def s3_policy() -> policy.Policy:
    layers = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*",
    }
    dags = f"arn:aws:s3:::airflow-dags-{ACCOUNT}"
    return policy_of("aws_vpc_endpoint.s3", layers, ours("s3:*", dags, f"{dags}/*"))


def security_groups() -> tuple[SecurityGroup, ...]:
    common = (to_group("sg-endpoints", 443), to_s3(), to_group("sg-files", 2049))
    database = to_group("sg-database", 5432)
    cache = to_group("sg-cache", 6379)
    api = to_group("sg-api", 8080)
    return (
        SecurityGroup(at("aws_default_security_group.this"), "sg-default", "vpc-1", "default", default=True),
        _group("api", (to_group("sg-lb", 8080), *_from(("sg-worker",), 8080)), (*common, database)),
        _group("scheduler", (), (*common, database, cache)),
        _group("processor", (), (*common, database)),
        _group("triggerer", (), (*common, database)),
        _group("worker", (), (*common, cache, api)),
        _group("endpoints", _from(CLIENTS, 443)),
        _group("database", _from(CLIENTS[:4], 5432)),
        _group("cache", _from(("sg-scheduler", "sg-worker"), 6379)),
        _group("files", _from(CLIENTS, 2049)),
        _group("lb", (to_range("10.100.0.0/16"),), (api,)),
    )


def _from(groups: tuple[str, ...], port: int) -> tuple[Permission, ...]:
    return tuple(to_group(one, port, "aws_vpc_security_group_ingress_rule.one") for one in groups)


def _group(name: str, ingress: tuple[Permission, ...], egress: tuple[Permission, ...] = ()) -> SecurityGroup:
    return SecurityGroup(
        at(f"aws_security_group.{name}"),
        f"sg-{name}",
        "vpc-1",
        f"airflow-{name}",
        ingress=ingress,
        egress=egress,
    )


def prefix_lists() -> tuple[PrefixList, ...]:
    name = f"com.amazonaws.{REGION}.s3"
    return (PrefixList(at("data.aws_prefix_list.s3"), S3_LIST, name, ("3.5.64.0/21", "52.218.0.0/17")),)


def flow_logs() -> tuple[FlowLog, ...]:
    return (FlowLog(at("aws_flow_log.this"), "fl-1", "vpc-1", "ALL"),)


def load_balancers() -> tuple[LoadBalancer, ...]:
    return (
        LoadBalancer(
            at("aws_lb.this"), "lb-1", internal=True, subnets=SUBNETS, groups=("sg-lb",), protocols=("HTTPS",)
        ),
    )
