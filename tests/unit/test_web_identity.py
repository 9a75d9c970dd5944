"""A job's token gets to where boto3 looks for it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import web_identity
from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def test_the_token_for_sts_is_in_the_file_which_only_its_owner_reads(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def fetch(url: str, bearer: str) -> Mapping[str, object]:
        asked.append((url, bearer))
        return {"value": "the-token"}

    file = tmp_path / "token"
    environ = {web_identity.URL: "https://h/x?v=1", web_identity.TOKEN: "b", web_identity.FILE: str(file)}
    web_identity.write(environ, fetch)
    assert asked == [("https://h/x?v=1&audience=sts.amazonaws.com", "b")]
    assert file.read_text() == "the-token"
    assert file.stat().st_mode & 0o777 == 0o600


def test_all_that_is_not_set_is_told_at_once() -> None:
    with pytest.raises(AwsError) as caught:
        web_identity.write({}, lambda *_: {})
    assert caught.value.cause == f"not set: {web_identity.URL}, {web_identity.TOKEN}, {web_identity.FILE}"
    assert caught.value.remedy.count("id-token: write") == 1


@pytest.mark.parametrize("told", [{}, {"value": ""}, {"value": 7}])
def test_an_answer_without_a_token_leaves_no_file(tmp_path: Path, told: dict[str, object]) -> None:
    file = tmp_path / "token"
    environ = {web_identity.URL: "u", web_identity.TOKEN: "b", web_identity.FILE: str(file)}
    with pytest.raises(AwsError, match="no identity"):
        web_identity.write(environ, lambda *_: told)
    assert not file.exists()
