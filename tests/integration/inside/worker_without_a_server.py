"""A real Celery worker whose broker is a folder, so that its loop is the blocking one; print JSON of its health.

Through its life: while it starts, when it is ready, while a task runs, while it drains.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path("/tmp/tasks")  # noqa: S108 - the container's own
LIMIT = 60.0
SOURCE = """
import time
from celery import Celery

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": "/tmp/tasks/queue", "data_folder_out": "/tmp/tasks/queue", "control_folder": "/tmp/tasks/control",
}

@app.task(name="sleep")
def sleep(seconds):
    time.sleep(seconds)
"""


def health() -> str:
    done = subprocess.run(["airlock-health", "worker"], capture_output=True, text=True, check=False)
    return f"{done.returncode} {done.stdout.strip()}"


def until(word: str) -> str:
    end = time.monotonic() + LIMIT
    while word not in (said := health()) and time.monotonic() < end:
        time.sleep(0.1)
    return said


def main() -> None:
    (FOLDER / "queue").mkdir(parents=True)
    (FOLDER / "control").mkdir()
    (FOLDER / "tasks.py").write_text(SOURCE, encoding="utf-8")
    environ = os.environ | {
        "CELERY_LOADER": "airlock_celery:Loader",
        "PYTHONPATH": f"{FOLDER}:/opt/airlock/lib",
    }
    command = [
        "celery",
        "-A",
        "tasks",
        "worker",
        "--concurrency",
        "1",
        "--without-mingle",
        "--without-gossip",
    ]
    with subprocess.Popen(command, env=environ, stdout=sys.stderr) as worker:
        found = {"starting": until("starting"), "ready": until("healthy: worker, last beat")}
        call = "import tasks; tasks.sleep.delay(14)"
        subprocess.run(["python", "-c", call], env=environ | {"CELERY_LOADER": ""}, check=True)
        time.sleep(8)  # longer than the interval of the beats: they go on while the task runs
        found["working"] = health()
        worker.send_signal(signal.SIGTERM)
        found["draining"] = until("finishes its tasks")
        worker.wait(LIMIT)
        found["code"] = str(worker.returncode)
    found["after"] = health()
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
