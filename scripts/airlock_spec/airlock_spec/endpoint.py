"""What a VPC endpoint is, what it costs, and what may need one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airlock_spec import prices

# In AWS's regions in China names of hosts end in amazonaws.com.cn, and names of these services' interface endpoints
# begin with cn.com.amazonaws, those of others do not (https://github.com/aws/aws-cdk/issues/11140).
_CHINA = "cn-"
_NAMED_CN = frozenset(
    (
        "athena",
        "cloudformation",
        "databrew",
        "dms",
        "ec2",
        "ecr.api",
        "ecr.dkr",
        "elasticfilesystem",
        "kinesis-streams",
        "lambda",
        "monitoring",
        "rds",
        "redshift",
        "redshift-data",
        "sagemaker.api",
        "sagemaker.runtime",
        "sqs",
        "states",
        "sts",
        "transfer",
    )
)


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

    def name(self, region: str) -> str:
        """Return the name that a VPC endpoint is made by, in a region."""
        if self.only_in:
            return f"com.amazonaws.{self.service}"
        prefix = "cn." if region.startswith(_CHINA) and self.named_cn else ""
        return f"{prefix}com.amazonaws.{region}.{self.service}"

    @property
    def named_cn(self) -> bool:
        """Whether its name begins with cn.com.amazonaws in China."""
        return not self.gateway and self.service in _NAMED_CN

    def at(self, region: str, account: str) -> str:
        """Fill in the host; both may be templates, as `{{ params.region }}`."""
        host = self.host.format(region=region, account=account)
        return f"{host}.cn" if region.startswith(_CHINA) and host.endswith(".amazonaws.com") else host

    def monthly(self, zones: int) -> float:
        """Return what it costs a month in so many availability zones, in US dollars, before traffic.

        A gateway endpoint costs nothing.
        """
        return 0.0 if self.gateway else prices.ENDPOINT_HOUR.dollars * prices.HOURS * zones
