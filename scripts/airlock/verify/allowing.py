"""What a VPC endpoint's policy lets through: whose calls, to whose resources.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airlock.verify.policy import Condition, Policy, Statement

# Conditions that keep a call to an account or an organization: of who calls, and of whose resource it is.
CALLER = frozenset(
    ("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn")
)
RESOURCE = frozenset(("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"))
_MATCHING = ("stringequals", "stringlike", "arnequals", "arnlike")
_DIFFERING = ("stringnot", "arnnot")


def layer_bucket(region: str) -> str:
    """Return the ARN of the bucket in which ECR keeps the layers of a region's images.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
    """
    partition = (
        "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    )
    return f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket"


def allows_everything(policy: Policy) -> bool:
    """Tell whether a policy is AWS's default, or says the same."""
    return any(
        open_to_all(one) and any_resource(one) and one.names("any:Thing") and not one.conditions
        for one in policy.allowed
    ) and not any(not one.allows for one in policy.statements)


def unbound(policy: Policy) -> list[Statement]:
    """Return statements that let anybody's calls to any resource through."""
    keys = CALLER | RESOURCE
    return [
        one
        for one in policy.allowed
        if open_to_all(one) and any_resource(one) and not bound(one, keys) and not _denied(policy, keys)
    ]


def any_bucket(policy: Policy) -> list[Statement]:
    """Return statements that let calls to any bucket through, whoever makes them."""
    return [
        one
        for one in policy.allowed
        if any_resource(one)
        and (one.names("s3:PutObject") or one.names("s3:GetObject"))
        and not bound(one, RESOURCE)
        and not _denied(policy, RESOURCE)
    ]


def admits_layers(policy: Policy, region: str) -> bool:
    """Tell whether layers of images come through: ECR signs their addresses, so that the caller is none of ours."""
    layer = f"{layer_bucket(region)}/layer"
    keys = CALLER | RESOURCE
    return any(
        open_to_all(one) and one.names("s3:GetObject") and _names(one, layer) and not bound(one, keys)
        for one in policy.allowed
    ) and not any(_refuses(one, layer, keys) for one in policy.statements)


def open_to_all(statement: Statement) -> bool:
    """Tell whether a statement is for any principal; an endpoint's policy without one is for all."""
    whom = statement.principals
    return not whom or any(one.value == "*" for one in whom)


def any_resource(statement: Statement) -> bool:
    """Tell whether a statement is for resources of any name; those of S3 are buckets and what is in them."""
    return bool(statement.not_resources) or any(
        one == "*" or one.rpartition(":::")[2] in ("*", "*/*") for one in statement.resources
    )


def bound(statement: Statement, keys: frozenset[str]) -> bool:
    """Tell whether a condition keeps a statement to what some of the keys name.

    `…IfExists` and `ForAllValues` do not: where the key is missing, as for calls without credentials, they hold.
    """
    return any(
        one.key in keys and _operator(one).startswith(_MATCHING) and _narrow(one)
        for one in statement.conditions
    )


def _operator(condition: Condition) -> str:
    """Return a condition's operator where it holds for nothing without the key, or ""."""
    operator = condition.operator.removeprefix("foranyvalue:")
    return "" if operator.endswith("ifexists") or ":" in operator else operator


def _narrow(condition: Condition) -> bool:
    """Tell whether values leave out any account at all: an ARN does by its fifth part."""
    accounts = ((f"{one}:::::".split(":")[4] if one.startswith("arn:") else one) for one in condition.values)
    return all(one.strip("*/") for one in accounts)


def _denied(policy: Policy, keys: frozenset[str]) -> bool:
    """Tell whether a policy denies all that is of other accounts."""
    return any(
        not one.allows
        and open_to_all(one)
        and any_resource(one)
        and ("*" in one.actions or any(action.endswith(":*") for action in one.actions))
        and _but_for(one, keys)
        for one in policy.statements
    )


def _refuses(statement: Statement, resource: str, keys: frozenset[str]) -> bool:
    """Tell whether a statement denies reading an object, since it is not of ours or in any case."""
    return (
        not statement.allows
        and statement.names("s3:GetObject")
        and _names(statement, resource)
        and (_but_for(statement, keys) or not statement.conditions)
    )


def _but_for(statement: Statement, keys: frozenset[str]) -> bool:
    return any(one.key in keys and one.operator.startswith(_DIFFERING) for one in statement.conditions)


def _names(statement: Statement, resource: str) -> bool:
    if statement.not_resources:
        return not any(fnmatchcase(resource, one) for one in statement.not_resources)
    return any(fnmatchcase(resource, one) for one in statement.resources)
