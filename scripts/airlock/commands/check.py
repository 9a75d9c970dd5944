"""`airlock check`: DAG integrity in the very image, without a network."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from airlock.check.reporting import Judged
    from airlock.check.timings import Timings
    from airlock.cli import Session
    from airlock_spec.check.report import Report
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
FORMATS = ("text", "json", "junit", "sarif", "github", "markdown")
_OF_GITHUB = {"sarif", "github"}
BASELINE = "airlock-baseline.json"
NEVER = "none"


@dataclass(frozen=True)
class _Wishes:
    """How to report, as the options say it."""

    form: str
    output: Path | None
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
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", help="How to report (default: text)."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report there, and text to stderr.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "info", NEVER)),
    help="Exit with 1 from here on (default: error).",
)
@click.option("--select", "selected", multiple=True, metavar="CODES", help="Report these alone (AL1,AIR).")
@click.option("--ignore", "ignored", multiple=True, metavar="CODES", help="Report all but these.")
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
    if wishes.form in _OF_GITHUB and (checkout := os.environ.get("GITHUB_WORKSPACE")):
        made = reporting.from_checkout(made, config.project, Path(checkout))
    _show(session, made, wishes)
    if wishes.timings:
        _say_timings(session, timings, time.monotonic() - begun)
    return 0 if options["fail_on"] == NEVER else made.exit_code


def _wishes(options: dict[str, Any]) -> _Wishes:
    form = options["form"]
    if options["as_json"] and form not in ("text", "json"):
        raise click.UsageError(f"of --json and --format {form} only one can be had")
    return _Wishes(
        "json" if options["as_json"] else form,
        options["output"],
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
        "select": _names(options["selected"]),
        "ignore": _names(options["ignored"]),
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


def _names(given: Iterable[str]) -> list[str]:
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def _show(session: Session, report: Report, wishes: _Wishes) -> None:
    from airlock import writing  # noqa: PLC0415 - as above
    from airlock.errors import CheckError  # noqa: PLC0415
    from airlock_spec.check.reports import render  # noqa: PLC0415

    if wishes.output is None:
        click.echo(render(report, wishes.form, colour=_is_colourful(sys.stdout)), nl=False)
        return
    text = render(report, wishes.form)
    try:
        if writing.is_opened(wishes.output):
            wishes.output.write_text(text, encoding="utf-8")
        else:
            writing.write(wishes.output, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CheckError(
            f"the report cannot be written to {wishes.output}",
            cause=str(error),
            remedy="airlock check --output FILE, in a folder that can be written to",
        ) from error
    session.terminal.say(render(report, "text", colour=_is_colourful(sys.stderr)).rstrip("\n"))


def _is_colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


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
