"""Which packages share a layer: a plan that a change of one package disturbs as little as possible.

The biggest stand alone. Providers, which move most often, have bins of their own. The rest goes by stability
tier, so that what seldom moves is not sent again with what often does. Bins go by the hash of a package's name:
the plan needs no history, and a package stays where it is. docs/benchmarks/layers.md measures it.

Layers are in the order of what a change of them costs. A host unpacks again all that follows a changed layer,
so the big and stable come first, the small and often changed last.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, TypeVar

from airlock.compose.layer import LayerPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock.compose.fragments import FragmentSpec
    from airlock.compose.image_file import LayerRules

ROOTFS = "rootfs"  # the layer before those of the project's distributions, of which each has one
_PROVIDER = "apache-airflow-providers-"


class Piece(Protocol):
    """What the plan knows of a package: its name, its weight in bytes and its tier (airlock.locks.tiers)."""

    @property
    def package(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def tier(self) -> int: ...


AnyPiece = TypeVar("AnyPiece", bound=Piece)  # PEP 695 syntax needs Python 3.12
Group = tuple[str, tuple[AnyPiece, ...]]


def python_layers(wheels: Sequence[FragmentSpec], rules: LayerRules) -> list[LayerPlan]:
    """Return the layers of the locked wheels."""
    return [LayerPlan(name, pieces) for name, pieces in groups(wheels, rules)]


def groups(pieces: Sequence[AnyPiece], rules: LayerRules) -> list[Group[AnyPiece]]:
    """Return which pieces share a layer, each with the layer's name, in the order of the layers."""
    biggest = sorted(pieces, key=lambda piece: (-piece.weight, piece.package))[: rules.alone_at_most]
    alone = {piece.package for piece in biggest if piece.weight > rules.alone_over_megabytes * 1e6}
    providers = [piece for piece in pieces if is_provider(piece.package)]
    others = [piece for piece in pieces if not is_provider(piece.package)]
    return [
        *_alone(piece for piece in others if piece.package in alone),
        *_tiers([piece for piece in others if piece.package not in alone], rules.tier_bins),
        *_alone(piece for piece in providers if piece.package in alone),
        *_bins(
            "providers", [piece for piece in providers if piece.package not in alone], rules.provider_bins
        ),
    ]


def is_provider(package: str) -> bool:
    return package.startswith(_PROVIDER)


def _alone(pieces: Iterable[AnyPiece]) -> list[Group[AnyPiece]]:
    """Order by how often a piece moves, a byte: both in powers of two, so that a bump seldom changes the order."""
    ordered = sorted(pieces, key=lambda piece: (piece.tier - piece.weight.bit_length(), piece.package))
    return [(piece.package, (piece,)) for piece in ordered]


def _tiers(pieces: Sequence[AnyPiece], bins: Sequence[int]) -> list[Group[AnyPiece]]:
    """Give each tier its bins; those above the last share the last's."""
    sharing: list[list[AnyPiece]] = [[] for _ in bins]
    for piece in pieces:
        sharing[min(max(piece.tier, 0), len(bins) - 1)].append(piece)
    return [
        group
        for tier, (chosen, count) in enumerate(zip(sharing, bins, strict=True))
        for group in _bins(f"tier-{tier}", chosen, count)
    ]


def _bins(name: str, pieces: Iterable[AnyPiece], count: int) -> list[Group[AnyPiece]]:
    bins: list[list[AnyPiece]] = [[] for _ in range(count)]
    for piece in sorted(pieces, key=lambda piece: piece.package):
        bins[bin_of(piece.package, count)].append(piece)
    return [(f"{name}-{number:02}", tuple(chosen)) for number, chosen in enumerate(bins, 1) if chosen]


def bin_of(name: str, count: int) -> int:
    """Return the bin, from 0, that a name falls into: it follows from the name and the number of bins alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % count
