"""The UI without another host: what its pages would load from CDNs is served from the image.

The API's documentation pages (/docs, /redoc, and those of /auth and /execution) and the error page of the FAB
auth manager name scripts, styles and icons of other hosts. `NoOtherHost` names ours instead, in every HTML page
that leaves the API server, and `Assets` serves them. A Content-Security-Policy is the second guard: whatever
a page, a DAG's Markdown or a later version names, the browser does not ask another host for it.

No web framework is imported here: every process that runs a task imports the plugins.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/airlock/assets"
TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8", ".png": b"image/png"}
NOTHING = "nothing.css"  # in the place of fonts and of styles that a page can do without

# What FastAPI 0.136, Cadwyn 7 and the FAB provider 3 write into pages: a test reads their sources for more.
REPLACED = {
    b"https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    b"https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css": "swagger-ui.css",
    b"https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js": "redoc.standalone.js",
    b"https://fastapi.tiangolo.com/img/favicon.png": "favicon.png",
    b"https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700": NOTHING,
    b"https://fonts.googleapis.com/css?family=Lato": NOTHING,
    b"https://cdnjs.cloudflare.com/ajax/libs/meyer-reset/2.0/reset.min.css": NOTHING,
    b"https://cpwebassets.codepen.io/assets/favicon/"
    b"favicon-aec34940fbc1a6e787974dcd360f2c6b63348d4b1f4e06c77743096d55480f33.ico": "favicon.png",
    b"https://maxcdn.bootstrapcdn.com/bootstrap/3.3.5/css/bootstrap.min.css": NOTHING,
}
# The logo below Redoc's menu, in its script; an address without a picture, and Redoc leaves it out.
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


def policy(hosts: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy of every answer: this server, and `hosts` that a deployment names.

    It limits hosts and nothing else: Airflow's pages have scripts and styles within them, and so have plugins'.
    """
    return " ".join(("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:", *hosts))


class Assets:
    """An ASGI application that serves the files that pages would load from CDNs."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        name = scope["path"].rpartition("/")[2]
        known = name in REPLACED.values()
        body = asset(name) if known else b""
        headers = [(b"content-length", str(len(body)).encode())]
        if known:
            headers += [(b"content-type", TYPES[Path(name).suffix]), (b"cache-control", b"max-age=3600")]
        await send({"type": "http.response.start", "status": 200 if known else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@cache
def asset(name: str) -> bytes:
    """Return a file that is served in the place of one at a CDN."""
    if name == NOTHING:
        return b""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package fastapi-offline, which has {name}, is not installed")
    return (Path(spec.origin).parent / "static" / name).read_bytes().replace(LOGO, b"data:,")


class NoOtherHost:
    """ASGI middleware: pages name no other host, and the browser is told to ask none."""

    def __init__(self, app: App, hosts: Iterable[str] | None = None) -> None:
        self.app = app
        names = allowed_hosts() if hosts is None else hosts
        # Chromium looks up the names of all links on a page that comes by plain HTTP, unless told not to.
        self.headers = [
            (b"content-security-policy", policy(names).encode()),
            (b"x-dns-prefetch-control", b"off"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, Page(send, scope.get("root_path", ""), self.headers).send)


class Page:
    """One answer on its way: its headers at once, or with the whole body where it is HTML."""

    def __init__(self, send: Send, root: str, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._root = root
        self._headers = headers
        self._start: Message | None = None  # of an HTML page, held back until its length is known
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            present = dict(message.get("headers", ()))
            added = [(name, value) for name, value in self._headers if name not in present]
            message["headers"] = [*message.get("headers", ()), *added]
            if present.get(b"content-type", b"").startswith(b"text/html"):
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)
            return
        await self._send(message)

    async def _send_page(self, start: Message) -> None:
        body = own(self._body, self._root)
        start["headers"] = [
            (name, str(len(body)).encode() if name == b"content-length" else value)
            for name, value in start["headers"]
        ]
        self._start = None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def own(page: bytes, root: str) -> bytes:
    """Return an HTML page with our addresses in the place of the CDNs'; `root` is the path of Airflow's."""
    for theirs, name in REPLACED.items():
        page = page.replace(theirs, f"{root}{PREFIX}/{name}".encode())
    return page


def allowed_hosts() -> list[str]:
    """Return what `[airlock] ui_hosts` names: dashboards in a plugin's frame, pictures in a DAG's Markdown."""
    from airflow.configuration import conf  # noqa: PLC0415 - see the module

    return str(conf.get("airlock", "ui_hosts", fallback="")).replace(",", " ").split()
