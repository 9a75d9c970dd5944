"""Parse and serialize the DAGs of a folder as the dag-processor would, without a database; print JSON."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "client")

with contextlib.redirect_stdout(sys.stderr):
    import structlog
    from airflow.dag_processing.importers import get_importer_registry
    from airflow.dag_processing.processor import DagFileParseRequest, _parse_file


def main(folder: Path) -> None:
    dags: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    files = sorted(get_importer_registry().list_dag_files(str(folder), safe_mode=True))
    for file in files:
        request = DagFileParseRequest(file=str(file), bundle_path=folder, bundle_name="dags-folder")
        with contextlib.redirect_stdout(sys.stderr):
            result = _parse_file(request, structlog.get_logger())
        if result is None:
            errors[str(file)] = "was not parsed"
            continue
        errors.update(result.import_errors or {})
        for serialized in result.serialized_dags:
            dag = serialized.data["dag"]
            dags[dag["dag_id"]] = [task["__var"]["task_id"] for task in dag["tasks"]]
    print(json.dumps({"files": len(files), "dags": dags, "errors": errors}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
