"""`constraints/constraints.txt`: the lock's versions for `pip install -c`, without hashes and platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock

HEADER = """\
# Written by `airlock lock` from airflow.lock; do not edit. The same versions in an environment of your own:
#   pip install apache-airflow -c constraints/constraints.txt
"""


def path(config: Config) -> Path:
    return config.constraints / "constraints.txt"


def render(lock: AirflowLock) -> str:
    return HEADER + "".join(f"{package.name}=={package.version}\n" for package in lock.packages)


def matches(config: Config, lock: AirflowLock) -> bool:
    """Whether the file is what the lock gives."""
    try:
        return path(config).read_text(encoding="utf-8") == render(lock)
    except (OSError, UnicodeDecodeError):
        return False
