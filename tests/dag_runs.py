"""Runs of many DAGs at once, by the REST API."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

FINAL = ("success", "failed")
SECONDS = 30  # for one answer


@dataclass
class Api:
    """A session with the API at a URL such as http://172.18.0.5:8080."""

    url: str
    user: str
    password: str
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._session.trust_env = False  # no proxy stands between
        token = self.ask("POST", "/auth/token", {"username": self.user, "password": self.password})
        self._session.headers["authorization"] = f"Bearer {token['access_token']}"

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._session.request(method, f"{self.url}{path}", json=body, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()

    def dags(self, expected: int, seconds: float) -> list[str]:
        """Wait until the dag-processor knows as many DAGs as expected; return their ids."""
        deadline = time.monotonic() + seconds
        while True:
            found = sorted(dag["dag_id"] for dag in self.ask("GET", "/api/v2/dags")["dags"])
            if len(found) >= expected or time.monotonic() > deadline:
                return found
            time.sleep(1)

    def trigger(self, dag: str) -> str:
        """Unpause and run a DAG; return the run's id."""
        self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
        now = datetime.now(UTC).isoformat()
        run: str = self.ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": now})["dag_run_id"]
        return run

    def states(self, runs: dict[str, str], seconds: float) -> dict[str, str]:
        """Wait until every run has ended; return the state of each DAG's."""
        deadline = time.monotonic() + seconds
        while True:
            found = {dag: self.ask("GET", _path(dag, run))["state"] for dag, run in runs.items()}
            if all(state in FINAL for state in found.values()) or time.monotonic() > deadline:
                return found
            time.sleep(1)

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"{_path(dag, run)}/taskInstances")["task_instances"]
        return found

    def log(self, dag: str, run: str, task: dict[str, Any]) -> str:
        """Return the log of a task's last try, as text."""
        path = f"{_path(dag, run)}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        found = self.ask("GET", f"{path}?map_index={task['map_index']}&full_content=true")
        return json.dumps(found["content"])


def _path(dag: str, run: str) -> str:
    return f"/api/v2/dags/{dag}/dagRuns/{quote(run)}"
