"""Finds a wheel by its exact file name in the configured indexes (PEP 503 and 691) and find-links pages."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

from airlock.errors import FetchError
from airlock.index.failures import UnlistedError, refused
from airlock.index.filenames import filename_of
from airlock.index.locations import as_url, redact
from airlock.index.web import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.index.indexes import Indexes
    from airlock.index.web import Response, Session
    from airlock.store import StoreFile

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
Parsed = TypeVar("Parsed")  # PEP 695 syntax needs Python 3.12
FORBIDDEN, GONE = (401, 403), (404, 410)
OK = 200


@dataclass(frozen=True)
class Link:
    """A file that a page lists, with its sha256 where the page says it."""

    filename: str
    url: str = field(repr=False)
    sha256: str = ""


class Finder:
    """All configured places; hands out one `Project` for each project that misses files."""

    def __init__(self, session: Session, indexes: Indexes) -> None:
        self.session = session
        self.source = indexes.source
        self.indexes = [as_url(url).rstrip("/") + "/" for url in indexes.urls]
        self.find_links = [as_url(place) for place in indexes.find_links]
        self._flat_pages: dict[str, list[Link]] = {}
        self._lock = threading.Lock()

    def project(self, name: str) -> Project:
        return Project(self, re.sub(r"[-_.]+", "-", name).lower())

    def flat(self, place: str) -> list[Link]:
        """Return what a find-links place lists; it is the same for every project, so it is read once."""
        with self._lock:
            if place not in self._flat_pages:
                self._flat_pages[place] = links(self.session, place)
            return self._flat_pages[place]


class Project:
    """The pages of one project, each read once and only as far as files are still to be found."""

    def __init__(self, finder: Finder, name: str) -> None:
        self._finder, self._name = finder, name
        self._pages: dict[str, list[Link]] = {}
        self._lock = threading.Lock()

    def urls(self, file: StoreFile) -> Iterator[str]:
        """Yield where the file may be had, the likeliest first.

        Raises FetchError at the end, saying what each place answered, for a caller whom none of them helped.
        """
        answers: list[str] = []
        silent: list[FetchError] = []
        for place, page in self._places(silent):
            named = [link for link in page if link.filename == file.filename]
            yield from (link.url for link in named if link.sha256 in {"", file.sha256})
            answers += [
                f"{place} lists it with sha256 {link.sha256}, the lock names {file.sha256}"
                for link in named
                if link.sha256 not in {"", file.sha256}
            ]
            answers += [] if named else [f"{place} does not list it"]
        if silent:
            remedies = dict.fromkeys(error.remedy for error in silent if error.remedy)
            raise FetchError(
                f"{file.filename} was not found; not every index answered",
                cause="\n".join([*(error.cause or error.fact for error in silent), *answers]),
                remedy="\n".join(remedies),
            )
        raise UnlistedError(
            f"{file.filename} is in none of the indexes of {self._finder.source}",
            cause="\n".join(answers) or "no index is configured",
            remedy=f"airlock lock --upgrade {self._name}",
        )

    def links(self) -> list[Link]:
        """Return what every place lists. Raises FetchError where one does not answer."""
        silent: list[FetchError] = []
        found = [link for _, page in self._places(silent) for link in page]
        if silent:
            raise silent[0]
        return found

    def _places(self, silent: list[FetchError]) -> Iterator[tuple[str, list[Link]]]:
        """Yield each place that answers and what it lists; `silent` takes the errors of those that do not."""
        asked: list[tuple[str, Callable[[str], list[Link]]]]
        asked = [(place, self._finder.flat) for place in self._finder.find_links]
        asked += [(index, self._page) for index in self._finder.indexes]
        # What is on this machine is asked first: hashes decide, so the order changes the cost alone.
        for place, ask in sorted(asked, key=lambda pair: _is_remote(pair[0])):
            try:
                page = ask(place)
            except FetchError as error:
                silent.append(error)
            else:
                yield redact(place), page

    def _page(self, index: str) -> list[Link]:
        with self._lock:
            if index not in self._pages:
                self._pages[index] = links(self._finder.session, f"{index}{self._name}/")
            return self._pages[index]


def links(session: Session, url: str) -> list[Link]:
    """Read a page of links; one that does not exist has none.

    Raises FetchError where the server refuses, fails or answers with something else.
    """
    if urlsplit(url).path.endswith(".whl"):  # pip allows a single file among its find-links
        return [Link(filename_of(url), urldefrag(url)[0], _sha256(url))]
    return page(session, url, _parse) or []


def page(session: Session, url: str, parse: Callable[[Response, bytes], Parsed]) -> Parsed | None:
    """Read a page of an index as `parse` does; None where there is none.

    Raises FetchError where the server refuses, fails or answers with something that cannot be parsed.
    """
    response, body = read(session, url, {"Accept": ACCEPT})
    if response.status in GONE:
        return None
    shown = redact(url)
    if response.status in FORBIDDEN:
        raise refused(url, response.status)
    if response.status != OK:
        raise FetchError(f"{shown} failed", cause=f"{urlsplit(shown).netloc} answers HTTP {response.status}")
    try:
        return parse(response, body)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:  # nothing in JSON is promised
        kind = response.headers.get("Content-Type", "nothing it names")
        raise FetchError(
            f"{shown} is not a page of an index",
            cause=f"{urlsplit(shown).netloc} sends {kind}, which cannot be read",
        ) from error


def is_json(response: Response) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return kind.strip().lower() in {JSON, "application/json"}


def _parse(response: Response, body: bytes) -> list[Link]:
    parameters = response.headers.get("Content-Type", "").partition(";")[2]
    if is_json(response):
        # pypi_simple's checked model of every file takes four times as long as all else on these pages
        return [
            Link(file["filename"], urljoin(response.url, file["url"]), file["hashes"].get("sha256", ""))
            for file in json.loads(body)["files"]
        ]
    from pypi_simple import RepositoryPage  # noqa: PLC0415 - costs 0.3 s, and an index with JSON needs none

    encoding = parameters.partition("charset=")[2].strip(" \"'") or None
    html = RepositoryPage.from_html(body, response.url, encoding)
    return [Link(filename_of(link.url), urldefrag(link.url)[0], _sha256(link.url)) for link in html.links]


def _sha256(url: str) -> str:
    fragment = urlsplit(url).fragment
    return fragment.removeprefix("sha256=").lower() if fragment.startswith("sha256=") else ""


def _is_remote(url: str) -> bool:
    return not url.startswith("file:")
