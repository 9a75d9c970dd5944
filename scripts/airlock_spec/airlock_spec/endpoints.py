"""The VPC endpoints that a deployment may need, by the host names that AWS clients look up, and what needs them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What may need an endpoint, in words for people."""

    FARGATE = "every Fargate task"
    OBJECTS = "objects in S3"
    S3_LOGS = "remote logs in S3"
    S3_BUNDLE = "a DAG bundle in S3"
    CLOUDWATCH_LOGS = "remote logs in CloudWatch"
    SECRETS_MANAGER = "secrets from Secrets Manager"
    PARAMETER_STORE = "secrets from the Parameter Store"
    ECS = "the ECS executor, operators of ECS"
    BATCH = "the Batch executor, operators of Batch"
    LAMBDA = "the Lambda executor, operators of Lambda"
    LAMBDA_RESULTS = "the Lambda executor's results"
    CELERY = "Celery over SQS"
    ECS_EXEC = "ECS Exec"
    KEYS = "calls of KMS by the tasks themselves"  # encryption at rest is the services' own business
    ROLES = "connections that assume a role"  # a task's own credentials are link-local
    EFS = "the API of EFS"  # mounts need none of it
    METRICS = "metrics in CloudWatch"


@dataclass(frozen=True)
class Endpoint:
    """One VPC endpoint: its service (com.amazonaws.<region>.<service>), a host that it serves, and who needs it.

    An interface endpoint answers on private addresses. A gateway endpoint is a route: its host keeps the
    service's public addresses, and only the way there is private.
    """

    service: str
    host: str  # with {region} and {account} to fill in
    needed_by: tuple[Need, ...] = ()
    gateway: bool = False

    def at(self, region: str, account: str) -> str:
        """Fill in the host; both may be templates, as `{{ params.region }}`."""
        return self.host.format(region=region, account=account)


ENDPOINTS = (
    Endpoint("ecr.api", "api.ecr.{region}.amazonaws.com", (Need.FARGATE,)),
    # Its private DNS is a wildcard: any twelve digits resolve, but only below dkr.ecr.
    Endpoint("ecr.dkr", "{account}.dkr.ecr.{region}.amazonaws.com", (Need.FARGATE,)),
    Endpoint("logs", "logs.{region}.amazonaws.com", (Need.FARGATE, Need.CLOUDWATCH_LOGS)),
    Endpoint("secretsmanager", "secretsmanager.{region}.amazonaws.com", (Need.SECRETS_MANAGER,)),
    Endpoint("kms", "kms.{region}.amazonaws.com", (Need.KEYS,)),
    Endpoint("sts", "sts.{region}.amazonaws.com", (Need.ROLES,)),
    Endpoint(
        "s3",
        "s3.{region}.amazonaws.com",
        (Need.FARGATE, Need.OBJECTS, Need.S3_LOGS, Need.S3_BUNDLE),
        gateway=True,
    ),
    Endpoint("ecs", "ecs.{region}.amazonaws.com", (Need.ECS,)),
    Endpoint("batch", "batch.{region}.amazonaws.com", (Need.BATCH,)),
    Endpoint("lambda", "lambda.{region}.amazonaws.com", (Need.LAMBDA,)),
    Endpoint("sqs", "sqs.{region}.amazonaws.com", (Need.CELERY, Need.LAMBDA_RESULTS)),
    Endpoint("ssm", "ssm.{region}.amazonaws.com", (Need.PARAMETER_STORE,)),
    Endpoint("ssmmessages", "ssmmessages.{region}.amazonaws.com", (Need.ECS_EXEC,)),
    Endpoint("elasticfilesystem", "elasticfilesystem.{region}.amazonaws.com", (Need.EFS,)),
    Endpoint("monitoring", "monitoring.{region}.amazonaws.com", (Need.METRICS,)),
)
BY_SERVICE = {endpoint.service: endpoint for endpoint in ENDPOINTS}

# What the architecture's decision lists; it leaves out what executors need.
ADR_001 = tuple(
    BY_SERVICE[service] for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "kms", "sts", "s3")
)
