"""Faults as `airlock verify` sees them in Terraform: read by Terraform itself, several at a time."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.release_settings import Verify
from airlock.terminal import Terminal
from airlock.verify.catalogue import RULES
from airlock.verify.judge import judge
from airlock.verify.rule import Subject
from airlock.verify.terraform.folder import Folder
from seeded.fault import Fault

if TYPE_CHECKING:
    from concurrent.futures import Future

    from airlock.verify.inventory import Inventory
    from airlock_spec.check.finding import Finding

CLEAN = {
    "as it is": {},
    "with Celery": {"executor": '"CeleryExecutor"'},
    "with sessions, a file system and a release job": {
        "exec": "true",
        "file_system": "true",
        "github_repository": '"example/airflow"',
    },
}  # fmt: skip


def judged(inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(judge(Subject(inventory), RULES, Verify()).findings)


@dataclass
class Looking:
    """Looks at faults in threads: most of a look is Terraform's. All looks share what one has learnt."""

    threads: int = 2
    _apart: dict[str, str] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(init=False)
    _looks: dict[str, Future[tuple[Finding, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads)

    def start(self, *faults: Fault) -> None:
        """Look at faults, in this order."""
        self._looks |= {one.name: self._pool.submit(self._look, one) for one in faults}

    def found(self, fault: Fault) -> tuple[Finding, ...]:
        """Return what is found; wait until it is there. Raises what the look raised."""
        return self._looks[fault.name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _look(self, fault: Fault) -> tuple[Finding, ...]:
        with tempfile.TemporaryDirectory() as temporary:
            root = fault.seed(Path(temporary) / "infra")
            return judged(Folder(root, root.parent, Terminal(quiet=True), apart=self._apart).read())


def clean() -> tuple[Fault, ...]:
    """Return the example without a fault, by what it is made with."""
    return tuple(Fault(name, (), variables=dict(variables)) for name, variables in CLEAN.items())
