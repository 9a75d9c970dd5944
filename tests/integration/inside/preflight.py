"""Run PreflightOperator against a listener and a closed port on loopback; print JSON of both outcomes."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from typing import Any

with contextlib.redirect_stdout(sys.stderr):
    from airflow.sdk.exceptions import AirflowException

    from airlock_operators.preflight import PreflightOperator


def refusal(**arguments: Any) -> str:
    """Run a preflight that fails; return what it says."""
    try:
        PreflightOperator(task_id="fails", timeout=2, **arguments).execute({})
    except AirflowException as error:
        return str(error)
    return ""


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        name = f"localhost:{listener.getsockname()[1]}"
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.redirect_stdout(sys.stderr):
            operator = PreflightOperator(
                task_id="holds", endpoints=[name, address], configuration=False, timeout=2
            )
            reached = operator.execute({})
            endpoints = [
                address,
                "127.0.0.1:1",
                "192.0.2.1",
                "no-such-host.invalid",
                "https://scheme.invalid/",
            ]
            refused = refusal(endpoints=endpoints, configuration=False)
            unknown = refusal(services=["sqs", "s4"], region="us-east-1")
            asking = refusal(services=["ecr.dkr"])
            configured = refusal(region="us-east-1")
    said = {"refused": refused, "unknown": unknown, "asking": asking, "configured": configured}
    print(json.dumps({"name": reached[name], "address": reached[address], **said}))  # noqa: T201


if __name__ == "__main__":
    main()
