"""The Chromium of this machine, headless, for one site: every request to another host is refused and recorded."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page, Request, Route, WebSocketRoute

NOBODY = (
    "198.51.100.7"  # TEST-NET-2: where every other name would lead, so that a capture can see the attempt
)
# What Chromium asks of its maker whatever it is told: no page is behind it. A page's request to them is recorded still.
ITS_OWN = ("accounts.google.com", "clients2.google.com", "update.googleapis.com")
# What Chromium does of its own accord, beyond what Playwright already switches off.
FEATURES_OFF = (
    *("AsyncDns", "MediaRouter", "DialMediaRouteProvider", "OptimizationHints", "Translate"),
    *("AutofillServerCommunication", "PasswordLeakDetection", "NetworkTimeServiceQuerying"),
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--no-first-run",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    f"--disable-features={','.join(FEATURES_OFF)}",
)


@dataclass
class Browser:
    """A browser for one site, and what its pages did that they should not."""

    context: BrowserContext
    page: Page
    netloc: str  # host:port of the site
    foreign: list[str] = field(default_factory=list)  # "page → address", also what a policy refused first
    violations: list[str] = field(default_factory=list)  # what the Content-Security-Policy refused
    errors: list[str] = field(default_factory=list)  # exceptions of the pages' scripts

    def own(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in {"data", "blob", "about"} or parts.netloc == self.netloc

    def note(self, url: str) -> None:
        if not self.own(url):
            self.foreign.append(f"{urlsplit(self.page.url).path} → {url}")


@contextmanager
def browser(program: Path, site: str, address: str) -> Iterator[Browser]:
    """Run `program` for the site `http://host:port`, whose host is at `address`; names are looked up nowhere."""
    host = urlsplit(site).hostname or ""
    rules = [f"MAP {host} {address}", *(f"MAP {name} ~NOTFOUND" for name in ITS_OWN), f"MAP * {NOBODY}"]
    rules += [f"EXCLUDE {one}" for one in (address, NOBODY)]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program,
            args=[*QUIET, f"--host-resolver-rules={', '.join(rules)}"],
            chromium_sandbox=False,  # CI is root, and the pages are ours
        )
        try:
            context = started.new_context(
                base_url=site, service_workers="block", viewport={"width": 1280, "height": 800}
            )
            page = context.new_page()
            found = Browser(context, page, urlsplit(site).netloc)
            _refuse(found)
            yield found
        finally:
            started.close()


def _refuse(found: Browser) -> None:
    def refused(route: Route) -> None:
        route.abort("addressunreachable")

    def closed(socket: WebSocketRoute) -> None:
        found.note(socket.url)
        socket.close()

    def asked(request: Request) -> None:
        found.note(request.url)

    found.context.route(lambda url: not found.own(url), refused)
    found.context.route_web_socket(lambda url: not found.own(url), closed)
    found.context.on("request", asked)
    found.context.on("weberror", lambda error: found.errors.append(str(error.error)))
    found.context.on(
        "console",
        lambda message: (
            found.violations.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )


def in_namespace(program: Path, pid: int, folder: Path) -> Path:
    """Return a program that is `program` in the network of a process: what it sends, a capture there sees."""
    wrapper = folder / "chromium"
    enter = shlex.join(["nsenter", f"--net=/proc/{pid}/ns/net", str(program)])
    wrapper.write_text(f'#!/bin/sh\nexec {enter} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper
