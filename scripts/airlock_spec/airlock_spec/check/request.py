"""The request: what the probe is to do, as one JSON document on its stdin."""

from __future__ import annotations

from dataclasses import dataclass, field

from airlock_spec.paths import AIRFLOW_HOME

DAGS = f"{AIRFLOW_HOME}/dags"  # where a bundle is in production, and in the sandbox


@dataclass(frozen=True)
class Limits:
    """What one file may take."""

    seconds: float = 30.0  # to import; Airflow's own limit, where the image sets a lower one, comes first
    memory: int = 2 * 1024**3  # bytes, beyond what Airflow itself takes
    output: int = 8 * 1024**2  # bytes printed


@dataclass(frozen=True)
class Request:
    """`only`: paths of the bundle to look at, files or folders, none for all. `known`: DAG files to pass over.

    Discovery always looks at the whole bundle.
    """

    bundle: str = DAGS
    bundle_name: str = "dags-folder"
    only: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    pools: tuple[str, ...] | None = None  # the known ones; None: pools are not judged
    limits: Limits = field(default_factory=Limits)
    processes: int = 2  # the two parses of every file side by side, or after one another
