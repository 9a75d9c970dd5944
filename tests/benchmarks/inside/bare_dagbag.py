"""Parses and serializes the DAGs of a folder in this one process, as the least that a check can do.

Prints as JSON how many there are.
"""

import json
import logging
import sys
from pathlib import Path

logging.disable(logging.CRITICAL)
from airflow.dag_processing.dagbag import DagBag  # noqa: E402 - silenced before it is imported
from airflow.exceptions import SerializationError  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402

bag = DagBag(sys.argv[1], bundle_path=Path(sys.argv[1]), bundle_name="dags-folder")
serialized = 0
for dag in bag.dags.values():
    try:
        json.dumps(DagSerialization.to_dict(dag))
    except SerializationError:  # two of the examples want plugins that are not there
        continue
    serialized += 1
found = {"dags": len(bag.dags), "errors": len(bag.import_errors), "serialized": serialized}
print(json.dumps(found))  # noqa: T201 - the result
