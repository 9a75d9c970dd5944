"""Releases in a real dag-processor, with a database of its own. Prints as JSON what its receipts say."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from release_location import Publishing

from airlock_spec.releases import layout
from airlock_spec.releases.receipt import MAX_DOCUMENT, Claim, Receipt
from published_releases import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCATION = "s3://arriving/dags"
BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
LOG = "/tmp/dag-processor.log"  # noqa: S108 - in a sandbox
SLOW = b"""
import time
from airflow.sdk import DAG
time.sleep(4)
dag = DAG("slow", schedule=None, tags=["v0"])
"""
FILES = {
    "one.py": b'from airflow.sdk import DAG\ndag = DAG("one", schedule=None)\n',
    "uses.py": b'from airflow.sdk import DAG\nimport words\ndag = DAG("uses", schedule=None, tags=[words.WORD])\n',
    "words.py": b'"""What a DAG of airflow uses."""\nWORD = "1"\n',
    "slow.py": SLOW,
    "bad.py": b"import airflow, dag_missing\n",
    "ignored/dag.py": b"import airflow, dag_missing\n",
    ".airflowignore": b"ignored\n",
}


def main() -> None:
    location = Publishing(LOCATION)
    location.create_bucket()
    os.environ[BUNDLES] = os.environ[BUNDLES].replace("s3://releases/dags", LOCATION)
    subprocess.run(["airflow", "db", "migrate"], check=True, capture_output=True)
    files = dict(FILES)
    first = publish(location, files).id
    with dag_processor():
        found = {"first": arrived(location, first)}
        files["words.py"] = files["words.py"].replace(b"1", b"2")
        found["words"] = arrived(location, publish(location, files).id)

        files["slow.py"] = SLOW.replace(b"v0", b"v1")
        middle = publish(location, files).id
        until(lambda: receipt(location, middle))
        time.sleep(1.5)  # now it is being parsed
        files["slow.py"] = SLOW.replace(b"v0", b"v2")
        last = publish(location, files).id
        found["slow"] = arrived(location, last)
    found |= {
        "tags": {one: tags(one) for one in ("uses", "slow")},
        "needed": needed(),
        "claims": claims(location),
    }
    sys.stdout.write(json.dumps(found))


@contextlib.contextmanager
def dag_processor() -> Iterator[None]:
    with open(LOG, "wb") as log:  # noqa: PTH123 - no Path is needed otherwise
        running = subprocess.Popen(["airflow", "dag-processor"], stdout=log, stderr=log)
        try:
            yield
        finally:
            running.terminate()
            running.wait()


def receipt(location: Publishing, release: str) -> Receipt | None:
    for key in location.keys(layout.receipts(release)):
        stored = location.read(key, MAX_DOCUMENT)
        if stored and "/dag-processor." in key:
            return Receipt.from_data(stored.data)
    return None


def arrived(location: Publishing, release: str) -> dict[str, object]:
    begun = time.monotonic()
    until(lambda: (one := receipt(location, release)) and one.arrived)
    one = receipt(location, release)
    assert one
    seconds = time.monotonic() - begun
    return {"dags": dict(one.dags), "errors": dict(one.errors), "seconds": seconds}


def until(there: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not there():
        if time.monotonic() > end:
            with open(LOG) as log:  # noqa: PTH123 - as above
                raise SystemExit(log.read()[-8000:])
        time.sleep(0.2)


def asked(query: str, *values: str) -> list[str]:
    with contextlib.closing(sqlite3.connect("/tmp/airflow.db")) as database:  # noqa: S108 - in a sandbox
        return [row[0] for row in database.execute(query, values)]


def tags(dag_id: str) -> list[str]:
    (data,) = asked("select data from serialized_dag where dag_id = ?", dag_id)
    found: list[str] = json.loads(data)["dag"]["tags"]
    return found


def needed() -> list[str]:
    return sorted(asked("select distinct bundle_version from dag_version"))


def claims(location: Publishing) -> list[list[str]]:
    found = []
    for key in location.keys(layout.CLAIMS):
        stored = location.read(key, MAX_DOCUMENT)
        assert stored
        found.append(sorted(Claim.from_data(stored.data).releases))
    return found


main()
