"""Print JSON of Airflow's commands that are also names of programs: the entrypoint has to know them."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys

with contextlib.redirect_stdout(sys.stderr):
    from airflow.cli import cli_parser


def main() -> None:
    commands = sorted(cli_parser.ALL_COMMANDS_DICT)
    print(json.dumps({"commands": commands, "programs": [name for name in commands if shutil.which(name)]}))  # noqa: T201


if __name__ == "__main__":
    main()
