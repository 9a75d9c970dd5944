"""What the program that runs DAGs in the lab makes of a log."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[3] / "lab/inside/dags.py"
TIMEOUT = {"exc_type": "ConnectTimeoutError", "exc_value": 'Connect timeout on endpoint URL: "https://a/"'}


def program() -> Any:
    spec = importlib.util.spec_from_file_location("lab_inside_dags", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_line_that_names_an_endpoint_is_told_before_any_error() -> None:
    lines = [
        {"event": "no answer from x: is there a VPC endpoint com.amazonaws.us-east-1.sqs?"},
        {"event": "Task failed with exception", "error_detail": [TIMEOUT]},
    ]

    assert program().said(lines).endswith("com.amazonaws.us-east-1.sqs?")


def test_without_one_the_last_error_is_told() -> None:
    lines = [
        {"event": "ValueError: first"},
        {"event": "failed", "error_detail": [TIMEOUT]},
        {"event": "done"},
    ]

    assert program().said(lines).startswith("ConnectTimeoutError: Connect timeout")


def test_a_log_as_plain_text_is_read_and_one_without_errors_says_nothing() -> None:
    assert program().said("all is well\nKeyError: 'x'") == "KeyError: 'x'"
    assert program().said("all is well") == ""


def test_dags_are_known_when_each_file_has_one_or_cannot_be_imported_however_many_pages() -> None:
    module = program()
    module.PAGE = 2
    of_files = {"many0": "many.py", "many1": "many.py", "many2": "many.py", "other": "other.py"}
    dags = [{"dag_id": dag, "fileloc": file} for dag, file in of_files.items()]
    broken = [{"filename": "broken.py", "stack_trace": "Traceback\nModuleNotFoundError: x\n"}]
    airflow = module.Airflow.__new__(module.Airflow)
    polls = 0

    def ask(_: str, path: str) -> Any:
        nonlocal polls
        key, query = path.removeprefix("/api/v2/").split("?")
        offset = int(query.rpartition("=")[2])
        polls += key == "dags" and offset == 0
        whole, name = (broken, "import_errors") if key == "importErrors" else (dags[: 3 * polls], "dags")
        return {name: whole[offset : offset + 2], "total_entries": len(whole)}

    airflow.ask = ask

    assert airflow.dags(3, []) == sorted(of_files)
    assert polls == 2
    assert airflow.broken() == {"broken.py": "ModuleNotFoundError: x"}


def test_an_airflow_that_is_too_busy_to_answer_has_not_failed() -> None:
    module = program()
    airflow = module.Airflow.__new__(module.Airflow)

    def ask(*_: str) -> Any:
        raise TimeoutError

    airflow.ask = ask

    assert airflow.state("/api/v2/dags/a/dagRuns/b") == "running"
