"""Run a DAG by this Airflow's API and executor; print JSON of its state and its tasks' return values."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOST = "http://127.0.0.1:8080"
LIMIT = 120  # seconds
FINAL = ("success", "failed")


class Api:
    """Airflow's API as the user that `standalone` made."""

    def __init__(self, passwords: Path) -> None:
        (user, password), *_ = json.loads(passwords.read_text(encoding="utf-8")).items()
        self.token = ""
        self.token = self.ask("POST", "/auth/token", {"username": user, "password": password})["access_token"]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(HOST + path, data, headers, method=method)  # noqa: S310 - a constant
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - a constant
            answer: dict[str, Any] = json.load(response)
            return answer


def known(api: Api, dag_id: str, deadline: float) -> None:
    """Wait until the dag-processor has parsed the DAG."""
    while time.monotonic() < deadline:
        if any(dag["dag_id"] == dag_id for dag in api.ask("GET", "/api/v2/dags")["dags"]):
            return
        time.sleep(1)


def main(dag_id: str) -> None:
    api = Api(Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
    start = time.monotonic()
    known(api, dag_id, start + LIMIT)
    api.ask("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
    now = datetime.now(UTC).isoformat()
    runs = f"/api/v2/dags/{dag_id}/dagRuns"
    run = f"{runs}/{api.ask('POST', runs, {'logical_date': now})['dag_run_id']}"
    state = ""
    while state not in FINAL and time.monotonic() < start + LIMIT:
        time.sleep(1)
        state = api.ask("GET", run)["state"]
    tasks = [task["task_id"] for task in api.ask("GET", f"{run}/taskInstances")["task_instances"]]
    values = {}
    if state == "success":
        for task in tasks:
            values[task] = api.ask("GET", f"{run}/taskInstances/{task}/xcomEntries/return_value")["value"]
    seconds = round(time.monotonic() - start, 1)
    print(json.dumps({"state": state, "seconds": seconds, "values": values}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
