"""What an index says of a project's releases: when each was uploaded (PEP 700), and which were yanked (PEP 592)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airlock.index.filenames import filename_of, version_of
from airlock.index.locations import as_url
from airlock.index.parallel import each
from airlock.index.simple import is_json, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.version import Version

    from airlock.index.indexes import Indexes
    from airlock.index.web import Response, Session

THREADS = 8


@dataclass(frozen=True)
class Page:
    """What one index says of a project: when each final release came, and of yanked files (PEP 592) why."""

    uploads: Mapping[Version, datetime] = field(default_factory=dict)
    yanked: Mapping[str, str] = field(default_factory=dict)


class Pages:
    """The pages of projects in all indexes, each read once."""

    def __init__(self, session: Session, indexes: Indexes) -> None:
        self._session = session
        self._indexes = [as_url(url).rstrip("/") + "/" for url in indexes.urls]
        self._known: dict[str, Page] = {}

    def releases(self, names: Sequence[str]) -> dict[str, list[datetime]]:
        """Return, oldest first, when each final release of each project was uploaded.

        A project is left out where no index tells. Raises FetchError where an index does not answer as one.
        """
        found = dict(each(names, self._dates, THREADS))
        return {name: dates for name, dates in found.items() if dates}

    def yanked(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return for each project its yanked files: file name → the reason that an index gives.

        A file that one of several indexes marks counts as yanked. Raises FetchError.
        """
        return dict(each(names, self._yanked, THREADS))

    def _dates(self, name: str) -> tuple[str, list[datetime]]:
        """Ask one index after the other until one tells."""
        pages = (self._page(index, name) for index in self._indexes)
        return name, next((sorted(page.uploads.values()) for page in pages if page.uploads), [])

    def _yanked(self, name: str) -> tuple[str, dict[str, str]]:
        pages = [self._page(index, name) for index in self._indexes]
        return name, {file: reason for page in pages for file, reason in page.yanked.items()}

    def _page(self, index: str, name: str) -> Page:
        url = f"{index}{name}/"
        if url not in self._known:
            self._known[url] = page(self._session, url, _parse) or Page()
        return self._known[url]


def _parse(response: Response, body: bytes) -> Page:
    if is_json(response):
        files = json.loads(body)["files"]
        # a boolean, or the reason (PEP 691)
        yanked = {
            file["filename"]: file["yanked"] for file in files if file.get("yanked") not in (None, False)
        }
        return Page(
            first_uploads(files), {name: why if isinstance(why, str) else "" for name, why in yanked.items()}
        )
    if b"data-yanked" not in body:
        return Page()
    from pypi_simple import RepositoryPage  # noqa: PLC0415 - costs 0.3 s, and an index with JSON needs none

    links = RepositoryPage.from_html(body, response.url).links
    marked = ((link, link.attrs.get("data-yanked")) for link in links)
    return Page(yanked={filename_of(link.url): str(why) for link, why in marked if why is not None})


def first_uploads(files: Iterable[dict[str, Any]]) -> dict[Version, datetime]:
    """Return when the first file of each final release came, from the files of a project's page (PEP 691)."""
    found: dict[Version, datetime] = {}
    for file in files:
        version = version_of(file["filename"])
        if version and not version.is_prerelease and file.get("upload-time"):
            uploaded = datetime.fromisoformat(file["upload-time"])
            uploaded = uploaded if uploaded.tzinfo else uploaded.replace(tzinfo=UTC)
            found[version] = min(uploaded, found.get(version, uploaded))
    return found
