"""`make bench-sync`: what DAGs cost on their way to S3 and back, against programs that copy files, and a bundle.

All against the same S3 on this machine, whose answers take no time or 15 ms more; whatever was read is compared
with what was published.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import layout, process, sandbox
from airlock.errors import AirlockError, CheckError
from airlock.inside import ReadOnly, inside
from airlock.places import places
from airlock.platforms import native
from airlock.terminal import Terminal
from airlock.tree import Trees
from benchmarks import dag_tree, sync_page
from benchmarks.double import Cost, double
from benchmarks.inside.bundle import digest
from benchmarks.results import REPOSITORY
from benchmarks.sync_page import Case, Costs
from benchmarks.syncers import Airlock, Bundle, copiers, require_programs
from committing import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.double import Double
    from benchmarks.syncers import Syncer

BUNDLES = {
    "airlock": ("airlock_plugins.bundle.ReleaseBundle", '{{"location": "s3://{bucket}/dags"}}'),
    sync_page.BUNDLE: (
        "airflow.providers.amazon.aws.bundles.s3.S3DagBundle",
        '{{"bucket_name": "{bucket}", "prefix": "dags", "aws_conn_id": null}}',
    ),
}
WRITTEN_BY = {"airlock": "airlock", sync_page.BUNDLE: "aws s3 sync"}  # whose bucket a bundle reads
_INSIDE = Path(__file__).parent / "inside" / "bundle.py"
_PROGRAM = "/tmp/bundle.py"  # noqa: S108 - in the sandbox


@dataclass(frozen=True)
class Plan:
    """Which numbers of files are measured at which round trips (ms), and how often; S3DagBundle up to `slow` files."""

    files: tuple[int, ...]
    delays: tuple[int, ...] = sync_page.DELAYS
    cold: int = 1
    warm: int = 1
    slow: int = 400

    def times(self, files: int) -> tuple[int, int]:
        """Return how often all and one changed file are brought: thousands of requests once."""
        return (self.cold if files <= self.slow else 1), self.warm


FULL = Plan(sync_page.FILES, cold=3, warm=3, slow=10_000)
QUICK = Plan(sync_page.FILES)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="measure each case once, S3DagBundle with 400 files"
    )
    parser.add_argument("--files", type=int, metavar="N", help="measure this number alone, and write nothing")
    chosen = parser.parse_args(arguments)
    plan = QUICK if chosen.quick else FULL
    if chosen.files:
        plan = Plan((chosen.files,), cold=plan.cold, warm=plan.warm, slow=plan.slow)
    costs: Costs = {}
    try:
        require_programs()
        with tempfile.TemporaryDirectory(prefix="bench-", dir=places().root) as folder:
            for files in plan.files:
                for delay in plan.delays:
                    measure(Path(folder) / f"{files}-{delay}", plan, (files, delay), costs)
        report = sync_page.report(costs, (plan.cold, plan.warm))
        if not chosen.files:
            report.write()
    except AirlockError as error:
        sys.stderr.write(f"bench-sync: {error}\n")
        return error.exit_code
    print(report.page())  # noqa: T201 - the result
    return 1 if report.missed() else 0


def measure(folder: Path, plan: Plan, world: tuple[int, int], costs: Costs) -> None:
    """Measure all with so many files at such a round trip, in an S3 of their own."""
    files, delay = world
    cold, warm = plan.times(files)
    with double(delay) as there:
        for time in range(cold):
            own = folder / str(time)
            project = prepared(own, files)
            syncers: list[Syncer] = [Airlock(project, there), *copiers(there, own, project / "dags")]
            round_ = Round(own, there, files, delay, syncers, costs)
            with round_.bundles(files <= plan.slow) as bundles:
                round_.bring("cold", bundles, edited=0)
                for edit in range(1, (warm if time == cold - 1 else 1) + 1):
                    round_.bring("one", bundles, edited=edit)
                    round_.bring("idle", bundles, edited=0)
            shutil.rmtree(own)


def prepared(folder: Path, files: int) -> Path:
    """Make a project whose DAGs are committed to git, as they are where a pipeline publishes them."""
    project = folder / "project"
    dag_tree.write(project / "dags", files)
    (project / "pyproject.toml").write_text('[project]\nname = "bench"\nversion = "1"\n\n[tool.airlock]\n')
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "DAGs")
    return project


@dataclass(frozen=True)
class Round:
    """One pass of all syncers and bundles over the same folder of DAGs, in turns."""

    folder: Path
    there: Double
    files: int
    delay: int
    syncers: list[Syncer]
    costs: Costs

    @property
    def tree(self) -> Path:
        return self.folder / "project" / "dags"

    def bring(self, what: str, bundles: dict[str, Bundle], *, edited: int) -> None:
        """Publish with each, then read with each."""
        if edited:
            dag_tree.edit(self.tree, self.files, edited)
        wanted = digest(self.tree)
        for syncer in self.syncers:
            self._do("publish", what, syncer, syncer.publish(self.bucket(syncer.name)))
        for syncer in self.syncers:
            target = self.folder / f"read-{self.bucket(syncer.name)}"
            self._do("read", what, syncer, syncer.read(self.bucket(syncer.name), target))
            self._require(syncer.name, digest(syncer.found(target)), wanted)
        for name, bundle in bundles.items():
            self.there.counted()
            did = bundle.do("initialize" if what == "cold" else "refresh")
            cost = Cost(float(did["seconds"]), float(did["cpu"]), *self.there.counted())
            self._require(name, str(did["digest"]), wanted)
            self._note("bundle", what, name, cost)
            if what == "cold":
                bundle.do("refresh")  # Airflow does, at once; it is not measured

    def bucket(self, name: str) -> str:
        return f"{''.join(filter(str.isalnum, name))}-{self.folder.name}"

    @contextlib.contextmanager
    def bundles(self, all_: bool) -> Iterator[dict[str, Bundle]]:  # noqa: FBT001 - one question
        """Start a process of the image for each bundle; S3DagBundle only where all are wanted."""
        image = layout.read_image(REPOSITORY / "build" / "image", native())
        names = [name for name in BUNDLES if all_ or name == "airlock"]
        with Trees(places().trees, Terminal(quiet=True)).use(image) as tree, contextlib.ExitStack() as ending:
            found = inside(image, tree, env=self.there.variables, binds=[ReadOnly(_INSIDE, _PROGRAM)])
            chosen = sandbox.choose(found)
            bundles = {}
            for name in names:
                kind, arguments = BUNDLES[name]
                given = json.loads(arguments.format(bucket=self.bucket(WRITTEN_BY[name])))
                words = ("python", _PROGRAM, kind, json.dumps({"name": "bench", **given}))
                command = chosen.command(found, words)
                bundles[name] = Bundle.start(with_network(command))
                ending.callback(bundles[name].end)
            yield bundles

    def _do(self, kind: str, what: str, syncer: Syncer, command: Sequence[str | Path]) -> None:
        cost = self.there.cost(lambda: process.run(command, env=syncer.variables, cwd=self.folder))
        self._note(kind, what, syncer.name, cost)

    def _note(self, kind: str, what: str, who: str, cost: Cost) -> None:
        case = Case(kind, what, self.files, self.delay)
        self.costs.setdefault(case, {}).setdefault(who, []).append(cost)
        sys.stderr.write(
            f"{case}, {who}: {cost.seconds:.2f} s, {cost.cpu:.2f} s CPU, {cost.requests} requests\n"
        )

    def _require(self, name: str, found: str, wanted: str) -> None:
        if found != wanted:
            raise CheckError(f"{name} made of {self.files} files another folder than was published")


def with_network(command: Sequence[str]) -> list[str]:
    """Return the command of a sandbox that has this machine's network: the S3 is there (bwrap(1))."""
    after = command.index("--unshare-all") + 1
    return [*command[:after], "--share-net", *command[after:]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
