"""A registry over HTTP: what is asked, in which order, and what is made of each answer."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
import urllib3

from airlock.descriptor import Descriptor
from airlock.errors import CorruptError, RegistryError
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


def test_each_repository_to_mount_from_is_tried() -> None:
    there, adapter = registry(in_turn(ACCEPTED, Reply(201)))
    there.upload(BLOB, lambda _: None, ["team/other", "team/third"])
    assert [one.url.partition("from=")[2] for one in adapter.heard] == ["team%2Fother", "team%2Fthird"]


def test_a_file_that_is_not_as_long_as_promised_is_damaged_before_a_byte_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "layer"
    file.write_bytes(CONTENT[:-1])
    there, adapter = registry(lambda _: ACCEPTED)
    with pytest.raises(CorruptError, match="is damaged") as caught:
        there.upload(Blob(DIGEST, len(CONTENT), file), lambda _: None)
    assert caught.value.cause == "it has 17 bytes, not 18"
    assert [one.method for one in adapter.heard] == ["POST"]


def test_where_an_upload_goes_is_this_registry_with_its_usual_port_too() -> None:
    there, adapter = registry(
        in_turn(
            Reply(401, {"WWW-Authenticate": "Basic"}),
            Reply(202, {"Location": f"https://REGISTRY.example.com:443{UPLOADS}1"}),
            CREATED,
        ),
        Credentials("user", SECRET),
    )
    there.upload(BLOB, lambda _: None)
    assert "Authorization" in adapter.heard[-1].headers


@pytest.mark.parametrize(
    "location", ["https://registry.example.com.evil.example/x", "https://registry.example.com@evil.example/x"]
)
def test_another_host_of_a_similar_name_is_given_no_credentials(location: str) -> None:
    there, adapter = registry(
        in_turn(Reply(401, {"WWW-Authenticate": "Basic"}), Reply(202, {"Location": location}), CREATED),
        Credentials("user", SECRET),
    )
    there.upload(BLOB, lambda _: None)
    assert "Authorization" in adapter.heard[1].headers
    assert "Authorization" not in adapter.heard[2].headers


@pytest.mark.parametrize(
    "location", ["https://[x/", "https://a b/", "ftp://host/x", "http://elsewhere.example/"]
)
def test_a_location_that_leads_nowhere_is_told(location: str) -> None:
    there, _ = registry(lambda _: Reply(202, {"Location": location}))
    with pytest.raises(RegistryError):
        there.upload(BLOB, lambda _: None)
    there, _ = registry(lambda _: Reply(307, {"Location": location}))
    with pytest.raises(RegistryError):
        there.manifest("x")


def test_a_registry_of_this_machine_does_not_lead_out_of_it_in_clear_text() -> None:
    adapter = Scripted(lambda _: Reply(202, {"Location": "http://elsewhere.example/x"}))
    here = Repository("127.0.0.1:5000", "x")
    there = HttpRegistry(here, transport.Transport(here.url, Authorization(lambda: None, ()), 2, adapter))
    with pytest.raises(RegistryError, match="leads to http://elsewhere"):
        there.upload(BLOB, lambda _: None)
    assert len(adapter.heard) == 1


def test_a_registry_of_this_machine_is_asked_by_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    asked = {}
    for host in ("127.0.0.1:5000", "localhost:5000", "[::1]:5000", "registry.example.com"):
        repository = Repository(host, "x")
        adapter = Scripted(lambda _: Reply(404))
        http = transport.Transport(repository.url, Authorization(lambda: None, ()), 2, adapter)
        HttpRegistry(repository, http).manifest("x")
        asked[host] = any((adapter.settings["proxies"] or {}).values())
    assert asked == {"127.0.0.1:5000": False, "localhost:5000": False, "[::1]:5000": False, HERE.host: True}


def test_the_authority_of_a_registry_is_not_that_of_where_it_leads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transport, "_CERTIFICATES", (str(tmp_path),))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/everybodys")
    own = tmp_path / HERE.host / "ca.crt"
    own.parent.mkdir()
    own.touch()
    verified = []

    def answer(heard: Heard) -> Reply:
        verified.append(adapter.settings["verify"])
        leads = Reply(307, {"Location": "https://bucket.example.com/x"})
        return leads if HERE.host in heard.url else Reply(body=CONTENT)

    there, adapter = registry(answer)
    assert there.blob(DIGEST, 100) == CONTENT
    assert verified == [str(own), "/everybodys"]


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


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://registry.example.com/token",service="registry"'}


def test_a_token_that_ended_is_renewed_with_the_credentials_where_the_registry_gives_tokens_itself() -> None:
    given: list[str] = []

    def answer(heard: Heard) -> Reply:
        if urlsplit(heard.url).path == "/token":
            assert heard.headers["Authorization"].startswith("Basic ")
            given.append(f"t0ken-{len(given)}")
            return Reply(body=json.dumps({"token": given[-1]}).encode())
        valid = given and heard.headers.get("Authorization") == f"Bearer {given[-1]}"
        if valid and heard.url.endswith("/y") and len(given) == 1:
            return Reply(401, CHALLENGE)
        return Reply(404) if valid else Reply(401, CHALLENGE)

    there, _ = registry(answer, Credentials("user", SECRET))
    assert there.manifest("x") is there.manifest("y") is None
    assert given == ["t0ken-0", "t0ken-1"]


def by_token(token_service: Reply) -> Callable[[Heard], Reply]:
    challenge = {"WWW-Authenticate": 'Bearer realm="https://auth.example.com/token?v=2"'}
    return lambda heard: token_service if "auth." in heard.url else Reply(401, challenge)


@pytest.mark.parametrize(
    "failure", [Reply(failure=requests.ConnectionError("refused")), Reply(503), Reply(500)]
)
def test_a_token_service_that_fails_is_asked_again_and_told(failure: Reply) -> None:
    there, adapter = registry(by_token(failure))
    with pytest.raises(RegistryError, match=r"auth\.example\.com"):
        there.manifest("x")
    assert len(adapter.heard) == 1 + transport.ATTEMPTS
    assert adapter.heard[-1].url.startswith("https://auth.example.com/token?v=2&")


def test_a_token_service_that_leads_elsewhere_is_given_no_credentials_there() -> None:
    there, adapter = registry(
        by_token(Reply(307, {"Location": "https://other.example.com/"})), Credentials("user", SECRET)
    )
    with pytest.raises(RefusedError) as caught:
        there.manifest("x")
    assert len(adapter.heard) == 2
    assert "HTTP 307" in caught.value.cause


def test_who_a_token_service_refuses_signs_in_to_the_registry() -> None:
    there, _ = registry(by_token(Reply(401)))
    with pytest.raises(RefusedError) as caught:
        there.manifest("x")
    assert "docker login registry.example.com" in caught.value.remedy


@pytest.mark.parametrize("token", ["", "a\nb", "漢", 7, None])
def test_a_token_that_no_header_can_hold_is_refused(token: object) -> None:
    there, _ = registry(by_token(Reply(body=json.dumps({"token": token}).encode())))
    with pytest.raises(RegistryError, match="is no registry"):
        there.manifest("x")


def test_of_several_challenges_one_that_can_be_answered_is() -> None:
    def answer(heard: Heard) -> Reply:
        offered = {"WWW-Authenticate": 'Negotiate, Basic realm="registry"'}
        return Reply(404) if "Authorization" in heard.headers else Reply(401, offered)

    there, _ = registry(answer, Credentials("user", SECRET))
    assert there.manifest("x") is None


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
    failure = requests.ConnectionError(
        "Max retries exceeded with url: /v2/x?signature=abc (caused by a flood)"
    )
    replies = {"POST": ACCEPTED, "PUT": Reply(failure=failure), "HEAD": Reply(404)}
    there, _ = registry(lambda heard: replies[heard.method])
    with pytest.raises(RegistryError, match="does not answer PUT") as caught:
        there.upload(BLOB, lambda _: None)
    assert "caused by a flood" in caught.value.cause
    assert "signature" not in str(caught.value)
    assert "_state" not in str(caught.value)


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    there, adapter = registry(lambda _: Reply(failure=requests.exceptions.SSLError("self-signed")))
    with pytest.raises(RegistryError) as caught:
        there.manifest("x")
    assert "self-signed" in caught.value.cause
    assert "/etc/docker/certs.d/registry.example.com/ca.crt" in caught.value.remedy
    assert len(adapter.heard) == 1


def test_a_connection_with_tls_that_breaks_off_is_made_again() -> None:
    broken = requests.exceptions.SSLError("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred")
    there, _ = registry(in_turn(Reply(failure=broken), Reply(404)))
    assert there.manifest("x") is None


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


def pages(answer_last: bool) -> Callable[[Heard], Reply]:  # noqa: FBT001 - a parameter of the tests
    def answer(heard: Heard) -> Reply:
        number = int(urlsplit(heard.url).query.removeprefix("page=") or 0)
        body = json.dumps({"manifests": [{"digest": f"sha256:{number:064x}"}]}).encode()
        link = {"Link": f'</v2/team/airflow/referrers/{DIGEST}?page={number + 1}>; rel="next"'}
        return Reply(200, {} if answer_last and number == 2 else link, body)

    return answer


def test_all_pages_of_a_list_of_referrers_are_read() -> None:
    there, _ = registry(pages(answer_last=True))
    assert [int(one["digest"][7:], 16) for one in there.referrers(DIGEST)] == [0, 1, 2]


def test_a_list_of_referrers_without_an_end_is_refused() -> None:
    there, _ = registry(pages(answer_last=False))
    with pytest.raises(RegistryError) as caught:
        there.referrers(DIGEST)
    assert "pages" in caught.value.cause


@pytest.mark.parametrize("body", [b"{}", b'{"manifests":[{"digest":"../x"}]}', b"no"])
def test_a_list_of_referrers_that_is_none_is_refused(body: bytes) -> None:
    there, _ = registry(lambda _: Reply(200, {}, body))
    with pytest.raises(RegistryError):
        there.referrers(DIGEST)


def test_a_document_may_be_longer_than_a_manifest_where_that_is_wanted() -> None:
    content = b" " * (5 << 20)
    there, _ = registry(lambda _: Reply(200, {}, content))
    assert there.blob(f"sha256:{hashlib.sha256(content).hexdigest()}", 6 << 20) == content


def test_a_blob_that_is_not_what_it_should_be_is_refused() -> None:
    there, _ = registry(lambda _: Reply(200, {}, b"other"))
    with pytest.raises(RegistryError):
        there.blob(DIGEST, 100)
    with pytest.raises(RegistryError):
        there.blob(f"sha256:{hashlib.sha256(b'other').hexdigest()}", 3)


def test_of_a_connection_that_cannot_be_made_the_reason_alone_is_told() -> None:
    refused = urllib3.exceptions.NewConnectionError(
        urllib3.connection.HTTPConnection("x"),
        "Failed to establish a new connection: [Errno 111] Connection refused",
    )
    failure = requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/v2/?q=1", refused))  # type: ignore[arg-type]
    there, _ = registry(lambda _: Reply(failure=failure))
    with pytest.raises(RegistryError) as caught:
        there.manifest("x")
    assert caught.value.cause == "[Errno 111] Connection refused"
