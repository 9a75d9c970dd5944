"""Turns what uv says when it finds no solution into a failure that names our own lines."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from airlock.errors import AirlockError, FetchError, ResolveError
from airlock.index.locations import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.locks.intent import Asked

NO_DATES = "is missing an upload date"
_LONGEST = 3000  # characters of an explanation; its end holds the conclusion
_NO_WHEEL = re.compile(r"([\w.-]+)(?:\{[^}]*\})?(?:\[[^\]]*\])?[^\s,]* has no (?:usable )?wheels")
_NETWORK = ("Failed to fetch", "Request failed", "error sending request", "401 Unauthorized", "403 Forbidden")


def explain(messages: str, asked: Iterable[Asked], where: str) -> AirlockError:
    """Describe uv's failure; `where` is what was resolved, as "linux/amd64" or "the toolchain".

    Returns FetchError where the index did not answer, else ResolveError.
    """
    explanation = _explanation(messages)
    ours = [one for one in asked if _mentions(explanation, one.name)]
    lines = [f"  {one.source}:{one.line}: {one.requirement}" for one in ours]
    cause = "\n".join([explanation, *(["asked for by", *lines] if lines else [])])
    if "No solution found" not in messages:
        if any(sign in messages for sign in _NETWORK):
            return FetchError(
                "the package index does not answer",
                cause=redact_text(explanation),
                remedy="check the index in pip's or uv's configuration, then run: airlock lock",
            )
        return ResolveError(f"uv could not resolve {where}", cause=cause)
    if missing := _NO_WHEEL.search(explanation):
        name = canonicalize_name(missing[1])
        return no_wheel(name, where, _wanted(name, explanation, ours) + cause)
    return ResolveError(
        f"no set of versions satisfies the intent for {where}", cause=cause, remedy=_remedy(messages)
    )


def no_wheel(package: str, where: str, cause: str) -> ResolveError:
    """Describe a package that comes as source only; `cause` says who wants it."""
    return ResolveError(
        f"{package} has no wheel for {where}, and airlock takes wheels only",
        cause=cause,
        remedy="drop what asks for it, or build its wheel once and serve it from an index of your own",
    )


def _explanation(messages: str) -> str:
    """Take uv's reasons without its hints, which speak of options that airlock does not have."""
    text = re.split(r"^hint:", messages, maxsplit=1, flags=re.MULTILINE)[0]
    text = "\n".join(
        line for line in text.splitlines() if not line.startswith(("warning:", "Resolved ", "Using "))
    )
    text = re.sub(r"^error: No solution found[^\n]*\n", "", text.strip())
    text = re.sub(r"^(\s*)cause: ", r"\1       ", text, flags=re.MULTILINE)
    text = textwrap.dedent(text).strip()
    return text if len(text) <= _LONGEST else "…" + text[-_LONGEST:]


def _mentions(text: str, name: str) -> bool:
    """Whether a package's name stands in the text as a whole word (not as the head of a longer name)."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def _wanted(name: str, explanation: str, ours: Iterable[Asked]) -> str:
    found = re.findall(rf"([\w.-]+)[^\s,]* depends on {re.escape(name)}(?![\w-])", explanation)
    wanted = dict.fromkeys(
        [*(f"{one.source}:{one.line}" for one in ours if one.name == name), *map(canonicalize_name, found)]
    )
    return f"wanted by {', '.join(wanted)}\n" if wanted else ""


def _remedy(messages: str) -> str:
    filtered = dict.fromkeys(re.findall(r"`([\w.-]+)` was filtered by `exclude-newer`", messages))
    if filtered:
        names = " ".join(filtered)
        return f"the lock stands as of its date; to see what came since: airlock lock --upgrade {names}"
    if "was not found in the package registry" in messages:
        return "check the name's spelling, and the index in pip's or uv's configuration"
    return "loosen one of the lines above, then run: airlock lock"
