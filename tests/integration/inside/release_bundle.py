"""The bundle of releases in the real image: Airflow's classes and boto3, against S3. Prints what it found as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.dag_processing.bundles.base import BundleVersionLock
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.utils.file import list_py_file_paths
from release_location import Publishing

from airlock_plugins import s3
from airlock_spec.releases import layout
from published_releases import manifest_of, point, publish, roll_back, store

if TYPE_CHECKING:
    from collections.abc import Callable

LOCATION = "s3://releases/dags"
DAG = b"""
from airflow.sdk import DAG, task
from common.words import WORD
with DAG("one", schedule=None, tags=[WORD]):
    @task
    def say(): print(WORD)
    say()
"""
FIRST = {
    "one.py": DAG,
    "common/__init__.py": b"",
    "common/words.py": b'WORD = "a"\n',
    "two.py": b'from airflow.sdk import DAG\nd = DAG("two", schedule=None)\n',
    ".airflowignore": b"common\n",
}
SECOND = {**FIRST, "common/words.py": b'WORD = "b"\n'}


def main() -> None:
    publishing = Publishing(LOCATION, "us-east-1")
    publishing.create_bucket()
    found: dict[str, object] = {}
    bundle = DagBundlesManager().get_bundle("dags")
    found["without_a_release"] = raised(bundle.initialize)
    first = publish(publishing, FIRST)
    bundle.initialize()
    bundle.refresh()
    found["path"] = str(bundle.path)
    found["version"] = bundle.get_current_version().version == first.id
    found["files"] = sorted(path.removeprefix(f"{bundle.path}/") for path in list_py_file_paths(bundle.path))

    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
    pinned = DagBundlesManager().get_bundle("dags", version=first.id)
    found["made_seconds"] = timed(pinned.initialize)
    found["pinned_is_linked"] = (Path(pinned.path) / "one.py").samefile(bundle.path / "one.py")
    found["pinned_path"] = str(pinned.path).replace(first.id, "ID")
    found["pinned_refresh"] = raised(pinned.refresh)
    found["worker_receipts"] = [key.count("/worker.") for key in publishing.keys(layout.receipts(first.id))]

    second = publish(publishing, SECOND)
    bundle.refresh()
    found["second"] = bundle.get_current_version().version == second.id
    found["word"] = (bundle.path / "common/words.py").read_text()
    found["pinned_word"] = (pinned.path / "common/words.py").read_text()

    third = manifest_of({**SECOND, "three.py": b"3"})
    store(publishing, third, {**SECOND, "three.py": b"3"})
    publishing.put(layout.manifest(third.id), b"no gzip")
    point(publishing, third)
    bundle.refresh()
    found["after_wrong_content"] = bundle.get_current_version().version == second.id
    roll_back(publishing, first.id)
    bundle.refresh()
    found["rolled_back"] = bundle.get_current_version().version == first.id

    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    s3._client.cache_clear()
    found["seconds_of_refresh_without_s3"] = timed(bundle.refresh)
    again = DagBundlesManager().get_bundle("dags")
    again.initialize()
    found["served_without_s3"] = (again.path / "one.py").is_file()
    repeated = DagBundlesManager().get_bundle("dags", version=first.id)
    found["pinned_again_seconds"] = timed(repeated.initialize)
    with BundleVersionLock("dags", first.id):
        found["missing_version"] = raised(
            DagBundlesManager().get_bundle("dags", version="ab" * 32).initialize
        )
    sys.stdout.write(json.dumps(found))


def raised(work: Callable[[], object]) -> str:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - it is what is looked at
        return f"{type(error).__name__}: {error}"
    return ""


def timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


main()
