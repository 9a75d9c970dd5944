"""`make bench-verify`: seeded faults, by `airlock verify` and by Checkov, and how long each looks at the example.

Checkov is asked twice, of the folder and of what Terraform makes of it in the form of a plan: what either finds counts.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import moto_aws
import terraform_runs
from airlock import process, writing
from airlock.errors import TerraformError
from benchmarks.results import REPOSITORY, Report, Result, machine
from seeded import FAULTS
from seeded.deployed import Deployed
from seeded.fault import Fault, copy
from seeded.live import NOT_LIVE, SPOILED
from seeded.looking import Looking, judged, read_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from terraform_runs import Terraform

REPEATS = 5
FOLDER, PLAN = "folder", "plan"
_OPTIONS = ("--download-external-modules", "false", "--skip-download", "--quiet", "--compact", "-o", "json")
Failed = set[tuple[str, str]]  # checks of Checkov, and the resources that fail them
ABOUT = """
`make bench-verify`, on {machine}, load {load} when it ended. {faults} faults are put into `infra/`
(`tests/seeded/`), one at a time, as somebody might by mistake; both tools look at the same files, offline.

- `airlock verify --terraform`: found where it tells the codes that the fault is about. In the example without a
  fault it finds nothing.
- `airlock verify --live`: the same in the account: the example applied to moto, and changed there by calls of AWS's
  API.
- Checkov {version} (`pipx install checkov`; `$CHECKOV` where it is not on PATH): found where a check fails that does
  not fail in the example without the fault, whatever the check is about. Asked twice, for its best: of the folder
  (`-d`, with its modules), and of a plan as JSON with all values resolved (`-f`). In the example without a fault
  {clean} checks fail.
- `example`: seconds of the whole command on `infra/example`, medians of {repeats}, in turns, with nothing cached.

| | faults found | of |
| --- | ---: | ---: |
| `airlock verify --terraform` | {static} | {faults} |
| `airlock verify --live` | {live} | {held} that moto holds |
| Checkov | {either} | {faults} |
| Checkov, of the folder | {folder} | {faults} |
| Checkov, of a plan | {plan} | {faults} |
"""


@dataclass(frozen=True)
class Row:
    """What found one fault, and how: codes and checks, none where nothing did. `live` is None where moto cannot."""

    fault: Fault
    static: tuple[str, ...]
    live: tuple[str, ...] | None
    checks: Mapping[str, tuple[str, ...]]

    @property
    def cells(self) -> list[str]:
        live = "moto cannot" if self.live is None else ", ".join(self.live) or "**no**"
        checks = sorted({each for one in self.checks.values() for each in one})
        return [self.fault.name, ", ".join(self.static) or "**no**", live, ", ".join(checks) or "no"]


@dataclass(frozen=True)
class Checkov:
    """The program, and what it says."""

    program: Path

    @property
    def version(self) -> str:
        return process.run([self.program, "--version"]).stdout.decode().strip()

    def folder(self, folder: Path) -> list[str | Path]:
        return [self.program, "--framework", "terraform", *_OPTIONS, "-d", folder]

    def of_folder(self, folder: Path) -> Failed:
        """Return what fails in a folder. Each has a process: in one for several, what one folder is shows in others."""
        return set().union(*(_failed(one) for one in self._told(self.folder(folder))))

    def of_plan(self, path: Path) -> Failed:
        command: list[str | Path] = [self.program, "--framework", "terraform_plan", *_OPTIONS, "-f", path]
        return set().union(*(_failed(one) for one in self._told(command)))

    def _told(self, command: Sequence[str | Path]) -> list[Mapping[str, Any]]:
        """Return the documents that it writes, one after another. It ends with 1 where a check fails."""
        text = process.run(command, check=False).stdout.decode()
        found: list[Mapping[str, Any]] = []
        decoder, at = json.JSONDecoder(), 0
        while at < len(text.rstrip()):
            one, at = decoder.raw_decode(text, at)
            found.append(one)
            at += len(text[at:]) - len(text[at:].lstrip())
        return found


def _failed(document: Mapping[str, Any]) -> Failed:
    checks = document.get("results", {}).get("failed_checks", ())
    return {(one["check_id"], one["resource"]) for one in checks}


def main() -> int:
    """Look at every fault with both, write docs/benchmarks/verify.md, and fail where one of airlock's is missed."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        terraform = terraform_runs.find(work)
        program = os.environ.get("CHECKOV") or process.find("checkov")
        if isinstance(terraform, str):
            raise TerraformError(terraform)
        if not program:
            raise TerraformError("checkov is not on PATH", remedy="pipx install checkov, or set CHECKOV")
        os.environ["TF_CLI_CONFIG_FILE"] = str(terraform.settings)
        checkov = Checkov(Path(program))
        results = seconds(checkov, work)
        with ThreadPoolExecutor(1) as beside:  # to apply the example is mostly to wait
            waiting = beside.submit(of_moto, terraform, work)
            static, plans = of_terraform(work)
            checks, clean = of_checkov(checkov, work, plans)
            live = waiting.result()
        rows = [
            Row(one, static[one.name], live.get(one.name), {kind: checks[kind][one.name] for kind in checks})
            for one in FAULTS
        ]
    report = Report("verify", "Faults found", _about(rows, checkov, clean), tuple(results))
    found, shown = report.write()
    writing.write(shown, shown.read_text() + "\n" + _table(rows))
    sys.stderr.write(f"{found}\n{shown}\n")
    return 1 if any(not one.static or one.live == () for one in rows) else 0


def seconds(checkov: Checkov, work: Path) -> list[Result]:
    """Return how long each takes on the example."""
    example = copy(work / "timed")
    airlock: list[str | Path] = [Path(sys.executable), "-m", "airlock", "verify", "--terraform", example]
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours.append(_timed(airlock))
        theirs.append(_timed(checkov.folder(example)))
    return [Result("example", "checkov", median(ours), median(theirs), "s")]


def _timed(command: Sequence[str | Path]) -> float:
    begun = time.perf_counter()
    process.run(command, cwd=REPOSITORY, check=False)
    return time.perf_counter() - begun


def of_terraform(work: Path) -> tuple[dict[str, tuple[str, ...]], dict[str, Path]]:
    """Return the codes that are found of each fault, all or none, and its plan; and of what has none, by variables."""
    looking = Looking(os.cpu_count() or 1)
    everything = [*_clean(), *FAULTS]
    looking.start(*everything)
    found, plans = {}, {}
    for number, fault in enumerate(everything):
        look = looking.look(fault)
        codes = {one.code for one in look.findings}
        found[fault.name] = fault.codes if set(fault.codes) <= codes else ()
        plans[fault.name] = work / f"plan-{number}.json"
        plans[fault.name].write_text(json.dumps(look.plan))
    looking.close()
    return found, plans


def _clean() -> list[Fault]:
    """Return the example without a fault, with each of the variables that faults have."""
    variables = {_base(one): one.variables for one in FAULTS}
    return [Fault(name, (), variables=values) for name, values in variables.items()]


def _base(fault: Fault) -> str:
    return f"without a fault {json.dumps(fault.variables, sort_keys=True)}"


def of_checkov(
    checkov: Checkov, work: Path, plans: Mapping[str, Path]
) -> tuple[dict[str, dict[str, tuple[str, ...]]], int]:
    """Return the checks that fail for a fault alone, by kind of input; and how many fail without one."""
    everything = [*_clean(), *FAULTS]
    folders = [one.seed(work / f"seeded-{number}") for number, one in enumerate(everything)]
    names = [one.name for one in everything]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        of_plans = list(pool.map(checkov.of_plan, (plans[name] for name in names)))
        of_folders = list(pool.map(checkov.of_folder, folders))
    failed = {
        FOLDER: dict(zip(names, of_folders, strict=True)),
        PLAN: dict(zip(names, of_plans, strict=True)),
    }
    new = {
        kind: {one.name: _new(by_name[one.name], by_name[_base(one)]) for one in FAULTS}
        for kind, by_name in failed.items()
    }
    return new, len(failed[FOLDER][_base(Fault("", ()))])


def _new(after: Failed, before: Failed) -> tuple[str, ...]:
    return tuple(sorted({check for check, _ in after - before}))


def of_moto(terraform: Terraform, work: Path) -> dict[str, tuple[str, ...]]:
    """Return the codes that are found of each fault in the account, all or none."""
    found = {}
    with moto_aws.serving() as url:
        example = terraform_runs.copy(terraform, work / "applied", url, **terraform_runs.WHOLE)
        example.init()
        example.apply()
        before = {(one.code, one.resource) for one in judged(read_account(url, example.outputs))}
        for fault in (one for one in FAULTS if one.name in SPOILED):
            with moto_aws.copied(url) as spoilt:
                SPOILED[fault.name](Deployed(spoilt, example.outputs))
                after = judged(read_account(spoilt, example.outputs))
            codes = {one.code for one in after if (one.code, one.resource) not in before}
            found[fault.name] = fault.codes if set(fault.codes) <= codes else ()
    return found


def _about(rows: Sequence[Row], checkov: Checkov, clean: int) -> str:
    def number(meant: Callable[[Row], object]) -> int:
        return sum(bool(meant(one)) for one in rows)

    return ABOUT.format(
        machine=machine(),
        load=f"{os.getloadavg()[0]:.1f}",
        version=checkov.version,
        repeats=REPEATS,
        clean=clean,
        faults=len(rows),
        held=len(rows) - len(NOT_LIVE),
        static=number(lambda one: one.static),
        live=number(lambda one: one.live),
        either=number(lambda one: any(one.checks.values())),
        folder=number(lambda one: one.checks[FOLDER]),
        plan=number(lambda one: one.checks[PLAN]),
    )


def _table(rows: Iterable[Row]) -> str:
    heading = ["fault", "`airlock verify --terraform`", "`--live`", "Checkov"]
    lines = [heading, ["---"] * 4, *(one.cells for one in rows)]
    reasons = [f"- {name}: {reason}." for name, reason in NOT_LIVE.items()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join(["## Each fault", "", table, "", "What moto cannot hold:", "", *reasons, ""])


if __name__ == "__main__":
    sys.exit(main())
