"""Where a report goes: to stdout, or to a file with text for people on stderr; `check` and `verify` have it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from airlock.cli import Session
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown

FORMATS = ("text", "json", "junit", "sarif", "github", "markdown")
OF_GITHUB = {"sarif", "github"}  # which name files as the checkout has them
NEVER = "none"


@dataclass(frozen=True)
class Output:
    """How to report: in which format, and to which file (None: stdout)."""

    form: str
    path: Path | None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Output:
        """Return what the options of `options` say. Raises UsageError where they contradict each other."""
        form = options["form"]
        if options["as_json"] and form not in ("text", "json"):
            raise click.UsageError(f"of --json and --format {form} only one can be had")
        return cls("json" if options["as_json"] else form, options["output"])


def options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a report to a command: `form`, `as_json`, `output`, `fail_on`, `selected`, `ignored`."""
    for add in reversed(
        (
            click.option(
                "--format",
                "form",
                type=click.Choice(FORMATS),
                default="text",
                help="How to report (default: text).",
            ),
            click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
            click.option(
                "--output",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write the report there, and text to stderr.",
            ),
            click.option(
                "--fail-on",
                type=click.Choice(("error", "warning", "info", NEVER)),
                help="Exit with 1 from here on (default: error).",
            ),
            click.option(
                "--select", "selected", multiple=True, metavar="CODES", help="Report these alone (AL1,AIR)."
            ),
            click.option("--ignore", "ignored", multiple=True, metavar="CODES", help="Report all but these."),
        )
    ):
        command = add(command)
    return command


def names(given: Iterable[str]) -> list[str]:
    """Return names that are separated by commas, of an option that may be given several times."""
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def from_checkout(found: tuple[Finding, ...], project: Path, output: Output) -> tuple[Finding, ...]:
    """Name paths from the checkout, where GitHub looks for them, in the formats that are its.

    What is in neither the project nor the checkout keeps its path, as a bundle outside of both.
    """
    checkout = os.environ.get("GITHUB_WORKSPACE", "")
    own, root = project.resolve(), Path(checkout).resolve()
    if output.form not in OF_GITHUB or not checkout:
        return found

    def named(path: str) -> str:
        whole = own / path
        if not path or not (own / Path(path).parts[0]).exists() or not whole.is_relative_to(root):
            return path
        return whole.relative_to(root).as_posix()

    return tuple(replace(one, path=named(one.path)) for one in found)


def show(session: Session, report: Shown, output: Output) -> None:
    """Print a report, or write it. Raises CheckError where its file cannot be written."""
    from airlock import writing  # noqa: PLC0415 - after --help
    from airlock.errors import CheckError  # noqa: PLC0415
    from airlock_spec.check.reports import render  # noqa: PLC0415

    if output.path is None:
        click.echo(render(report, output.form, colour=_is_colourful(sys.stdout)), nl=False)
        return
    text = render(report, output.form)
    try:
        if writing.is_opened(output.path):
            output.path.write_text(text, encoding="utf-8")
        else:
            writing.write(output.path, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CheckError(
            f"the report cannot be written to {output.path}",
            cause=str(error),
            remedy=f"{report.program} --output FILE, in a folder that can be written to",
        ) from error
    session.terminal.say(render(report, "text", colour=_is_colourful(sys.stderr)).rstrip("\n"))


def _is_colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")
