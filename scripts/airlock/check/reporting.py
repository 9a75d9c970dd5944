"""From facts to one report: each bundle is judged, what was not selected is left out, the baseline applied."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock.errors import CheckError
from airlock_spec.check import baseline as baselines
from airlock_spec.check import judge
from airlock_spec.check import sources as texts
from airlock_spec.check.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from airlock.check.bundle import Bundle
    from airlock.check.run import Checked
    from airlock.config import Config
    from airlock_spec.check.baseline import Entry
    from airlock_spec.check.facts import File, Run, Skipped
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.settings import Settings

_TWICE = "AL110"  # the one finding about a file that other files decide


@dataclass(frozen=True)
class Judged:
    """What was found in all bundles; `run` has their files by the paths that a report shows."""

    run: Run
    findings: tuple[Finding, ...]
    ignored: int
    everything: bool  # nothing was left out


def judged(checked: Sequence[Checked], settings: Settings, project: Path) -> Judged:
    """Judge the facts of each bundle. Raises what ruff's run raised."""
    findings: list[Finding] = []
    files: list[File] = []
    skipped: list[Skipped] = []
    ignored = 0
    for one in checked:
        prefix = one.bundle.prefix(project)
        run = selected(one.run, one.bundle)
        extra = one.ruff() if one.ruff else None
        found = judge.judge(run, settings, prefix=prefix, sources=sources(one.bundle), extra=extra)
        findings += found.findings
        findings += _twice(one, settings, prefix, found.findings)
        ignored += found.ignored
        files += [replace(file, path=prefix + file.path) for file in run.files if file.path]
        skipped += run.skipped
    joined = replace(checked[0].run, files=tuple(files), skipped=tuple(skipped))
    everything = len(checked) == 1 and checked[0].bundle.only is None
    return Judged(joined, tuple(findings), ignored, everything)


def selected(run: Run, bundle: Bundle) -> Run:
    """Leave out the facts of what is not selected."""
    if bundle.only is None:
        return run
    return replace(
        run,
        files=tuple(file for file in run.files if bundle.selects(file.path)),
        skipped=tuple(one for one in run.skipped if bundle.selects(one.path)),
        unmatched=tuple(one for one in run.unmatched if bundle.selects(one.place.path)),
    )


def _twice(one: Checked, settings: Settings, prefix: str, told: Iterable[Finding]) -> list[Finding]:
    """Find the selected files whose DAGs other files of the bundle have, too, as far as those are known."""
    if one.bundle.only is None or not judge.selected(_TWICE, settings):
        return []
    alone = replace(settings, select=(_TWICE,), ignore=())
    found = judge.judge(one.run, alone, prefix=prefix, sources=sources(one.bundle))
    known = set(told)
    return [
        finding
        for finding in found.findings
        if finding.code == _TWICE
        and one.bundle.selects(finding.path.removeprefix(prefix))
        and finding not in known
    ]


def sources(bundle: Bundle) -> dict[str, str]:
    """Return the texts of the selected Python files, for the comments in them."""
    return {path: text for path, text in texts.of(bundle.folder).items() if bundle.selects(path)}


def configured_baseline(config: Config) -> Path | None:
    return config.project / config.check.baseline if config.check.baseline else None


def report(
    found: Judged, settings: Settings, baseline: Path | None, seconds: float, notes: Iterable[str]
) -> Report:
    """Take away what the baseline has. Raises CheckError where it cannot be read."""
    known = _baseline(baseline) if baseline else Counter()
    looked_at = None if found.everything else {file.path for file in found.run.files}
    left = baselines.apply(known, found.findings, looked_at)
    return Report(
        found.run, left.new, settings.fail_on, seconds, "", found.ignored, left.known, left.gone, tuple(notes)
    )


def _baseline(path: Path) -> Counter[Entry]:
    try:
        return baselines.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckError(
            f"there is no baseline {path}", remedy="airlock check --write-baseline, and commit the file"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckError(
            f"the baseline {path} cannot be read",
            cause=str(error),
            remedy="git checkout it, or write it anew: airlock check --write-baseline",
        ) from error
