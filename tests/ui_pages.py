"""Airflow's pages, each with what shows that it is there, seen by a real browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromium import Browser

LIMIT = 30_000  # milliseconds for one page, on a machine that does much else
IDLE = 1_500  # for what a page asks later; those that poll are never idle


@dataclass(frozen=True)
class Seen:
    """A page by its path; a CSS selector or a text (text=…) is visible where it is whole."""

    path: str
    shows: str
    press: str = ""  # a button, by its label's beginning, that is pressed first


def pages(dag: str, run: str, task: str, *, log: str, code: str) -> Iterator[Seen]:
    """List every page that a user sees, for a DAG with a run and what its task logs."""
    yield Seen("", "text=Pool Slots")
    yield Seen("dags", f"text={dag}")
    yield graph(dag, task)
    yield Seen(f"dags/{dag}", f'[data-testid^="grid-"][data-testid$="-{task}"]', press="Show Grid")
    yield Seen(f"dags/{dag}/code", f".monaco-editor :text('{code}')")
    for tab in ("runs", "tasks", "calendar", "backfills", "events", "details"):
        yield Seen(f"dags/{dag}/{tab}", f"text={dag}")
    instance = f"dags/{dag}/runs/{run}/tasks/{task}"
    yield Seen(instance, f"text={log}")
    for tab in ("rendered_templates", "xcom", "events", "code", "details"):
        yield Seen(f"{instance}/{tab}", f"text={task}")
    for listing in ("dag_runs", "task_instances", "xcoms", "events", "jobs", "assets"):
        yield Seen(listing, "main, #root table, #root h2")
    for admin in ("connections", "variables", "pools", "providers", "plugins", "configs"):
        yield Seen(admin, "main, #root table, #root h2")
    yield from api_documentation()


def graph(dag: str, task: str) -> Seen:
    """Return the page of a DAG's graph, with the node of a task."""
    return Seen(f"dags/{dag}", f'[data-testid="rf__node-{task}"]', press="Show Graph")


def api_documentation() -> Iterator[Seen]:
    """List the pages that describe the APIs, which would be empty without scripts of a CDN."""
    version = "2025-11-05"
    for above in ("", "auth/"):
        yield Seen(f"{above}docs", ".swagger-ui .opblock")
        yield Seen(f"{above}redoc", ".api-content h1")
    for kind, whole in (("docs", ".swagger-ui .opblock"), ("redoc", ".api-content h1")):
        yield Seen(f"execution/{kind}", "text=OpenAPI Contracts")
        yield Seen(f"execution/{kind}?version={version}", whole)


FAB = (
    Seen("auth/users/list/", "text=List Users"),
    Seen("auth/users/userinfo/", "text=User info"),
    Seen("auth/users/add", "input#username"),
    Seen("auth/resetmypassword/form", "input#password"),
    Seen("auth/roles/list/", "text=List Roles"),
    Seen("auth/actions/list/", "text=can_read"),
    Seen("auth/resources/list/", "text=DAG Runs"),
    Seen("auth/permissions/list/", "table td"),
    Seen("auth/nowhere", "text=404"),
    Seen("security/users", "iframe"),
)


def log_in(browser: Browser, user: str, password: str) -> None:
    """Open the UI, which asks who one is, and answer."""
    page = browser.page
    page.goto("")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("[type=submit]")
    expect(page.get_by_text("Pool Slots").first).to_be_visible(timeout=LIMIT)


def see(browser: Browser, seen: Seen) -> None:
    """Open a page and wait until it is whole, and has asked for all that it asks for."""
    page = browser.page
    page.goto(seen.path)
    if seen.press:
        page.get_by_label(seen.press).first.click(timeout=LIMIT)
    expect(page.locator(seen.shows).first, seen.path).to_be_visible(timeout=LIMIT)
    try:
        page.wait_for_load_state("networkidle", timeout=IDLE)
    except TooLate:
        return
