"""A file is had from its URL as it is, or it is said why not."""

from __future__ import annotations

import pytest

from airlock.errors import FetchError
from airlock.index.text import download
from fake_web import FakeWeb

URL = "https://me:secret@files.example.invalid/c.txt?token=1"


def test_a_file_is_had_as_it_is() -> None:
    assert download(FakeWeb({URL: b"a==1\r\n"}), URL) == b"a==1\r\n"


def test_a_broken_connection_is_tried_again() -> None:
    assert download(FakeWeb({URL: b"a==1\n"}, cuts={URL: [2, None]}), URL) == b"a==1\n"


@pytest.mark.parametrize(
    ("web", "said"),
    [
        (FakeWeb(), "HTTP 404"),
        (FakeWeb(statuses={URL: 401}), "HTTP 401"),
        (FakeWeb(unreachable={URL}), "nobody answers"),
        (FakeWeb({URL: b"a==1\n"}, cuts={URL: [2, 2, 2]}), "as the test wishes"),
        (FakeWeb({URL: b"a==1\n"}, protected=False), "by way of plain http"),
    ],
)
def test_one_that_cannot_be_had_is_told_without_secrets(web: FakeWeb, said: str) -> None:
    with pytest.raises(FetchError, match=r"files\.example\.invalid/c\.txt cannot be fetched") as caught:
        download(web, URL)
    assert said in caught.value.cause
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)
