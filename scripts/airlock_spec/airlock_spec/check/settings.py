"""`[tool.airlock.check]` and `[tool.airlock.network]`: how facts are judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from airlock_spec.check.finding import Severity


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
    dag_id: str = ""  # a regular expression
    description: bool = False  # every DAG has one


@dataclass(frozen=True)
class Settings:
    """How facts are judged, resolved once."""

    fail_on: Severity = Severity.ERROR
    budget: float = 5.0  # seconds that importing one file may take
    select: tuple[str, ...] = ()  # codes or their beginnings; none: all
    ignore: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    house: House = field(default_factory=House)
