"""Run PreflightOperator against a listener and a closed port on loopback; print JSON of both outcomes."""

from __future__ import annotations

import contextlib
import json
import socket
import sys

with contextlib.redirect_stdout(sys.stderr):
    from airflow.sdk.exceptions import AirflowException

    from airlock_operators.preflight import PreflightOperator


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        name = f"localhost:{listener.getsockname()[1]}"
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.redirect_stdout(sys.stderr):
            operator = PreflightOperator(task_id="holds", endpoints=[name, address], timeout=2)
            reached = operator.execute({})
            refused = ""
            endpoints = [
                address,
                "127.0.0.1:1",
                "192.0.2.1",
                "no-such-host.invalid",
                "https://scheme.invalid/",
            ]
            try:
                PreflightOperator(task_id="fails", endpoints=endpoints, timeout=2).execute({})
            except AirflowException as error:
                refused = str(error)
    print(json.dumps({"name": reached[name], "address": reached[address], "refused": refused}))  # noqa: T201


if __name__ == "__main__":
    main()
