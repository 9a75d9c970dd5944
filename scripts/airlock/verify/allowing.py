"""What a VPC endpoint's policy lets through: whose calls, to whose resources.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.verify import grants
from airlock.verify.network import partition

if TYPE_CHECKING:
    from airlock.verify.policy import Policy, Statement

# Conditions that keep a call to an account or an organization: of who calls, and of whose resource it is.
CALLER = frozenset(
    ("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn")
)
RESOURCE = frozenset(("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"))
_DIFFERING = ("stringnot", "arnnot")


def layer_bucket(region: str) -> str:
    """Return the ARN of the bucket in which ECR keeps the layers of a region's images.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
    """
    return f"arn:{partition(region)}:s3:::prod-{region}-starport-layer-bucket"


def allows_everything(policy: Policy) -> bool:
    """Tell whether a policy is AWS's default, or says the same."""
    return any(
        grants.for_all(one) and "*" in one.resources and one.names("any:Thing") and not one.conditions
        for one in policy.allowed
    ) and not any(not one.allows for one in policy.statements)


def unbound(policy: Policy) -> list[Statement]:
    """Return statements that let anybody's calls to any resource through."""
    keys = CALLER | RESOURCE
    return [
        one
        for one in policy.allowed
        if grants.for_all(one)
        and any_resource(one)
        and not grants.narrowed(one, keys)
        and not _denied(one, policy, keys)
    ]


def any_bucket(policy: Policy) -> list[Statement]:
    """Return statements that let calls to any bucket through, whoever makes them."""
    return [
        one
        for one in policy.allowed
        if any_resource(one)
        and (one.names("s3:PutObject") or one.names("s3:GetObject"))
        and not grants.narrowed(one, RESOURCE)
        and not _denied(one, policy, RESOURCE)
    ]


def admits_layers(policy: Policy, region: str) -> bool:
    """Tell whether layers of images come through: ECR signs their addresses, so that the caller is none of ours."""
    layer = f"{layer_bucket(region)}/layer"
    keys = CALLER | RESOURCE
    return any(
        grants.for_all(one)
        and one.names("s3:GetObject")
        and _names(one, layer)
        and not grants.narrowed(one, keys)
        for one in policy.allowed
    ) and not any(_refuses(one, layer, keys) for one in policy.statements)


def any_resource(statement: Statement) -> bool:
    """Tell whether a statement is for resources of other accounts: a bucket is known by its name alone."""
    return bool(statement.not_resources) or any(grants.any_account(one) for one in statement.resources)


def _denied(statement: Statement, policy: Policy, keys: frozenset[str]) -> bool:
    """Tell whether a policy denies what of a statement is of other accounts.

    An endpoint carries the calls of one service: of all calls, those of a whole service are all.
    """
    whole = {each for one in policy.statements if not one.allows for each in one.actions if each[-2:] == ":*"}
    of = (whole | {"*"}) if "*" in statement.actions else set()
    return grants.closed(statement, policy, keys) or any(
        grants.closed(replace(statement, actions=(one,)), policy, keys) for one in of
    )


def _refuses(statement: Statement, resource: str, keys: frozenset[str]) -> bool:
    """Tell whether a statement denies reading an object, since it is not of ours or in any case."""
    return (
        not statement.allows
        and grants.for_all(statement)
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
