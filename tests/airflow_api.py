"""A running Airflow, by its REST API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

SECONDS = 120.0
_PAUSE = 0.5


@dataclass(frozen=True)
class AirflowApi:
    """An API server, and the token of somebody who may do everything."""

    url: str
    token: str

    @classmethod
    def log_in(cls, url: str, user: str, password: str) -> AirflowApi:
        """Raises urllib.error.HTTPError where the password is wrong."""
        body = {"username": user, "password": password}
        return cls(url, str(cls(url, "")._ask("POST", "/auth/token", body)["access_token"]))

    def run(self, dag: str, conf: dict[str, Any] | None = None) -> str:
        """Run a DAG to its end; return the run's id. Raises AssertionError where it does not succeed."""
        self._eventually(lambda: self._ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}))
        runs = f"/api/v2/dags/{dag}/dagRuns"
        run = str(self._ask("POST", runs, {"logical_date": None, "conf": conf or {}})["dag_run_id"])
        end = time.monotonic() + SECONDS
        state = ""
        while state not in ("success", "failed") and time.monotonic() < end:
            time.sleep(_PAUSE)
            state = self._ask("GET", f"{runs}/{run}")["state"]
        assert state == "success", f"{dag} is {state or 'not done'}: {self.tasks(dag, run)}"
        return run

    def tasks(self, dag: str, run: str) -> dict[str, str]:
        """Return the state of each task of a run."""
        found = self._ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {one["task_id"]: one["state"] for one in found}

    def log(self, dag: str, run: str, task: str, wanted: str) -> str:
        """Return the log of a task, once it holds what is wanted: what is remote arrives after the task's end."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/1"
        end = time.monotonic() + SECONDS
        while True:
            text = json.dumps(self._ask("GET", path)["content"])
            if wanted in text:
                return text
            assert time.monotonic() < end, f"{wanted!r} is not in {text}"
            time.sleep(_PAUSE)

    def _eventually(self, ask: Any) -> None:
        """Ask again while a DAG has not been parsed."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                ask()
            except urllib.error.HTTPError as error:
                if error.code != 404 or time.monotonic() > end:
                    raise
            else:
                return
            time.sleep(_PAUSE)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, headers, method=method)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310 - as above
            return json.loads(answer.read())
