"""`airlock init`: a minimal project, in an empty folder or beside an existing one."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airlock.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.projects.findings import Findings
    from airlock.projects.initial import Planned

EPILOG = """\b
Examples:
  airlock init demo                    a new project in the folder demo
  airlock init                         beside what is here: requirements.txt, an Astro
                                       project, requirements for MWAA
  airlock init --dry-run               say what would be taken and written
  airlock init --requirements prod.txt --json | jq .not_taken
"""


@click.command("init", epilog=EPILOG)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--airflow", metavar="VERSION", help="Ask for this Airflow (default: the project's, else ours)."
)
@click.option(
    "--requirements",
    multiple=True,
    metavar="FILE",
    help="Read this file of the folder instead of requirements.txt (repeatable).",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the folder.")
@click.pass_obj
def command(
    session: Session,
    *,
    folder: Path | None,
    airflow: str | None,
    requirements: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Write a minimal project into FOLDER (default: here), beside what is there.

    Reads requirements.txt with what it includes, packages.txt and the Dockerfile, and says what it took and
    what it could not. No file is overwritten: [tool.airlock] is added at the end of pyproject.toml, lines
    to .gitignore, and any other file that is there stays as it is. Prints the folder alone on stdout.
    """
    from airlock.platforms import native  # noqa: PLC0415 - heavy imports, after --help
    from airlock.projects import existing, initial, template, version  # noqa: PLC0415
    from airlock.projects.folder import Folder  # noqa: PLC0415

    if folder and session.project != Path():
        raise click.UsageError("FOLDER and --project are two names of one thing: give one")
    shown = folder or session.project
    place = Folder.at(shown)
    initial.refuse_a_project(place.root)
    findings = existing.read(place, requirements, template.reserved())
    chosen = version.chosen(findings, airflow)
    constraints = version.settle(findings, chosen)
    wanted = template.wishes(findings, initial.image_name(place.root), chosen, native().name, constraints)
    planned = initial.plan(place.root, wanted)
    writer: initial.Writer = initial.write_nothing if dry_run else initial.write
    writer(place.root, planned)
    _tell(session, shown, findings, planned, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(_document(place.root, chosen, findings, planned, dry_run=dry_run), indent=2))
    else:
        click.echo(os.fsencode(shown))
    return 0


def _tell(
    session: Session, shown: Path, findings: Findings, planned: Sequence[Planned], *, dry_run: bool
) -> None:
    say = session.terminal.say
    kind = ", ".join(findings.kinds) or "a folder without requirements"
    say(printable(f"{shown}: {kind}"))
    kept = {file.path for file in planned if file.how.value == "kept"}
    for count, what, where in (
        (len(findings.requirements), "requirement", "constraints/airflow.in"),
        (len(findings.debian), "Debian package", "constraints/debian.in"),
        (len(findings.environment), "variable", "image/image.toml"),
    ):
        if count:
            stays = f", which is there and stays as it is: add {'them' if count > 1 else 'it'} yourself"
            say(f"  took {count} {what}{'s' * (count > 1)} for {where}{stays * (where in kept)}")
    if findings.hashes:
        say(f"  left the hashes of {findings.hashes} line{'s' * (findings.hashes > 1)}: the lock has its own")
    if findings.left:
        say("not taken:")
    for left in findings.left_in_order():
        text = f" {left.line.text}" if left.line.text else ""
        say(printable(f"  {left.line}:{text}\n      {left.why}", keep="\n"))
    for how, title in _TITLES:
        paths = [file.path for file in planned if file.how.value == how]
        if paths:
            say(f"{'would be ' * dry_run}{title}: {', '.join(paths)}")
    option = "" if shown == Path() else f" --project {shlex.quote(str(shown))}"
    if not dry_run:
        say(printable(f"next: airlock{option} lock && airlock{option} image"))


_TITLES = (("written", "written"), ("extended", "extended"), ("kept", "left as it is"))


def _document(
    root: Path, airflow: str, findings: Findings, planned: Sequence[Planned], *, dry_run: bool
) -> dict[str, object]:
    """Return everything for --json."""
    taken = [
        *(("requirement", taken, taken.text) for taken in findings.requirements),
        *(("debian", taken, taken.text) for taken in findings.debian),
        *(("environment", taken, f"{taken.text}={value}") for taken, value in findings.environment),
    ]
    return {
        "project": str(root),
        "kinds": findings.kinds,
        "airflow": airflow,
        "taken": [
            {"file": one.line.source, "line": one.line.number, "kind": kind, "text": text}
            for kind, one, text in taken
        ],
        "not_taken": [
            {"file": left.line.source, "line": left.line.number, "text": left.line.text, "because": left.why}
            for left in findings.left_in_order()
        ],
        "files": [{"path": file.path, "was": file.how.value} for file in planned],
        "dry_run": dry_run,
    }
