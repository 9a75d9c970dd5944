"""One finding for one cause: what is made by one block of Terraform is mended there, however many it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.network import Place


class Placed(Protocol):
    """Any resource of an inventory."""

    @property
    def place(self) -> Place: ...


_T = TypeVar("_T", bound=Placed)  # PEP 695 syntax needs Python 3.12


def by_block(resources: Iterable[_T]) -> list[list[_T]]:
    """Return resources in groups of those that one block makes; of AWS each is by itself."""
    groups: dict[object, list[_T]] = {}
    for one in resources:
        groups.setdefault(block_of(one.place), []).append(one)
    return list(groups.values())


def block_of(place: Place) -> object:
    """Return what is equal for all that one block of Terraform makes, and for nothing else."""
    return (place.path, place.line) if place.line else place.resource


def known(value: str) -> bool:
    """Tell whether something has a value, and a plan knows which."""
    return bool(value) and value != UNKNOWN


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return each name once, as `a, b and 4 more`."""
    once = list(dict.fromkeys(names))
    more = len(once) - most
    return ", ".join(once[:most]) + (f" and {more} more" if more > 0 else "")
