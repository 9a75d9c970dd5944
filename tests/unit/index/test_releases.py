from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airlock.errors import FetchError
from airlock.index.indexes import Indexes
from airlock.index.releases import Pages
from airlock.index.simple import JSON
from fake_web import FakeWeb

INDEX = "https://index.example.invalid/simple"
OTHER = "https://other.example.invalid/simple"


def page(*files: tuple[str, str]) -> bytes:
    return json.dumps({"files": [{"filename": name, "upload-time": time} for name, time in files]}).encode()


def web(pages: dict[str, bytes], kind: str = JSON) -> FakeWeb:
    return FakeWeb(pages, kinds=dict.fromkeys(pages, kind))


def test_each_final_release_counts_once_at_its_first_file() -> None:
    files = page(
        ("a_b-1.1-py3-none-any.whl", "2026-02-02T00:00:00Z"),
        ("a-b-1.1.tar.gz", "2026-02-01T00:00:00Z"),
        ("a_b-1.0-py3-none-any.whl", "2026-01-01T00:00:00Z"),
        ("a_b-2.0rc1-py3-none-any.whl", "2026-03-01T00:00:00Z"),
        ("a-b-1.0.win32.exe", "2025-01-01T00:00:00Z"),
    )
    found = Pages(web({f"{INDEX}/a-b/": files}), Indexes(INDEX)).releases(["a-b"])
    assert found == {"a-b": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)]}


def test_the_next_index_is_asked_where_one_does_not_know_the_project() -> None:
    files = page(("a-1-py3-none-any.whl", "2026-01-01T00:00:00Z"))
    indexes = Indexes(INDEX, extra_index_urls=(OTHER,))
    assert list(Pages(web({f"{OTHER}/a/": files}), indexes).releases(["a", "unknown"])) == ["a"]


def test_a_page_without_dates_tells_nothing() -> None:
    html = web({f"{INDEX}/a/": b"<a href='a-1-py3-none-any.whl'>a</a>"}, "text/html")
    assert Pages(html, Indexes(INDEX)).releases(["a"]) == {}
    dateless = web({f"{INDEX}/a/": json.dumps({"files": [{"filename": "a-1.tar.gz"}]}).encode()})
    assert Pages(dateless, Indexes(INDEX)).releases(["a"]) == {}


def test_an_index_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(FetchError):
        Pages(FakeWeb(unreachable={INDEX}), Indexes(INDEX)).releases(["a"])


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"files": null}', b'{"files": [{"filename": "a-1.tar.gz", "upload-time": 7}]}']
)
def test_a_page_that_cannot_be_read_is_an_error(body: bytes) -> None:
    with pytest.raises(FetchError, match="not a page of an index"):
        Pages(web({f"{INDEX}/a/": body}), Indexes(INDEX)).releases(["a"])


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_server_that_refuses_is_an_error_and_no_answer(status: int) -> None:
    with pytest.raises(FetchError):
        Pages(FakeWeb(statuses={f"{INDEX}/a/": status}), Indexes(INDEX)).releases(["a"])


def test_a_time_without_a_zone_is_universal() -> None:
    files = page(("a-1-py3-none-any.whl", "2026-01-01T00:00:00"))
    found = Pages(web({f"{INDEX}/a/": files}), Indexes(INDEX)).releases(["a"])
    assert found == {"a": [datetime(2026, 1, 1, tzinfo=UTC)]}


def test_a_yanked_file_is_told_with_its_reason() -> None:
    files = json.dumps(
        {
            "files": [
                {"filename": "a-1.tar.gz", "yanked": False},
                {"filename": "a-2.tar.gz", "yanked": "broken\nfor good"},
                {"filename": "a-3.tar.gz", "yanked": True},
                {"filename": "a-4.tar.gz", "yanked": ""},
                {"filename": "a-5.tar.gz"},
                {"filename": "a-6.tar.gz", "yanked": None},
            ]
        }
    ).encode()
    found = Pages(web({f"{INDEX}/a/": files}), Indexes(INDEX)).yanked(["a", "unknown"])
    assert found == {
        "a": {"a-2.tar.gz": "broken\nfor good", "a-3.tar.gz": "", "a-4.tar.gz": ""},
        "unknown": {},
    }


def test_a_yanked_file_is_told_by_a_page_of_links_too() -> None:
    html = b'<a href="../f/a-1.tar.gz" data-yanked="why &amp; how">a</a><a href="../f/a-2.tar.gz">a</a>'
    found = Pages(web({f"{INDEX}/a/": html}, "text/html"), Indexes(INDEX)).yanked(["a"])
    assert found == {"a": {"a-1.tar.gz": "why & how"}}


def test_a_file_that_any_index_marks_is_yanked_and_each_page_is_read_once() -> None:
    clean = json.dumps(
        {"files": [{"filename": "a-1.tar.gz", "upload-time": "2026-01-01T00:00:00Z"}]}
    ).encode()
    marked = json.dumps({"files": [{"filename": "a-1.tar.gz", "yanked": "no"}]}).encode()
    server = web({f"{OTHER}/a/": clean, f"{INDEX}/a/": marked})
    pages = Pages(server, Indexes(INDEX, extra_index_urls=(OTHER,)))
    assert list(pages.releases(["a"])) == ["a"]
    assert pages.yanked(["a"]) == {"a": {"a-1.tar.gz": "no"}}
    assert sorted(url for url, _ in server.asked) == [f"{INDEX}/a/", f"{OTHER}/a/"]
