"""`airlock check`: DAG integrity in the very image, without a network."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airlock import report_output
from airlock.report_output import NEVER, Output

if TYPE_CHECKING:
    from airlock.check.reporting import Judged
    from airlock.check.timings import Timings
    from airlock.cli import Session
    from airlock_spec.check.settings import Settings

EPILOG = """\b
Examples:
  airlock check                         all DAGs of the project; exit code 1 where one must be mended
  airlock check dags/one.py dags/team   these alone
  airlock check --project DIR           a plain folder of DAGs, in the image of the current folder
  airlock check --changed-since origin/main
                                        what a branch can affect
  airlock check --image REF             in a container of an image that a Docker Engine holds
  airlock check --format sarif --output check.sarif
  airlock check --write-baseline        adopt it: what is found today is taken as given

`airlock explain CODE` tells more of a finding; docs/checks.md has all.
"""
BASELINE = "airlock-baseline.json"


@dataclass(frozen=True)
class _Wishes:
    """How to report, as the options say it."""

    output: Output
    baseline: Path | None
    write_baseline: bool
    timings: bool


@click.command("check", epilog=EPILOG)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--project", type=click.Path(path_type=Path), help="The project's folder, as before `check`.")
@click.option(
    "--image", metavar="REF", default="", help="Check in this image: an OCI layout's folder, or a name."
)
@click.option(
    "--changed-since", metavar="REV", default="", help="Check what changes since this revision can affect."
)
@report_output.options
@click.option("--endpoints", metavar="NAMES", help="The VPC endpoints that there are (s3,logs,…).")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Leave out what it has.")
@click.option("--write-baseline", is_flag=True, help=f"Write it from what is found (default: {BASELINE}).")
@click.option("--no-cache", is_flag=True, help="Parse every file, whatever is known of it.")
@click.option("--no-ruff", is_flag=True, help="Do without ruff's rules (AIR…).")
@click.option("--timings", is_flag=True, help="Say on stderr what took how long.")
@click.pass_obj
def command(session: Session, /, **options: Any) -> int:
    """Parse and serialize DAGs as production would, in its image and without a network; say what is wrong.

    Files and folders of the bundle (dags/, or the project's folder without one) select; a path outside is a
    bundle of its own. Nothing is written but the cache, which knows the image, every file that a DAG read or
    imported, and the configuration.
    """
    begun = time.monotonic()
    from airlock.check import reporting, run  # noqa: PLC0415 - heavy imports, after --help
    from airlock.check.timings import Timings  # noqa: PLC0415

    if project := options["project"]:
        session = replace(session, project=project)
    wishes = _wishes(options)
    config = run.project_config(session)
    settings = _settings(config.check, options)
    timings = Timings()
    wanted = run.Wanted(
        options["paths"],
        options["image"],
        options["changed_since"],
        not options["no_cache"],
        not options["no_ruff"],
    )
    checked = run.check(session, wanted, timings)
    with timings.of("judging"):
        found = reporting.judged(checked, settings, config.project)
    baseline = wishes.baseline or reporting.configured_baseline(config)
    if wishes.write_baseline:
        _write_baseline(session, found, baseline or config.project / BASELINE)
        if baseline is None:
            session.terminal.say(f'once [tool.airlock.check] holds: baseline = "{BASELINE}"')
        return 0
    none = "there is no DAG file" if found.everything else "no DAG file is selected, or can be affected"
    notes = [] if found.run.files or found.findings else [none]
    made = reporting.report(found, settings, baseline, time.monotonic() - begun, notes)
    named = report_output.from_checkout(made.findings, config.project, wishes.output)
    report_output.show(session, replace(made, findings=named), wishes.output)
    if wishes.timings:
        _say_timings(session, timings, time.monotonic() - begun)
    return 0 if options["fail_on"] == NEVER else made.exit_code


def _wishes(options: dict[str, Any]) -> _Wishes:
    return _Wishes(
        Output.of(options),
        options["baseline"],
        options["write_baseline"],
        options["timings"],
    )


def _settings(configured: Settings, options: dict[str, Any]) -> Settings:
    """Lay the options over what is configured. Raises click.UsageError for what cannot be meant."""
    from airlock.commands.network import offered  # noqa: PLC0415 - after --help
    from airlock_spec.check.settings import SettingsError, parse  # noqa: PLC0415

    given = {
        "fail-on": None if options["fail_on"] == NEVER else options["fail_on"],
        "select": report_output.names(options["selected"]),
        "ignore": report_output.names(options["ignored"]),
    }
    try:
        chosen = parse({"check": {key: value for key, value in given.items() if value}})
    except SettingsError as error:
        named = (one.replace("[tool.airlock.check] ", "--") for one in error.problems)
        raise click.UsageError("\n".join(named)) from error
    return replace(
        configured,
        fail_on=chosen.fail_on if given["fail-on"] else configured.fail_on,
        select=chosen.select or configured.select,
        ignore=chosen.ignore or configured.ignore,
        network=offered(configured.network, options["endpoints"], None),
    )


def _write_baseline(session: Session, found: Judged, path: Path) -> None:
    """Take what was found as given, where everything was looked at."""
    from airlock import writing  # noqa: PLC0415 - as above
    from airlock_spec.check import baseline  # noqa: PLC0415

    if not found.everything:
        raise click.UsageError(
            "--write-baseline takes the whole bundle: name no PATH, and no --changed-since"
        )
    writing.write(path, baseline.write(found.findings))
    session.terminal.say(f"{len(found.findings)} findings are taken as given by {path}")


def _say_timings(session: Session, timings: Timings, total: float) -> None:
    from airlock.terminal import Column  # noqa: PLC0415 - as above

    rows = [[step, f"{seconds:.3f}"] for step, seconds in (*timings.seconds.items(), ("total", total))]
    session.terminal.table([Column("step"), Column("seconds", right=True)], rows)
