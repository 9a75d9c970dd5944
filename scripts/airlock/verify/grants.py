"""Whom and what a statement of a policy really admits: its principals, and what its conditions take away.

A condition narrows only where a request that lacks its key is refused: `…IfExists`, `ForAllValues:` and negated
operators let such a request pass, and a value that matches everything takes nothing away.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.verify.policy import Condition, Policy, Statement

ANYBODY = "*"
_EQUAL = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
_NEGATED = (
    *("stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"),
    "notipaddress",
)
_PATTERNS = ("stringlike", "arnequals", "arnlike", "stringnotlike", "arnnotequals", "arnnotlike")
# Keys that say who calls, or from where, as those who call cannot choose it.
WHO = frozenset(
    (
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner"),
        *(
            "aws:sourcevpc",
            "aws:sourcevpce",
            "aws:sourceip",
            "aws:userid",
            "aws:vpceaccount",
            "aws:vpceorgid",
            "aws:vpceorgpaths",
            "kms:calleraccount",
            "s3:dataaccesspointaccount",
            "s3:dataaccesspointarn",
        ),
    )
)
# Keys whose values are identifiers: a pattern of them, as `vpce-*` or `o-*`, is other people's, too.
_IDENTIFIERS = ("account", "orgid", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce")
_PASSED = "iam:passedtoservice"  # `*.amazonaws.com` are all there are
_PATHS = ("orgpaths", "aws:userid")  # which begin with an identifier
_FEWEST_BITS = 8  # nobody has a shorter range of IPv4
_ACCOUNTS = ("aws:principalaccount", "aws:sourceaccount", "kms:calleraccount", "aws:sourceowner")
_ACCOUNT_OF_ARN = 4  # arn:partition:service:region:account:resource
_ARNS = ("aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn")
_ACCOUNT = re.compile(r"^(?:arn:[^:]*:[^:]*:[^:]*:)?(\d{12})(?::|$)")
_WILD = re.compile(r"[*?]")
_OF_SERVICES = ("aws:principalisawsservice", "aws:viaawsservice")  # a Deny spares AWS's own calls by them


def anybody(statement: Statement) -> bool:
    """Tell whether principals are all there are, before conditions: `*`, or all but some."""
    if statement.allows and statement.not_principals:
        return True
    return any(one.value == ANYBODY for one in statement.principals)


def narrowed(statement: Statement, keys: Iterable[str] = WHO) -> bool:
    """Tell whether a condition limits who may do what a statement allows; `keys` may begin with a service's name."""
    wanted = tuple(keys)
    return any(limits(one, wanted) for one in statement.conditions)


def limiting(statement: Statement, key: str) -> tuple[str, ...]:
    """Return the values that a key must have for a statement to allow; () where it is not limited by the key."""
    return tuple(
        value
        for one in statement.conditions
        if limits(one, (key,))
        for value in one.values
        if value != UNKNOWN
    )


def limits(condition: Condition, keys: tuple[str, ...]) -> bool:
    """Tell whether a condition asks for certain values of one of these keys, or of one that begins so."""
    if not condition.key.startswith(keys) or not condition.values:
        return False
    quantifier, _, operator = condition.operator.rpartition(":")
    if quantifier == "forallvalues" or operator not in _EQUAL:
        return False
    return not _anything(condition, operator)


def _anything(condition: Condition, operator: str) -> bool:
    """Tell whether values of a condition, without its quantifier, are anybody's as well."""
    values = [value for value in condition.values if value != UNKNOWN]
    if operator.endswith("ipaddress"):
        return _all_addresses(values)
    return operator in _PATTERNS and any(_wide(condition.key, value) for value in values)


def _all_addresses(values: Iterable[str]) -> bool:
    """Tell whether ranges are, together, more than anybody has: two halves of everything are everything."""
    found: dict[int, list[Any]] = {4: [], 6: []}
    for value in values:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            continue
        found[network.version].append(network)
    return any(
        one.prefixlen < _FEWEST_BITS for some in found.values() for one in ipaddress.collapse_addresses(some)
    )


def _wide(key: str, value: str) -> bool:
    """Tell whether a pattern matches what others have, or may give themselves."""
    if key.endswith(_IDENTIFIERS):
        return bool(_WILD.search(value))
    if key.endswith(_PATHS):
        return bool(_WILD.search(re.split("[/:]", value)[0]))
    if value.startswith("arn:") or key in _ARNS:
        return any_account(value)
    return bool(_WILD.match(value)) if key == _PASSED else not value.strip("*?")


def any_account(arn: str) -> bool:
    """Tell whether a pattern matches ARNs of any account; those of buckets name none, but the bucket itself."""
    parts = arn.split(":", _ACCOUNT_OF_ARN + 1)
    if len(parts) <= _ACCOUNT_OF_ARN + 1:
        return bool(_WILD.search(arn))
    if parts[_ACCOUNT_OF_ARN]:
        return bool(_WILD.search(parts[_ACCOUNT_OF_ARN]))
    return bool(_WILD.match(parts[-1]))


def closed(statement: Statement, policy: Policy, keys: Iterable[str] = WHO) -> bool:
    """Tell whether a Deny of the same policy takes from all but some what a statement allows to all.

    Such a Deny is for everybody, for all the actions and resources, and only for those who are not these.
    """
    wanted = frozenset(keys)
    denials = (one for one in policy.statements if not one.allows and for_all(one))
    return any(_takes_all(one, statement) and _spares_few(one, wanted) for one in denials)


def for_all(statement: Statement) -> bool:
    """Tell whether a statement is about anybody; those of an endpoint's policy may leave out whom."""
    return anybody(statement) or not (statement.principals or statement.not_principals)


def _takes_all(denial: Statement, statement: Statement) -> bool:
    """Tell whether a Deny has all actions and resources of a statement; one of all but some may lack any."""
    if not _has_all(denial.actions, statement.actions or ("*",)):
        return False
    if not (denial.resources or denial.not_resources):
        return True  # as in policies of repositories and roles, which are about themselves
    return _has_all(denial.resources, statement.resources or ("*",))


def _has_all(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return all(any(fnmatchcase(name.lower(), one.lower()) for one in patterns) for name in names)


def _spares_few(denial: Statement, keys: frozenset[str]) -> bool:
    """Tell whether all conditions of a Deny exempt somebody who is named, and at least one is there."""
    named = [one for one in denial.conditions if not _spares_services(one)]
    return bool(named) and all(one.key in keys and _but_for_some(one) for one in named)


def _spares_services(condition: Condition) -> bool:
    no = {value.lower() for value in condition.values} == {"false"}
    return condition.key in _OF_SERVICES and condition.operator in ("bool", "boolifexists") and no


def _but_for_some(condition: Condition) -> bool:
    quantifier, _, operator = condition.operator.removesuffix("ifexists").rpartition(":")
    return operator in _NEGATED and quantifier != "foranyvalue" and not _anything(condition, operator)


def account_of(name: str) -> str:
    """Return the account of an ARN, or of a principal that is one; "" where it names none."""
    found = _ACCOUNT.match(name)
    return found[1] if found else ""


def accounts(statement: Statement) -> Iterator[str]:
    """Give the accounts that a statement admits by name: of principals, or of conditions on all and on services."""
    if not anybody(statement):
        yield from filter(None, (account_of(one.value) for one in statement.principals if one.kind == "AWS"))
        if not any(one.kind == "Service" for one in statement.principals):
            return  # who is named is who it says; a service acts for whom the conditions name
    for key in _ACCOUNTS:
        yield from limiting(statement, key)
    for key in _ARNS:
        yield from filter(None, (account_of(one) for one in limiting(statement, key)))


def whole_services(statement: Statement) -> Iterator[str]:
    """Give the actions of a statement that are all there are, of everything or of one service."""
    for one in statement.actions:
        service, _, action = one.partition(":")
        if "*" in service or (not action.strip("*?") and "*" in action):
            yield one


def shown(statement: Statement) -> str:
    """Return a statement's name, for evidence."""
    return f"statement {statement.sid}" if statement.sid else "a statement without a Sid"
