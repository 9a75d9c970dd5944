"""Objects in S3, with moto in this process: what is stored, what is refused, and what is said of it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore import exceptions as of_boto
from botocore.parsers import ResponseParserError

from airlock import s3
from airlock.aws import Asking, Patience
from airlock.aws_failures import (
    BrokenTransferError,
    ConflictError,
    DeniedError,
    MissingObjectError,
    Refusal,
    refused,
)
from airlock.errors import AwsError
from airlock.s3 import Bucket, Location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

BUCKET, PREFIX = "bucket-of-a-test", "some/prefix/"
CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HERE = Location(BUCKET, PREFIX)


@pytest.fixture
def raw(aws: None) -> S3Client:
    """Give boto3's own client, and a bucket."""
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def bucket(location: Location = HERE) -> Bucket:
    return s3.connect(location, 4)


@pytest.mark.parametrize(
    ("text", "location", "shown"),
    [
        ("s3://abc", Location("abc", ""), "s3://abc"),
        ("s3://abc/", Location("abc", ""), "s3://abc"),
        ("s3://abc/d/e/", Location("abc", "d/e/"), "s3://abc/d/e"),
    ],
)
def test_a_location_is_a_bucket_and_a_prefix(text: str, location: Location, shown: str) -> None:
    assert (Location.parse(text), str(location)) == (location, shown)


@pytest.mark.parametrize("text", ["abc", "s3://", "s3:///x", "s3://A_B/x", "https://abc/d", "s3://ab"])
def test_anything_else_is_no_location(text: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        Location.parse(text)


def test_what_was_put_is_listed_and_read(raw: S3Client, file: Path) -> None:
    assert bucket().put("a/b+c~d%3a.deb", file, SHA256)
    raw.put_object(Bucket=BUCKET, Key="elsewhere", Body=b"")
    found = bucket().objects()
    assert {name: held.size for name, held in found.items()} == {"a/b+c~d%3a.deb": len(CONTENT)}
    assert b"".join(bucket().chunks("a/b+c~d%3a.deb")) == CONTENT


def test_a_listing_of_many_pages_is_whole(raw: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # of a page; S3's has 1,000
    for number in range(21):
        raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}{number}", Body=b"")
    assert raw.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 10
    assert len(bucket().objects()) == 21


def test_the_sha256_is_sent_for_s3_to_check(raw: S3Client, file: Path) -> None:
    sent: list[Any] = []
    made = bucket()
    made._client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.append(dict(request.headers))
    )
    made.put("a", file, SHA256)
    header = sent[0]["x-amz-checksum-sha256"]
    assert (header if isinstance(header, str) else header.decode()) == (
        "7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M="
    )


def test_a_name_that_is_taken_is_left_alone(raw: S3Client, file: Path) -> None:
    raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}a", Body=b"other")
    assert not bucket().put("a", file, SHA256)
    assert b"".join(bucket().chunks("a")) == b"other"


def test_only_the_object_that_was_seen_is_replaced(raw: S3Client, file: Path) -> None:
    raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}a", Body=b"other")
    etag = bucket().objects()["a"].etag
    assert not bucket().put("a", file, SHA256, instead_of='"0123"')
    assert bucket().put("a", file, SHA256, instead_of=etag)
    assert b"".join(bucket().chunks("a")) == CONTENT


def test_a_key_encrypts(raw: S3Client, file: Path) -> None:
    bucket().put("a", file, SHA256, kms_key="alias/mine")
    bucket().put("b", file, SHA256)
    answers = [raw.head_object(Bucket=BUCKET, Key=PREFIX + name) for name in "ab"]
    assert [answer.get("SSEKMSKeyId") for answer in answers] == ["alias/mine", None]


def test_an_object_that_is_not_there_is_missing(raw: S3Client) -> None:
    with pytest.raises(MissingObjectError, match=f"s3://{BUCKET}/{PREFIX}a"):
        list(bucket().chunks("a"))


def test_a_bucket_that_is_not_there_is_told(aws: None) -> None:
    with pytest.raises(AwsError) as caught:
        bucket().objects()
    assert "NoSuchBucket" in caught.value.cause
    assert "bucket's name" in caught.value.remedy


def test_no_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(AwsError, match="no usable AWS credentials") as caught:
        bucket()
    assert "AWS_PROFILE" in caught.value.remedy


def test_a_profile_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError) as caught:
        bucket()
    assert "nobody" in caught.value.cause


class Deaf:
    """A client whose requests do as they are told."""

    def __init__(self, answer: Any) -> None:
        self.meta = SimpleNamespace(endpoint_url="https://s3.example.invalid")
        self.answer = answer
        self.asked = 0

    def list_objects_v2(self, **given: Any) -> Any:
        self.given = given
        return self._answer()

    get_object = put_object = delete_objects = list_objects_v2

    def _answer(self) -> Any:
        self.asked += 1
        answer = self.answer() if callable(self.answer) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bucket(self, seconds: float = 5) -> Bucket:
        return Bucket(HERE, Asking(s3.SERVICE, cast("S3Client", self), seconds))


def test_an_endpoint_that_never_answers_is_given_up_in_time() -> None:
    silence = threading.Event()
    start = time.monotonic()
    with pytest.raises(AwsError, match="S3 does not answer") as caught:
        Deaf(silence.wait).bucket(seconds=0.1).objects()
    silence.set()
    assert time.monotonic() - start < 5
    assert "https://s3.example.invalid" in caught.value.cause
    assert "VPC endpoint" in caught.value.remedy


@pytest.mark.parametrize(
    "error",
    [
        of_boto.EndpointConnectionError(endpoint_url="u"),
        of_boto.ConnectTimeoutError(endpoint_url="u"),
        of_boto.ReadTimeoutError(endpoint_url="u"),
        of_boto.ProxyConnectionError(proxy_url="u"),
        of_boto.SSLError(endpoint_url="u", error=ValueError("e")),
        of_boto.ConnectionClosedError(endpoint_url="u"),
    ],
)
def test_a_way_that_is_barred_is_told_with_what_to_check(error: Exception) -> None:
    with pytest.raises(AwsError, match="does not answer") as caught:
        Deaf(error).bucket().objects()
    assert "VPC endpoint" in caught.value.remedy


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (of_boto.SSOTokenLoadError(error_msg="expired"), "aws sso login"),
        (of_boto.CredentialRetrievalError(provider="p", error_msg="no"), "aws sso login"),
        (of_boto.InvalidRegionError(region_name="?"), "AWS_DEFAULT_REGION"),
        (of_boto.ParamValidationError(report="x"), "aws configure list"),
    ],
)
def test_a_setup_that_is_wrong_is_told(error: Exception, said: str) -> None:
    with pytest.raises(AwsError) as caught:
        Deaf(error).bucket().objects()
    assert said in caught.value.remedy


def client_error(code: str, text: str = "said", **headers: str) -> of_boto.ClientError:
    metadata: Any = {"HTTPHeaders": {name.replace("_", "-"): value for name, value in headers.items()}}
    return of_boto.ClientError({"Error": {"Code": code, "Message": text}, "ResponseMetadata": metadata}, "X")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (client_error("AccessDenied"), "s3:GetObject"),
        (client_error("AccessDenied", "said: no kms:Decrypt"), "kms:GenerateDataKey"),
        (client_error("KMS.DisabledException"), "check the key"),
        (client_error("ExpiredToken"), "aws sso login"),
        (client_error("RequestTimeTooSkewed"), "clock"),
        (client_error("PermanentRedirect", x_amz_bucket_region="eu-west-1"), "AWS_DEFAULT_REGION=eu-west-1"),
        (client_error("AuthorizationHeaderMalformed"), "AWS_DEFAULT_REGION=REGION"),
        (client_error("SlowDown"), "run it again"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(AwsError, match=f"cannot list s3://{BUCKET}/{PREFIX}") as caught:
        Deaf(error).bucket().objects()
    assert said in caught.value.remedy
    assert "said" in caught.value.cause


def test_a_conflict_is_tried_again_and_then_told(file: Path) -> None:
    answers = [client_error("ConditionalRequestConflict"), {}]
    deaf = Deaf(lambda: answers.pop(0))
    assert deaf.bucket().put("a", file, SHA256)
    always = Deaf(client_error("ConditionalRequestConflict"))
    with pytest.raises(ConflictError):
        always.bucket().put("a", file, SHA256)
    assert (deaf.asked, always.asked) == (2, 4)


def test_an_object_that_was_deleted_before_it_could_be_replaced_is_written_anew(
    raw: S3Client, file: Path
) -> None:
    raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}a", Body=b"other")
    etag = bucket().objects()["a"].etag
    raw.delete_object(Bucket=BUCKET, Key=f"{PREFIX}a")
    assert bucket().put("a", file, SHA256, instead_of=etag)
    always = Deaf(client_error("NoSuchKey"))
    with pytest.raises(MissingObjectError):
        always.bucket().put("a", file, SHA256, instead_of=etag)
    assert always.asked == 2


def test_what_was_written_anew_since_it_was_listed_is_not_deleted(raw: S3Client) -> None:
    """moto deletes whatever etag it is asked for; so S3's answers are given here."""
    raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}a", Body=b"1")
    raw.put_object(Bucket=BUCKET, Key=f"{PREFIX}b", Body=b"1")
    etags = {name: held.etag for name, held in bucket().objects().items()}
    assert bucket().delete(etags) == ["a", "b"]
    assert bucket().objects() == {}

    refusals = {"a": "PreconditionFailed", "b": "NoSuchKey", "c": "ConditionalRequestConflict"}
    errors = [{"Key": PREFIX + name, "Code": code} for name, code in refusals.items()]
    deaf = Deaf({"Errors": errors})
    assert deaf.bucket().delete(dict.fromkeys("abcd", '"1"')) == ["b", "d"]
    assert deaf.given["Delete"]["Objects"][0] == {"Key": f"{PREFIX}a", "ETag": '"1"'}
    with pytest.raises(DeniedError, match=f"cannot delete s3://{BUCKET}/{PREFIX}a"):
        Deaf({"Errors": [{"Key": f"{PREFIX}a", "Code": "AccessDenied"}]}).bucket().delete({"a": '"1"'})


@pytest.mark.parametrize("answer", [{}, ResponseParserError("not well-formed: <html>")])
def test_a_page_for_people_is_no_listing(answer: Any) -> None:
    with pytest.raises(AwsError) as caught:
        Deaf(answer).bucket().objects()
    assert "https://s3.example.invalid is not S3" in caught.value.cause
    assert "AWS_ENDPOINT_URL" in caught.value.remedy


def test_a_refused_object_is_told_from_a_refused_key() -> None:
    assert isinstance(refused(s3.SERVICE, Refusal("AccessDenied", ""), "read", "x"), DeniedError)
    assert not isinstance(
        refused(s3.SERVICE, Refusal("AccessDenied", "no kms:Decrypt"), "read", "x"), DeniedError
    )


class Secrets:
    """A session whose credentials come from a function."""

    def __init__(self, give: Any) -> None:
        self.get_frozen_credentials = give

    def get_credentials(self) -> Secrets:
        return self


def test_whoever_gives_credentials_and_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()
    monkeypatch.setattr(boto3, "Session", lambda: Secrets(silence.wait))
    with pytest.raises(AwsError, match="no usable AWS credentials") as caught:
        s3.connect(HERE, 4, Patience(credentials=0.1))
    silence.set()
    assert "within 0.1 s" in caught.value.cause
    assert "STS" in caught.value.remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (of_boto.ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"), "trust policy"),
        (of_boto.ClientError({"Error": {"Code": "ExpiredToken"}}, "AssumeRole"), "aws sso login"),
        (of_boto.ConnectTimeoutError(endpoint_url="https://sts"), "STS"),
        (of_boto.CredentialRetrievalError(provider="custom-process", error_msg="no"), "AWS_PROFILE"),
        (json.JSONDecodeError("Expecting value", "", 0), "AWS_PROFILE"),
        (FileNotFoundError(2, "No such file", "program"), "AWS_PROFILE"),
    ],
)
def test_credentials_that_are_not_given_are_told(
    error: Exception, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr(boto3, "Session", lambda: Secrets(refuse))
    with pytest.raises(AwsError, match="no usable AWS credentials") as caught:
        bucket()
    assert remedy in caught.value.remedy


def test_a_program_for_credentials_that_talks_nonsense_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text("[default]\ncredential_process = echo nonsense\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(AwsError, match="no usable AWS credentials") as caught:
        bucket()
    assert "AWS_PROFILE" in caught.value.remedy


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "http://host:99999", "http://host:port", "http://[::1"]
)
def test_an_endpoint_that_cannot_be_used_is_told(
    aws: None, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(AwsError, match="endpoint is not usable") as caught:
        bucket().objects()
    assert "AWS_ENDPOINT_URL" in caught.value.remedy


@pytest.mark.parametrize("url", ["user:se@cret@host:9", "http://user:se@cret@host:99999"])
def test_passwords_of_an_endpoint_are_not_told(aws: None, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(AwsError) as caught:
        bucket().objects()
    assert "cret" not in str(caught.value)
    assert "host" in caught.value.cause


def test_passwords_of_an_endpoint_that_is_silent_are_not_told() -> None:
    silence = threading.Event()
    deaf = Deaf(silence.wait)
    deaf.meta.endpoint_url = "https://user:se@cret@host"
    for error in (silence.wait, of_boto.EndpointConnectionError(endpoint_url="https://user:se@cret@host/x")):
        deaf.answer = error
        with pytest.raises(AwsError) as caught:
            deaf.bucket(seconds=0.1).objects()
        assert "https://host" in caught.value.cause
        assert "cret" not in str(caught.value)
    silence.set()


def test_content_that_breaks_off_is_worth_another_attempt() -> None:
    class Body:
        closed = False

        def iter_chunks(self, _: int) -> Iterator[bytes]:
            yield b"half"
            raise of_boto.IncompleteReadError(actual_bytes=4, expected_bytes=8)

        def close(self) -> None:
            self.closed = True

    body = Body()
    with pytest.raises(BrokenTransferError, match="did not arrive whole"):
        list(Deaf({"Body": body}).bucket().chunks("a"))
    assert body.closed


def test_a_bug_is_not_taken_for_a_failure_of_aws() -> None:
    with pytest.raises(ZeroDivisionError):
        Deaf(ZeroDivisionError()).bucket().objects()


def test_an_answer_without_a_text_is_told_by_its_code() -> None:
    assert refused(s3.SERVICE, Refusal("Strange", ""), "read", "s3://x/y").cause == "Strange"
