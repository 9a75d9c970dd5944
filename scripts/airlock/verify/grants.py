"""Whom and what a statement of a policy really admits: its principals, and what its conditions take away.

A condition narrows only where a request that lacks its key is refused: `…IfExists`, `ForAllValues:` and negated
operators let such a request pass, and a value that matches everything takes nothing away.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

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
            "aws:vpcsourceip",
            "aws:userid",
            "kms:calleraccount",
        ),
    )
)
_ACCOUNTS = ("aws:principalaccount", "aws:sourceaccount", "kms:calleraccount", "aws:sourceowner")
_ACCOUNT_OF_ARN = 4  # arn:partition:service:region:account:resource
_ARNS = ("aws:principalarn", "aws:sourcearn")
_ACCOUNT = re.compile(r"^(?:arn:[^:]*:[^:]*:[^:]*:)?(\d{12})(?::|$)")
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
    return not any(_everything(value, operator) for value in condition.values)


def _everything(value: str, operator: str) -> bool:
    """Tell whether a value takes nothing away: all strings, ARNs of any account, all addresses."""
    if value == UNKNOWN:
        return False
    if operator.endswith("ipaddress"):
        try:
            return ipaddress.ip_network(value, strict=False).prefixlen == 0
        except ValueError:
            return False
    if operator not in _PATTERNS:
        return False
    parts = value.split(":")
    if parts[0] == "arn" and len(parts) > _ACCOUNT_OF_ARN:
        return "*" in parts[_ACCOUNT_OF_ARN] or (parts[2] == "s3" and not parts[-1].strip("*?"))
    return not value.strip("*?")


def closed(statement: Statement, policy: Policy) -> bool:
    """Tell whether a Deny of the same policy takes from all but some what a statement allows to all.

    Such a Deny is for everybody, for all the actions and resources, and only for those who are not these.
    """
    denials = (one for one in policy.statements if not one.allows and anybody(one))
    return any(_takes_all(one, statement) and _spares_few(one) for one in denials)


def _takes_all(denial: Statement, statement: Statement) -> bool:
    actions = statement.actions and all(denial.names(one) for one in statement.actions)
    resources = denial.resources and all(
        any(fnmatchcase(one, pattern) for pattern in denial.resources) for one in statement.resources
    )
    return bool(actions and resources)


def _spares_few(denial: Statement) -> bool:
    """Tell whether all conditions of a Deny exempt somebody who is named, and at least one is there."""
    named = [one for one in denial.conditions if one.key not in _OF_SERVICES]
    return bool(named) and all(
        one.key in WHO
        and one.operator.rpartition(":")[2].removesuffix("ifexists") in _NEGATED
        and not one.operator.startswith("foranyvalue:")
        and not any(_everything(value, one.operator.removesuffix("ifexists")) for value in one.values)
        for one in named
    )


def account_of(name: str) -> str:
    """Return the account of an ARN, or of a principal that is one; "" where it names none."""
    found = _ACCOUNT.match(name)
    return found[1] if found else ""


def accounts(statement: Statement) -> Iterator[str]:
    """Give the accounts that a statement admits by name: of principals, or of conditions on all of them."""
    if not anybody(statement):
        yield from filter(None, (account_of(one.value) for one in statement.principals if one.kind == "AWS"))
        return
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
