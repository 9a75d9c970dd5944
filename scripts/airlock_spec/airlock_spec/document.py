"""Documents of our formats: strict JSON objects that say which format they are."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FormatError(ValueError):
    """A document is not what the format asks for; the message says everything that is wrong."""


def dump(form: str, fields: Mapping[str, Any]) -> bytes:
    """Return one line of UTF-8 JSON with sorted keys: equal fields give equal bytes."""
    text = json.dumps({"format": form, **fields}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (
        text.encode(errors="backslashreplace") + b"\n"
    )  # half of a pair is no UTF-8: JSON writes it as \\ud800


def load(form: str, data: bytes, kind: str, names: Iterable[str]) -> dict[str, Any]:
    """Read what `dump` wrote of exactly these fields, in this format.

    Raises FormatError: nothing is guessed or ignored.
    """
    try:
        fields = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # the former of bytes that are no UTF-8, too
        raise FormatError(f"a {kind} must be JSON: {error}") from error
    if not isinstance(fields, dict):
        raise FormatError(f"a {kind} must be a JSON object")
    if fields.get("format") != form:
        raise FormatError(f"a {kind} must be of format {form}, not {fields.get('format')!r}")
    del fields["format"]
    match_names(fields, names, kind)
    return fields


def match_names(fields: Mapping[str, Any], names: Iterable[str], kind: str) -> None:
    """Raise FormatError that names every field that is missing and every one that is not known."""
    known = set(names)
    problems = [f"{name} is missing" for name in sorted(known - set(fields))]
    problems += [f"{name} is not known" for name in sorted(set(fields) - known)]
    if problems:
        raise FormatError(f"{kind}: " + "; ".join(problems))


def moment(value: object, name: str) -> datetime:
    """Read a point in time with its offset, as RFC 3339 writes it."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
        if parsed is not None and parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where it is before the year 1 in UTC, or after 9999
        pass
    raise FormatError(f"{name} must be a time with its offset, as 2026-01-01T00:00:00Z, not {value!r}")


def stamp(value: datetime) -> str:
    """Write a point in time in UTC, to the millisecond."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_seconds(value: object, most: float) -> bool:
    """Tell whether a value is a number of seconds above 0 and up to `most`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value <= most  # type: ignore[arg-type,operator]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormatError("a name is given twice in one object")
    return fields


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
