"""How requests are authorized: Basic, or a token of the service that a registry names (Docker's specification)."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from airlock.errors import RegistryError
from airlock.index.locations import is_protected, redact
from airlock.registry import failures
from airlock.registry.exchange import Ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock.registry.exchange import Answer
    from airlock.registry.transport import Transport

_CHALLENGE = re.compile(r"(?:^|,)\s*(basic|bearer)\b\s*(.*)", re.IGNORECASE)  # the first that we can answer
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_TOKEN_USER = "<token>"  # noqa: S105 - the user name with which Docker keeps an identity token
_CLIENT = "airlock"
_HIDDEN = "…".encode()


@dataclass(frozen=True)
class Credentials:
    """A user's name and password, or an identity token, for which `user` is `<token>`."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Authorization:
    """Holds what is sent as Authorization; `find` looks for credentials, again once they are refused."""

    def __init__(self, find: Callable[[], Credentials | None], scopes: tuple[str, ...]) -> None:
        self._find = find
        self._scopes = scopes
        self._lock = threading.Lock()
        self._header = ""
        self._answered: set[str] = set()  # what was refused already, lest it be fetched again by each thread
        self._secrets: set[str] = set()

    @property
    def header(self) -> str:
        """What is sent as Authorization; empty before anybody asked for it."""
        return self._header

    def hide(self, answer: Answer) -> Answer:
        """Return an answer without what was sent as authorization: there are those who repeat it."""
        body = answer.body
        for secret in tuple(self._secrets):
            body = body.replace(secret.encode(), _HIDDEN)
        return replace(answer, body=body)

    def answer(self, transport: Transport, challenge: str, used: str) -> bool:
        """Take what the challenge of an answer 401 (RFC 9110, 11.6.1) asks for; False where there is nothing.

        `used` is the header that was refused; with no challenge, another of its kind may do. Raises RegistryError
        where the token service refuses.
        """
        asked = _CHALLENGE.search(challenge or used.partition(" ")[0])
        scheme, rest = asked.groups() if asked else ("", "")
        with self._lock:
            if self._header != used:  # another thread was first
                return True
            credentials = self._find()
            if credentials:
                self._secrets |= {
                    credentials.password or credentials.user,
                    credentials.basic.partition(" ")[2],
                }
            if scheme.lower() == "basic":
                header = credentials.basic if credentials else ""
            elif scheme.lower() == "bearer" and rest:
                header = _bearer(transport, dict(_PARAMETER.findall(rest)), credentials, self._scopes)
            else:
                header = ""
            if not header or header in self._answered:
                return False
            self._answered.add(header)
            self._secrets.add(header.partition(" ")[2])
            self._header = header
            return True


def _bearer(
    transport: Transport,
    asked: Mapping[str, str],
    credentials: Credentials | None,
    scopes: tuple[str, ...],
) -> str:
    """Fetch a token from the realm that a challenge names."""
    realm = asked.get("realm", "")
    if not is_protected(realm):
        raise RegistryError(
            f"{urlsplit(transport.base).netloc} sends us for a token to {redact(realm) or 'nowhere'}",
            cause="credentials go by https alone, or to this machine",
            remedy="ask whoever runs the registry",
        )
    query = {"service": asked.get("service", ""), "scope": " ".join(scopes)}
    if credentials and credentials.user == _TOKEN_USER:
        form = urlencode(
            {
                **query,
                "grant_type": "refresh_token",
                "refresh_token": credentials.password,
                "client_id": _CLIENT,
            }
        ).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Ask("POST", realm, headers, lambda: io.BytesIO(form), len(form), authorized=False)
    else:
        pairs = [("service", query["service"]), *(("scope", scope) for scope in scopes)]
        headers = {"Authorization": credentials.basic} if credentials else {}
        joint = "&" if urlsplit(realm).query else "?"
        request = Ask("GET", f"{realm}{joint}{urlencode(pairs)}", headers, authorized=False)
    answer = transport.ask(request)
    try:
        document = json.loads(answer.body)
        token = document.get("token") or document["access_token"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise failures.malformed(realm, "it gives no token") from error
    if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        raise failures.malformed(realm, "it gives no token")
    return f"Bearer {token}"
