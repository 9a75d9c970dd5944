"""Airflow as a whole, whose DAGs come out of S3: PostgreSQL, moto and three components on an internal network."""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
import requests
from botocore.config import Config

from dag_runs import Api
from services import Services, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

BUCKET, PREFIX, BUNDLE = "airlock-releases", "dags", "dags"
LOCATION = f"s3://{BUCKET}/{PREFIX}"
CLASS = "airlock_plugins.bundle.ReleaseBundle"
USER, PASSWORD = "admin", "Geheim-1"
COMPONENTS = ("api-server", "dag-processor", "scheduler")
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
REQUEST = re.compile(rf'"([A-Z]+) (/{BUCKET}[^" ]*) [^"]*" (\d+)')  # in the log of moto
POLL = f"GET /{BUCKET}/{PREFIX}/current 304"  # of who has what is current
AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
}
# All else is as the image has it: what is measured are its defaults.
AIRFLOW = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__AUTH_MANAGER": FAB,
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__SECRETS__BACKEND": "",  # moto is there for S3 alone
    "AIRFLOW__SECRETS__BACKEND_KWARGS": "",
}
CREATED = {
    "_AIRFLOW_DB_MIGRATE": "true",
    "_AIRFLOW_WWW_USER_CREATE": "true",
    "_AIRFLOW_WWW_USER_USERNAME": USER,
    "_AIRFLOW_WWW_USER_PASSWORD": PASSWORD,
}


@dataclass
class Delivery:
    """An Airflow and its S3."""

    services: Services
    url: str  # of S3
    s3: S3Client
    env: dict[str, str]  # of the components
    _api: Api | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start Airflow; return once its API answers."""
        migrated = self.services.run("version", env=self.env | CREATED)
        assert migrated.code == 0, migrated.stderr[-3000:]
        for name in COMPONENTS:
            self.services.start(name, name, env=self.env)
        url = f"http://{self.services.address('api-server')}:8080"
        self.until("the API answers", lambda: _answers(f"{url}/api/v2/version"))
        self._api = Api(url, USER, PASSWORD)

    @property
    def api(self) -> Api:
        assert self._api, "Airflow was not started"
        return self._api

    def dag(self, name: str) -> dict[str, Any] | None:
        """Return what the REST API shows of a DAG and its serialized form; None where there is none, or no more."""
        try:
            found: dict[str, Any] = self.api.ask("GET", f"/api/v2/dags/{name}/details")
        except requests.HTTPError as error:
            if error.response.status_code == requests.codes.not_found:
                return None
            raise
        return None if found["is_stale"] else found

    def shows(self, name: str, tag: str) -> bool:
        """Whether a DAG's only tag is this, in Airflow's list and in the serialized form of its last version."""
        found = self.dag(name)
        if found is None:
            return False
        listed = self.api.ask("GET", f"/api/v2/dags/{name}")
        return {one["name"] for one in listed["tags"]} == {tag} and found["doc_md"] == tag

    def arrival(self, name: str, tag: str, seconds: float, since: float | None = None) -> float:
        """Wait until a DAG shows a tag; return the seconds that took, or raise AssertionError after so many."""
        begun = time.monotonic() if since is None else since
        self.until(f"{name} shows {tag}", lambda: self.shows(name, tag), seconds)
        return time.monotonic() - begun

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something holds; raises AssertionError with what the dag-processor said last."""
        try:
            until(what, holds, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from None

    def said(self) -> str:
        """Return what the dag-processor said last."""
        return self.services.logs("dag-processor")[-6000:]

    def errors(self) -> dict[str, str]:
        """Return Airflow's import errors by file."""
        found = self.api.ask("GET", "/api/v2/importErrors")["import_errors"]
        return {one["filename"]: one["stack_trace"] for one in found}

    def names(self) -> set[str]:
        """Return the DAGs that are not stale."""
        found: set[str] = set()
        while True:
            page = self.api.ask("GET", f"/api/v2/dags?limit=100&offset={len(found)}")
            found |= {one["dag_id"] for one in page["dags"]}
            if not page["dags"] or len(found) >= page["total_entries"]:
                return found

    def count(self) -> int:
        """Return how many DAGs there are."""
        return int(self.api.ask("GET", "/api/v2/dags?limit=1")["total_entries"])

    def health(self, name: str) -> int:
        """Return the exit code of a component's health check."""
        return self.services.code(name, "airlock-health", name)

    def holds(self, key: str) -> bool:
        """Whether the bucket has an object whose key begins so."""
        return bool(self.s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents"))

    def value(self, dag: str, run: str, task: str) -> Any:
        """Return what a task returned."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries/return_value"
        return self.api.ask("GET", path)["value"]

    def asked(self) -> list[str]:
        """Return what S3 was asked so far: method, path and the status of the answer."""
        return [" ".join(found) for found in REQUEST.findall(COLOUR.sub("", self.services.logs("aws")))]


@contextlib.contextmanager
def delivery(services: Services) -> Iterator[Delivery]:
    """Give an Airflow that is still to be started, and S3 with an empty bucket; remove all of it at the end."""
    with services:
        services.postgres()
        url = services.moto()
        until("moto answers", lambda: _answers(f"{url}/moto-api/"))
        s3 = boto3.client(
            "s3",
            endpoint_url=url,
            region_name=AWS["AWS_REGION"],
            aws_access_key_id=AWS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=AWS["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}),  # none stands between
        )
        s3.create_bucket(Bucket=BUCKET)
        bundles = [{"name": BUNDLE, "classpath": CLASS, "kwargs": {"location": LOCATION}}]
        configured = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}
        env = services.env(**AIRFLOW, **AWS, **configured, AWS_ENDPOINT_URL_S3=url)
        try:
            yield Delivery(services, url, s3, env)
        finally:
            s3.close()


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between
        return session.get(url, timeout=5).ok
