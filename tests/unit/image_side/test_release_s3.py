"""Releases in S3, as boto3 reads them with moto in this process, and with a client whose answers break off."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from airlock_plugins.s3 import S3Objects
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "bucket-of-a-test"
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def client(aws: None) -> S3Client:
    made = boto3.client("s3")
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def objects(client: S3Client) -> S3Objects:
    return S3Objects(f"s3://{BUCKET}/some/prefix/", client=lambda _region: client)


@pytest.mark.parametrize(
    ("location", "prefix"),
    [("s3://bucket-of-a-test", ""), ("s3://bucket-of-a-test/", ""), ("s3://bucket-of-a-test/a/b/", "a/b")],
)
def test_a_location_is_a_bucket_and_a_prefix(location: str, prefix: str) -> None:
    made = S3Objects(location)
    assert (made.bucket, made.prefix) == (BUCKET, prefix)


@pytest.mark.parametrize("location", ["s3://", "https://x/y", "s3://UPPER/x", "/mnt/dags"])
def test_any_other_location_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        S3Objects(location)


def test_an_object_is_read_with_its_etag_and_not_again(objects: S3Objects, client: S3Client) -> None:
    client.put_object(Bucket=BUCKET, Key="some/prefix/current", Body=b"now")
    stored = objects.read("current", 10)
    assert stored
    assert stored.data == b"now"
    assert objects.fetched == 3
    assert objects.read("current", 10, stored.etag) is None
    assert objects.fetched == 3


def test_a_bucket_needs_no_prefix(client: S3Client) -> None:
    objects = S3Objects(f"s3://{BUCKET}", client=lambda _region: client)
    objects.put("receipts/x.json", b"{}")
    assert client.get_object(Bucket=BUCKET, Key="receipts/x.json")["Body"].read() == b"{}"


def test_what_is_longer_than_allowed_is_refused_unread(objects: S3Objects) -> None:
    objects.put("current", b"12345")
    with pytest.raises(RefusedError, match="5 bytes, more than 4"):
        objects.read("current", 4)
    assert objects.fetched == 0


def test_a_range_is_read_exactly(objects: S3Objects) -> None:
    objects.put("packs/one", CONTENT)
    assert b"".join(objects.stream("packs/one", 100, 300)) == CONTENT[100:400]


def test_what_is_absent_is_told_from_what_cannot_be_reached(objects: S3Objects) -> None:
    with pytest.raises(
        AbsentError, match="get_object of s3://bucket-of-a-test/some/prefix/none: there is none"
    ):
        objects.read("none", 10)
    missing = S3Objects("s3://no-such-bucket/x", client=objects._client_of)
    with pytest.raises(UnreachableError, match="NoSuchBucket"):
        missing.read("current", 10)


def test_a_range_beyond_the_end_is_wrong_content(objects: S3Objects) -> None:
    objects.put("packs/one", b"123")
    with pytest.raises(RefusedError, match="shorter than the release's index says"):
        list(objects.stream("packs/one", 10, 5))


@pytest.mark.parametrize(
    ("code", "says"),
    [("AccessDenied", "S3 denies it"), ("SlowDown", "S3 answers SlowDown"), ("500", "S3 answers 500")],
)
def test_an_error_of_s3_is_told_by_its_code_and_key_alone(code: str, says: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "secret"}}, "GetObject")
    with pytest.raises(UnreachableError, match=says) as caught:
        scripted(error).read("current", 10)
    assert "s3://bucket-of-a-test/current" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_endpoint_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="Could not connect"):
        scripted(EndpointConnectionError(endpoint_url="http://x")).put("current", b"")


def test_a_range_that_breaks_off_goes_on_where_it_did() -> None:
    client = Scripted(Breaking(CONTENT[100:150]), Breaking(CONTENT[150:160], short=True), CONTENT[160:400])
    assert b"".join(made(client).stream("packs/one", 100, 300)) == CONTENT[100:400]
    assert client.ranges == ["bytes=100-399", "bytes=150-399", "bytes=160-399"]


def test_a_range_that_breaks_off_again_and_again_is_unreachable() -> None:
    client = Scripted(*(Breaking(b"1") for _ in range(3)))
    with pytest.raises(UnreachableError, match="broke off s3://bucket-of-a-test/packs/one at 3"):
        list(made(client).stream("packs/one", 0, 10))
    short = Scripted(*(Breaking(b"1", short=True) for _ in range(3)))
    with pytest.raises(UnreachableError, match="ends s3://bucket-of-a-test/packs/one at 3, where 10"):
        list(made(short).stream("packs/one", 0, 10))


def test_a_document_that_breaks_off_is_read_once_more() -> None:
    stored = made(Scripted(Breaking(b"1"), b"12345")).read("current", 10)
    assert stored
    assert stored.data == b"12345"
    with pytest.raises(UnreachableError, match="broke off"):
        made(Scripted(Breaking(b"1"), Breaking(b"1"))).read("current", 10)


class Breaking(BytesIO):
    """A body that ends too early, by an error unless `short`."""

    def __init__(self, data: bytes, *, short: bool = False) -> None:
        super().__init__(data)
        self._short = short

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size) if size != -1 else b""
        if not data and not self._short:
            raise ReadTimeoutError(endpoint_url="http://x")
        return data


class Scripted:
    """A client of S3 with answers of its own."""

    def __init__(self, *answers: bytes | BytesIO | Exception) -> None:
        self._answers = iter(answers)
        self.ranges: list[str] = []

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        self.ranges.append(arguments.get("Range", ""))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        body = BytesIO(answer) if isinstance(answer, bytes) else answer
        return {"Body": body, "ContentLength": len(body.getvalue()), "ETag": '"x"'}

    put_object = get_object


def scripted(error: Exception) -> S3Objects:
    return made(Scripted(error))


def made(client: Scripted) -> S3Objects:
    return S3Objects(f"s3://{BUCKET}", client=lambda _region: client)
