"""Airflow's base class of bundles, and what else the bundle imports, where Airflow is not: as 3.3.2 has them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from memory_location import MemoryLocation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    import pytest

    from airlock_plugins.arrival import Outcome


@dataclass(frozen=True)
class BundleVersion:
    version: str
    data: dict[str, Any] | None = None


class BaseDagBundle:
    """What the manager sets and calls; `root` is [dag_processor] dag_bundle_storage_path."""

    root: Path

    def __init__(
        self,
        *,
        name: str,
        refresh_interval: int = 5,
        version: str | None = None,
        view_url_template: str | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.refresh_interval = refresh_interval
        self.is_initialized = False
        self.base_dir = self.root / name
        self.versions_dir = self.base_dir / "versions"
        self._view_url_template = view_url_template

    def initialize(self) -> None:
        self.is_initialized = True

    def view_url_template(self) -> str | None:
        return self._view_url_template


@dataclass
class Log:
    """Implements `logs.Log`, and structlog's `bind`; keeps what was said."""

    said: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def bind(self, **_: object) -> Log:
        return self

    def info(self, event: str, **fields: object) -> None:
        self.said.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.said.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        self.said.append(("error", event, fields))

    @property
    def events(self) -> list[str]:
        return [event for _, event, _ in self.said]


@dataclass
class Stats:
    """Airflow's metrics; keeps what was sent, and raises where it is told to."""

    sent: list[tuple[str, str, float, dict[str, str]]] = field(default_factory=list)
    broken: bool = False

    def _note(self, kind: str, name: str, value: float, tags: dict[str, str]) -> None:
        if self.broken:
            raise OSError("no such host")
        self.sent.append((kind, name, value, tags))

    def incr(self, name: str, count: int, tags: dict[str, str]) -> None:
        self._note("incr", name, count, tags)

    def gauge(self, name: str, value: float, tags: dict[str, str]) -> None:
        self._note("gauge", name, value, tags)

    def timing(self, name: str, value: float, tags: dict[str, str]) -> None:
        self._note("timing", name, value, tags)

    @property
    def names(self) -> list[str]:
        return [name for _, name, _, _ in self.sent]


@dataclass
class Database:
    """Implements `arrival.Database`: `outcome_now` is what the next look finds; `error` is raised by all."""

    outcome_now: Outcome | None = None
    versions: set[str] = field(default_factory=set)
    requested: list[list[str]] = field(default_factory=list)
    error: Exception | None = None

    def request(self, paths: Collection[str]) -> None:
        self._fail()
        self.requested.append(sorted(paths))

    def outcome(
        self,
        release: str,  # noqa: ARG002 - what it finds does not depend on it
        paths: Collection[str],  # noqa: ARG002
        since: datetime,  # noqa: ARG002
    ) -> Outcome:
        from airlock_plugins.arrival import Outcome as Made  # noqa: PLC0415 - on the path in these tests alone

        self._fail()
        return self.outcome_now or Made({}, {})

    def name(self) -> str:
        self._fail()
        return "airflow.0123456789abcdef.dags"

    def needed(self) -> set[str]:
        self._fail()
        return self.versions

    def _fail(self) -> None:
        if self.error:
            raise self.error


class Held(MemoryLocation):
    """A location that counts, as the bundle asks for it."""

    fetched = 0


@dataclass(frozen=True)
class Airflow:
    """What stands for Airflow in a test."""

    root: Path
    log: Log
    stats: Stats


def install(monkeypatch: pytest.MonkeyPatch, root: Path) -> Airflow:
    """Let `airlock_plugins.bundle` be imported anew, on these doubles."""
    made = Airflow(root, Log(), Stats())
    base = type("BaseDagBundle", (BaseDagBundle,), {"root": root})
    modules: Mapping[str, Mapping[str, object]] = {
        "airflow": {},
        "airflow.configuration": {"conf": _Conf()},
        "airflow.dag_processing": {},
        "airflow.dag_processing.bundles": {},
        "airflow.dag_processing.bundles.base": {
            "BaseDagBundle": base,
            "BundleVersion": BundleVersion,
            "get_bundle_tracking_dir": lambda bundle_name: root / "_tracking" / bundle_name,
        },
        "airflow.observability": {"stats": made.stats},
        "airflow.sdk": {},
        "airflow.sdk.observability": {"stats": made.stats},
        "airflow.utils": {},
        "airflow.utils.file": {"list_py_file_paths": _listed, "might_contain_dag": _might_contain_dag},
        "structlog": {"get_logger": lambda _name: made.log},
    }
    for name, attributes in modules.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "airlock_plugins.bundle", raising=False)
    return made


class _Conf:
    def getboolean(self, _section: str, _key: str, *, fallback: bool) -> bool:
        return fallback


def _listed(top: str, *, safe_mode: bool) -> list[str]:
    assert not safe_mode
    return [str(path) for path in sorted(Path(top).rglob("*.py")) if "ignored" not in path.parts]


def _might_contain_dag(path: str, safe: bool) -> bool:  # noqa: FBT001 - Airflow's own shape
    assert safe
    return b"dag" in Path(path).read_bytes().lower()
