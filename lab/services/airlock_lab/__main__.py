"""The lab image's entrypoint: one command a service."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from airlock_lab.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

# command → module, whose run() does not return before the service has ended
SERVICES = {
    "postgres": "airlock_lab.postgres",
    "valkey": "airlock_lab.valkey",
    "aws": "airlock_lab.aws",
    "outside": "airlock_lab.outside",
    "api": "airlock_lab.api",
    "carry": "airlock_spec.carrier",
}
MISUSE = 2


def main(arguments: Sequence[str]) -> int:
    """Run a service, or another program of the image; return its exit code."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(f"lab: name what to run: {', '.join(SERVICES)}, or a program of the image\n")
        return MISUSE
    name, *rest = arguments
    if name not in SERVICES:
        _become(name, rest)
    try:
        run = importlib.import_module(SERVICES[name]).run
        return int(run(rest, os.environ))
    except RefusedError as error:
        sys.stderr.write(f"lab: {name}: {error}\n")
        return error.exit_code


def _become(program: str, arguments: Sequence[str]) -> NoReturn:
    try:
        os.execvp(program, [program, *arguments])  # noqa: S606 - what `docker run IMAGE PROGRAM` asks for
    except OSError as error:
        sys.stderr.write(f"lab: {program}: {error.strerror}; services are {', '.join(SERVICES)}\n")
        sys.exit(127)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
