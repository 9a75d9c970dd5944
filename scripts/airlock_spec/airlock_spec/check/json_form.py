"""Frozen dataclasses as JSON and back, by their own type hints."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
import typing
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def dumps(value: object) -> str:
    """Return a dataclass as one line of JSON; what is at its default is left out."""
    return json.dumps(plain(value), separators=(",", ":"))


def loads(kind: type[T], text: str | bytes) -> T:
    """Read what `dumps` wrote. Raises ValueError for anything else."""
    return structured(kind, json.loads(text))


def plain(value: Any) -> Any:
    """Return a dataclass as dicts, lists and scalars."""
    kind: Any = type(value)
    return _writer(kind)(value)


def structured(kind: type[T], value: Any) -> T:
    """Make a `kind` of dicts, lists and scalars. Raises ValueError where they do not fit."""
    wanted: Any = kind
    made: T = _reader(wanted)(value)
    return made


# What is to be done with a type is found out once: thousands of files have the same few.


@functools.cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        fields = [(field.name, _default(field)) for field in dataclasses.fields(kind)]
        return lambda value: {
            name: plain(item) for name, default in fields if (item := getattr(value, name)) != default
        }
    if issubclass(kind, dict):
        return lambda value: {key: plain(item) for key, item in value.items()}
    if issubclass(kind, list | tuple):
        return lambda value: [plain(item) for item in value]
    return str if issubclass(kind, enum.Enum) else lambda value: value


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return (
        field.default_factory() if field.default_factory is not dataclasses.MISSING else dataclasses.MISSING
    )


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        read = _reader(next(one for one in inner if one is not types.NoneType))
        return lambda value: None if value is None else read(value)
    if origin in (tuple, dict):
        return _of_many(origin, _reader(inner[0 if origin is tuple else 1]))
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind)
    return _of_enumeration(kind) if issubclass(kind, enum.Enum) else _of_scalar(kind)


def _of_many(kind: type, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def made(value: Any) -> Any:
        if kind is tuple and isinstance(value, list):
            return tuple(map(read, value))
        if kind is dict and isinstance(value, dict):
            return {key: read(item) for key, item in value.items()}
        raise _misfit(kind, value)

    return made


def _of_dataclass(kind: Any) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {}

    def made(value: Any) -> Any:
        if not readers:  # not before: a type may hold itself
            readers.update({name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()})
        if not isinstance(value, dict) or not value.keys() <= readers.keys():
            raise _misfit(kind, value)
        try:
            return kind(**{name: readers[name](item) for name, item in value.items()})
        except TypeError as error:
            raise ValueError(f"this is no {kind.__name__}: {error}") from error

    return made


def _of_enumeration(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return kind


def _of_scalar(kind: type) -> Callable[[Any], Any]:
    def made(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if kind is float and isinstance(value, int):
            return float(value)
        raise _misfit(kind, value)

    return made


def _misfit(kind: type, value: Any) -> ValueError:
    return ValueError(f"this is no {kind.__name__}: {str(value)[:200]}")
