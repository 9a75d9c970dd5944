"""Every page of the UI in a real Chromium, in a network with no way out: none asks another host for anything."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import ui_pages
from chromium import browser, in_namespace
from networks import internal_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromium import Browser
    from containers import Container, Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

SITE = "http://airflow.internal:8080"
DAG, TASK, LOG = "image_report", "report", "this task runs in airflow"
PASSWORDS = "/tmp/passwords.json"  # noqa: S108 - in the container


@pytest.fixture(scope="module")
def standalone(image: Image, dags_volume: Sequence[str]) -> Iterator[Container]:
    """Give `airflow standalone`, with a DAG that ran, in an internal network of its own."""
    with internal_network(image.engine) as network:
        options = tuple(network.name if option == "none" else option for option in image.options)
        inside = type(image)(image.engine, image.reference, options).with_options(*dags_volume)
        with inside.start("standalone") as container:
            assert container.inside("healthy.py", "120")["healthy"], container.logs()
            assert container.inside("run_dag.py", DAG)["state"] == "success", container.logs()
            yield container


@pytest.fixture(scope="module")
def ui(standalone: Container, chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give a browser that has logged in, in the container's network: this machine's changes under its feet."""
    if os.geteuid() != 0:
        pytest.skip("the browser enters a network namespace: run as root on the engine's machine")
    engine, name = standalone.engine, standalone.name
    pid = int(engine.text("inspect", "--format", "{{.State.Pid}}", name))
    program = in_namespace(chromium, pid, tmp_path_factory.mktemp("browser"))
    (user, password), *_ = json.loads(engine.text("exec", name, "cat", PASSWORDS)).items()
    with browser(program, SITE, "127.0.0.1") as found:
        ui_pages.log_in(found, user, password)
        yield found


def test_no_page_asks_another_host(ui: Browser, standalone: Container) -> None:
    run = last_run(standalone)

    for page in ui_pages.pages(DAG, run, TASK, log=LOG, code="def report"):
        ui_pages.see(ui, page)

    assert (ui.foreign, ui.violations, ui.errors) == ([], [], [])


def test_the_graph_is_what_the_documentation_shows(ui: Browser) -> None:
    ui_pages.see(ui, ui_pages.graph(DAG, TASK))
    picture = ui.page.screenshot(path=os.environ.get("AIRLOCK_TEST_SCREENSHOT"))

    assert 10_000 < len(picture) < 150_000


def test_installed_pages_name_no_host_that_is_not_replaced(image: Image) -> None:
    found = image.inside("other_hosts.py")

    assert found["kept"] == []
    assert "fastapi/openapi/docs.py" in found["pages"]


def test_hosts_that_a_deployment_names_are_in_the_policy(image: Image) -> None:
    named = image.with_options(
        "--env", "AIRFLOW__AIRLOCK__UI_HOSTS=https://grafana.internal, https://x.internal"
    )
    code = "from airlock_plugins.ui import allowed_hosts; print(allowed_hosts())"

    assert (
        named.text("python", "-c", code).splitlines()[-1]
        == "['https://grafana.internal', 'https://x.internal']"
    )


def last_run(container: Container) -> str:
    """Return the id of the DAG's run that succeeded last."""
    listed = container.engine.text(
        *("exec", container.name, "airflow", "dags", "list-runs", DAG, "--state", "success", "-o", "json")
    )
    runs: list[dict[str, str]] = json.loads(listed.splitlines()[-1])
    return runs[0]["run_id"]
