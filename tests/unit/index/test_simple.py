from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airlock.errors import FetchError
from airlock.index.failures import UnlistedError
from airlock.index.indexes import Indexes
from airlock.index.simple import JSON, Finder

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.store import StoreFile
    from fake_web import FakeWeb

INDEX, OTHER = "https://me:secret@a.example.invalid/simple", "https://b.example.invalid/simple/"
NAME = "demo_pkg-1.0+cpu-py3-none-any.whl"


@pytest.fixture
def wheel(file_of: Callable[[str, bytes], StoreFile]) -> StoreFile:
    return file_of(NAME, b"a wheel")


def html(*links: str) -> bytes:
    return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


def link(url: str) -> str:
    return f'<a href="{url}">whatever</a>'


def find(web: FakeWeb, indexes: Indexes, file: StoreFile) -> str:
    return next(Finder(web, indexes).project("Demo.Pkg").urls(file))


def test_an_html_page_is_found_under_the_normalized_name(web: FakeWeb, wheel: StoreFile) -> None:
    page = f"{INDEX}/demo-pkg/"
    web.files[page] = html(link(f"../../files/demo_pkg-1.0%2Bcpu-py3-none-any.whl#sha256={wheel.sha256}"))
    url = find(web, Indexes(INDEX), wheel)
    assert url == "https://me:secret@a.example.invalid/files/demo_pkg-1.0%2Bcpu-py3-none-any.whl"


def test_a_json_page_is_read(web: FakeWeb, wheel: StoreFile) -> None:
    page = f"{OTHER}demo-pkg/"
    document = {
        "meta": {"api-version": "1.1"},
        "name": "demo-pkg",
        "files": [
            {"filename": NAME, "url": "https://files.example.invalid/x", "hashes": {"sha256": wheel.sha256}}
        ],
    }
    web.files[page], web.kinds[page] = json.dumps(document).encode(), JSON
    assert find(web, Indexes(OTHER), wheel) == "https://files.example.invalid/x"


def test_a_file_without_a_hash_is_a_candidate(web: FakeWeb, wheel: StoreFile) -> None:
    web.files[f"{OTHER}demo-pkg/"] = html(link(f"/files/{NAME}"))
    assert find(web, Indexes(OTHER), wheel) == f"https://b.example.invalid/files/{NAME}"


def test_another_index_helps_where_one_has_another_file(web: FakeWeb, wheel: StoreFile) -> None:
    web.files[f"{INDEX}/demo-pkg/"] = html(link(f"/f/{NAME}#sha256={'0' * 64}"))
    web.files[f"{OTHER}demo-pkg/"] = html(link(f"/f/{NAME}#sha256={wheel.sha256}"))
    assert find(web, Indexes(OTHER, (INDEX,)), wheel) == f"https://b.example.invalid/f/{NAME}"


def test_a_listed_file_with_another_hash_alone_is_an_error_that_names_both(
    web: FakeWeb, wheel: StoreFile
) -> None:
    web.files[f"{INDEX}/demo-pkg/"] = html(link(f"/f/{NAME}#sha256={'0' * 64}"))
    with pytest.raises(UnlistedError) as caught:
        find(web, Indexes(INDEX), wheel)
    assert NAME in caught.value.fact
    assert (
        f"a.example.invalid/simple/ lists it with sha256 {'0' * 64}, the lock names {wheel.sha256}"
        in caught.value.cause
    )
    assert "secret" not in str(caught.value)


def test_a_file_that_no_index_lists_is_an_error_that_names_each(web: FakeWeb, wheel: StoreFile) -> None:
    web.files[f"{OTHER}demo-pkg/"] = html()
    with pytest.raises(UnlistedError) as caught:
        find(web, Indexes(OTHER, (INDEX,)), wheel)
    assert caught.value.cause.splitlines() == [
        "https://a.example.invalid/simple/ does not list it",
        "https://b.example.invalid/simple/ does not list it",
    ]
    assert caught.value.remedy == "airlock lock --upgrade demo-pkg"


def test_one_silent_index_does_not_matter_where_another_has_the_file(web: FakeWeb, wheel: StoreFile) -> None:
    web.unreachable.add(INDEX)
    web.files[f"{OTHER}demo-pkg/"] = html(link(f"/f/{NAME}"))
    assert find(web, Indexes(OTHER, (INDEX,)), wheel)


def test_an_index_that_wants_credentials_is_named_without_them(web: FakeWeb, wheel: StoreFile) -> None:
    web.statuses[f"{INDEX}/demo-pkg/"] = 401
    with pytest.raises(FetchError) as caught:
        find(web, Indexes(INDEX), wheel)
    assert not isinstance(caught.value, UnlistedError)
    assert caught.value.cause == "a.example.invalid wants other credentials (HTTP 401)"
    assert "netrc" in caught.value.remedy
    assert "secret" not in str(caught.value)


def test_a_page_that_is_no_index_is_an_error(web: FakeWeb, wheel: StoreFile) -> None:
    page = f"{OTHER}demo-pkg/"
    web.files[page], web.kinds[page] = b"{}", JSON
    with pytest.raises(FetchError, match="not every index answered"):
        find(web, Indexes(OTHER), wheel)


def test_a_page_is_read_once_for_all_files_of_a_project(web: FakeWeb, wheel: StoreFile) -> None:
    web.files[f"{OTHER}demo-pkg/"] = html(link(f"/f/{NAME}"))
    project = Finder(web, Indexes(OTHER)).project("demo-pkg")
    assert len({next(project.urls(wheel)) for _ in range(3)}) == 1
    assert len(web.asked) == 1


def test_find_links_are_asked_first_where_they_are_on_this_machine(web: FakeWeb, wheel: StoreFile) -> None:
    web.files["file:///srv/wheels"] = html(link(f"file:///srv/wheels/{NAME}"))
    assert find(web, Indexes(OTHER, (), ("/srv/wheels",)), wheel) == f"file:///srv/wheels/{NAME}"
    assert [url for url, _ in web.asked] == ["file:///srv/wheels"]


def test_find_links_may_name_one_wheel(web: FakeWeb, wheel: StoreFile) -> None:
    url = f"https://d.example.invalid/demo_pkg-1.0%2Bcpu-py3-none-any.whl#sha256={wheel.sha256}"
    assert find(web, Indexes("", (), (url,)), wheel) == url.partition("#")[0]


def test_a_find_links_page_is_read_once_for_all_projects(web: FakeWeb, wheel: StoreFile) -> None:
    web.files["https://d.example.invalid/links.html"] = html(link(NAME))
    finder = Finder(web, Indexes("", (), ("https://d.example.invalid/links.html",)))
    assert {next(finder.project(name).urls(wheel)) for name in ("one", "two")} == {
        f"https://d.example.invalid/{NAME}"
    }
    assert len(web.asked) == 1
