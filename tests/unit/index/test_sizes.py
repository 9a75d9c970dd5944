from __future__ import annotations

import pytest

from airlock.errors import FetchError
from airlock.index.sizes import sizes
from fake_web import FakeWeb

URL = "https://files.example.invalid/a.whl"


@pytest.mark.parametrize("ranges", [True, False])
def test_a_server_tells_the_size_with_ranges_and_without(ranges: bool) -> None:  # noqa: FBT001
    assert sizes(FakeWeb({URL: b"content"}, ranges=ranges), [URL]) == {URL: 7}


def test_what_a_server_does_not_tell_is_left_out() -> None:
    silent = FakeWeb({URL: b"content"}, ranges=False, lengths=False)
    assert sizes(silent, [URL, "https://files.example.invalid/gone.whl"]) == {}


def test_a_server_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(FetchError):
        sizes(FakeWeb(unreachable={"https://files"}), [URL])
