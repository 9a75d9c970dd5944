"""`airlock down`: ends what `airlock up` began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock down
  airlock --project shop down
"""


@click.command("down", epilog=EPILOG)
@click.pass_obj
def command(session: Session) -> int:
    """End what `airlock up` began, in sandboxes or containers, and leave nothing of it.

    No process, container, network, volume or file of it stays, whoever was killed before. Where nothing is up,
    nothing is done.
    """
    from airlock.up import start  # noqa: PLC0415 - after --help

    ended = start.down(session)
    session.terminal.say("down" if ended else "nothing was up")
    return 0
