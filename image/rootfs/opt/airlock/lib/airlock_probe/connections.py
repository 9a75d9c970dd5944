"""Where connections lead that the environment sets (AIRFLOW_CONN_*), as far as that shows; their secrets stay here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from airlock_spec.outside import CONNECTIONS, is_public

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "AIRFLOW_CONN_"
AWS = "aws"


@dataclass(frozen=True)
class Leads:
    """Where a connection leads: to `host` ("" for none that is public), or for AWS elsewhere than to AWS."""

    host: str = ""
    elsewhere: bool = False  # an endpoint of its own
    instead: str = ""  # of this host, to which connections of its type lead that name none


def leads(conn_id: str, environment: Mapping[str, str]) -> Leads | None:
    """Return where a connection leads, or None where the environment does not set it or it cannot be read."""
    text = environment.get(f"{PREFIX}{conn_id.upper()}", "").strip()
    try:
        kind, host, extra = _parts(text)
    except (ValueError, TypeError, AttributeError):
        return None
    if not kind:
        return None
    if kind == AWS:
        services = extra.get("service_config") or {}
        own = [extra.get("endpoint_url"), *(one.get("endpoint_url") for one in services.values())]
        return Leads(elsewhere=any(own))
    name = _name(str(extra.get("host") or host))
    usual = CONNECTIONS.get(kind, "")
    if not name:
        return Leads(usual)
    return Leads(name if is_public(name) else "", instead=usual)


def _parts(text: str) -> tuple[str, str, dict[str, Any]]:
    """Return type, host and extra of a connection as JSON or as a URI."""
    if text.startswith("{"):
        document = json.loads(text)
        extra = document.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        return _kind(document.get("conn_type", "")), document.get("host") or "", extra
    parts = urlsplit(text)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return _kind(parts.scheme), unquote(parts.hostname or ""), extra


def _kind(text: str) -> str:
    kind = text.lower().replace("-", "_")
    return "http" if kind == "https" else kind


def _name(host: str) -> str:
    """Return the bare name of a host, which may be given as a URL or with a path and a port."""
    bare = host.partition("://")[2] or host
    return bare.partition("/")[0].partition(":")[0].strip("[]").lower()
