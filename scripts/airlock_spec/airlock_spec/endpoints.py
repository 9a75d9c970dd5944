"""The VPC endpoints of ADR-001, by the host names that AWS clients look up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """One VPC endpoint: its service (com.amazonaws.<region>.<service>) and a host that it serves.

    An interface endpoint answers on private addresses. A gateway endpoint is a route: its host keeps the
    service's public addresses, and only the way there is private.
    """

    service: str
    host: str  # with {region} and {account} to fill in
    gateway: bool = False

    def at(self, region: str, account: str) -> str:
        """Fill in the host; both may be templates, as `{{ params.region }}`."""
        return self.host.format(region=region, account=account)


ADR_001 = (
    Endpoint("ecr.api", "api.ecr.{region}.amazonaws.com"),
    # Its private DNS is a wildcard: any twelve digits resolve, but only below dkr.ecr.
    Endpoint("ecr.dkr", "{account}.dkr.ecr.{region}.amazonaws.com"),
    Endpoint("logs", "logs.{region}.amazonaws.com"),
    Endpoint("secretsmanager", "secretsmanager.{region}.amazonaws.com"),
    Endpoint("kms", "kms.{region}.amazonaws.com"),
    Endpoint("sts", "sts.{region}.amazonaws.com"),
    Endpoint("s3", "s3.{region}.amazonaws.com", gateway=True),
)
