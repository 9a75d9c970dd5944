"""The VPC endpoints that a deployment may need, by the host names that AWS clients look up, and what needs them."""

from __future__ import annotations

import re

from airlock_spec.endpoint import Endpoint, Need
from airlock_spec.services import SERVICES, WITHOUT

__all__ = (
    "ADR_001",
    "BY_CLIENT",
    "BY_SERVICE",
    "ENDPOINTS",
    "Endpoint",
    "Need",
    "remedy",
    "service_of",
    "service_of_host",
)

ENDPOINTS = (
    Endpoint("ecr.api", "api.ecr.{region}.amazonaws.com", (Need.FARGATE,), clients=("ecr",)),
    # Its private DNS is a wildcard: any twelve digits resolve, but only below dkr.ecr.
    Endpoint("ecr.dkr", "{account}.dkr.ecr.{region}.amazonaws.com", (Need.FARGATE,)),
    Endpoint("logs", "logs.{region}.amazonaws.com", (Need.FARGATE, Need.CLOUDWATCH_LOGS), clients=("logs",)),
    Endpoint(
        "secretsmanager",
        "secretsmanager.{region}.amazonaws.com",
        (Need.SECRETS_MANAGER,),
        clients=("secretsmanager",),
    ),
    Endpoint("kms", "kms.{region}.amazonaws.com", (Need.KEYS,), clients=("kms",)),
    Endpoint("sts", "sts.{region}.amazonaws.com", (Need.ROLES,), clients=("sts",)),
    Endpoint(
        "s3",
        "s3.{region}.amazonaws.com",
        (Need.FARGATE, Need.OBJECTS, Need.S3_LOGS, Need.S3_BUNDLE),
        gateway=True,
        clients=("s3",),
    ),
    Endpoint("ecs", "ecs.{region}.amazonaws.com", (Need.ECS,), clients=("ecs",)),
    Endpoint("batch", "batch.{region}.amazonaws.com", (Need.BATCH,), clients=("batch",)),
    Endpoint("lambda", "lambda.{region}.amazonaws.com", (Need.LAMBDA,), clients=("lambda",)),
    Endpoint("sqs", "sqs.{region}.amazonaws.com", (Need.CELERY, Need.LAMBDA_RESULTS), clients=("sqs",)),
    Endpoint("ssm", "ssm.{region}.amazonaws.com", (Need.PARAMETER_STORE,), clients=("ssm",)),
    Endpoint("ssmmessages", "ssmmessages.{region}.amazonaws.com", (Need.ECS_EXEC,)),
    Endpoint("elasticfilesystem", "elasticfilesystem.{region}.amazonaws.com", (Need.EFS,), clients=("efs",)),
    Endpoint("monitoring", "monitoring.{region}.amazonaws.com", (Need.METRICS,), clients=("cloudwatch",)),
    *SERVICES,
)
BY_SERVICE = {endpoint.service: endpoint for endpoint in ENDPOINTS}
BY_CLIENT = {client: endpoint.service for endpoint in ENDPOINTS for client in endpoint.clients}

# What the architecture's decision lists; it leaves out what executors need.
ADR_001 = tuple(
    BY_SERVICE[service] for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "kms", "sts", "s3")
)


def service_of(client: str) -> str:
    """Return the service that a boto3 client or resource talks to; "" where this table does not know it."""
    return BY_CLIENT.get(client, client if client in WITHOUT else "")


def service_of_host(host: str) -> str:
    """Return the service whose endpoint serves a host name, as `ecs` for `ecs.eu-west-1.amazonaws.com`, or ""."""
    name = host.lower().rstrip(".")
    if _BUCKET.search(name):
        return "s3"
    return next((service for service, pattern in _HOSTS.items() if pattern.fullmatch(name)), "")


def remedy(service: str, zones: int = 2) -> str:
    """Say what to do where a service has no endpoint; for people."""
    if service in WITHOUT:
        return f"AWS has no VPC endpoint for {service} ({WITHOUT[service]}): do this where there is a way out"
    endpoint = BY_SERVICE.get(service)
    if endpoint is None:
        return f"give the network a way to {service}, and name it in [tool.airlock.network] endpoints"
    price = (
        "a gateway endpoint is free"
        if endpoint.gateway
        else f"${endpoint.monthly(zones):.2f} a month in {zones} zones"
    )
    name = (
        f"com.amazonaws.{service}, in {endpoint.only_in} alone"
        if endpoint.only_in
        else f"com.amazonaws.REGION.{service}"
    )
    return f"make the endpoint {name} ({price}), and add {service!r} to [tool.airlock.network] endpoints"


def _pattern(host: str) -> re.Pattern[str]:
    return re.compile(
        re.escape(host).replace(r"\{region\}", r"[a-z0-9-]+").replace(r"\{account\}", r"\d{12}") + r"(\.cn)?"
    )


_HOSTS = {endpoint.service: _pattern(endpoint.host) for endpoint in reversed(ENDPOINTS)}
# Of a bucket, of the service without a region, and of both.
_BUCKET = re.compile(r"(^|\.)s3([.-][a-z]{2}(-[a-z]+)+-\d+)?\.amazonaws\.com(\.cn)?$")
