"""What S3 answers to who writes, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from airlock import s3
from airlock.aws_failures import ConflictError, MissingObjectError, TakenError
from airlock.releases import s3_location
from airlock.releases.s3_location import S3Location
from airlock.s3 import Bucket, Content
from airlock_spec.releases.failures import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.errors import AwsError

WHERE = s3.Location("bucket", "dags/")


class Answers:
    """A bucket that refuses writes as it is told, one after another, and then holds what is written."""

    location = WHERE

    def __init__(self, *refusals: AwsError, there: bytes = b"") -> None:
        self.refusals, self.there = list(refusals), there
        self.asked = 0

    def write(self, _name: str, content: bytes | Path, _kms_key: str, **_condition: str) -> None:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        self.there = content if isinstance(content, bytes) else content.read_bytes()

    def get(self, _name: str, _limit: int) -> Content:
        return Content(self.there, "etag")


def location(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> S3Location:
    monkeypatch.setattr(s3_location, "_PAUSE", 0)
    return S3Location(cast("Bucket", answers))


def conflict() -> AwsError:
    return ConflictError("cannot write it", cause="ConditionalRequestConflict", remedy="run it again")


def test_a_conflict_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(conflict(), conflict())
    assert location(answers, monkeypatch).swap("current", b"1", "etag")
    assert (answers.asked, answers.there) == (3, b"1")


def test_a_conflict_that_stays_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(*(conflict() for _ in range(10)))
    with pytest.raises(UnreachableError, match="cannot write it"):
        location(answers, monkeypatch).put("packs/a", b"1")
    assert answers.asked == 4


@pytest.mark.parametrize(("there", "done"), [(b"1", True), (b"2", False)])
def test_a_swap_that_finds_its_own_work_done_is_done(
    monkeypatch: pytest.MonkeyPatch, there: bytes, *, done: bool
) -> None:
    answers = Answers(TakenError("taken", remedy=""), there=there)
    assert location(answers, monkeypatch).swap("current", b"1", "etag") is done


def test_a_pointer_that_was_deleted_meanwhile_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(MissingObjectError("gone", remedy=""))
    assert not location(answers, monkeypatch).swap("current", b"1", "etag")
