"""The store in S3: only what is missing travels, and nothing is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from airlock import s3
from airlock.aws_failures import BrokenTransferError, DeniedError
from airlock.errors import CorruptError, FetchError, UnsealedError
from airlock.s3 import Bucket, Location
from airlock.store import Store
from airlock.store_bucket import plan_push, pull, push
from airlock.terminal import Terminal
from fake_web import store_file
from stores import filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET, PREFIX = "bucket-of-a-test", "prefix/"
QUIET = Terminal(quiet=True)
CONTENTS = {f"{number}.whl": bytes([number]) * (100 * number) for number in range(1, 30)}
FILES = [store_file(name, content) for name, content in CONTENTS.items()]
ONE, TWO = FILES[:2]


@pytest.fixture
def full(tmp_path: Path) -> Store:
    return filled(tmp_path / "full", CONTENTS)


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store(tmp_path / "empty")


@pytest.fixture
def bucket(aws: None) -> Bucket:
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return s3.connect(Location(BUCKET, PREFIX), 12)


def put(name: str, content: bytes) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=PREFIX + name, Body=content)


def held(store: Store) -> set[str]:
    return {path.relative_to(store.folder).as_posix() for path in store.folder.rglob("*") if path.is_file()}


def test_what_was_pushed_is_pulled(full: Store, empty: Store, bucket: Bucket) -> None:
    assert push(plan_push(FILES, full, bucket), full, bucket, QUIET) == len(FILES)
    pull(FILES, empty, bucket, QUIET)
    assert held(empty) == held(full)
    for file in FILES:
        assert empty.read(file) == CONTENTS[file.filename]


def test_what_is_there_is_not_pushed_again(full: Store, bucket: Bucket) -> None:
    push(plan_push(FILES[1:], full, bucket), full, bucket, QUIET)
    assert plan_push(FILES, full, bucket).files == (ONE,)


def test_a_plan_uploads_nothing(full: Store, bucket: Bucket) -> None:
    assert plan_push(FILES, full, bucket).bytes == sum(file.size for file in FILES)
    assert bucket.objects() == {}


def test_a_store_that_lacks_what_the_bucket_has_may_push_the_rest(full: Store, bucket: Bucket) -> None:
    push(plan_push([ONE], full, bucket), full, bucket, QUIET)
    full.path(ONE).unlink()
    assert push(plan_push(FILES, full, bucket), full, bucket, QUIET) == len(FILES) - 1


def test_a_file_that_neither_has_is_refused_before_anything_is_uploaded(full: Store, bucket: Bucket) -> None:
    full.path(ONE).unlink()
    with pytest.raises(UnsealedError, match="not sealed: 1 files"):
        plan_push(FILES, full, bucket)


def test_an_object_of_another_size_is_replaced(full: Store, empty: Store, bucket: Bucket) -> None:
    put(ONE.name, b"cut")
    plan = plan_push([ONE], full, bucket)
    assert push(plan, full, bucket, QUIET) == 1
    pull([ONE], empty, bucket, QUIET)


def test_an_object_that_another_has_pushed_meanwhile_is_not_counted(full: Store, bucket: Bucket) -> None:
    plan = plan_push([ONE, TWO], full, bucket)
    put(ONE.name, CONTENTS[ONE.filename])
    assert push(plan, full, bucket, QUIET) == 1


def test_an_altered_file_is_not_pushed(full: Store, bucket: Bucket) -> None:
    full.path(ONE).write_bytes(b"x" * ONE.size)
    with pytest.raises(CorruptError, match=r"1\.whl"):
        push(plan_push([ONE], full, bucket), full, bucket, QUIET)
    assert bucket.objects() == {}


def test_an_altered_object_is_refused_and_nothing_of_it_is_kept(
    full: Store, empty: Store, bucket: Bucket
) -> None:
    push(plan_push(FILES, full, bucket), full, bucket, QUIET)
    put(ONE.name, b"x" * ONE.size)
    put(TWO.name, b"x" * (TWO.size + 5_000_000))
    with pytest.raises(CorruptError, match="2 objects in s3://bucket-of-a-test/prefix") as caught:
        pull(FILES, empty, bucket, QUIET)
    assert ONE.name in caught.value.cause
    assert held(empty) == {file.name for file in FILES} - {ONE.name, TWO.name}


def test_what_is_missing_is_told_at_once_and_the_rest_is_kept(
    full: Store, empty: Store, bucket: Bucket
) -> None:
    push(plan_push(FILES[2:], full, bucket), full, bucket, QUIET)
    with pytest.raises(FetchError, match=r"2 of 29 files are not in s3://bucket-of-a-test/prefix") as caught:
        pull(FILES, empty, bucket, QUIET)
    assert caught.value.cause.splitlines() == sorted([ONE.name, TWO.name], key=lambda name: name[65:])
    assert "airlock store push s3://bucket-of-a-test/prefix" in caught.value.remedy
    assert held(empty) == {file.name for file in FILES[2:]}


def test_what_is_denied_is_told_at_once_and_the_rest_is_kept(
    full: Store, empty: Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(plan_push(FILES[2:], full, bucket), full, bucket, QUIET)
    whole = bucket.chunks

    def chunks(name: str) -> Iterator[bytes]:
        if name == ONE.name:
            raise DeniedError("cannot read", cause="AccessDenied")
        yield from whole(name)

    monkeypatch.setattr(bucket, "chunks", chunks)
    with pytest.raises(FetchError, match=r"2 of 29 files are denied or absent in s3://bucket") as caught:
        pull(FILES, empty, bucket, QUIET)
    assert caught.value.cause.startswith("without s3:ListBucket S3 does not say which\nAccessDenied\n")
    assert "s3:GetObject" in caught.value.remedy
    assert held(empty) == {file.name for file in FILES[2:]}


def test_a_transfer_that_breaks_is_begun_again(
    full: Store, empty: Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(plan_push([ONE], full, bucket), full, bucket, QUIET)
    whole, broken = bucket.chunks, [True, True]

    def chunks(name: str) -> Iterator[bytes]:
        if broken and broken.pop():
            yield b"half"
            raise BrokenTransferError("it broke")
        yield from whole(name)

    monkeypatch.setattr(bucket, "chunks", chunks)
    pull([ONE], empty, bucket, QUIET)
    assert empty.read(ONE) == CONTENTS[ONE.filename]
    broken += [True] * 3
    with pytest.raises(BrokenTransferError):
        pull([TWO], empty, bucket, QUIET)
    assert held(empty) == {ONE.name}
