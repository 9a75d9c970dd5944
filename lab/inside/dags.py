"""Runs in the lab, on the image's Python: brings all of Airflow up, runs DAGs, and tells each one's state.

Argument: JSON with `dags` (none: all of them), `files` (how many hold one), `entrypoint` and `seconds` for a run. A
line of JSON on stdout for each run that ended, or did not in time; and for each file that cannot be imported.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

URL = "http://127.0.0.1:8080"
USER = "lab"
LOG = Path("/tmp/airflow.log")  # noqa: S108 - the sandbox's own
PASSWORDS = Path("/tmp/passwords.json")  # noqa: S108
SECONDS_TO_START, SECONDS_TO_PARSE = 120.0, 60.0
FINAL = ("success", "failed")
CHARACTERS = 400
PAGE = 50
# what a task's log says of its failure, the most telling first
TELLING = (re.compile(r"no VPC endpoint|VPC endpoint com\."), re.compile(r"(Error|Exception|Timeout)\b.*:"))


class Airflow:
    """Airflow as one process, and its API."""

    def __init__(self, entrypoint: list[str]) -> None:
        self.password = secrets.token_urlsafe(12)
        PASSWORDS.write_text(json.dumps({USER: self.password}))
        environment = os.environ | {
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(PASSWORDS),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{URL}/execution/",
            "AIRFLOW__CORE__PARALLELISM": "4",
        }
        self.token = ""
        with LOG.open("wb") as log:
            self.process = subprocess.Popen(
                [*entrypoint, "standalone"], env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{URL}{path}", content, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())

    def begin(self) -> None:
        """Wait until it is healthy, and log in."""
        end = time.monotonic() + SECONDS_TO_START
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.stderr.write(LOG.read_text(errors="replace")[-4000:])
                sys.exit("airflow did not get healthy")
            time.sleep(0.5)
        self.token = self.ask("POST", "/auth/token", {"username": USER, "password": self.password})[
            "access_token"
        ]

    def dags(self, files: int, wanted: list[str]) -> list[str]:
        """Return the DAGs to run, when they are known."""
        end = time.monotonic() + SECONDS_TO_PARSE
        while True:
            found = self.all("dags", "dags")
            known = sorted(one["dag_id"] for one in found)
            seen = len({one["fileloc"] for one in found}) + len(self.broken())
            if set(wanted) <= set(known) if wanted else seen >= files:
                return wanted or known
            if time.monotonic() > end:
                return [one for one in wanted if one in known] if wanted else known
            time.sleep(0.5)

    def broken(self) -> dict[str, str]:
        """Return the files that cannot be imported, and the last line of why."""
        found = self.all("importErrors", "import_errors")
        return {one["filename"]: (one["stack_trace"].strip().splitlines() or [""])[-1] for one in found}

    def all(self, path: str, key: str) -> list[dict[str, Any]]:
        """Return a list of the API whole: it gives so many at a time."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.ask("GET", f"/api/v2/{path}?limit={PAGE}&offset={len(found)}")
            found += answer[key]
            if not answer[key] or len(found) >= answer["total_entries"]:
                return found

    def trigger(self, dag: str) -> str:
        self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
        now = {"logical_date": datetime.now(UTC).isoformat()}
        return f"/api/v2/dags/{dag}/dagRuns/{quote(self.ask('POST', f'/api/v2/dags/{dag}/dagRuns', now)['dag_run_id'])}"

    def state(self, run: str) -> str:
        try:
            return str(self.ask("GET", run)["state"])
        except TimeoutError:  # it is busy, and will be asked again
            return "running"

    def failed(self, run: str) -> tuple[str, str]:
        """Return the id of the first task that failed, and what its log says of that."""
        for task in self.ask("GET", f"{run}/taskInstances")["task_instances"]:
            if task["state"] in ("failed", "up_for_retry"):
                path = f"{run}/taskInstances/{task['task_id']}/logs/{max(task['try_number'], 1)}"
                try:
                    found = self.ask("GET", f"{path}?map_index={task['map_index']}&full_content=true")
                except OSError:  # where logs are kept does not answer either: what was not sent is here
                    found = {"content": local(task)}
                return task["task_id"], said(found["content"])
        return "", ""

    def _healthy(self) -> bool:
        try:
            found = self.ask("GET", "/api/v2/monitor/health")
        except (OSError, ValueError):
            return False
        needed = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all(found[one]["status"] == "healthy" for one in needed)


def local(task: dict[str, Any]) -> list[Any]:
    """Return the log of a task's last try from this container's disk."""
    logs = Path(os.environ.get("AIRFLOW_HOME", "/opt/airflow")) / "logs"
    found = sorted(logs.glob(f"dag_id={task['dag_id']}/*/task_id={task['task_id']}/**/attempt=*.log"))
    lines = found[-1].read_text(errors="replace").splitlines() if found else []
    return [json.loads(line) if line.startswith("{") else line for line in lines]


def said(content: Any) -> str:
    """Return what the log says of a failure: what names an endpoint, else the last error."""
    lines = []
    for one in content if isinstance(content, list) else [content]:
        lines += flat(one).splitlines()
    for pattern in TELLING:
        if found := [line for line in lines if pattern.search(line)]:
            return " ".join(found[-1].split())[:CHARACTERS]
    return ""


def flat(one: Any) -> str:
    """Return a line of a log, with the errors that it carries, as text."""
    if not isinstance(one, dict):
        return str(one)
    errors = [f"{error.get('exc_type')}: {error.get('exc_value')}" for error in one.get("error_detail") or ()]
    return "\n".join([str(one.get("event", "")), *errors])


def main(asked: dict[str, Any]) -> None:
    airflow = Airflow(asked["entrypoint"])
    airflow.begin()
    sys.stderr.write("airflow is healthy\n")
    dags = airflow.dags(asked["files"], asked["dags"])
    for unknown in sorted(set(asked["dags"]) - set(dags)):
        tell(unknown, "unknown", 0.0)
    broken = airflow.broken()
    began = time.monotonic()
    runs = {dag: airflow.trigger(dag) for dag in dags}
    while runs:
        late = time.monotonic() - began > asked["seconds"]
        for dag, run in list(runs.items()):
            state = airflow.state(run)
            if state in FINAL or late:
                task, why = airflow.failed(run) if state != "success" else ("", "")
                tell(dag, state, time.monotonic() - began, task, why)
                del runs[dag]
        time.sleep(0.5)
    if not asked["dags"] or set(asked["dags"]) - set(dags):
        broken |= airflow.broken()  # some are read late
        for file, why in sorted(broken.items()):
            tell(file, "import error", 0.0, why=why[:CHARACTERS])


def tell(dag: str, state: str, seconds: float, task: str = "", why: str = "") -> None:
    line = {"dag": dag, "state": state, "seconds": round(seconds, 1), "task": task, "said": why}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
