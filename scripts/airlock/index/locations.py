"""Places that a user names in a configuration: URLs, or paths of this machine."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://?", re.IGNORECASE)
USERINFO = re.compile(r"//[^/\s@]*@")


def absolute(place: str, base: Path | None = None) -> str:
    """Return a URL as it is and a path made absolute, relative to `base` or the working directory."""
    if SCHEME.match(place):
        return place
    return str((base or Path()).absolute() / Path(place).expanduser())


def as_url(place: str) -> str:
    """Return a URL as it is and an absolute path as a file: URL."""
    return place if SCHEME.match(place) else Path(place).as_uri()


def is_protected(place: str) -> bool:
    """Whether it is a URL whose content nobody could alter on its way: https, or http to this machine."""
    try:
        parts = urlsplit(place)
    except ValueError:
        return False
    return parts.hostname is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    )


def is_loopback(host: str) -> bool:
    """Whether a host, without its port, is this machine by its own name, so that nothing leaves it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def path_of(url: str) -> Path:
    """Return the path that a file: URL names."""
    from urllib.request import url2pathname  # noqa: PLC0415 - brings http along, and few need it

    return Path(url2pathname(urlsplit(url).path))


def redact(url: str) -> str:
    """Return a URL for people: without user, password, query or fragment, any of which may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        return redact_text(re.split(r"[?#]", url, maxsplit=1)[0])
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def redact_text(text: str) -> str:
    """Return a library's message without the credentials of the URLs in it."""
    return USERINFO.sub("//", text)
