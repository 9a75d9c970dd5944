"""Asks an advisory database that speaks OSV's API (https://google.github.io/osv.dev/api/).

Two questions: which advisories are there for these pins, all in one request, and what does each advisory say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from airlock.audit import advisory
from airlock.errors import FetchError
from airlock.index.locations import redact
from airlock.index.parallel import each

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.audit.advisory import Advisory
    from airlock.audit.pins import Pin
    from airlock.index.web import Response


BATCH = 1000  # pins that one request may ask about
ROUNDS = 50  # of further pages; no package has thousands of advisories
THREADS = 8
_OK, _UNKNOWN = 200, 404
_ID = re.compile(r"[\w.:-]{1,100}")
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class Session(Protocol):
    """Asks for URLs; the real one is airlock.index.web.Web."""

    def get(self, url: str, headers: Mapping[str, str]) -> contextlib.AbstractContextManager[Response]: ...

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[Response]: ...


@dataclass(frozen=True)
class Database:
    """The database at a URL, as `https://api.osv.dev`. Each method raises FetchError where it does not answer."""

    session: Session
    url: str

    def ids(self, pins: Sequence[Pin]) -> dict[Pin, list[str]]:
        """Return the ids of the advisories for each pin that has any."""
        found: dict[Pin, list[str]] = {}
        pending = [(pin, "") for pin in pins]
        for _ in range(ROUNDS + len(pins) // BATCH):
            if not pending:
                return found
            batch, pending = pending[:BATCH], pending[BATCH:]
            for (pin, _token), result in zip(batch, self._batch(batch), strict=True):
                new = [self._id(one) for one in result.get("vulns") or ()]
                if new:
                    found.setdefault(pin, []).extend(new)
                if token := result.get("next_page_token"):
                    pending.append((pin, str(token)))
        raise self._strange(f"it has ever more pages for {pending[0][0].name}")

    def advisories(self, ids: Iterable[str]) -> dict[str, Advisory]:
        """Return what each advisory says, by the id asked for; one that the database does not have is left out."""
        asked = sorted({one for one in ids if _ID.fullmatch(one)})
        found = each(asked, lambda one: (one, self._advisory(one)), THREADS)
        return {one: told for one, told in found if told is not None}

    def _batch(self, batch: Sequence[tuple[Pin, str]]) -> list[dict[str, Any]]:
        queries = [
            {"package": {"name": pin.name, "ecosystem": pin.ecosystem}, "version": pin.version}
            | ({"page_token": token} if token else {})
            for pin, token in batch
        ]
        body = json.dumps({"queries": queries}).encode()
        url = f"{self.url}/v1/querybatch"
        answer = self._answer(self.session.post(url, body, _HEADERS))
        results = answer.get("results") if answer else None
        if not isinstance(results, list) or len(results) != len(batch):
            raise self._strange(f"{redact(url)} does not answer each of {len(batch)} questions")
        if not all(isinstance(one, dict) for one in results):
            raise self._strange(f"{redact(url)} answers with something else than objects")
        return results

    def _advisory(self, one: str) -> Advisory | None:
        record = self._answer(self.session.get(f"{self.url}/v1/vulns/{quote(one)}", _HEADERS))
        if record is None:
            return None
        try:
            return advisory.parse(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # nothing in JSON is promised
            raise self._strange(
                f"its advisory {one} cannot be read: {type(error).__name__}: {error}"
            ) from error

    def _answer(self, asking: contextlib.AbstractContextManager[Response]) -> dict[str, Any] | None:
        """Read an answer; None where there is no such advisory."""
        try:
            with asking as response:
                status, url, body = response.status, redact(response.url), b"".join(response.chunks())
                protected = response.protected
        except FetchError as error:
            raise self._strange(error.cause or error.fact) from error
        if not protected:
            raise self._strange(f"it redirects to {url} by way of plain http, where answers could be altered")
        if status == _UNKNOWN and "/v1/vulns/" in url:
            return None
        if status != _OK:
            raise self._strange(f"{url} answers HTTP {status}")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self._strange(f"{url} sends no JSON: {body[:60]!r}") from error
        if not isinstance(answer, dict):
            raise self._strange(f"{url} sends no JSON object")
        return answer

    def _id(self, one: object) -> str:
        found = one.get("id") if isinstance(one, dict) else None
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise self._strange(f"it names an advisory {found!r}")
        return found

    def _strange(self, cause: str) -> FetchError:
        return FetchError(
            "it is not known whether what is locked is vulnerable",
            cause=f"the advisory database {redact(self.url)} does not answer as one\n{cause}",
            remedy="where it cannot be reached, name a mirror that speaks OSV's API as [tool.airlock] audit-source",
        )
