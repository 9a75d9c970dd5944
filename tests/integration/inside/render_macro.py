"""Render the template of dags/image_report.py as a task would, without a database; print JSON."""

from __future__ import annotations

import contextlib
import json
import sys

with contextlib.redirect_stdout(sys.stderr):
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk.execution_time.context import MacrosAccessor
    from airflow.sdk.plugins_manager import integrate_macros_plugins


def main() -> None:
    with contextlib.redirect_stdout(sys.stderr):
        integrate_macros_plugins()
        render = PythonOperator(
            task_id="render",
            python_callable=print,
            op_kwargs={
                "whole": "{{ macros.airlock.image_identity() }}",
                "airflow": "{{ macros.airlock.image_identity().airflow }}",
                "python": "{{ macros.airlock.image_identity().python }}",
            },
        )
        render.render_template_fields({"macros": MacrosAccessor()})
    running = {"python": sys.version.partition(" ")[0]}
    print(json.dumps({"rendered": render.op_kwargs, "running": running}))  # noqa: T201


if __name__ == "__main__":
    main()
