"""file: URLs for a `requests` session, so that an index on disk is read like any other."""

from __future__ import annotations

import html
import io
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from requests.adapters import BaseAdapter

from airlock.index.locations import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class LocalFiles(BaseAdapter):
    """Serves files; of a folder its index.html, or else a page of links to what is in it."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - the signature is requests'
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002
        cert: str | bytes | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        response = requests.Response()
        response.request, response.url = request, request.url or ""
        path = path_of(response.url)
        try:
            response.raw, kind = _open(path)
        except OSError as error:
            response.status_code, response.raw = 404, io.BytesIO(str(error).encode())
            return response
        response.status_code = 200
        response.headers["Content-Type"] = kind
        if path.is_file():
            response.headers["Content-Length"] = str(path.stat().st_size)
        if path.is_dir() and not response.url.endswith("/"):
            response.url += "/"  # as a server redirects, so that relative links resolve
        return response

    def close(self) -> None:
        pass


def _open(path: Path) -> tuple[IO[Any], str]:
    if not path.is_dir():
        return path.open("rb"), "text/html" if path.suffix == ".html" else "application/octet-stream"
    index = path / "index.html"
    if index.is_file():
        return index.open("rb"), "text/html"
    names = sorted(entry.name for entry in path.iterdir() if entry.is_file())
    links = (f'<a href="{quote(name)}">{html.escape(name)}</a>' for name in names)
    return io.BytesIO("\n".join(links).encode()), "text/html"
