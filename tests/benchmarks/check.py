"""`make bench-check`: what checking DAGs costs, against what Airflow itself takes to parse them.

The same files and the same interpreter, all in the sandbox of the image in build/image, in turns.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import AirlockError, CheckError
from airlock.places import places
from benchmarks import generated_dags
from benchmarks.measuring import peak_memory, timed
from benchmarks.results import REPOSITORY, Report, Result, Target, machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXAMPLES = "/opt/venv/lib/python3.13/site-packages/airflow/example_dags"
INSIDE = Path(__file__).parent / "inside"
DAGS = "/opt/airflow/dags"
FLOOR, COMMAND, CLI = "dagbag", "dagbag command", "airflow cli"
LIMIT, UNCHANGED = "limit", "cold"
# Runs a program in a process of its own, and prints the seconds from its start to its end.
CLOCK = """
import subprocess, sys, time
start = time.monotonic()
subprocess.run([sys.executable, *sys.argv[1:]], check=True)
print(time.monotonic() - start)
"""
FOUND_OR_NOT = (0, 1)  # exit codes of a check that was made
SLOWER = 0.77  # no more than 1.3 times theirs
TARGETS = (
    Target("examples.cold", FLOOR, at_least=SLOWER),
    Target("examples.cold", CLI, at_least=2),
    Target("thousand.cold", FLOOR, at_least=SLOWER),
    *(Target(f"{name}.unchanged", UNCHANGED, at_most=0.5) for name in ("examples", "thousand")),
    *(Target(f"{name}.one-changed", UNCHANGED, at_most=3) for name in ("examples", "thousand")),
    Target("memory.many", "memory.thousand", at_least=0.8),  # it does not grow with the number of files
)
ABOUT = """
`make bench-check`, on {machine}, load {load} when it ended: seconds of whole commands, medians of {repeats.small}
(`examples`) and {repeats.large} runs. Ours and theirs take turns.

- `examples`: Airflow's own example DAGs, {examples.files} files with {examples.dags} DAGs. `thousand`: {thousand.files}
  generated files with {thousand.dags} DAGs.
- `cold`: `airlock check PATH --no-cache`: every file is parsed twice, in fresh processes, and serialized.
  `unchanged`, `one-changed`: with the cache, the second time, and after an edit of one file.
- `dagbag`: one process of the image in the same sandbox, from its own start to its end: a `DagBag` collects the
  files and each DAG is serialized. `dagbag command` is the same with the start of `airlock run`, as it is typed.
- `airflow cli`: `airflow db migrate`, then `airflow dags list-import-errors --local`, in one sandbox; it serializes
  nothing.
- `memory`: the most that the command and all its children hold at a time, pages that several share counted once
  (PSS, sampled); {many} files against `thousand`.
"""


@dataclass(frozen=True)
class Repeats:
    """How often a small and a large number of files are checked, and how many files memory is measured with."""

    small: int
    large: int
    many: int


FULL, QUICK = Repeats(5, 3, 5000), Repeats(1, 1, 2000)


@dataclass(frozen=True)
class Bundle:
    """A project of its own, with nothing but DAG files."""

    folder: Path
    files: int
    dags: int = field(default=0)

    def check(self, *options: str) -> list[str | Path]:
        report = self.folder / "report.json"
        words: tuple[str | Path, ...] = (
            "check",
            self.folder / "dags",
            "--format",
            "json",
            "--output",
            report,
            *options,
        )
        return [*airlock(), "--project", self.folder, *words]

    def checked(self, *options: str) -> float:
        """Check it; return seconds. Raises CheckError where it failed, or not every file was checked."""
        command = self.check("--no-ruff", *options)
        start = time.perf_counter()
        done = process.run(command, cwd=REPOSITORY, check=False)
        spent = time.perf_counter() - start
        if done.returncode not in FOUND_OR_NOT:
            raise CheckError("airlock check failed", cause=done.stderr.decode(errors="replace"))
        if (files := self.summary()["files"]) != self.files:
            raise CheckError(f"{files} of {self.files} files were checked")
        return spent

    def summary(self) -> dict[str, int]:
        """Return how many files and DAGs the last check saw."""
        found = json.loads((self.folder / "report.json").read_text())["summary"]
        return {"files": found["files"], "dags": found["dags"]}

    def bare(self) -> tuple[float, float]:
        """Let one process parse and serialize it; return the seconds of the command, and of the process alone.

        A process is there until it has ended: to take down what it built is a part of its work.
        """
        script = INSIDE / "bare_dagbag.py"
        binds = ("--bind", f"{self.folder}/dags:{DAGS}", "--bind", f"{script}:/tmp/bare.py")
        inside = ("python", "-c", CLOCK, "/tmp/bare.py", DAGS)  # noqa: S108 - in the sandbox
        ran = timed([*airlock(), "run", *binds, "--", *inside], os.environ, REPOSITORY)
        return ran.seconds, float(ran.stdout.splitlines()[-1])

    def by_cli(self) -> float:
        """Let Airflow's own commands list what is wrong with it; return seconds."""
        script = "airflow db migrate >/dev/null 2>&1 && airflow dags list-import-errors --local >/dev/null"
        binds = ("--bind", f"{self.folder}/dags:{DAGS}")
        variable = ("--env", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////tmp/airflow.db")
        return timed(
            [*airlock(), "run", *binds, *variable, "--", "sh", "-c", script], os.environ, REPOSITORY
        ).seconds


def airlock() -> list[str | Path]:
    return [sys.executable, "-m", "airlock", "--quiet"]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-check", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="measure each case once, memory with fewer files"
    )
    repeats = QUICK if parser.parse_args(arguments).quick else FULL
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=places().root) as folder:
            report = measure(Path(folder), repeats)
        report.write()
    except AirlockError as error:
        sys.stderr.write(f"bench-check: {error}\n")
        return error.exit_code
    print(report.page())  # noqa: T201 - the result
    return 1 if report.missed() else 0


def measure(folder: Path, repeats: Repeats) -> Report:
    examples, thousand = example_dags(folder / "examples"), generated(folder / "thousand", 1000)
    results = [*cold(examples, "examples", repeats.small), *by_cli(examples, repeats.small)]
    results += warm(examples, "examples", repeats.small)
    results += [*cold(thousand, "thousand", repeats.large), *warm(thousand, "thousand", repeats.large)]
    results.append(memory(thousand, generated(folder / "many", repeats.many)))
    about = ABOUT.format(
        machine=machine(),
        load=f"{os.getloadavg()[0]:.1f}",
        repeats=repeats,
        examples=examples,
        thousand=thousand,
        many=repeats.many,
    )
    return Report("check", "Checking DAGs", about, tuple(results), TARGETS)


def example_dags(folder: Path) -> Bundle:
    """Copy Airflow's example DAGs out of the image."""
    pack = (
        f"import sys, tarfile; tarfile.open(fileobj=sys.stdout.buffer, mode='w|').add('{EXAMPLES}', 'dags')"
    )
    packed = process.run([*airlock(), "run", "--", "python", "-c", pack], cwd=REPOSITORY).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return counted(folder)


def generated(folder: Path, files: int) -> Bundle:
    generated_dags.write(folder / "dags", files)
    return counted(folder) if files <= 1000 else Bundle(folder, files)


def counted(folder: Path) -> Bundle:
    """Ask a first check how many files and DAGs there are; it also warms the machine's file cache."""
    bundle = Bundle(folder, 0)
    process.run(bundle.check("--no-cache"), cwd=REPOSITORY, check=False)
    return Bundle(folder, **bundle.summary())


def cold(bundle: Bundle, name: str, times: int) -> list[Result]:
    """Check without a cache against one process, in turns."""
    ours, command, inside = [], [], []
    for _ in range(times):
        ours.append(bundle.checked("--no-cache"))
        whole, alone = bundle.bare()
        command.append(whole)
        inside.append(alone)
    spent = median(ours)
    return [
        Result(f"{name}.cold", FLOOR, spent, median(inside), "s"),
        Result(f"{name}.cold", COMMAND, spent, median(command), "s"),
    ]


def by_cli(bundle: Bundle, times: int) -> list[Result]:
    pairs = [(bundle.checked("--no-cache"), bundle.by_cli()) for _ in range(times)]
    return [Result("examples.cold", CLI, median(a for a, _ in pairs), median(b for _, b in pairs), "s")]


def warm(bundle: Bundle, name: str, times: int) -> list[Result]:
    """Check with the cache: nothing changed, and one file edited each time."""
    first = bundle.checked()
    edited = max((bundle.folder / "dags").rglob("*.py"))

    def edit() -> float:
        edited.write_text(edited.read_text() + "\n# edited\n")
        return bundle.checked()

    def again(work: Callable[[], float]) -> float:
        return median([work() for _ in range(times)])

    return [
        Result(f"{name}.unchanged", UNCHANGED, again(bundle.checked), first, "s"),
        Result(f"{name}.one-changed", UNCHANGED, again(edit), first, "s"),
    ]


def memory(few: Bundle, many: Bundle) -> Result:
    """Compare the peaks of two numbers of files."""
    peaks = [peak_memory(one.check("--no-cache", "--no-ruff"), os.environ) / 1e6 for one in (few, many)]
    return Result("memory.many", "memory.thousand", peaks[1], peaks[0], "MB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
