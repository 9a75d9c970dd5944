"""The whole of a run: two parsers side by side, what they agree on, and a closer look where they do not.

Both parse every file, in opposite orders and with different hash seeds, so that what depends on the order of a set,
on the clock, on chance or on the file before shows. What is wrong or differs is parsed once more, in a process of
its own, before it is told.
"""

from __future__ import annotations

import contextlib
import select
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock_probe import differing, kernel, processes
from airlock_probe.supervised import Supervised
from airlock_spec.check import json_form
from airlock_spec.check.facts import (
    Dependencies,
    File,
    Isolation,
    Kind,
    Need,
    Pattern,
    Place,
    Problem,
    Run,
    Skipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock_spec.check.request import Request

SEEDS = (1, 2)
_BATCH = 500  # files that one process parses, so that its memory is bounded
_FINAL = frozenset({Kind.TIMEOUT, Kind.OUTPUT, Kind.LEFTOVER, Kind.POOL, Kind.TEMPLATE, Kind.TEMPLATE_FILE})


@dataclass
class _Told:
    """What one parser said of a file."""

    facts: File
    digests: dict[str, str]
    forms: dict[str, Any]
    files: dict[str, str] | None

    @property
    def doubtful(self) -> bool:
        """Whether the files before it might be to blame."""
        return any(problem.kind not in _FINAL for problem in self.facts.problems)


@dataclass
class _State:
    discovered: dict[str, Any] | None = None
    common: list[Any] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    told: tuple[dict[str, _Told], dict[str, _Told]] = field(default_factory=lambda: ({}, {}))
    busy: set[int] = field(default_factory=set)


def run(request: Request, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Run:
    """Do what the request wants. Raises supervised.ParserError where Airflow itself cannot be imported."""
    kernel.prctl(kernel.CHILD_SUBREAPER, 1)
    state = _State()
    todo: list[str] = []

    def heard(parser: Supervised, said: dict[str, Any]) -> None:
        side = SEEDS.index(parser.seed)
        if "ready" in said:
            state.versions = said["ready"]
        elif "discovered" in said:
            state.discovered, state.common = said["discovered"], said["common"]
        elif "done" in said:
            state.busy.discard(side)
        elif "file" in said:
            facts = said["file"]
            state.told[side][facts.path] = _Told(facts, said["digests"], said["forms"], said["files"])
            progress(sum(map(len, state.told)), 2 * len(todo))

    first = Supervised(request, SEEDS[0], heard)
    both = [first]
    try:
        if request.processes > 1:
            both.append(Supervised(request, SEEDS[1], heard))
        first.do(do="discover")
        _until(lambda: state.discovered is not None, both)
        assert state.discovered is not None
        # what is at its default, as no files at all, is left out of JSON
        todo += _wanted(state.discovered.get("files", ()), request)
        if len(both) == 1 and todo:
            both.append(Supervised(request, SEEDS[1], heard))
        _parse(both, todo, state, alone=False)
        again = _again(todo, state)
        if again:
            _parse(both, again, state, alone=True)
        return _run(request, state, todo, both)
    finally:
        for parser in both:
            parser.stop()


def _parse(both: Sequence[Supervised], files: list[str], state: _State, *, alone: bool) -> None:
    """Let each parser parse the files: all in batches, or each in a process of its own and in full."""
    for side, parser in enumerate(both):
        ordered = files if side == 0 else files[::-1]
        if len(files) > _BATCH and not alone:
            parser.do(do="import", files=ordered)
        state.busy.add(side)
        parser.do(do="parse", files=ordered, batch=1 if alone else _BATCH, first=side == 0, full=alone)
    _until(lambda: not state.busy, both)


def _wanted(files: Sequence[str], request: Request) -> list[str]:
    known = set(request.known)
    return [path for path in files if path not in known and _chosen(path, request.only)]


def _chosen(path: str, only: Sequence[str]) -> bool:
    return not only or any(
        path == one or one in ("", ".") or path.startswith(one.rstrip("/") + "/") for one in only
    )


def _again(todo: list[str], state: _State) -> list[str]:
    first, second = state.told
    return [
        path
        for path in todo
        if first[path].doubtful or second[path].doubtful or first[path].digests != second[path].digests
    ]


def _until(done: Callable[[], bool], both: Sequence[Supervised]) -> None:
    """Listen to the parsers until something is so."""
    while not done():
        timeout = 0.01 if any(parser.hurried for parser in both) else 0.2
        ready, _, _ = select.select([one for parser in both for one in parser.descriptors()], [], [], timeout)
        for parser in both:
            with contextlib.suppress(InterruptedError):
                parser.hear(set(ready))
            parser.tick()


def _run(request: Request, state: _State, todo: list[str], both: Sequence[Supervised]) -> Run:
    assert state.discovered is not None
    files = [_file(state.told[0][path], state.told[1][path]) for path in todo]
    if state.discovered.get("error"):
        problem = Problem(Kind.IMPORT, state.discovered["error"], Place(""))
        files.append(File("", 0.0, problems=(problem,)))
    notified = all(parser.sealed == "notified" for parser in both)
    filtered = all(parser.sealed in ("notified", "refused") for parser in both)
    return Run(
        state.versions["airflow"],
        state.versions["python"],
        Isolation(alone_in_network(), filtered, notified),
        tuple(files),
        tuple(
            skipped
            for one in state.discovered.get("skipped", ())
            if _chosen((skipped := json_form.structured(Skipped, one)).path, request.only)
        ),
        tuple(json_form.structured(Pattern, one) for one in state.discovered.get("unmatched", ())),
        tuple(json_form.structured(Need, one) for one in state.common),
    )


def _file(first: _Told, second: _Told) -> File:
    """Join what both said of a file: each looked closer at something, and one may have seen what the other did not."""
    facts = replace(first.facts, needs=second.facts.needs)
    if not facts.problems and second.facts.problems:
        facts = replace(facts, problems=second.facts.problems)
    reads = {**dict.fromkeys(facts.reads), **dict.fromkeys(second.facts.reads)}
    read = _read(first.files, second.files)
    known = None if read is None or _hard(facts) else Dependencies(read)
    return replace(
        facts,
        seconds=min(facts.seconds, second.facts.seconds),
        attempts=processes.once((*facts.attempts, *second.facts.attempts)),
        reads=tuple(reads),
        unstable=differing.unstable(facts, first.forms, second.forms),
        dependencies=known,
    )


def _read(first: dict[str, str] | None, second: dict[str, str] | None) -> dict[str, str] | None:
    """Return the files that either parse read; None where one is not known, or a file changed between the two."""
    if first is None or second is None or any(second.get(path, sha) != sha for path, sha in first.items()):
        return None
    return first | second


def _hard(facts: File) -> bool:
    """Whether the machine, and not the file alone, may be why: what is kept must be true tomorrow."""
    return any(
        problem.kind in (Kind.TIMEOUT, Kind.CRASH, Kind.MEMORY, Kind.OUTPUT) for problem in facts.problems
    )


def alone_in_network() -> bool:
    """Whether this network namespace has no interface but its own loopback."""
    lines = Path("/proc/self/net/dev").read_text(encoding="ascii", errors="replace").splitlines()
    return {line.partition(":")[0].strip() for line in lines[2:]} <= {"lo"}
