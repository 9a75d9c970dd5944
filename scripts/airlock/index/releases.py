"""When a project's releases were uploaded, where the index says it (PEP 700)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from airlock.index.locations import as_url
from airlock.index.parallel import each
from airlock.index.simple import is_json, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version

    from airlock.index.indexes import Indexes
    from airlock.index.web import Response, Session

THREADS = 8


def releases(session: Session, indexes: Indexes, names: Sequence[str]) -> dict[str, list[datetime]]:
    """Return, oldest first, when each final release of each project was uploaded.

    A project is left out where no index tells. Raises FetchError where an index does not answer as one.
    """
    urls = [as_url(url).rstrip("/") + "/" for url in indexes.urls]
    found = each(names, lambda name: (name, _dates(session, [f"{url}{name}/" for url in urls])), THREADS)
    return {name: dates for name, dates in found if dates}


def _dates(session: Session, pages: Iterable[str]) -> list[datetime]:
    """Ask one page after the other until one tells."""
    return next((found for address in pages if (found := page(session, address, _parse))), [])


def _parse(response: Response, body: bytes) -> list[datetime]:
    return sorted(first_uploads(json.loads(body)["files"]).values()) if is_json(response) else []


def first_uploads(files: Iterable[dict[str, Any]]) -> dict[Version, datetime]:
    """Return when the first file of each final release came, from the files of a project's page (PEP 691)."""
    found: dict[Version, datetime] = {}
    for file in files:
        version = _version(file["filename"])
        if version and not version.is_prerelease and file.get("upload-time"):
            uploaded = datetime.fromisoformat(file["upload-time"])
            uploaded = uploaded if uploaded.tzinfo else uploaded.replace(tzinfo=UTC)
            found[version] = min(uploaded, found.get(version, uploaded))
    return found


def _version(filename: str) -> Version | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None  # eggs and installers of old
