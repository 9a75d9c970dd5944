"""HTTP to one registry: the user's certificates and proxy, credentials where they are asked for, patience.

Bodies are streamed. Whatever is said of an exchange names method, host and path: a query may carry a signature.
"""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from airlock.errors import RegistryError
from airlock.index.locations import is_loopback, is_protected, redact, redact_text
from airlock.registry import failures
from airlock.registry.exchange import Answer

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from airlock.registry.authorization import Authorization
    from airlock.registry.exchange import Ask

CONNECT_SECONDS = 10.0
SEND_SECONDS = 60.0  # for one block: the time that urllib3 has for connecting bounds sending, too
ANSWER_SECONDS = 60.0  # of silence
ATTEMPTS = 6
SILENCES = 2  # attempts that get no answer in their time: a registry that is gone is not waited for six times
LONGEST_PAUSE = 30.0  # seconds: the longest Retry-After to obey
UNAUTHORIZED = frozenset({401, 403})  # 403 is what ECR says of a token that ended
PARTIAL = range(300, 400)
_LONGEST = 500  # characters of what a library says
_BLOCK = 1 << 18  # bytes handed to a socket at a time: http.client's 8 KiB cost a third of the speed
_CERTIFICATES = (
    "/etc/docker/certs.d",
    "/etc/containers/certs.d",
)  # where Docker and podman keep them, by host
_DIRECT = {"http": "", "https": ""}  # proxies: none, whatever HTTP_PROXY says
_PORTS = {"http": 80, "https": 443}
_BROKEN = re.compile("EOF|BAD_RECORD|closed|timed out")  # of TLS: the connection, not the certificate
_QUERY = re.compile(r"\?[^\s)'\"]*")


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, blocksize=_BLOCK, **kwargs)


class Transport:
    """Asks one registry; used by several threads, each with connections of its own."""

    def __init__(
        self, base: str, authorization: Authorization, threads: int, adapter: BaseAdapter | None = None
    ) -> None:
        self.base = base
        self._host = urlsplit(base).netloc
        self._authorization = authorization
        self._session = requests.Session()
        self._session.auth = _as_it_is  # or requests would read ~/.netrc
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter or _Adapter(pool_connections=threads, pool_maxsize=threads))
        self._session.headers["Accept-Encoding"] = (
            "identity"  # or a size would be that of what was compressed
        )

    def ask(self, asked: Ask) -> Answer:
        """Ask until there is one of the answers that are wanted.

        Raises RegistryError for another answer, and where there is none after several attempts.
        """
        attempt, silences, refreshed = 1, 0, False
        while True:
            last = attempt == ATTEMPTS
            used = self._authorization.header
            try:
                answer = self._once(asked)
            except ValueError as error:  # what it leads to, or was named itself, is no URL
                raise failures.malformed(self._absolute(asked), _text(error)) from None
            except (requests.RequestException, OSError) as error:
                if isinstance(error, requests.exceptions.SSLError) and not _BROKEN.search(str(error)):
                    raise failures.insecure(self._absolute(asked), _text(error)) from None
                silences += isinstance(error, requests.ReadTimeout)
                if last or silences == SILENCES or not asked.repeatable:
                    raise failures.unanswered(asked.method, self._absolute(asked), _text(error)) from None
                self.pause(attempt)
                attempt += 1
                continue
            if answer.status in asked.answers:
                return answer
            ours = asked.authorized and self._is_ours(answer.url)
            if answer.status in UNAUTHORIZED and not refreshed and ours:
                challenge = answer.headers.get("WWW-Authenticate", "")
                refreshed = self._authorization.answer(self, challenge, used)
                if refreshed:
                    continue
            if last or answer.status not in asked.again:
                raise failures.refused(asked.method, self._authorization.hide(answer), self._host)
            self.pause(attempt, answer.headers.get("Retry-After", ""))
            attempt += 1

    def _once(self, asked: Ask) -> Answer:
        url = self._absolute(asked)
        with self._send(asked, url) as answer:
            leads_on = answer.status_code in PARTIAL and asked.method == "GET" and asked.authorized
            if leads_on and "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                with self._send(asked, url) as moved:
                    return _read(moved, asked.limit)
            return _read(answer, asked.limit)

    def _send(self, asked: Ask, url: str) -> requests.Response:
        headers = dict(asked.headers)
        parts = urlsplit(url)
        if self._is_ours(url):
            header = self._authorization.header if asked.authorized else ""
            headers |= {"Authorization": header} if header else {}
        elif not is_protected(url):
            raise RegistryError(
                f"{self._host} leads to {redact(url)}",
                cause="what follows would be sent in clear text",
                remedy="ask whoever runs the registry",
            )
        body = asked.body() if asked.body else None
        try:
            if body is not None:
                headers["Content-Length"] = str(asked.length)
            return self._session.request(
                asked.method,
                url,
                headers=headers,
                data=body,
                stream=True,
                allow_redirects=False,
                proxies=_DIRECT if is_loopback(parts.hostname or "") else None,
                verify=certificates(parts.netloc),
                timeout=(CONNECT_SECONDS if body is None else SEND_SECONDS, ANSWER_SECONDS + asked.seconds),
            )
        finally:
            if body is not None:
                body.close()

    def _absolute(self, asked: Ask) -> str:
        return urljoin(self.base, asked.url)

    def _is_ours(self, url: str) -> bool:
        """Whether credentials of this registry may go there. Raises ValueError for no URL."""
        return _origin(url) == _origin(self.base)

    def pause(self, attempt: int, wished: str = "") -> None:
        """Sleep before another attempt: longer each time, or as long as the registry wishes."""
        pause = min(0.25 * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        if wished.isdecimal():
            pause = min(max(float(wished), pause), LONGEST_PAUSE)
        time.sleep(pause)


def certificates(host: str) -> str | bool:
    """Return the file of the authorities to trust for a host; True for requests' own and its variables."""
    for folder in _CERTIFICATES:
        file = Path(folder) / host / "ca.crt"
        if file.is_file():
            return str(file)
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    return named or True


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a URL (RFC 6454): the usual port may be left out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _read(answer: requests.Response, limit: int) -> Answer:
    """Read the whole body of a document. Raises RegistryError where it is longer than any document."""
    body = bytearray()
    for chunk in answer.iter_content(_BLOCK):
        body += chunk
        if len(body) > limit:
            raise failures.too_long(answer.url, limit)
    return Answer(answer.status_code, answer.headers, bytes(body), answer.url)


def _text(error: Exception) -> str:
    """Return the reason that a library gives, without credentials and queries of URLs."""
    reason = getattr(error.args[0], "reason", None) if error.args else None  # urllib3's, in requests' words
    said = str(reason or error).rpartition("Failed to establish a new connection: ")[2]
    return _QUERY.sub("", redact_text(said))[:_LONGEST]
