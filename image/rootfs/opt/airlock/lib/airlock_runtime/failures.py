"""How the entrypoint ends where it does not start the command: one exit code for each kind, one line for each fact.

The codes are those of sysexits(3) where it has one; a program's own codes are seldom among them.
"""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 - each subclass is named after what is so
    """A foreseen end: `lines` say what is so, why, and what to do."""

    code = 1

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


class Refused(Failure):
    """What was asked for would install something or reach the internet."""

    code = 64


class Unavailable(Failure):
    """The database or the broker does not answer within the time that it is given."""

    code = 69


class StepFailed(Failure):
    """A step before the command failed: the migration, or making the user."""

    code = 70


class Denied(Failure):
    """The database or the broker refuses what it was given."""

    code = 77


class Misconfigured(Failure):
    """Settings are missing or wrong."""

    code = 78


class SchemaMismatch(Failure):
    """The database is not of this image's Airflow."""

    code = 79
