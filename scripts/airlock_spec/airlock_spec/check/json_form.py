"""Frozen dataclasses as JSON and back, by their own type hints."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


def dumps(value: object) -> str:
    """Return a dataclass as one line of JSON; what is at its default is left out."""
    return json.dumps(plain(value), separators=(",", ":"))


def loads(kind: type[T], text: str | bytes) -> T:
    """Read what `dumps` wrote. Raises ValueError for anything else."""
    return structured(kind, json.loads(text))


def plain(value: Any) -> Any:
    """Return a dataclass as dicts, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(item)
            for field in dataclasses.fields(value)
            if (item := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, enum.Enum) else value


def structured(kind: type[T], value: Any) -> T:
    """Make a `kind` of dicts, lists and scalars. Raises ValueError where they do not fit."""
    made: T = _made(kind, value)
    return made


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return (
        field.default_factory() if field.default_factory is not dataclasses.MISSING else dataclasses.MISSING
    )


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _made(kind: Any, value: Any) -> Any:  # noqa: C901, PLR0911 - one shape of type each
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _made(next(one for one in inner if one is not types.NoneType), value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        if not isinstance(value, dict) or not value.keys() <= hints.keys():
            raise ValueError(f"this is no {kind.__name__}: {str(value)[:200]}")
        try:
            return kind(**{name: _made(hints[name], item) for name, item in value.items()})
        except TypeError as error:
            raise ValueError(f"this is no {kind.__name__}: {error}") from error
    if origin is tuple and isinstance(value, list):
        return tuple(_made(inner[0], item) for item in value)
    if origin is dict and isinstance(value, dict):
        return {key: _made(inner[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(kind, type) or not isinstance(value, kind):
        raise ValueError(f"this is no {kind}: {str(value)[:200]}")  # noqa: TRY004 - it is the text that is wrong
    return value
