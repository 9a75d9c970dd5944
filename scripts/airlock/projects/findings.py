"""What was found in a stranger's project: what is taken from it, and what is not, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from airlock.index.locations import redact_text
from airlock.projects.folder import Line


@dataclass(frozen=True)
class Taken:
    """Something of the project that goes into a file of ours: `text` is how it is written there."""

    line: Line
    text: str


@dataclass(frozen=True)
class Left:
    """Something of the project that is not taken: where it is written, and why not."""

    line: Line
    why: str


@dataclass(frozen=True)
class Pinned:
    """A version of Airflow that the project speaks of; `version` may be a minor one alone, as 2.10."""

    line: Line
    version: str
    exact: bool


@dataclass(frozen=True)
class Constraints:
    """Versions that the project's requirements are held to: `place` is a URL or a file of the project.

    `airflow` is the version that they pin, where they do.
    """

    line: Line
    place: str
    airflow: str


@dataclass
class Findings:
    """All that was found, in the order it is written."""

    requirements: list[Taken] = field(default_factory=list)
    debian: list[Taken] = field(default_factory=list)
    environment: list[tuple[Taken, str]] = field(default_factory=list)  # a name, and its value
    constraints: list[Constraints] = field(default_factory=list)
    extras: set[str] = field(default_factory=set)  # of apache-airflow
    pins: list[Pinned] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    hashes: int = 0  # lines that had some: the lock has its own
    kinds: list[str] = field(default_factory=list)  # of project, as people call them

    def is_a(self, kind: str) -> None:
        if kind not in self.kinds:
            self.kinds.append(kind)

    def leave(self, line: Line, why: str) -> None:
        """Note what is not taken; credentials in its URLs stay out of what is shown."""
        text = redact_text(" ".join(line.text.split()))
        self.left.append(Left(Line(line.source, line.number, text), why))

    def left_in_order(self) -> list[Left]:
        """Return what is not taken, file by file."""
        sources = list(dict.fromkeys(one.line.source for one in self.left))
        return sorted(self.left, key=lambda one: (sources.index(one.line.source), one.line.number))
