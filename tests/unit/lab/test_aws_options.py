"""How the lab's AWS is told where to answer."""

from __future__ import annotations

import pytest

from airlock_lab import aws
from airlock_lab.refused import RefusedError


def test_it_answers_at_descriptors() -> None:
    found = aws._options(
        ["--fd", "5", "--tls-fd", "6", "--authority-fd", "7", "--names", "a.example,*.b.example"]
    )

    assert (found.fd, found.tls_fd, found.authority_fd) == (5, 6, 7)
    assert found.names.split(",") == ["a.example", "*.b.example"]


def test_without_any_it_answers_on_443() -> None:
    found = aws._options([])

    assert (found.fd, found.tls_fd) == (None, None)


@pytest.mark.parametrize("arguments", [["--fd", "five"], ["--fd"], ["--f", "5"], ["surplus"]])
def test_other_options_are_refused_in_one_line(arguments: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        aws._options(arguments)

    assert "usage: aws" in str(caught.value)
