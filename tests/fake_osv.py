"""An advisory database without sockets; an HTTP server may hand its requests on to `answer`."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.errors import FetchError
from fake_web import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

URL = "https://osv.example.invalid"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


def record(
    name: str,
    package: str,
    *versions: str,
    ecosystem: str = "PyPI",
    fixed: Sequence[str] = (),
    urgency: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return an advisory of the OSV schema about these versions."""
    events = [{"introduced": "0"}, *({"fixed": one} for one in fixed)]
    affected: dict[str, Any] = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
        "versions": list(versions),
    }
    if urgency:
        affected["ecosystem_specific"] = {"urgency": urgency}
    return {"id": name, "summary": f"{name} of {package}", "affected": [affected], **more}


@dataclass
class FakeOsv:
    """Answers from `records`, in pages of `page` ids; `odd` replaces the answer to a path."""

    records: list[dict[str, Any]] = field(default_factory=list)
    page: int = 100
    odd: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    unreachable: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return the status and body for a request; one with a body is a POST."""
        self.asked.append(path)
        if path in self.odd:
            return self.odd[path]
        if path == "/v1/querybatch":
            results = [self._result(query) for query in json.loads(body)["queries"]]
            return 200, json.dumps({"results": results}).encode()
        if path == "/v1/query":  # of one package, with whole advisories: what pip-audit asks
            found = self._matching(json.loads(body))
            return 200, json.dumps({"vulns": found} if found else {}).encode()
        found = [one for one in self.records if path == f"/v1/vulns/{one['id']}"]
        return (
            (200, json.dumps(found[0]).encode()) if found else (404, b'{"code":5,"message":"Bug not found."}')
        )

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        found, start = self._matching(query), int(query.get("page_token", 0))
        ids = [{"id": one["id"], "modified": "2026-01-01T00:00:00Z"} for one in found]
        end = start + self.page
        token = {"next_page_token": str(end)} if end < len(ids) else {}
        return ({"vulns": ids[start:end]} if ids else {}) | token

    def _matching(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            one
            for one in self.records
            for affected in one["affected"]
            if affected["package"] == query["package"] and query["version"] in affected["versions"]
        ]

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:  # noqa: ARG002
        yield self._response(url, b"")

    @contextlib.contextmanager
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Iterator[Answer]:  # noqa: ARG002
        yield self._response(url, body)

    def _response(self, url: str, body: bytes) -> Answer:
        if self.unreachable:
            raise FetchError("nobody answers", cause="nobody answers")
        status, content = self.answer(url.removeprefix(URL), body)
        return Answer(status, url, content)
