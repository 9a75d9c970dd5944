"""References of images: the registry that one is in, and what of ECR its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = re.compile(
    r"^(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$"
)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class EcrImage:
    """An image in a private repository of ECR."""

    account: str
    region: str
    repository: str

    @property
    def arn(self) -> str:
        """The repository's."""
        partition = next(
            (name for begin, name in _PARTITIONS.items() if self.region.startswith(begin)), "aws"
        )
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.repository}"


def in_ecr(image: str) -> EcrImage | None:
    """Return what a reference says of ECR; None where it leads elsewhere."""
    host, _, path = image.partition("/")
    found = _HOST.match(host)
    return (
        EcrImage(found["account"], found["region"], path.partition("@")[0].partition(":")[0])
        if found
        else None
    )


def by_digest(image: str) -> bool:
    """Tell whether a reference names an image by its digest."""
    return bool(_DIGEST.search(image))


def registry(image: str) -> str:
    """Return the host of a reference, by Docker's rule: what has a dot or a port, or is localhost; else ""."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""
