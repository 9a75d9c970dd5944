"""A state that is looked things up in: resources by type, and by whatever others name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from airlock.verify import policy
from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN
from airlock.verify.services import Encryption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.network import Place
    from airlock.verify.policy import Policy
    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.state import Resource

_IDENTITIES = (
    "id", "arn", "name", "key_id", "bucket", "url", "arn_without_revision", "target_key_arn", "identifier",
    "cluster_identifier", "family", "internet_gateway_id",
)  # fmt: skip
_AWS_KEY = re.compile(r"(?:.*:)?alias/aws/.+")


@dataclass(frozen=True)
class Model:
    """The resources of a state, where their blocks are, and what of them could not be read."""

    resources: tuple[Resource, ...]
    modules: Modules
    unread: list[Unread] = field(default_factory=list)

    def of(self, *types: str) -> Iterator[Resource]:
        """Give the resources of some types that are made, not looked up."""
        return (one for one in self.resources if one.type in types and not one.data)

    def looked_up(self, *types: str) -> Iterator[Resource]:
        return (one for one in self.resources if one.type in types and one.data)

    def place(self, one: Resource) -> Place:
        return self.modules.place(one.address)

    @cached_property
    def _by_identity(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in self.resources:
            for name in {one.address, *(one.text(key) for key in _IDENTITIES)} - {"", UNKNOWN}:
                found.setdefault(name, []).append(one)
        return found

    def named(self, name: str, *types: str) -> Resource | None:
        """Return the resource, made or looked up, of one of these types that an id, ARN or name is of."""
        return next((one for one in self._by_identity.get(name, ()) if one.type in types), None)

    def beside(self, one: Resource, kind: str, key: str) -> Iterator[Resource]:
        """Give the resources of a type whose `key` names another one, as those that complete a bucket do."""
        return (each for each in self.of(kind) if self.named(each.text(key), one.type) is one)

    def policy(self, place: Place, name: str, text: str, kind: str) -> Policy | None:
        """Read a policy; one that is not known yet leaves its kind of resources unread."""
        if not text:
            return None
        try:
            return policy.read(place, name, text)
        except (ValueError, AttributeError, TypeError):
            cause = "is known after apply" if text == UNKNOWN else "is no policy"
            self.unread.append(Unread(kind, f"{place.resource}: its policy {cause}"))
            return None

    def policy_of(self, one: Resource, kind: str, beside: str = "", key: str = "") -> Policy | None:
        """Read the policy of a resource: its own attribute, or that of the resource which completes it."""
        for each in self.beside(one, beside, key) if beside else ():
            if found := self.policy(self.place(each), each.name, each.text("policy"), kind):
                return found
        return self.policy(self.place(one), one.name, one.text("policy"), kind)

    def encryption(self, key: str, *, on: bool) -> Encryption:
        """Return how something is encrypted; the names of AWS's own keys are no keys of the customer."""
        found = self.named(key, "aws_kms_alias")
        own = _AWS_KEY.fullmatch(key) or (found and _AWS_KEY.fullmatch(found.text("name")))
        return Encryption(on, "" if own else key)

    def default_group(self, vpc: str) -> tuple[str, ...]:
        """Return the security group that a VPC puts in place of none."""
        found = self.named(vpc, "aws_vpc", "aws_default_vpc")
        return (default_group_id(found),) if found else ()

    def vpc_of(self, subnets: Iterable[str]) -> str:
        """Return the VPC that subnets are in."""
        found = (self.named(one, "aws_subnet", "aws_default_subnet") for one in subnets)
        return next((one.text("vpc_id") for one in found if one), "")


def default_group_id(vpc: Resource) -> str:
    return vpc.text("default_security_group_id") or f"{vpc.address}.default_security_group_id"
