"""One file of text from a URL, with the user's proxies, certificates and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.errors import FetchError
from airlock.index.locations import redact
from airlock.index.web import read

if TYPE_CHECKING:
    from airlock.index.web import Session

_OK = 200


def download(session: Session, url: str) -> bytes:
    """Return what is at a URL. Raises FetchError where it is not to be had, or came by way of plain http."""
    remedy = (
        "check the URL, and the proxy and certificates that pip or uv are configured with; then run it again"
    )
    try:
        response, body = read(session, url, {})
    except FetchError as error:
        raise FetchError(
            f"{redact(url)} cannot be fetched", cause=error.cause or error.fact, remedy=remedy
        ) from error
    if response.status != _OK:
        raise FetchError(
            f"{redact(url)} cannot be fetched",
            cause=f"the server answers HTTP {response.status}",
            remedy=remedy,
        )
    if not response.protected:
        raise FetchError(
            f"{redact(url)} cannot be fetched",
            cause=f"it redirects to {redact(response.url)} by way of plain http, where it could be altered",
            remedy="name the https URL to which it leads",
        )
    return body
