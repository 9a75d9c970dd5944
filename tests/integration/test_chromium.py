"""The driver that judges the UI sees what a page asks of another host, in whichever way it asks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from chromium import browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAY = "fetch('/data'); new WebSocket('ws://' + location.host + '/socket')"
WAYS = {
    "script": '<script src="https://other.example/script"></script>',
    "style": '<link rel="stylesheet" href="https://other.example/style">',
    "font": "<style>@font-face {font-family: f; src: url(https://other.example/font)} p {font-family: f}</style><p>a",
    "imported": '<style>@import "https://other.example/imported"</style>',
    "picture": '<img src="//other.example/picture">',
    "icon": '<link rel="icon" href="https://other.example/icon">',
    "frame": '<iframe src="https://other.example/frame"></iframe>',
    "fetch": "<script>fetch('https://other.example/fetch', {mode: 'no-cors'}).catch(() => 0)</script>",
    "beacon": "<script>navigator.sendBeacon('https://other.example/beacon', 'x')</script>",
    "socket": "<script>new WebSocket('wss://other.example/socket')</script>",
    "events": "<script>new EventSource('https://other.example/events')</script>",
    "worker": "<script>new Worker(URL.createObjectURL(new Blob([`fetch('https://other.example/worker')`])))</script>",
    "port": "<script>fetch('http://site.test:1/port', {mode: 'no-cors'}).catch(() => 0)</script>",
    "leave": "<script>location.href = 'https://other.example/leave'</script>",
}


@contextmanager
def site(page: str, policy: str = "") -> Iterator[str]:
    """Serve one page on every path; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            if policy:
                self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://site.test:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("way", WAYS)
def test_a_request_to_another_host_is_recorded(way: str, chromium: Path) -> None:
    with site(WAYS[way]) as address, browser(chromium, address, "127.0.0.1") as found:
        found.page.goto("", wait_until="commit")
        found.page.wait_for_timeout(500)

        assert [line.rpartition("/")[2] for line in found.foreign][:1] == [way]


def test_what_stays_on_the_site_is_not(chromium: Path) -> None:
    page = f'<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><script>{STAY}</script>'
    with site(page) as address, browser(chromium, address, "127.0.0.1") as found:
        found.page.goto("")
        found.page.wait_for_timeout(500)

        assert found.foreign == []


def test_a_policy_that_refuses_is_recorded_with_what_it_refused(chromium: Path) -> None:
    policy = "default-src 'self' 'unsafe-inline'"
    with site(WAYS["picture"], policy) as address, browser(chromium, address, "127.0.0.1") as found:
        found.page.goto("")
        found.page.wait_for_timeout(500)

        assert (
            "https://other.example/picture" in found.violations[0] or "//other.example" in found.violations[0]
        )
        assert [line.rpartition("/")[2] for line in found.foreign] == ["picture"]
