"""What a benchmark found: kept as JSON in build/bench/, and shown as a table in docs/benchmarks/."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from airlock import writing

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """One case against one peer: `ours` and `theirs` in `unit`, None for what could not be known."""

    case: str
    peer: str
    ours: float | None
    theirs: float | None
    unit: str

    @property
    def ratio(self) -> float | None:
        """How many times ours theirs is: above 1, ours is the smaller."""
        return None if self.theirs is None or not self.ours else self.theirs / self.ours


@dataclass(frozen=True)
class Target:
    """What a case must reach against a peer: a ratio, or a bound on ours."""

    case: str
    peer: str
    at_least: float | None = None  # of the ratio
    at_most: float | None = None  # of ours, in the unit of the case

    def met_by(self, result: Result) -> bool:
        if self.at_least is not None:
            return result.ratio is not None and result.ratio >= self.at_least
        return result.ours is not None and self.at_most is not None and result.ours <= self.at_most

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"ratio ≥ {self.at_least:g}"
        return f"ours ≤ {self.at_most:g}"


@dataclass(frozen=True)
class Report:
    """The results of one benchmark under its name, with the prose that stands above the table."""

    name: str
    title: str
    about: str
    results: tuple[Result, ...]
    targets: tuple[Target, ...] = ()

    def write(self, root: Path = REPOSITORY) -> tuple[Path, Path]:
        """Write both files, each at once or not at all; return their paths."""
        found = root / "build" / "bench" / f"{self.name}.json"
        shown = root / "docs" / "benchmarks" / f"{self.name}.md"
        documents = [{**asdict(result), "ratio": result.ratio} for result in self.results]
        writing.write(found, json.dumps(documents, indent=2) + "\n")
        writing.write(shown, self.page())
        return found, shown

    def page(self) -> str:
        rows = [_row(result, self._target(result)) for result in self.results]
        heading = ["case", "peer", "ours", "theirs", "unit", "ratio", "target", "met"]
        table = [heading, ["---"] * 2 + ["---:"] * 2 + ["---", "---:", "---", "---"], *rows]
        lines = [f"| {' | '.join(row)} |" for row in table]
        return "\n".join([f"# {self.title}", "", self.about.strip(), "", *lines, ""])

    def missed(self) -> list[Result]:
        """Return the results that do not meet their target."""
        pairs = ((result, self._target(result)) for result in self.results)
        return [result for result, target in pairs if target and not target.met_by(result)]

    def _target(self, result: Result) -> Target | None:
        found = (one for one in self.targets if (one.case, one.peer) == (result.case, result.peer))
        return next(found, None)


def _row(result: Result, target: Target | None) -> list[str]:
    met = "" if target is None else "yes" if target.met_by(result) else "**no**"
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    figures = [_figure(result.ours), _figure(result.theirs), result.unit, ratio]
    return [f"`{result.case}`", result.peer, *figures, str(target or ""), met]


def _figure(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.4f}"


def machine() -> str:
    """Describe the machine: figures of two machines are not to be compared."""
    return f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}"
