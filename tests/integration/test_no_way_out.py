"""The whole of Airflow on an internal network, every packet and every name of every container heard.

One start of the lab's compose file, as users have it, with read-only roots: every DAG of dags/ runs, their logs come
back from CloudWatch, a real Chromium goes through the UI. Each test looks at one side of what happened.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error as PlaywrightError

import ui_pages
from capture.verdict import Found, named, outside, table
from capture.watching import Watch
from chromium import browser, in_namespace
from dag_runs import Api
from lab import REPOSITORY, Lab, lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from containers import Image
    from networks import Network

pytestmark = [pytest.mark.docker, pytest.mark.real]

DAGS = sorted(path.stem for path in (REPOSITORY / "dags").glob("*.py"))
AIRFLOW = ("migrate", "api-server", "scheduler", "dag-processor", "triggerer", "worker")
BROWSER = "chromium"
SECONDS_TO_PARSE, SECONDS_TO_RUN, SECONDS_TO_LOGS = 60, 150, 20

# What each container may try: names that it asks for (A and AAAA), and addresses, told by the container's name.
DATABASE = ("dns postgres A*", "tcp postgres:5432")
BROKER = ("dns valkey A*", "tcp valkey:6379")
API = ("dns api-server A*", "tcp api-server:8080")
CLOUD = ("tcp aws:443",)
LOGS = ("dns logs.us-east-1.amazonaws.com A*", *CLOUD)
SECRETS = ("dns secretsmanager.us-east-1.amazonaws.com A*", *CLOUD)
BUCKETS = ("dns airlock-lab-*.s3.us-east-1.amazonaws.com A*", "dns s3.us-east-1.amazonaws.com A*", *CLOUD)
# The preflight DAG asks for each endpoint of the deployment.
ENDPOINTS = ("dns api.ecr.us-east-1.amazonaws.com A*", "dns *.dkr.ecr.us-east-1.amazonaws.com A*", *CLOUD)
# The log of a task that runs is read from where it runs.
RUNNING = ("dns worker A*", "tcp worker:8793", "dns triggerer A*", "tcp triggerer:8794")
ALLOWED = {
    "migrate": (*DATABASE, *SECRETS, *LOGS),
    "api-server": (*DATABASE, *LOGS, *SECRETS, *RUNNING),
    "scheduler": (*DATABASE, *BROKER, *LOGS, *SECRETS),
    "dag-processor": (*DATABASE, *LOGS, *SECRETS),
    "triggerer": (*DATABASE, *API, *LOGS, *SECRETS, *BUCKETS),
    # Celery keeps results in the database; tasks themselves speak to the API server alone.
    "worker": (*DATABASE, *BROKER, *API, *LOGS, *SECRETS, *BUCKETS, *ENDPOINTS),
    "outside": (*BUCKETS, *SECRETS, "dns api.outside.example A*", "tcp api:8080"),
    "ui": API,
    BROWSER: ("tcp api-server:8080",),
}  # fmt: skip
READ_LOGS = """
import boto3
for stream in boto3.client("logs").describe_log_streams(logGroupName="airlock-lab")["logStreams"]:
    print(stream["logStreamName"])
"""
READ_PASSWORD = """
import boto3, json
secret = boto3.client("secretsmanager").get_secret_value(SecretId="airflow/connections/lab_api")["SecretString"]
print(json.loads(secret)["password"])
"""  # noqa: S105 - the program that reads it


@dataclass
class Whole:
    """What happened, from the first container's start to the last page."""

    lab: Lab
    watch: Watch
    found: Found
    services: dict[str, dict[str, Any]]
    states: dict[str, str]
    tasks: dict[tuple[str, str, int], str] = field(default_factory=dict)  # the state of each
    logs: dict[tuple[str, str, int], str] = field(default_factory=dict)  # by the REST API
    streams: list[str] = field(default_factory=list)  # in CloudWatch
    password: str = ""  # of the connection lab_api
    connections: list[str] = field(default_factory=list)  # that are in Airflow's database
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    pages: int = 0
    unseen: list[str] = field(default_factory=list)  # pages that did not show what they should


@pytest.fixture(scope="module")
def whole(
    image: Image, lab_image: str, chromium: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Whole]:
    """Bring all up, run all, look at all pages; the containers are there until the last test."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("the capture enters network namespaces: run as root on the engine's machine")
    with lab(image.engine, image.reference, lab_image) as one:
        network = one.create()
        awaited = frozenset(
            container["Id"]
            for container in one.services().values()
            if network.name in container["NetworkSettings"]["Networks"]
        )
        with Watch(network, awaited=awaited) as watch:
            started = time.monotonic()
            one.start()
            told(f"healthy after {time.monotonic() - started:.0f} s")
            happened = Whole(one, watch, Found(), one.services(), {})
            runs = run_all(happened)
            told(f"{happened.states} after {time.monotonic() - started:.0f} s")
            look(happened, network, runs, chromium, tmp_path_factory.mktemp("browser"))
            told(f"{happened.pages} pages seen after {time.monotonic() - started:.0f} s")
        names = {container["Id"]: service for service, container in happened.services.items()}
        happened.found = named(watch, names, one.addresses())
        told(table(happened.found))
        yield happened


def told(text: str) -> None:
    print(text)  # noqa: T201 - shown with -s, or where a test fails


def run_all(happened: Whole) -> dict[str, str]:
    """Run every DAG at once; keep how they and their tasks ended, and what their logs say."""
    one = happened.lab
    api = Api(f"http://{one.address('api-server')}:8080", "admin", one.env["LAB_ADMIN_PASSWORD"])
    assert api.dags(len(DAGS), SECONDS_TO_PARSE) == DAGS, one.says("not all DAGs were parsed")
    runs = {dag: api.trigger(dag) for dag in DAGS}
    happened.states = api.states(runs, SECONDS_TO_RUN)
    for dag, run in runs.items():
        for task in api.tasks(dag, run):
            key = (dag, task["task_id"], task["map_index"])
            happened.tasks[key] = task["state"]
            happened.logs[key] = api.log(dag, run, task)
    happened.connections = [
        found["connection_id"] for found in api.ask("GET", "/api/v2/connections")["connections"]
    ]
    happened.streams = one.python("worker", READ_LOGS).splitlines()
    happened.password = one.python("worker", READ_PASSWORD)
    return runs


def look(happened: Whole, network: Network, runs: dict[str, str], program: Path, folder: Path) -> None:
    """Go through the UI with a browser that is one more container of the network."""
    one = happened.lab
    name = f"{one.name}-{BROWSER}"
    place = ("--network", network.name, "--entrypoint", "sleep", one.env["AIRLOCK_IMAGE"], "600")
    one.engine.run("run", "--detach", "--rm", "--name", name, *place)
    try:
        state = json.loads(one.engine.text("inspect", name))[0]
        happened.services[BROWSER] = state
        wrapper = in_namespace(program, state["State"]["Pid"], folder)
        with browser(wrapper, "http://api-server:8080", one.address("api-server")) as found:
            ui_pages.log_in(found, "admin", one.env["LAB_ADMIN_PASSWORD"])
            for page in pages(runs):
                try:
                    ui_pages.see(found, page)
                except (AssertionError, PlaywrightError) as error:
                    happened.unseen.append(f"{page.path}: {str(error)[:500]}")
                happened.pages += 1
            ui_pages.see(found, ui_pages.graph("copy_objects", "copy"))
            found.page.screenshot(path=os.environ.get("AIRLOCK_TEST_SCREENSHOT"))
            happened.foreign, happened.violations = found.foreign, found.violations
    finally:
        one.engine.run("rm", "--force", name)


def pages(runs: dict[str, str]) -> Iterator[ui_pages.Seen]:
    """List the pages of the walk: a DAG's graph, its code, a task's log, the APIs' documentation, users."""
    for dag, task in (("copy_objects", "copy"), ("secret_connection", "sign")):
        yield ui_pages.graph(dag, task)
    yield ui_pages.Seen("dags/secret_connection/code", ".monaco-editor :text('import')")
    yield ui_pages.Seen(
        f"dags/image_report/runs/{runs['image_report']}/tasks/report", "text=this task runs in airflow"
    )
    yield from ui_pages.api_documentation()
    yield from ui_pages.FAB


def test_every_container_was_heard_from_its_programs_first_moment(whole: Whole) -> None:
    names = {container["Id"]: service for service, container in whole.services.items()}
    joined = {names[witness.container]: witness.from_the_start for witness in whole.watch.witnesses}

    assert (whole.watch.failures, whole.watch.lost) == ([], 0)
    assert set(AIRFLOW) <= joined.keys()
    assert [name for name, from_the_start in joined.items() if not from_the_start] == []


def test_no_container_tried_a_name_or_an_address_outside_the_allowed_set(whole: Whole) -> None:
    refused = outside(whole.found, ALLOWED)

    assert not refused, f"tried and not allowed:\n{table(refused)}"
    assert ("worker", "tcp aws:443") in whole.found  # or nothing was heard


def test_the_roots_of_all_containers_of_airflow_are_read_only(whole: Whole) -> None:
    roots = {service: whole.services[service]["HostConfig"]["ReadonlyRootfs"] for service in AIRFLOW}

    assert roots == dict.fromkeys(AIRFLOW, True)


def test_every_dag_runs_to_success(whole: Whole) -> None:
    failed = {key: whole.logs[key] for key, state in whole.tasks.items() if state != "success"}

    assert whole.states == dict.fromkeys(DAGS, "success"), failed


def test_the_log_of_every_task_is_in_cloudwatch_and_served_from_there(whole: Whole) -> None:
    parts = [(f"dag_id={dag}/", f"task_id={task}/") for dag, task, _ in whole.tasks]
    missing = [
        part for part in parts if not any(all(one in stream for one in part) for stream in whole.streams)
    ]

    assert missing == []
    assert [key for key, log in whole.logs.items() if "Reading remote log from Cloudwatch" not in log] == []
    assert "this task runs in airflow 3.3.2" in whole.logs["image_report", "report", -1]


def test_the_connection_comes_from_secrets_manager_and_its_password_is_in_no_log(whole: Whole) -> None:
    said = whole.lab.compose("logs", "--no-color").stdout.decode()

    assert "lab_api" not in whole.connections
    assert whole.tasks["secret_connection", "sign", -1] == "success"
    assert len(whole.password) > 8
    assert [key for key, log in whole.logs.items() if whole.password in log] == []
    assert whole.password not in said


def test_chromium_asks_no_other_host(whole: Whole) -> None:
    assert (whole.foreign, whole.violations) == ([], [])


def test_every_page_shows_what_it_is_for(whole: Whole) -> None:
    assert whole.unseen == []
    assert whole.pages > 15
