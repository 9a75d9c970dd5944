"""Parse a folder of DAGs (Airflow's own examples without an argument); print their needs and the time as JSON."""

from __future__ import annotations

import contextlib
import json
import sys
import time

with contextlib.redirect_stdout(sys.stderr):
    from airflow import example_dags
    from airflow.dag_processing.dagbag import DagBag

    from airlock_probe import needs
    from airlock_spec.check.facts import Place


def main(folder: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        bag = DagBag(folder, safe_mode=True, load_op_links=False)
    start = time.perf_counter()
    found = [need for dag in bag.dags.values() for need in needs.needs_of(dag, lambda _: Place("dag.py", 1))]
    seconds = time.perf_counter() - start
    said = sorted((one.dag_id, one.task_id, one.by, one.service, one.host) for one in found)
    common = sorted({(one.by, one.service, one.host) for one in needs.common_needs()})
    answer = {
        "seconds": seconds,
        "dags": len(bag.dags),
        "errors": bag.import_errors,
        "needs": said,
        "common": common,
        "unread": sorted(set(needs.UNREAD)),
    }
    print(json.dumps(answer))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else example_dags.__path__[0])
