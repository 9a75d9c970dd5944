"""`airlock explain`: what a code of `airlock check` means, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EPILOG = """\b
Examples:
  airlock explain AL201
  airlock explain AL5                 all codes that begin so
  airlock explain                     the list of all codes

docs/checks.md holds all of it as one page.
"""


def _complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:  # noqa: ARG001
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for shells alone

    from airlock_spec.check.catalogue import CHECKS  # noqa: PLC0415 - after --help

    return [
        CompletionItem(check.code, help=check.title)
        for check in CHECKS
        if check.code.startswith(begun.upper())
    ]


@click.command("explain", epilog=EPILOG)
@click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=_complete)
def command(codes: tuple[str, ...]) -> int:
    """Explain codes of `airlock check`: what each means in production, and how to mend it."""
    from airlock.terminal import aligned  # noqa: PLC0415 - after --help
    from airlock_spec.check.catalogue import CHECKS, explained  # noqa: PLC0415

    if not codes:
        rows = [(check.code, str(check.severity), check.title) for check in CHECKS]
        click.echo("\n".join(aligned([("code", "severity", "says"), *rows])))
        return 0
    found = {}
    for code in codes:
        members = [check for check in CHECKS if check.code.startswith(code.upper())]
        if not code or not members:
            raise click.UsageError(_unknown(code.upper()))
        found.update({check.code: check for check in members})
    click.echo("\n\n".join(explained(check) for check in found.values()))
    return 0


def _unknown(code: str) -> str:
    from airlock_spec.check.catalogue import nearest  # noqa: PLC0415 - as above

    if code and not code.startswith("AL"):
        return f"{code!r} is not a code of airlock; ruff's own are explained by: ruff rule {code}"
    return f"{code!r} is not a code; perhaps you meant {nearest(code)}; airlock explain lists all"
