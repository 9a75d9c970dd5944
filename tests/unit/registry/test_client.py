"""A registry over HTTP: what is asked, in which order, and what is made of each answer."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from airlock.errors import CorruptError, RegistryError
from airlock.layout import Descriptor
from airlock.registry import transport
from airlock.registry.authorization import Authorization, Credentials
from airlock.registry.client import HttpRegistry
from airlock.registry.failures import RefusedError
from airlock.registry.reference import Repository
from airlock.registry.registry import Blob, Manifest
from scripted_http import Heard, Reply, Scripted, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = Repository("registry.example.com", "team/airflow")
CONTENT = b"content of a layer"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
BLOB = Blob(DIGEST, len(CONTENT), CONTENT)
MANIFEST = Manifest("application/vnd.oci.image.manifest.v1+json", b'{"schemaVersion":2}')
SECRET = "s3cr3t-of-the-test"  # noqa: S105
UPLOADS = "/v2/team/airflow/blobs/uploads/"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the pauses that were made between attempts, none of which takes time."""
    made: list[float] = []
    monkeypatch.setattr("airlock.registry.transport.time.sleep", made.append)
    return made


def registry(
    answer: Callable[[Heard], Reply], credentials: Credentials | None = None
) -> tuple[HttpRegistry, Scripted]:
    adapter = Scripted(answer)
    authorization = Authorization(lambda: credentials, ("repository:team/airflow:pull,push",))
    return HttpRegistry(HERE, transport.Transport(HERE.url, authorization, 2, adapter)), adapter


def in_turn(*replies: Reply) -> Callable[[Heard], Reply]:
    left: Iterator[Reply] = iter(replies)
    return lambda _: next(left)


def asked(adapter: Scripted) -> list[str]:
    return [f"{one.method} {urlsplit(one.url).path}" for one in adapter.heard]


ACCEPTED = Reply(202, {"Location": f"{UPLOADS}1?_state=signed"})
CREATED = Reply(201, {"Docker-Content-Digest": DIGEST})


def test_a_blob_goes_in_one_piece_to_where_the_registry_says() -> None:
    there, adapter = registry(in_turn(ACCEPTED, CREATED))
    told: list[int] = []
    there.upload(BLOB, told.append)
    assert asked(adapter) == [f"POST {UPLOADS}", f"PUT {UPLOADS}1"]
    last = adapter.heard[-1]
    assert last.body == CONTENT
    assert last.headers["Content-Length"] == str(len(CONTENT))
    assert "Transfer-Encoding" not in last.headers
    assert f"_state=signed&digest={DIGEST.replace(':', '%3A')}" in last.url
    assert sum(told) == len(CONTENT)


def test_an_upload_that_breaks_off_is_sent_again_from_its_beginning() -> None:
    broken = Reply(failure=requests.ConnectionError("reset by peer"))
    there, adapter = registry(in_turn(ACCEPTED, broken, Reply(404), ACCEPTED, Reply(503), CREATED))
    told: list[int] = []
    there.upload(BLOB, told.append)
    assert [one.body for one in adapter.heard if one.method == "PUT"] == [CONTENT] * 3
    assert sum(told) == len(CONTENT)


def test_an_upload_of_which_the_answer_alone_was_lost_is_not_sent_again() -> None:
    there_now = Reply(200, {"Content-Length": str(len(CONTENT))})
    there, adapter = registry(in_turn(ACCEPTED, Reply(failure=requests.Timeout("x")), there_now))
    told: list[int] = []
    there.upload(BLOB, told.append)
    assert asked(adapter)[1:] == [f"PUT {UPLOADS}1", f"HEAD /v2/team/airflow/blobs/{DIGEST}"]
    assert sum(told) == len(CONTENT)


def test_an_upload_that_the_registry_forgot_is_begun_anew() -> None:
    gone = Reply(404, body=errors("BLOB_UPLOAD_UNKNOWN"))
    there, adapter = registry(in_turn(ACCEPTED, gone, Reply(404), ACCEPTED, CREATED))
    told: list[int] = []
    there.upload(BLOB, told.append)
    assert [one for one in asked(adapter) if "HEAD" not in one] == [f"POST {UPLOADS}", f"PUT {UPLOADS}1"] * 2
    assert sum(told) == len(CONTENT)


def test_a_damaged_file_is_told_from_one_that_was_altered_on_its_way(tmp_path: Path) -> None:
    file = tmp_path / "layer"
    file.write_bytes(b"damaged")
    there, _ = registry(in_turn(ACCEPTED, Reply(400, body=errors("DIGEST_INVALID"))))
    with pytest.raises(CorruptError, match="is damaged"):
        there.upload(Blob(DIGEST, 7, file), lambda _: None)


def test_a_blob_that_is_mounted_is_not_sent() -> None:
    there, adapter = registry(in_turn(Reply(201)))
    there.upload(BLOB, lambda _: None, ["team/other"])
    assert asked(adapter) == [f"POST {UPLOADS}"]
    assert "from=team%2Fother" in adapter.heard[0].url


def test_a_mount_that_is_not_offered_becomes_an_upload() -> None:
    there, adapter = registry(in_turn(ACCEPTED, CREATED))
    there.upload(BLOB, lambda _: None, ["team/other"])
    assert adapter.heard[-1].body == CONTENT


def test_a_blob_of_another_size_is_not_taken_for_ours() -> None:
    there, _ = registry(lambda _: Reply(200, {"Content-Length": "3"}))
    one = Descriptor("x", DIGEST, len(CONTENT))
    assert there.lacking([one, one]) == [one]


def test_a_blob_that_is_elsewhere_is_there() -> None:
    there, _ = registry(lambda _: Reply(307, {"Location": "https://bucket.example.com/x?signature=1"}))
    assert there.lacking([Descriptor("x", DIGEST, 3)]) == []


def test_whoever_knows_of_all_blobs_at_once_is_asked_first() -> None:
    adapter = Scripted(lambda _: Reply(500))
    http = transport.Transport(HERE.url, Authorization(lambda: None, ()), 2, adapter)
    there = HttpRegistry(HERE, http, lambda digests: set(digests[:1]))
    one, other = Descriptor("x", DIGEST, 3), Descriptor("x", f"sha256:{'b' * 64}", 3)
    assert there.lacking([one, other]) == [one]
    assert not adapter.heard


def test_basic_credentials_are_given_once_they_are_asked_for() -> None:
    def answer(heard: Heard) -> Reply:
        if "Authorization" not in heard.headers:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="registry"'})
        return Reply(404, body=errors("MANIFEST_UNKNOWN"))

    there, adapter = registry(answer, Credentials("user", SECRET))
    assert there.manifest("x") is None
    assert there.manifest("y") is None
    assert len(adapter.heard) == 3


def test_a_token_is_fetched_where_the_registry_says_and_goes_nowhere_else() -> None:
    challenge = 'Bearer realm="https://auth.example.com/token",service="registry",scope="x"'

    def answer(heard: Heard) -> Reply:
        if heard.url.startswith("https://auth.example.com/"):
            return Reply(body=json.dumps({"token": "t0ken"}).encode())
        if heard.url.startswith("https://bucket.example.com/"):
            return Reply(body=CONTENT)
        if heard.headers.get("Authorization") != "Bearer t0ken":
            return Reply(401, {"WWW-Authenticate": challenge})
        return Reply(307, {"Location": "https://bucket.example.com/x?signature=1"})

    there, adapter = registry(answer, Credentials("user", SECRET))
    assert there.blob(DIGEST, 100) == CONTENT
    (token,) = (one for one in adapter.heard if "auth.example.com" in one.url)
    assert token.headers["Authorization"].startswith("Basic ")
    assert "scope=repository%3Ateam%2Fairflow%3Apull%2Cpush" in token.url
    assert "Authorization" not in adapter.heard[-1].headers


def test_an_identity_token_is_exchanged_for_one() -> None:
    def answer(heard: Heard) -> Reply:
        if "auth" in heard.url:
            assert b"refresh_token=" + SECRET.encode() in heard.body
            return Reply(body=json.dumps({"access_token": "t0ken"}).encode())
        if "Authorization" not in heard.headers:
            return Reply(401, {"WWW-Authenticate": 'Bearer realm="https://auth.example.com/token"'})
        return Reply(404)

    there, adapter = registry(answer, Credentials("<token>", SECRET))
    assert there.manifest("x") is None
    assert adapter.heard[1].method == "POST"


def test_credentials_never_go_in_clear_text() -> None:
    there, adapter = registry(
        lambda _: Reply(401, {"WWW-Authenticate": 'Bearer realm="http://auth.example.com/"'}),
        Credentials("user", SECRET),
    )
    with pytest.raises(RegistryError, match="sends us for a token to http://auth"):
        there.manifest("x")
    assert len(adapter.heard) == 1


@pytest.mark.parametrize("credentials", [None, Credentials("user", SECRET)])
def test_who_is_refused_is_told_to_sign_in_and_no_secret_is_told(credentials: Credentials | None) -> None:
    reply = Reply(401, {"WWW-Authenticate": "Basic realm=x"}, errors("UNAUTHORIZED", "who are you"))
    there, _ = registry(lambda _: reply, credentials)
    with pytest.raises(RefusedError) as caught:
        there.manifest("x")
    assert caught.value.cause == "HTTP 401: UNAUTHORIZED: who are you"
    assert "docker login registry.example.com" in caught.value.remedy
    assert SECRET not in repr(caught.value) + str(caught.value) + repr(credentials)


def test_who_repeats_what_was_sent_as_authorization_is_not_quoted() -> None:
    def answer(heard: Heard) -> Reply:
        sent = heard.headers.get("Authorization", "")
        said = errors("DENIED", f"not with {sent}, nor with {SECRET}")
        return Reply(403, body=said) if sent else Reply(401, {"WWW-Authenticate": "Basic"})

    credentials = Credentials("anna", SECRET)
    there, _ = registry(answer, credentials)
    with pytest.raises(RegistryError, match="not with Basic …, nor with …") as caught:
        there.manifest("x")
    assert SECRET not in str(caught.value)


def test_what_passes_is_asked_again_and_the_registry_says_when(pauses: list[float]) -> None:
    busy = Reply(429, {"Retry-After": "7"})
    there, adapter = registry(in_turn(busy, Reply(failure=requests.Timeout("x")), Reply(500), Reply(404)))
    assert there.manifest("x") is None
    assert len(adapter.heard) == 4
    assert pauses[0] == 7


def test_a_token_that_is_wanted_in_the_last_attempt_is_one_more() -> None:
    refused = Reply(401, {"WWW-Authenticate": "Basic"})
    busy = [Reply(503)] * (transport.ATTEMPTS - 1)
    there, _ = registry(in_turn(*busy, refused, Reply(404)), Credentials("anna", SECRET))
    assert there.manifest("x") is None


def test_a_registry_that_stays_busy_is_given_up() -> None:
    there, adapter = registry(lambda _: Reply(503))
    with pytest.raises(RefusedError, match=r"refused GET registry\.example\.com/v2/team/airflow/manifests/x"):
        there.manifest("x")
    assert len(adapter.heard) == transport.ATTEMPTS


def test_a_registry_that_never_answers_is_given_up_and_no_query_is_told() -> None:
    failure = requests.ConnectionError("Max retries exceeded with url: /v2/x?signature=abc (caused by …)")
    replies = {"POST": ACCEPTED, "PUT": Reply(failure=failure), "HEAD": Reply(404)}
    there, _ = registry(lambda heard: replies[heard.method])
    with pytest.raises(RegistryError, match="does not answer PUT") as caught:
        there.upload(BLOB, lambda _: None)
    assert "signature" not in str(caught.value)
    assert "_state" not in str(caught.value)


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    there, adapter = registry(lambda _: Reply(failure=requests.exceptions.SSLError("self-signed")))
    with pytest.raises(RegistryError) as caught:
        there.manifest("x")
    assert "self-signed" in caught.value.cause
    assert len(adapter.heard) == 1


def test_a_manifest_is_what_its_digest_promises() -> None:
    there, _ = registry(lambda _: Reply(200, {"Content-Type": "x"}, b"{}"))
    with pytest.raises(RegistryError) as caught:
        there.manifest(DIGEST)
    assert "not what its digest promises" in caught.value.cause


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 5000])
def test_a_page_for_people_is_no_manifest(body: bytes) -> None:
    there, _ = registry(lambda _: Reply(200, {"Content-Type": "text/html"}, body))
    with pytest.raises(RegistryError, match="is no registry"):
        there.manifest("x")


def test_a_missing_page_is_no_missing_manifest() -> None:
    there, _ = registry(lambda _: Reply(404, body=b"<html>not found</html>"))
    with pytest.raises(RegistryError, match="is no registry"):
        there.manifest("x")


def test_a_manifest_of_any_length_is_not_read() -> None:
    there, _ = registry(lambda _: Reply(200, {}, b" " * (5 << 20)))
    with pytest.raises(RegistryError, match="is no registry"):
        there.manifest("x")


def test_a_registry_that_takes_a_manifest_for_another_is_not_believed() -> None:
    there, _ = registry(lambda _: Reply(201, {"Docker-Content-Digest": DIGEST}))
    with pytest.raises(RegistryError):
        there.put_manifest(MANIFEST)


def referring(subject: str) -> Manifest:
    document = {"subject": {"digest": subject}, "artifactType": "a/b", "annotations": {"k": "v"}}
    return Manifest(MANIFEST.media_type, json.dumps(document).encode())


def test_a_manifest_whose_blobs_are_not_seen_yet_is_put_once_more(pauses: list[float]) -> None:
    unsettled = Reply(400, body=errors("MANIFEST_BLOB_UNKNOWN"))
    there, adapter = registry(in_turn(unsettled, Reply(201)))
    there.put_manifest(MANIFEST)
    assert (len(adapter.heard), len(pauses)) == (2, 1)
    there, adapter = registry(lambda _: unsettled)
    with pytest.raises(RefusedError, match="refused PUT"):
        there.put_manifest(MANIFEST)
    assert len(adapter.heard) == 2


def test_a_registry_with_the_api_lists_what_refers_itself() -> None:
    there, adapter = registry(lambda _: Reply(201, {"OCI-Subject": DIGEST}))
    there.put_manifest(referring(DIGEST))
    assert len(adapter.heard) == 1


def test_without_the_api_an_index_under_a_tag_lists_it_beside_others() -> None:
    tag = f"/v2/team/airflow/manifests/{DIGEST.replace(':', '-')}"
    held: dict[str, bytes] = {}

    def answer(heard: Heard) -> Reply:
        path = urlsplit(heard.url).path
        if heard.method == "PUT":
            held[path] = heard.body
            return Reply(201)
        if path in held:
            return Reply(200, {"Content-Type": "application/vnd.oci.image.index.v1+json"}, held[path])
        return Reply(404)

    there, _ = registry(answer)
    one, other = (
        referring(DIGEST),
        Manifest(MANIFEST.media_type, b'{"subject":{"digest":"' + DIGEST.encode() + b'"}}'),
    )
    there.put_manifest(one)
    there.put_manifest(other)
    there.put_manifest(one)
    listed = there.referrers(DIGEST)
    assert [item["digest"] for item in listed] == [one.digest, other.digest]
    assert listed[0]["artifactType"] == "a/b"
    assert listed[0]["annotations"] == {"k": "v"}
    assert tag in held


@pytest.mark.parametrize("body", [b"{}", b'{"manifests":[{"digest":"../x"}]}', b"no"])
def test_a_list_of_referrers_that_is_none_is_refused(body: bytes) -> None:
    there, _ = registry(lambda _: Reply(200, {}, body))
    with pytest.raises(RegistryError):
        there.referrers(DIGEST)


def test_a_blob_that_is_not_what_it_should_be_is_refused() -> None:
    there, _ = registry(lambda _: Reply(200, {}, b"other"))
    with pytest.raises(RegistryError):
        there.blob(DIGEST, 100)
    with pytest.raises(RegistryError):
        there.blob(f"sha256:{hashlib.sha256(b'other').hexdigest()}", 3)
