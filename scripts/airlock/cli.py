"""The console script: options that all commands share, and the one place that turns failures into exit codes."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from airlock.config import Config, load
from airlock.errors import AirlockError, StorageError
from airlock.places import Places, places
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "init": "Write a minimal project, in an empty folder or beside an existing one.",
    "lock": "Resolve the intent into locks of exact versions and hashes.",
    "fetch": "Fill the store with every file that the locks name.",
    "image": "Compose the image from the sealed store.",
    "run": "Run a command in the image, without a network.",
    "check": "Check DAGs in the very image, without a network.",
    "network": "Show which endpoints are needed, by whom, and what they cost.",
    "lab": "Run commands and DAGs in the NAT-free network, on this machine.",
    "verify": "Judge a deployment: Terraform, an account, or what a task sees.",
    "cost": "Compare NAT gateways and VPC endpoints, over traffic.",
    "explain": "Explain a code of `check` or `verify`, or list them all.",
    "up": "Bring the whole of Airflow up on this machine, without a network.",
    "down": "End what `up` began, and leave nothing of it.",
    "sbom": "Write the bill of materials of the image.",
    "licenses": "List the licences of all packages, and refuse some.",
    "audit": "List the known vulnerabilities of what is locked.",
    "diff": "Compare two images, or the locks of two states.",
    "reproduce": "Build the image twice, in two worlds, and compare.",
    "push": "Push the image and its papers to a registry, such as Amazon ECR.",
    "deploy": "Let services on Amazon ECS run the image, or go back.",
    "sync": "Publish the DAGs as a release, to S3 or a folder.",
    "releases": "Show the releases of DAGs, one of them, or what differs in two.",
    "rollback": "Let an earlier release of DAGs serve again.",
    "gc": "Delete releases of DAGs that nobody needs any more.",
    "pull": "Keep a folder at the release of DAGs that serves, as on EFS.",
    "verify-image": "Check an image of a registry: signature, provenance, and a rebuild.",
    "context": "Prepare what BuildKit builds image/Dockerfile from.",
    "store": "Carry the sealed store elsewhere: as an archive, or in S3.",
    "cache": "Show what is cached, and remove what was not used lately.",
}
_STORAGE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EIO,
    }
)
_STORAGE_REMEDY = (
    "make room or give permission there, or choose another cache folder with AIRLOCK_CACHE; then run it again"
)
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@dataclass(frozen=True)
class Session:
    """What every command is given: where the project is and how to talk."""

    project: Path
    terminal: Terminal

    @cached_property
    def config(self) -> Config:
        return load(self.project)

    def config_for(self, platforms: Sequence[str]) -> Config:
        """Return the configuration with the platforms of a command's flags, if any."""
        return load(self.project, platforms=platforms) if platforms else self.config

    @cached_property
    def places(self) -> Places:
        return places()


class _Commands(click.Group):
    """Imports a command's module only when it is used, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"airlock.commands.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Completion: eval "$(_AIRLOCK_COMPLETE=bash_source airlock)"  (or zsh_source, fish_source)',
)
@click.option(
    "--project", type=click.Path(path_type=Path), default=Path(), help="The project's folder (default: here)."
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors and the result.")
@click.version_option(package_name="airlock")
@click.pass_context
def cli(context: click.Context, project: Path, *, quiet: bool) -> None:
    """Seal Apache Airflow for a network with no way out."""
    context.obj = Session(project, Terminal(quiet=quiet))


def main() -> NoReturn:
    """Run a command and exit with its code: 0 done, 2 misuse, 3-39 a foreseen failure (errors.py), 130 Ctrl-C."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except AirlockError as error:
        sys.stderr.write(f"airlock: {error}\n")
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        if error.errno not in _STORAGE:
            raise
        failure = StorageError(
            f"a file cannot be read or written: {error.strerror}", cause=str(error), remedy=_STORAGE_REMEDY
        )
        sys.stderr.write(f"airlock: {failure}\n")
        code = failure.exit_code
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("airlock: interrupted; what was finished is kept, run the same command again\n")
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
