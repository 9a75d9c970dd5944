"""What a VPC endpoint is, what it costs, and what may need one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Public list prices of us-east-1 (https://aws.amazon.com/privatelink/pricing/): an interface endpoint is billed for
# each hour in each availability zone, and by what passes; a gateway endpoint costs nothing.
PER_HOUR = 0.01  # US dollars
PER_GIGABYTE = 0.01
HOURS = 730  # a month, as AWS's calculator has it


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
    OPERATORS = "operators and hooks of the service"


@dataclass(frozen=True)
class Endpoint:
    """One VPC endpoint: its service (com.amazonaws.<region>.<service>), a host that it serves, and who needs it.

    An interface endpoint answers on private addresses. A gateway endpoint is a route: its host keeps the
    service's public addresses, and only the way there is private. `clients` are the names under which boto3
    knows what it serves. `only_in` is the one region where a global service has its endpoint.
    """

    service: str
    host: str  # with {region} and {account} to fill in
    needed_by: tuple[Need, ...] = ()
    gateway: bool = False
    clients: tuple[str, ...] = ()
    only_in: str = ""

    def at(self, region: str, account: str) -> str:
        """Fill in the host; both may be templates, as `{{ params.region }}`."""
        return self.host.format(region=region, account=account)

    def monthly(self, zones: int) -> float:
        """Return what it costs a month in so many availability zones, in US dollars, before traffic."""
        return 0.0 if self.gateway else PER_HOUR * HOURS * zones
