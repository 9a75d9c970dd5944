"""Reads files of a mirror over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from airlock.debian.sources import shown
from airlock.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests.adapters import BaseAdapter

_TIMEOUT = (15, 60)  # seconds: to connect, and between two pieces of the answer
_PIECE = 1 << 20
_CREDENTIALS = re.compile(r"//[^/\s]*@")
_REMEDY = (
    "check the mirror (AIRLOCK_DEBIAN_MIRROR, or this machine's apt sources) and the proxy, then try again"
)


class Transport(Protocol):
    """Returns the content behind a URL, at most `limit` bytes. Raises FetchError."""

    def read(self, url: str, limit: int) -> bytes: ...


class Http:
    """Reads with requests, so that proxies and credentials come from the environment and .netrc."""

    def __init__(self, proxies: Mapping[str, str], adapter: BaseAdapter | None = None) -> None:
        self._session = requests.Session()
        self._session.proxies.update(proxies)
        retry = Retry(total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter or HTTPAdapter(max_retries=retry))

    def read(self, url: str, limit: int) -> bytes:
        pieces, size = [], 0
        try:
            with self._session.get(url, stream=True, timeout=_TIMEOUT) as answer:
                answer.raise_for_status()
                for piece in answer.iter_content(_PIECE):
                    pieces.append(piece)
                    size += len(piece)
                    if size > limit:
                        raise FetchError(
                            f"{shown(url)} is longer than it should be",
                            cause=f"more than {limit:,} bytes came",
                            remedy=_REMEDY,
                        )
        except requests.HTTPError as error:
            cause = f"the mirror answers {error.response.status_code} {error.response.reason}"
            raise FetchError(f"{shown(url)} cannot be had", cause=cause, remedy=_REMEDY) from error
        except requests.RequestException as error:
            raise FetchError(f"{shown(url)} cannot be had", cause=_reason(error), remedy=_REMEDY) from error
        return b"".join(pieces)


def _reason(error: requests.RequestException) -> str:
    """Tell the innermost cause, without the credentials that a URL in it may carry."""
    inner: object = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)  # what urllib3 ran into before it gave up
    return f"{type(error).__name__}: {_CREDENTIALS.sub('//', str(inner))}"
