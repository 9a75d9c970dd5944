"""IAM policies, read as their grammar has it: what may be a word or a list is always a tuple.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.network import Place


@dataclass(frozen=True)
class Principal:
    """Whom a statement is about: `kind` is AWS, Service, Federated or CanonicalUser; `*` stands for all."""

    kind: str
    value: str


@dataclass(frozen=True)
class Condition:
    """One condition: `operator` and `key` in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. Of `actions` and `not_actions` one is empty, and so on."""

    allows: bool
    sid: str = ""
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def names(self, action: str) -> bool:
        """Tell whether an action is among those of the statement; wildcards and case are IAM's."""
        wanted = action.lower()
        if self.not_actions:
            return not any(fnmatchcase(wanted, one.lower()) for one in self.not_actions)
        return any(fnmatchcase(wanted, one.lower()) for one in self.actions)


@dataclass(frozen=True)
class Policy:
    """A policy of a resource, a role, a key or an endpoint, and what it is called."""

    place: Place
    name: str
    statements: tuple[Statement, ...]

    @property
    def allowed(self) -> Iterator[Statement]:
        return (one for one in self.statements if one.allows)


def read(place: Place, name: str, document: str | Mapping[str, Any]) -> Policy:
    """Read a policy from JSON, or from what JSON was read into. Raises ValueError where it is none."""
    read_in = json.loads(document) if isinstance(document, str) else document
    if not isinstance(read_in, dict):
        raise ValueError(f"the policy of {place.resource} is no object of JSON")  # noqa: TRY004 - as of JSON itself
    statements = read_in.get("Statement") or []
    listed = [statements] if isinstance(statements, dict) else statements
    try:
        return Policy(place, name, tuple(_statement(one) for one in listed))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"the policy of {place.resource} is no policy of IAM") from error


def _statement(one: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=one.get("Effect") == "Allow",
        sid=str(one.get("Sid", "")),
        principals=_principals(one.get("Principal")),
        not_principals=_principals(one.get("NotPrincipal")),
        actions=_words(one.get("Action")),
        not_actions=_words(one.get("NotAction")),
        resources=_words(one.get("Resource")),
        not_resources=_words(one.get("NotResource")),
        conditions=tuple(
            Condition(operator.lower(), key.lower(), _words(values))
            for operator, keys in (one.get("Condition") or {}).items()
            for key, values in keys.items()
        ),
    )


def _principals(found: Any) -> tuple[Principal, ...]:
    if found is None:
        return ()
    if isinstance(found, str):
        return (Principal("AWS", found),)
    return tuple(Principal(kind, one) for kind, values in found.items() for one in _words(values))


def _words(found: Any) -> tuple[str, ...]:
    if found is None:
        return ()
    return tuple(str(one) for one in found) if isinstance(found, list) else (str(found),)
