"""Turns what uv says when it finds no solution into a failure that names our own lines."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from airlock.errors import AirlockError, FetchError, ResolveError
from airlock.index.failures import refused
from airlock.index.locations import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.locks.intent import Asked

_NOT_FOUND = "was not found in the package registry"
_LONGEST = 2000  # characters of an explanation; its end holds the conclusion
# A package as uv writes it: name[extra]{marker}>=1,<2
_PACKAGE = r"(?<![\w.=<>,'-])([A-Za-z][\w.-]*)(?:\[[^\]]*\])?(?:\{[^}]*\})?(?:[<>=!]\S*)?"
_NO_WHEEL = re.compile(rf"Wheels are required for `([\w.-]+)`|{_PACKAGE} ha(?:s|ve) no (?:usable )?wheels")
# what uv hints at where an index refuses to answer: to the resolver its packages merely do not exist
_REFUSED = re.compile(r"An index(?: URL)? \((\S+)\) [^\n]*?\b(401|403) (?:Unauthorized|Forbidden)")
_NETWORK = ("Failed to fetch", "Request failed", "error sending request", "401 Unauthorized", "403 Forbidden")


def explain(messages: str, asked: Iterable[Asked], where: str, limits: Iterable[Asked] = ()) -> AirlockError:
    """Describe uv's failure; `where` is what was resolved, as "linux/amd64" or "the toolchain".

    `limits` are the lines of constraints that it had to stay within.

    Returns FetchError where the index did not answer, else ResolveError.
    """
    explanation = _explanation(messages)
    shown = explanation if len(explanation) <= _LONGEST else "…" + explanation[-_LONGEST:]
    ours = [one for one in asked if _mentions(explanation, one.name)]
    cause = "\n".join(
        [
            redact_text(shown),
            *_listed("asked for by", ours),
            *_listed("held to by", [one for one in limits if _mentions(explanation, one.name)]),
        ]
    )
    if "No solution found" not in messages:
        if any(sign in messages for sign in _NETWORK):
            return FetchError(
                "the package index does not answer",
                cause=redact_text(shown),
                remedy="check the index in pip's or uv's configuration, then run: airlock lock",
            )
        return ResolveError(f"uv could not resolve {where}", cause=cause)
    if _NOT_FOUND in messages and (refusal := _REFUSED.search(messages)):
        return refused(refusal[1], refusal[2], "\n".join(_listed("asked for by", ours)))
    if name := lacks_wheel(messages):
        return no_wheel(name, where, "\n".join([*_wanted(name, explanation, ours), _conclusion(shown)]))
    return ResolveError(
        f"no set of versions satisfies the intent for {where}", cause=cause, remedy=_remedy(messages)
    )


def lacks_dates(messages: str) -> bool:
    """Whether uv failed over a package of whose files the index gives no upload time (PEP 700)."""
    undated = re.findall(r"`([\w.]+?)-\d[^`]*` is missing an upload date", messages)
    blamed = re.findall(r"`([\w.-]+)` was filtered by `exclude-newer`", messages)
    blamed += re.findall(r"([\w.-]+?)(?:[<>=!]\S*)? has no publish time", messages)
    return not {canonicalize_name(name) for name in undated}.isdisjoint(map(canonicalize_name, blamed))


def lacks_wheel(messages: str) -> str | None:
    """Return the package that uv blames for having no wheel, and no source either where that would do."""
    if "No solution found" not in messages:
        return None
    missing = _NO_WHEEL.search(messages.partition("hint:")[2]) or _NO_WHEEL.search(_explanation(messages))
    return canonicalize_name(missing[1] or missing[2]) if missing else None


def mentioned(messages: str, names: Iterable[str]) -> set[str]:
    """Return those of `names` that uv's explanation speaks of."""
    explanation = _explanation(messages)
    return {name for name in names if _mentions(explanation, name)}


def no_wheel(package: str, where: str, cause: str) -> ResolveError:
    """Describe a package without a wheel where none can be built; `cause` says who wants it."""
    return ResolveError(
        f"{package} has no wheel for {where}, and none can be built",
        cause=cause,
        remedy="use a version that has one, drop what asks for it, or build its wheel once and serve it from an index"
        " of your own",
    )


def _explanation(messages: str) -> str:
    """Take uv's reasons without its hints, which speak of options that airlock does not have."""
    text = re.split(r"^hint:", messages, maxsplit=1, flags=re.MULTILINE)[0]
    text = "\n".join(
        line for line in text.splitlines() if not line.startswith(("warning:", "Resolved ", "Using "))
    )
    text = re.sub(r"^error: No solution found[^\n]*\n", "", text.strip())
    text = re.sub(r"^(\s*)cause: ", r"\1       ", text, flags=re.MULTILINE)
    return textwrap.dedent(text).strip()


def _mentions(text: str, name: str) -> bool:
    """Whether a package's name stands in the text as a whole word (not as the head of a longer name)."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def _wanted(name: str, explanation: str, ours: Iterable[Asked]) -> list[str]:
    ours = tuple(ours)
    found = re.findall(rf"{_PACKAGE} depends on {re.escape(name)}(?![\w-])", explanation)
    direct = [f"{one.source}:{one.line}" for one in ours if one.name == name]
    wanted = dict.fromkeys([*direct, *map(canonicalize_name, found)])
    return [f"wanted by {', '.join(wanted)}"] * bool(wanted) + _listed("asked for by", ours)


def _listed(title: str, lines: Iterable[Asked]) -> list[str]:
    """Return a title and where each line stands; nothing where there are none."""
    found = [f"  {one.source}:{one.line}: {one.requirement}" for one in lines]
    return [title, *found] if found else []


def _conclusion(explanation: str) -> str:
    """Take the last of uv's numbered steps; all of them speak of one version after another."""
    return explanation.rpartition("\n\n")[2]


def _remedy(messages: str) -> str:
    filtered = dict.fromkeys(re.findall(r"`([\w.-]+)` was filtered by `exclude-newer`", messages))
    if filtered:
        names = " ".join(filtered)
        return f"the lock stands as of its date; to see what came since: airlock lock --upgrade {names}"
    if _NOT_FOUND in messages:
        return "check the name's spelling, and the index in pip's or uv's configuration"
    return "loosen one of the lines above, then run: airlock lock"
