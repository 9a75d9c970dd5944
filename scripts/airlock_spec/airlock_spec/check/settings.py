"""`[tool.airlock.check]` and `[tool.airlock.network]`: how DAGs are checked, and how facts are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.check.request import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Network:
    """What the network of the deployment offers."""

    endpoints: tuple[str, ...] | None = None  # services; None: those of ADR-001
    hosts: tuple[
        str, ...
    ] = ()  # hosts that can be reached all the same, as shell patterns (a peered service)
    zones: int = 2  # availability zones that an interface endpoint is in, for its cost


@dataclass(frozen=True)
class House:
    """Rules of the house; what is empty is not asked for."""

    owner: str = ""  # a regular expression that every task's owner matches whole
    tags: tuple[str, ...] = ()  # at least one of them, as shell patterns
    retries: int = 0  # at least so many for every task
    dag_id: str = ""  # a regular expression that every DAG's id matches whole
    description: bool = False  # every DAG has one


@dataclass(frozen=True)
class Settings:
    """How DAGs are checked, resolved once."""

    fail_on: Severity = Severity.ERROR
    budget: float = 5.0  # seconds that importing one file may take
    select: tuple[str, ...] = ()  # codes or their beginnings; none: all
    ignore: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    house: House = field(default_factory=House)
    dags: str = ""  # the bundle's folder in the project; "": the command finds it
    baseline: str = ""  # a file of the project; "": none
    pools: tuple[str, ...] | None = None  # the known ones; None: pools are not judged
    env: Mapping[str, str] = field(default_factory=dict)  # given to the parsing processes
    limits: Limits = field(default_factory=Limits)


class SettingsError(ValueError):
    """The settings cannot be used: `problems` holds all that is wrong with them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse(table: Mapping[str, object]) -> Settings:
    """Read `check` and `network` of the table `[tool.airlock]`; its other keys are not looked at.

    Raises SettingsError with everything that is wrong in one.
    """
    from airlock_spec.check import settings_table  # noqa: PLC0415 - it makes what is defined here

    return settings_table.parse(table)
