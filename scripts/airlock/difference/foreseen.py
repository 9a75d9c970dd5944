"""What new locks mean for a host that holds the image: how many layers change, and about how much there is to pull.

Locks give the sizes of wheels and debs, and the plan which of them share a layer. How well a layer compresses is taken
from the image that was composed last, layer by layer; without one, nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import layout
from airlock.compose import image_file, plan
from airlock.compose.oci import LAYER_NAME
from airlock.errors import AirlockError
from airlock.locks import tiers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.compose.image_file import LayerRules
    from airlock.config import Config
    from airlock.locks.airflow import LockedWheel
    from airlock.locks.files import Locks
    from airlock.platforms import Platform

DEBIAN = "debian"  # the layer of all debs


@dataclass(frozen=True)
class Foreseen:
    """Of `layers` layers of packages `changed` are new; they hold `files` bytes of wheels and debs.

    `pull` is about how many bytes a host must pull for them, None where no composed image tells.
    """

    platform: str
    changed: int
    layers: int
    files: int
    pull: int | None


@dataclass(frozen=True)
class _Piece:
    package: str
    weight: int
    tier: int
    sha256: str

    @classmethod
    def of(cls, wheel: LockedWheel) -> _Piece:
        tier = tiers.UNKNOWN if wheel.tier is None else wheel.tier
        return cls(wheel.name, wheel.file.size, tier, wheel.file.sha256)


@dataclass(frozen=True)
class _Layer:
    content: frozenset[str]
    size: int  # of its wheels or debs, in bytes


def foresee(before: Locks, after: Locks, config: Config) -> tuple[Foreseen, ...]:
    """Tell for each of the project's platforms; nothing where a lock is new or the project has no image file."""
    if not all((before.airflow, before.debian, after.airflow, after.debian)):
        return ()
    try:
        rules = image_file.load(config.image_file).layers
    except AirlockError:
        return ()
    return tuple(
        _foreseen(_layers(before, rules, one), _layers(after, rules, one), _composed(config, one), one)
        for one in config.platforms
    )


def _layers(locks: Locks, rules: LayerRules, platform: Platform) -> dict[str, _Layer]:
    """Return the layers of packages as they are planned, by name."""
    assert locks.airflow
    assert locks.debian
    pieces = [_Piece.of(wheel) for wheel in locks.airflow.wheels(platform)]
    debs = locks.debian.for_platform(platform)
    return {
        DEBIAN: _Layer(frozenset(deb.sha256 for deb in debs), sum(deb.size for deb in debs)),
        **{
            name: _Layer(frozenset(one.sha256 for one in chosen), sum(one.weight for one in chosen))
            for name, chosen in plan.groups(pieces, rules)
        },
    }


def _composed(config: Config, platform: Platform) -> dict[str, int]:
    """Return the sizes of the layers of the image composed last, by name."""
    try:
        image = layout.read_image(config.layout, platform, partial=True)
    except AirlockError:
        return {}
    return {one.annotations.get(LAYER_NAME, ""): one.size for one in image.layers}


def _foreseen(
    before: Mapping[str, _Layer], after: Mapping[str, _Layer], sizes: Mapping[str, int], platform: Platform
) -> Foreseen:
    changed = {name: one for name, one in after.items() if before.get(name, _NONE).content != one.content}
    files = sum(one.size for one in changed.values())
    pull = round(sum(_sizes(changed, before, sizes))) if before.keys() & sizes.keys() else None
    return Foreseen(platform.name, len(changed), len(after), files, pull)


_NONE = _Layer(frozenset(), 0)


def _sizes(
    changed: Mapping[str, _Layer], before: Mapping[str, _Layer], sizes: Mapping[str, int]
) -> Iterator[float]:
    """Yield each layer's size: of its files, as the layer before compresses its own, or as all layers do theirs."""
    known = {name: one for name, one in before.items() if name in sizes and one.size}
    overall = sum(sizes[name] for name in known) / max(1, sum(one.size for one in known.values()))
    for name, layer in changed.items():
        yield layer.size * (sizes[name] / known[name].size if name in known else overall)
