"""What the layer plan saves: bytes that a weekly refresh and one provider's bump send, replayed over real locks.

    make bench-layers

Offline and deterministic: tests/benchmarks/lock_history.json holds the locks. `--record` makes it anew.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

from airlock.compose import image_file, plan
from airlock.compose.plan import bin_of, is_provider
from benchmarks import lock_history
from benchmarks.results import Report, Result, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.compose.image_file import LayerRules
    from benchmarks.lock_history import History, Wheel

REPOSITORY = Path(__file__).parents[2]
LIMIT = "a layer a wheel"  # what no plan can beat, and no engine stacks
OURS = "the plan"
TIER_BINS = ((12,), (3, 3), (4, 4, 4), (1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2, 2), (4, 4, 4, 4, 4))

Layers = list[list["Wheel"]]
Content = frozenset[tuple[str, str, int]]


class Costs(NamedTuple):
    """The most layers a week had; bytes a weekly refresh sends, a host unpacks for it, and a bump sends."""

    layers: int
    refresh: float
    unpack: float
    bump: float


@dataclass(frozen=True)
class Strategies:
    """The plan and its alternatives; those that can have any number of layers have as many as the plan."""

    rules: LayerRules
    layers: int

    def all(self) -> dict[str, Callable[[Sequence[Wheel]], Layers]]:
        return {
            OURS: lambda lock: planned(lock, self.rules),
            "one layer": lambda lock: [list(lock)],
            "biggest alone, one for the rest": self.biggest_alone,
            "bins by name": lambda lock: bins(lock, self.layers, lambda wheel: wheel.package),
            "bins by family": lambda lock: bins(lock, self.layers, family),
            "alone over 2 MB, 14 + 6 bins": two_megabytes,
            "the plan without tiers": self.without_tiers,
            LIMIT: lambda lock: [[wheel] for wheel in lock],
        }

    def biggest_alone(self, lock: Sequence[Wheel]) -> Layers:
        ordered = sorted(lock, key=lambda wheel: (-wheel.weight, wheel.package))
        alone, rest = ordered[: self.layers - 1], ordered[self.layers - 1 :]
        return [*([wheel] for wheel in sorted(alone, key=lambda wheel: wheel.package)), rest]

    def without_tiers(self, lock: Sequence[Wheel]) -> Layers:
        """Use as many bins as all tiers of the plan have together."""
        rules = replace(self.rules, tier_bins=(sum(self.rules.tier_bins),))
        return planned([replace(wheel, tier=0) for wheel in lock], rules)


def planned(lock: Sequence[Wheel], rules: LayerRules) -> Layers:
    return [list(wheels) for _, wheels in plan.groups(lock, rules)]


def bins(lock: Iterable[Wheel], count: int, key: Callable[[Wheel], str]) -> Layers:
    found: dict[int, list[Wheel]] = {}
    for wheel in lock:
        found.setdefault(bin_of(key(wheel), count), []).append(wheel)
    return [found[number] for number in sorted(found)]


def family(wheel: Wheel) -> str:
    return wheel.package.partition("-")[0]


def two_megabytes(lock: Sequence[Wheel]) -> Layers:
    small = [wheel for wheel in lock if wheel.weight <= 2e6]
    return [
        *bins([one for one in small if not is_provider(one.package)], 14, lambda wheel: wheel.package),
        *([wheel] for wheel in lock if wheel.weight > 2e6),
        *bins([one for one in small if is_provider(one.package)], 6, lambda wheel: wheel.package),
    ]


def replay(locks: Sequence[Sequence[Wheel]], strategy: Callable[[Sequence[Wheel]], Layers]) -> Costs:
    """Lay out each week's lock and compare it with the week before.

    A layer is sent where no layer of the week before has its content; a host unpacks every layer from the
    first that differs. A bump sends the layer that holds the provider: the mean over all providers.
    """
    weeks = [strategy(lock) for lock in locks]
    sent, unpacked = [], []
    for before, after in pairwise(weeks):
        there = [content(layer) for layer in before]
        sent.append(sum(size(layer) for layer in after if content(layer) not in there))
        same = next(
            (
                place
                for place, layer in enumerate(after)
                if place >= len(there) or content(layer) != there[place]
            ),
            len(after),
        )
        unpacked.append(sum(size(layer) for layer in after[same:]))
    bumps = [size(layer) for layer in weeks[-1] for wheel in layer if is_provider(wheel.package)]
    return Costs(max(map(len, weeks)), mean(sent), mean(unpacked), mean(bumps))


def content(layer: Iterable[Wheel]) -> Content:
    return frozenset((wheel.package, wheel.version, wheel.weight) for wheel in layer)


def size(layer: Iterable[Wheel]) -> int:
    return sum(wheel.weight for wheel in layer)


def costs(history: History, rules: LayerRules) -> dict[str, Costs]:
    """Replay every strategy."""
    locks = history.locks()
    layers = max(len(planned(lock, rules)) for lock in locks)
    return {name: replay(locks, strategy) for name, strategy in Strategies(rules, layers).all().items()}


def variants(history: History, rules: LayerRules) -> dict[str, Costs]:
    """Replay the plan with one rule changed at a time."""
    changes: list[dict[str, Any]] = [
        {},
        *({"alone_over_megabytes": value} for value in (0.75, 1.0, 2.0)),
        *({"alone_at_most": value} for value in (16, 24, 32, 40)),
        *({"provider_bins": value} for value in (4, 8, 10, 12)),
        *({"tier_bins": value} for value in TIER_BINS),
    ]
    locks = history.locks()
    return {_described(one): replay(locks, partial(planned, rules=replace(rules, **one))) for one in changes}


def _described(change: dict[str, Any]) -> str:
    if not change:
        return "nothing changed"
    ((rule, value),) = change.items()
    return f"`{rule.replace('_', '-')} = {list(value) if isinstance(value, tuple) else value}`"


def results(found: dict[str, Costs]) -> list[Result]:
    """Compare the plan with each alternative, in layers and MB."""
    ours = found[OURS]
    peers = [(name, theirs) for name, theirs in found.items() if name != OURS]
    return [
        Result(case, peer, getattr(ours, cost) / scale, getattr(theirs, cost) / scale, unit)
        for case, cost, scale, unit in (
            ("refresh.bytes", "refresh", 1e6, "MB"),
            ("refresh.unpacked", "unpack", 1e6, "MB"),
            ("bump.bytes", "bump", 1e6, "MB"),
            ("layers", "layers", 1, "layers"),
        )
        for peer, theirs in peers
    ]


def targets(found: dict[str, Costs]) -> tuple[Target, ...]:
    """Want fewer bytes than every alternative, the limit aside."""
    peers = [name for name in found if name not in (OURS, LIMIT)]
    cases = ("refresh.bytes", "refresh.unpacked", "bump.bytes")
    return tuple(Target(case, peer, at_least=1.0) for case in cases for peer in peers)


def report(history: History, rules: LayerRules) -> Report:
    found = costs(history, rules)
    about = ABOUT.format(
        weeks=len(history.resolved),
        first=history.resolved[0][:10],
        last=history.resolved[-1][:10],
        packages=len(history.locks()[-1]),
        megabytes=f"{size(history.locks()[-1]) / 1e6:.0f}",
        moves=f"{_moves(history):.0f}",
        skipped=f"; {len(history.skipped)} weeks do not resolve and are left out" if history.skipped else "",
        strategies=_table("strategy", found),
        variants=_table("the plan with", variants(history, rules)),
    )
    return Report("layers", "Layers", about, tuple(results(found)), targets(found))


def _moves(history: History) -> float:
    return mean(len(content(after) - content(before)) for before, after in pairwise(history.locks()))


def _table(what: str, found: dict[str, Costs]) -> str:
    rows = [
        f"| {name} | {cost.layers} | {cost.refresh / 1e6:.1f} | {cost.unpack / 1e6:.0f} | {cost.bump / 1e6:.2f} |"
        for name, cost in found.items()
    ]
    heading = f"| {what} | layers | MB a weekly refresh sends | MB a host unpacks for it | MB a bump sends |"
    return "\n".join([heading, "| --- | ---: | ---: | ---: | ---: |", *rows])


ABOUT = """\
A change of one package should send, and make a host unpack, little more than that package. Here the layer plan
(`scripts/airlock/compose/plan.py`, `[layers]` in image.toml) is replayed over what this project's lock would have
been in {weeks} weeks, {first} to {last}: {packages} wheels, {megabytes} MB, of which {moves} move in a mean
week{skipped}. `make bench-layers` writes this page; it needs no network. Other plans have as many
layers as this one where they can have any number.

Sizes of wheels stand for sizes of fragments, which hold bytecode too. Layers of Debian packages, of the
distributions of this repository and of `image/rootfs` are not in it: they add five layers. Tiers are those that the
first lock to hold a package would have recorded; nothing later is known to the plan. *Unpacked* counts every layer
from the first that changed, which is how an engine chains them; registries count what is sent.

{strategies}

What each rule is worth, one changed at a time:

{variants}

- **Alone, and first.** Half of the bytes are in a few wheels, most of which seldom move. They stand before all bins,
  in the order of how often they move, a byte (tier and size, both in powers of two), so that a host keeps them.
  `alone-at-most` bounds the layers of a lock of any size.
- **Providers** are small and move one by one between the waves in which they all do: bins of their own keep a bump
  from sending anything else.
- **Tiers** are powers of two of the releases in the last year: a package's own history decides, so no package
  moves another's layer. Where packages are released eight times a year or more, some of them move every week:
  one bin will do for all of those, and more bins are better spent on what moves less.

The biggest alone and one layer for the rest sends about as little in a weekly refresh: with 54 layers what is left
for the last is small. It sends that layer for every provider, though, and a host unpacks nearly everything, as it
does for all plans that do not put the stable first. The differences of one MB between neighbouring
settings are within what another choice of hash would make.
"""


def main() -> int:
    if sys.argv[1:] == ["--record"]:
        from benchmarks import record_history  # noqa: PLC0415 - the one part that wants a network

        lock_history.write(record_history.record_repository())
    elif sys.argv[1:]:
        print("usage: python -m benchmarks.layers [--record]", file=sys.stderr)  # noqa: T201
        return 2
    made = report(lock_history.read(), image_file.load(REPOSITORY / "image" / "image.toml").layers)
    for path in made.write():
        print(path.relative_to(REPOSITORY))  # noqa: T201 - the result
    for missed in made.missed():
        print(f"missed: {missed.case} against {missed.peer}", file=sys.stderr)  # noqa: T201
    return 1 if made.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
