"""The reference of all commands, written from their own help: `python -m airlock.reference > docs/reference.md`."""

from __future__ import annotations

import click

from airlock import errors
from airlock.cli import COMMANDS, INTERRUPTED, cli

WIDTH = 100


def render() -> str:
    """Return docs/reference.md: the help of every command, and the exit codes."""
    context = _context(cli, "airlock", None)
    parts = [
        "# Reference",
        "Written by `make docs` from the commands' own help.",
        _block(cli.get_help(context)),
    ]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = _context(command, name, context)
        parts += [f"## airlock {name}", _block(command.get_help(inner))]
        for name_below, below in getattr(command, "commands", {}).items():
            innermost = _context(below, name_below, inner)
            parts += [f"### airlock {name} {name_below}", _block(below.get_help(innermost))]
    return "\n\n".join([*parts, "## Exit codes", _exit_codes()]) + "\n"


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    names = cli.context_settings["help_option_names"]
    return click.Context(
        command,
        parent=parent,
        info_name=name,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=names,
    )


def _block(text: str) -> str:
    return "```\n" + "\n".join(line.rstrip() for line in text.splitlines()) + "\n```"


def _exit_codes() -> str:
    rows = [
        "| code | means |",
        "| --- | --- |",
        "| 0 | done |",
        (
            "| 1 | `airlock check`: something must be mended; "
            "`airlock diff --exit-code`: they differ; or a fault of airlock itself, with a traceback |"
        ),
        "| 2 | the command line cannot be understood |",
    ]
    kinds = sorted(errors.AirlockError.__subclasses__(), key=lambda kind: kind.exit_code)
    rows += [f"| {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0].rstrip('.')} |" for kind in kinds]
    rows += [f"| {INTERRUPTED} | interrupted by Ctrl-C: what was finished is kept |"]
    return "\n".join([*rows, "", "`airlock run` exits with the code of the command it ran."])


if __name__ == "__main__":
    click.echo(render(), nl=False)
