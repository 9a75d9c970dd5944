"""What `make bench-sync` shows: a table of seconds for each way, targets met or missed, and what the ways take."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.results import Report, Result, Target, machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.double import Cost

FILES, DELAYS = (400, 10_000), (0, 15)
PEERS = ("aws s3 sync", "s3cmd", "rclone", "rclone --checksum")
BUNDLE = "S3DagBundle"
KINDS = {"publish": PEERS, "read": PEERS, "bundle": (BUNDLE,)}
WHATS = ("cold", "one", "idle")
IDLE = "bundle.idle.requests"


class Case(NamedTuple):
    """What is measured: a way (`publish`), what there is to bring (`one` changed file), of how many, at which ms."""

    kind: str
    what: str
    files: int
    delay: int

    def __str__(self) -> str:
        return f"{self.kind}.{self.what}.{self.files}.{self.delay}ms"

    def least(self) -> float:
        """Return how many times faster than each peer airlock is to be."""
        if self.kind == "bundle" and self.what == "cold" and self.delay:
            return 20
        return 5 if self.what == "one" and self.files == max(FILES) and self.delay else 1


Costs = dict[Case, dict[str, list["Cost"]]]
CASES = tuple(
    Case(kind, what, files, delay) for kind in KINDS for files in FILES for what in WHATS for delay in DELAYS
)
TARGETS = (
    *(Target(str(case), peer, at_least=case.least()) for case in CASES for peer in KINDS[case.kind]),
    Target(IDLE, BUNDLE, at_most=1),
)
TITLES = {
    "publish": "Publish: a folder to S3",
    "read": "Read: S3 to a folder",
    "bundle": "Read in Airflow: a DAG bundle",
}
ABOUT = """
`make bench-sync`, on {machine}, load {load} when it ended. Seconds of whole programs (of the bundles: of one call
in a process that has imported Airflow), {times}; ours and theirs in turns, on the same folder.

- `cold`: all files, to an empty bucket or an empty folder. `one`: after one of the files has changed, in content
  and size. `idle`: after nothing has changed.
- Files are Python of 1 to 6 kB, every seventh SQL, every thirteenth YAML, a hundred in a folder, committed to git.
  What was read is compared with what was published, each time.
- `airlock`: `airlock sync --no-check`, which also asks git for the commit and what differs from it; `airlock pull`;
  and `airlock_plugins.bundle.ReleaseBundle`. Both readers verify every content's SHA-256, switch at once and keep the
  release before; no peer switches at once or keeps anything.
- `aws s3 sync --delete` (awscli {awscli}), `s3cmd sync --delete-removed`, `rclone sync --transfers 32 --checkers 32
  --fast-list`, which asks for each object's time, and the same with `--checksum`, which does not. Each reads what it
  wrote. `S3DagBundle` of the image's amazon provider reads what `aws s3 sync` wrote, without an Airflow connection.
- Both bundles run in the image's Python, and do what a worker's do: `initialize` for `cold`, else `refresh`. A
  dag-processor's also writes receipts after a change, which is not measured here.
- S3 is `tests/s3_double.py`, the same process for all: objects in memory, in a process of its own.
  The round trip is added to the first answer of a connection twice (TCP's handshake), to every other once, and to
  `100 Continue`; there is no TLS and no limit of bandwidth. Requests and bytes of bodies are counted there.
  moto's server takes 13 to 25 times the processor's time for a small object: it, not its clients, would be measured.
- `times`: how many times as long as ours the fastest peer takes. A case is met where each peer takes at least so many
  times as long as ours as the target says.
"""


@dataclass(frozen=True)
class Pages(Report):
    """Seconds as a table for each way, a column for each program."""

    costs: Costs = field(default_factory=dict)

    def page(self) -> str:
        lines = [f"# {self.title}", "", self.about.strip(), ""]
        for kind in KINDS:
            lines += [f"## {TITLES[kind]}", "", *self._table(kind), ""]
        lines += ["## What it takes", "", *self._taken(), ""]
        return "\n".join(lines)

    def _cases(self, kind: str) -> list[Case]:
        return [case for case in self.costs if case.kind == kind]

    def _table(self, kind: str) -> Iterator[str]:
        peers = KINDS[kind]
        yield _row("files", "case", "round trip", "airlock", *peers, "times", "target", "met")
        yield _row("---:", "---", "---:", "---:", *["---:"] * len(peers), "---:", "---", "---")
        for case in sorted(self._cases(kind), key=lambda one: (one.files, WHATS.index(one.what), one.delay)):
            results = [one for one in self.results if one.case == str(case)]
            ratios = [one.ratio for one in results if one.ratio is not None]
            yield _row(
                f"{case.files:,}", f"`{case.what}`", f"{case.delay} ms",
                *(_seconds(self.costs[case].get(who)) for who in ("airlock", *peers)),
                f"{min(ratios):.1f}" if ratios else "", f"≥ {case.least():g}" if ratios else "", self._met(results),
            )  # fmt: skip

    def _met(self, results: Sequence[Result]) -> str:
        missed = [one.peer for one in self.missed() if one in results]
        return f"**no**: {', '.join(missed)}" if missed else "yes" if results else ""

    def _taken(self) -> Iterator[str]:
        yield "Requests, seconds of the processor, and megabytes of bodies, at 15 ms. The bundle's idle look is to be"
        yield f"one request: {self._idle()}."
        yield ""
        yield _row("files", "case", "airlock", *PEERS, BUNDLE)
        yield _row("---:", "---", *["---:"] * (2 + len(PEERS)))
        for case in sorted(
            self.costs, key=lambda one: (list(KINDS).index(one.kind), one.files, WHATS.index(one.what))
        ):
            if case.delay == max(DELAYS):
                names = ("airlock", *PEERS, BUNDLE)
                cells = (_cost(self.costs[case].get(who)) for who in names)
                yield _row(f"{case.files:,}", f"`{case.kind}.{case.what}`", *cells)

    def _idle(self) -> str:
        found = next((one for one in self.results if one.case == IDLE), None)
        if found is None:
            return "not measured"
        return f"it is {found.ours:g}, **not met**" if found in self.missed() else "it is"


def report(costs: Costs, times: tuple[int, int]) -> Pages:
    results = tuple(_results(costs))
    measured = {one.case for one in results}
    targets = tuple(one for one in TARGETS if one.case in measured)
    return Pages("sync", "Bringing DAGs to S3 and back", _about(times), results, targets, costs)


def _results(costs: Costs) -> Iterator[Result]:
    for case, of in costs.items():
        for peer in KINDS[case.kind]:
            if peer in of:
                yield Result(str(case), peer, _median(of["airlock"]), _median(of[peer]), "s")
    idle = [case for case in costs if (case.kind, case.what) == ("bundle", "idle") and BUNDLE in costs[case]]
    for case in idle[-1:]:
        ours, theirs = (max(one.requests for one in costs[case][who]) for who in ("airlock", BUNDLE))
        yield Result(IDLE, BUNDLE, ours, theirs, "requests")


def _about(times: tuple[int, int]) -> str:
    from benchmarks.syncers import AWSCLI  # noqa: PLC0415 - it needs nothing of this module

    cold, warm = times
    said = (
        "single runs" if times == (1, 1) else f"medians of {cold} (`cold`; of 10,000 files 1) and {warm} runs"
    )
    return ABOUT.format(machine=machine(), load=f"{os.getloadavg()[0]:.1f}", times=said, awscli=AWSCLI)


def _median(costs: Sequence[Cost]) -> float:
    return median(one.seconds for one in costs)


def _seconds(costs: Sequence[Cost] | None) -> str:
    if not costs:
        return ""
    value = _median(costs)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cost(costs: Sequence[Cost] | None) -> str:
    if not costs:
        return ""
    requests, cpu = median(one.requests for one in costs), median(one.cpu for one in costs)
    size = median(one.megabytes for one in costs)
    return f"{requests:,.0f} · {cpu:.2f} s · {size:.2f} MB"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
