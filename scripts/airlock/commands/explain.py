"""`airlock explain`: what a code of `airlock check` or `airlock verify` means, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from airlock_spec.check.documented import Documented

EPILOG = """\b
Examples:
  airlock explain AL201
  airlock explain AL5                 all codes that begin so
  airlock explain                     the list of all codes

docs/checks.md (of DAGs) and docs/rules.md (of a deployment) hold all of it.
"""


def _complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:  # noqa: ARG001
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for shells alone

    return [
        CompletionItem(one.code, help=one.title)
        for one in _documented()
        if one.code.startswith(begun.upper())
    ]


@click.command("explain", epilog=EPILOG)
@click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=_complete)
def command(codes: tuple[str, ...]) -> int:
    """Explain codes of `check` and `verify`: what each means in production, and how to mend it."""
    from airlock.terminal import aligned  # noqa: PLC0415 - after --help
    from airlock_spec.check.documented import explained  # noqa: PLC0415

    known = _documented()
    if not codes:
        rows = [(one.code, str(one.severity), one.title) for one in known]
        click.echo("\n".join(aligned([("code", "severity", "says"), *rows])))
        return 0
    found = {}
    for code in codes:
        members = [one for one in known if one.code.startswith(code.upper())]
        if not code or not members:
            raise click.UsageError(_unknown(code.upper(), known))
        found.update({one.code: one for one in members})
    click.echo("\n\n".join(map(explained, found.values())))
    return 0


def _documented() -> tuple[Documented, ...]:
    """Return all that has a code: checks of DAGs, and rules of deployments."""
    from airlock.verify.catalogue import DOCUMENTED  # noqa: PLC0415 - after --help
    from airlock_spec.check.catalogue import CHECKS  # noqa: PLC0415

    return (*CHECKS, *DOCUMENTED)


def _unknown(code: str, known: tuple[Documented, ...]) -> str:
    from airlock_spec.check.documented import nearest  # noqa: PLC0415 - as above

    if code and not code.startswith("AL"):
        return f"{code!r} is not a code of airlock; ruff's own are explained by: ruff rule {code}"
    return f"{code!r} is not a code; perhaps you meant {nearest(code, known)}; airlock explain lists all"
