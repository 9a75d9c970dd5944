"""Where a deployment is: its partition, region, account and VPCs; and the ARNs of what AWS names by an id alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airlock.verify.network import Place

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"))


@dataclass(frozen=True)
class Where:
    """A region of an account, and the VPCs that the deployment is in."""

    region: str
    account: str = ""
    vpcs: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        return next((one for begin, one in _PARTITIONS if self.region.startswith(begin)), "aws")

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def ec2(self, kind: str, identifier: str) -> Place:
        """Return the place of something of EC2's API, whose answers leave the ARN out."""
        return Place(self.arn("ec2", f"{kind}/{identifier}"))

    def within(self, name: str = "vpc-id") -> list[dict[str, Any]]:
        """Return EC2's filter for what is in these VPCs."""
        return [{"Name": name, "Values": list(self.vpcs)}]
