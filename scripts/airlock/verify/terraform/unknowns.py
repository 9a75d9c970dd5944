"""Fills in what a plan leaves open: the addresses that arguments refer to, else UNKNOWN."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.verify.terraform.references import References
    from airlock.verify.terraform.state import Resource

# Texts that are made of what they refer to, not names of it.
_DOCUMENTS = {"policy", "assume_role_policy", "container_definitions"}
# Which resources, and which field of an inventory they are in.
KINDS = {
    "aws_vpc": "vpcs", "aws_subnet": "subnets", "aws_route": "route_tables", "aws_route_table": "route_tables",
    "aws_route_table_association": "route_tables", "aws_vpc_endpoint": "endpoints",
    "aws_security_group": "security_groups", "aws_security_group_rule": "security_groups",
    "aws_vpc_security_group_ingress_rule": "security_groups", "aws_vpc_security_group_egress_rule": "security_groups",
    "aws_flow_log": "flow_logs", "aws_lb": "load_balancers", "aws_lb_listener": "load_balancers",
    "aws_efs_mount_target": "mount_targets", "aws_db_instance": "databases", "aws_rds_cluster": "databases",
    "aws_elasticache_replication_group": "caches", "aws_iam_role": "roles", "aws_iam_role_policy": "roles",
    "aws_iam_role_policy_attachment": "roles", "aws_ecs_service": "services",
    "aws_ecs_task_definition": "task_definitions",
}  # fmt: skip


@dataclass(frozen=True)
class Filling:
    """One resource that is filled in; `unread` collects what cannot be."""

    resource: Resource
    references: References
    unread: list[Unread] = field(default_factory=list)

    def filled(self, unknown: Mapping[str, Any]) -> Resource:
        expressions = self.references.arguments(self.resource)
        content = self._object(self.resource.content, unknown, expressions)
        made_by_aws = [key for key, open_ in unknown.items() if open_ is True and key not in expressions]
        own = {key: self.references.own(self.resource, key) for key in made_by_aws}
        return replace(self.resource, content={**content, **{key: name for key, name in own.items() if name}})

    def _object(
        self, content: Mapping[str, Any], unknown: Mapping[str, Any], expressions: Any
    ) -> dict[str, Any]:
        made = dict(content)
        for key, open_ in unknown.items():
            inner = expressions.get(key) if isinstance(expressions, dict) else None
            if inner is None and isinstance(expressions, dict) and "references" in expressions:
                inner = expressions  # the whole of it is one expression: which part names what, the key tells
            if open_ and inner is not None:
                made[key] = self._value(key, content.get(key), open_, inner)
        return made

    def _value(self, key: str, content: Any, open_: Any, expression: Any) -> Any:
        if isinstance(open_, list) and any(isinstance(one, dict) for one in open_):
            return [
                self._object(_at(content, at) or {}, _at(open_, at) or {}, _at_or_all(expression, at))
                for at in range(len(open_))
            ]
        if isinstance(open_, dict):
            return self._object(content or {}, open_, expression)
        if key in _DOCUMENTS:  # whose readers tell
            return UNKNOWN
        found = _fitting(key, self.references.named_by(self.resource, expression))
        several = isinstance(open_, list) or key.endswith("s")
        if not found or (len(found) > 1 and not several):
            self._tell(key)
        if several:
            known = [one for one in content or () if one is not None] if isinstance(content, list) else []
            return [*known, *(found or [UNKNOWN])]
        return found[0] if len(found) == 1 else UNKNOWN

    def _tell(self, key: str) -> None:
        if kind := KINDS.get(self.resource.type):
            self.unread.append(Unread(kind, f"{self.resource.address}: its {key} is known after apply"))


def _fitting(key: str, addresses: list[str]) -> list[str]:
    """Return those whose type has the words that a key ends with, if there are any: all, else."""
    stem = key
    for ending in ("_ids", "_id", "_arns", "_arn", "s"):
        if key.endswith(ending):
            stem = key.removesuffix(ending)
            break
    words = stem.split("_")
    for start in range(len(words)):
        ending = "_" + "_".join(words[start:])
        if fitting := [one for one in addresses if _type(one).endswith(ending)]:
            return fitting
    return addresses


def _type(address: str) -> str:
    parts = address.split("[")[-2 if address.endswith("]") else -1].split(".")
    return next((part for part in reversed(parts) if part.startswith("aws_")), "")


def _at(found: Any, index: int) -> Any:
    return found[index] if isinstance(found, list) and index < len(found) else None


def _at_or_all(expression: Any, index: int) -> Any:
    """Return the expressions of one of several blocks; those that `dynamic` made have one for all."""
    if isinstance(expression, list):
        return expression[index] if index < len(expression) else (expression[0] if expression else {})
    return expression
