"""Findings: what a check says, with a stable code, a place, a message and a way to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. `--fail-on` compares them in this order, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing to mend; `path` is relative to the project, `line` 0 where it is the whole file.

    What is found in a deployment has a `resource`, a Terraform address or an ARN, and a `path` only from Terraform.
    """

    code: str
    severity: Severity
    path: str
    line: int
    message: str
    fix: str
    dag_id: str = ""
    task_id: str = ""
    detail: str = ""  # more lines for people, as a traceback
    resource: str = ""
