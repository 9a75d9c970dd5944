"""Run OutboxOperator as a worker would, without the triggerer: URL of the API; print JSON of what came of each."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import uuid
from types import SimpleNamespace
from typing import Any

with contextlib.redirect_stdout(sys.stderr):
    from airflow.sdk.exceptions import AirflowException, TaskDeferred
    from airflow.sdk.log import mask_secret

    from airlock_operators.outbox import OutboxOperator

BUCKET = "airlock-lab-outbox"
SECRET = 'masked-"password"-of-a-connection'  # noqa: S105 - of nobody; JSON and URLs write it in another way
RUN = uuid.uuid4().hex


def context(task_id: str) -> dict[str, Any]:
    return {"ti": SimpleNamespace(dag_id="inside", run_id=RUN, task_id=task_id, map_index=None)}


def operator(task_id: str, url: str, **arguments: Any) -> OutboxOperator:
    arguments = {"deferrable": False, "poll_interval": 0.2, "deadline": 30, "bucket": BUCKET, **arguments}
    return OutboxOperator(task_id=task_id, url=url, **arguments)


def outcome(one: OutboxOperator) -> Any:
    try:
        return one.execute(context(one.task_id))
    except AirflowException as error:
        return f"{type(error).__name__}: {error}"


def killed(one: OutboxOperator) -> Any:
    """End a task while it waits, as a signal would: between two bytecodes of its main thread."""
    threading.Timer(1.0, one.on_kill).start()
    start = time.monotonic()
    return {"said": outcome(one), "soon": time.monotonic() - start < 10}


def deferred(one: OutboxOperator) -> dict[str, Any]:
    try:
        one.execute(context(one.task_id))
    except TaskDeferred as defer:
        path, arguments = defer.trigger.serialize()
        again = type(defer.trigger)(**arguments).serialize() == (path, arguments)
        return {"trigger": path, "again": again, "method": defer.method_name, "timeout": defer.timeout > 40}
    return {}


def main(url: str) -> None:
    mask_secret(SECRET)
    found = {
        "plain": outcome(operator("plain", f"{url}/echo")),
        "again": outcome(operator("plain", f"{url}/echo")),
        "differs": outcome(operator("plain", f"{url}/other")),
        "anew": outcome(operator("plain", f"{url}/other", key="2")),
        "large": outcome(operator("large", f"{url}/large")),
        "filtered": outcome(
            operator("large", f"{url}/large", response_filter=lambda answer: len(answer.body))
        ),
        "binary": outcome(operator("binary", f"{url}/binary")),
        "checked": outcome(
            operator("checked", f"{url}/echo", response_check=lambda answer: "no" in answer.json())
        ),
        "accepted": outcome(operator("accepted", f"{url}/status/404", accept=("2xx", 404))),
        "masked": outcome(operator("masked", f"{url}/echo", method="POST", body={"login": SECRET})),
        "header": outcome(operator("header", f"{url}/echo", headers={"Authorization": "Bearer abcdefgh"})),
        "bucket": outcome(operator("bucket", f"{url}/echo", bucket="no-such-bucket")),
        "late": outcome(operator("late", f"{url}/echo", deadline=1, prefix="nobody/looks/here/")),
        "killed": killed(operator("killed", f"{url}/echo", prefix="nobody/looks/here/")),
        "deferred": deferred(operator("deferred", f"{url}/echo", deferrable=True)),
    }
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
