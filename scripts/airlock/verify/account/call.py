"""What one call of AWS's API is: how boto3 names it, where its answer's list is, and which permission it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airlock.aws_failures import Service

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ANY = "*"  # of actions that take no resource


@dataclass(frozen=True)
class Call:
    """One call. `about` is what it reads, for people; `{}` in it is filled with a name.

    `listed` is the list in its answer, of which every page is read; `absent` are codes of errors that say only that
    there is none. `resource` is what the action is allowed on, with {partition}, {region}, {account} and {cluster}
    to fill in, as the Service Authorization Reference has it for the action; `kind` is the field of the inventory
    whose resources these are.
    """

    service: Service
    operation: str  # as the API has it
    about: str
    listed: str = ""
    absent: tuple[str, ...] = ()
    action: str = ""  # where it is not the operation's name
    resource: str = ANY
    kind: str = ""
    only: dict[str, dict[str, str]] = field(default_factory=dict)  # a condition on the action

    @property
    def method(self) -> str:
        """How boto3's client names it."""
        return _WORDS.sub("_", self.operation).lower()

    @property
    def permission(self) -> str:
        """The action of IAM that allows it."""
        prefix = _PREFIXES.get(self.service.name, self.service.name)
        return f"{prefix}:{self.action or self.operation}"

    def __hash__(self) -> int:
        return hash((self.service.name, self.operation))


_PREFIXES = {"accessanalyzer": "access-analyzer", "efs": "elasticfilesystem", "elbv2": "elasticloadbalancing"}
