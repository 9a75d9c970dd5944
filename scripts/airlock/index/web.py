"""The one HTTP session of a fetch: the user's certificates, proxy and credentials, retries, and file: URLs.

`Session` and `Response` are the seam: what reads indexes and downloads files knows no more than these.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from airlock.errors import FetchError
from airlock.index.failures import CutError
from airlock.index.local_files import LocalFiles
from airlock.index.locations import is_protected, redact, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.index.indexes import Indexes

CHUNK = 1 << 18
PATIENCE = 30.0  # the longest Retry-After to obey, in seconds
BUSY = (429, 500, 502, 503, 504)
CONNECT_SECONDS = 10.0


class Response(Protocol):
    """An answer whose body is still to be read."""

    status: int
    headers: Mapping[str, str]
    url: str  # after redirects; may carry secrets: redact before showing
    protected: bool  # whether nobody could alter it on its way, by whichever redirects it came

    def chunks(self) -> Iterator[bytes]:
        """Yield the body. Raises CutError where the connection breaks."""
        ...


class Session(Protocol):
    """Asks for URLs."""

    def get(self, url: str, headers: Mapping[str, str]) -> contextlib.AbstractContextManager[Response]:
        """Ask for a URL. Raises FetchError where nobody answers; any status is an answer."""
        ...


class Web:
    """A Session of `requests`, safe for use from several threads; `proxies` is URL scheme → proxy."""

    def __init__(self, indexes: Indexes, threads: int = 1, proxies: Mapping[str, str] | None = None) -> None:
        retries = _Patient(
            total=5,
            connect=2,
            read=3,
            backoff_factor=0.5,
            backoff_jitter=0.2,
            status_forcelist=BUSY,
            raise_on_status=False,
            allowed_methods=None,  # what is posted here are questions: asking again changes nothing
        )
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retries, pool_maxsize=threads))
        self._files = requests.Session()  # of its own, or a server could redirect to this machine's files
        self._files.mount("file://", LocalFiles())
        if indexes.cert or os.environ.get("SSL_CERT_FILE"):
            self._session.verify = str(indexes.cert or os.environ["SSL_CERT_FILE"])
        self._session.cert = str(indexes.client_cert) if indexes.client_cert else None
        chosen = {"http": indexes.proxy, "https": indexes.proxy} if indexes.proxy else {}
        self._session.proxies.update(chosen | dict(proxies or {}))
        self._timeout = (min(CONNECT_SECONDS, indexes.timeout), indexes.timeout)
        self._trusted = frozenset(indexes.trusted_hosts)
        if self._trusted:  # the user has asked for it by name; a warning a request would drown the talk
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._credentials = tuple(
            url for url in (*indexes.urls, *indexes.find_links) if "@" in urlsplit(url).netloc
        )
        self._dead: dict[str, str] = {}

    def get(self, url: str, headers: Mapping[str, str]) -> contextlib.AbstractContextManager[Response]:
        return self._ask("GET", url, headers, None)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[Response]:
        """Ask with a body that changes nothing on the server. Raises as `get` does."""
        return self._ask("POST", url, headers, body)

    @contextlib.contextmanager
    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Response]:
        host = urlsplit(url).netloc.rpartition("@")[2]
        if host in self._dead:  # after its retries once: 250 files must not each wait for them again
            raise _unreachable(host, self._dead[host])
        trusted = host in self._trusted or host.partition(":")[0] in self._trusted
        try:
            session = self._files if url.startswith("file:") else self._session
            response = session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                stream=True,
                timeout=self._timeout,
                auth=self._auth(url),
                verify=False if trusted else None,
            )
        except requests.ConnectionError as error:
            reason = _reason(error)
            if not isinstance(_inner(error), urllib3.exceptions.ReadTimeoutError):
                self._dead[host] = reason
            raise _unreachable(host, reason) from None  # the chain's messages hold whole URLs
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise FetchError(f"{redact(url)} cannot be fetched", cause=f"{host}: {_reason(error)}") from None
        with response:
            yield _Body(response)

    def _auth(self, url: str) -> tuple[str, str] | None:
        """Return the credentials of the configured URL that is most like this one; None lets netrc speak."""
        parts = urlsplit(url)
        if "@" in parts.netloc:
            return None  # requests takes them from the URL
        same = (urlsplit(known) for known in self._credentials)
        same_host = [
            known
            for known in same
            if known.netloc.rpartition("@")[2] == parts.netloc and known.scheme == parts.scheme
        ]
        if not same_host:
            return None
        best = max(
            same_host, key=lambda known: len(os.path.commonpath((known.path or "/", parts.path or "/")))
        )
        return unquote(best.username or ""), unquote(best.password or "")


class _Body:
    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status, self.url = response.status_code, response.url
        self.headers: Mapping[str, str] = response.headers
        self.protected = all(is_protected(one.url) for one in (*response.history, response))

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_content(CHUNK)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            host = urlsplit(self.url).netloc.rpartition("@")[2]
            raise CutError(f"the connection to {host} broke", cause=redact_text(str(error))) from None


class _Patient(Retry):
    """Obeys Retry-After, but not for hours."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, PATIENCE)


def read(session: Session, url: str, headers: Mapping[str, str]) -> tuple[Response, bytes]:
    """Read a whole body, trying again when the connection breaks. Raises FetchError."""
    for left in (2, 1, 0):
        with session.get(url, headers) as response:
            try:
                return response, b"".join(response.chunks())
            except CutError:
                if not left:
                    raise
    raise AssertionError


def _unreachable(host: str, reason: str) -> FetchError:
    return FetchError(
        f"{host} cannot be reached",
        cause=f"{host} cannot be reached: {reason}",
        remedy="check the network, proxy and certificates that pip or uv are configured with; then: airlock fetch",
    )


def _inner(error: BaseException) -> object:
    """Return what urllib3 wrapped in "Max retries exceeded", which names the whole URL."""
    first = error.args[0] if error.args else error
    return getattr(first, "reason", None) or first


def _reason(error: BaseException) -> str:
    inner = _inner(error)
    original = getattr(inner, "original_error", None)  # only a proxy's error has one
    text = redact_text(str(original or inner))
    text = text.partition("): ")[2] or text  # urllib3 puts the connection object first
    return f"the proxy does not answer: {text}" if original else text
