"""`airlock run`: a command in the image, without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airlock import process

if TYPE_CHECKING:
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock run -- airflow version
  airlock run -- python -c 'import airflow.providers.amazon'
  airlock run --bind dags:/opt/airflow/dags -- python dags/preflight.py
  airlock run                         a shell, on a terminal
"""


NOT_FOUND = 127  # as shells report it


@click.command("run", epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option(
    "--platform", metavar="OS/ARCH", help="Use the image for this platform (default: this machine's)."
)
@click.option("--env", "variables", multiple=True, metavar="K=V", help="Set a variable (repeatable).")
@click.option(
    "--bind",
    "binds",
    multiple=True,
    metavar="SRC:DST",
    help="Show a file or folder of this machine, read-only (repeatable).",
)
@click.argument("command_", metavar="[--] [COMMAND]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    session: Session,
    *,
    platform: str | None,
    variables: tuple[str, ...],
    binds: tuple[str, ...],
    command_: tuple[str, ...],
) -> int:
    """Run COMMAND in the image that build/image holds, without a network, as its user.

    The image is read-only; /tmp, /run and AIRFLOW_HOME can be written to and are forgotten. Of this machine's
    environment the command sees only TERM, COLUMNS and LINES. The image's entrypoint is not used. The exit
    code is the command's, or 127 where the image has no such program.
    """
    from airlock import layout, sandbox  # noqa: PLC0415 - heavy imports, after --help
    from airlock.inside import ReadOnly, holds_program, inside  # noqa: PLC0415
    from airlock.platforms import native  # noqa: PLC0415
    from airlock.tree import Trees  # noqa: PLC0415

    words = command_ or _shell()
    env = dict(_pair(text, "=", "--env") for text in variables)
    shown = [
        ReadOnly(Path(source).absolute(), target)
        for source, target in (_pair(b, ":", "--bind") for b in binds)
    ]
    config = session.config_for([platform] if platform else [])
    image = layout.read_image(config.layout, config.platforms[0] if platform else native())
    with Trees(session.places.trees, session.terminal).use(image) as tree:
        found = inside(image, tree, env=env, binds=shown)
        if holds_program(found, words[0]):
            # with no environment at all: /proc/1/environ would show it inside
            process.replace_this(sandbox.choose(found).command(found, words), {})
    click.echo(f"airlock: the image has no program {words[0]} on its PATH", err=True)
    return NOT_FOUND


def _shell() -> tuple[str, ...]:
    if not sys.stdin.isatty():
        raise click.UsageError("name a COMMAND; a shell is started only on a terminal")
    return ("bash",)


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    first, found, second = text.partition(separator)
    if not first or not found:
        shape = f"NAME{separator}VALUE" if separator == "=" else f"SRC{separator}DST"
        raise click.UsageError(f"{option} {text!r} has not the shape {shape}")
    return first, second
