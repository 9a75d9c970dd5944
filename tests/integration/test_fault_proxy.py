"""The proxy of the tests does what it is told, and nothing else: a real registry behind it, sockets before it."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import pytest
import requests

import faults
from airlock import process
from fault_proxy import proxy
from faults import BEGIN, BLOB, MANIFEST, PING, UPLOAD, On, Request, Seeded
from layouts import Member, write_layout
from registries import certificate, registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from faults import Fault
    from registries import RunningRegistry

CONTENT = bytes(range(256)) * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give a repository of the test's own."""
    return f"test/{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"


def upload(host: str, name: str, content: bytes = CONTENT, digest: str = DIGEST) -> requests.Response:
    """Send a blob in one piece, as the distribution specification says."""
    begun = requests.post(f"http://{host}/v2/{name}/blobs/uploads/", timeout=20)
    begun.raise_for_status()
    place = begun.headers["Location"]
    join = "&" if "?" in place else "?"
    return requests.put(f"{place}{join}digest={digest}", data=content, timeout=20)


def blob(host: str, name: str) -> requests.Response:
    return requests.get(f"http://{host}/v2/{name}/blobs/{DIGEST}", timeout=20)


def test_without_faults_all_goes_through_and_is_counted(
    running: RunningRegistry, skopeo: Path, name: str, tmp_path: Path
) -> None:
    digest = write_layout(tmp_path / "layout", [[Member("a", CONTENT)], [Member("b")]])
    with proxy(running.host) as between:
        options = ("--quiet", "--dest-tls-verify=false")
        process.run([skopeo, "copy", *options, f"oci:{tmp_path}/layout", f"docker://{between.host}/{name}:1"])
        assert running.whole(name, "1") == digest
        back = ("--quiet", "--src-tls-verify=false")
        process.run([skopeo, "copy", *back, f"docker://{between.host}/{name}:1", f"oci:{tmp_path}/back:1"])
    sent = sum(path.stat().st_size for path in (tmp_path / "layout" / "blobs" / "sha256").iterdir())
    assert between.received == sent
    assert between.befallen == []
    assert {one.host for one in between.seen} == {between.host}


def test_it_speaks_tls_and_the_registry_s_locations_lead_back_to_it(
    running: RunningRegistry, name: str, tmp_path: Path
) -> None:
    authority, pem, key = certificate(tmp_path, "127.0.0.1")
    with proxy(running.host, secure=("127.0.0.1", pem, key)) as between:
        begun = requests.post(
            f"https://{between.host}/v2/{name}/blobs/uploads/", verify=str(authority), timeout=20
        )
        assert begun.headers["Location"].startswith(f"https://{between.host}/v2/{name}/blobs/uploads/")


def test_whoever_speaks_tls_to_a_plain_one_is_answered_in_plain_http(running: RunningRegistry) -> None:
    with proxy(running.host) as between, pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://{between.host}/v2/", timeout=5)
    assert between.seen == []


@pytest.mark.parametrize("early", [False, True])
def test_an_answer_takes_the_registry_s_place(running: RunningRegistry, name: str, *, early: bool) -> None:
    before = running.contents()
    busy = faults.answers(429, {"Retry-After": "7"}, early=early)
    with proxy(running.host, On(busy, BEGIN)) as between:
        answer = requests.post(f"http://{between.host}/v2/{name}/blobs/uploads/", data=CONTENT, timeout=20)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert between.received == (0 if early else len(CONTENT))
    assert running.contents() == before


@pytest.mark.parametrize("after", [0, 1, 100_000, len(CONTENT) - 1])
def test_a_request_is_reset_after_so_many_bytes(running: RunningRegistry, name: str, after: int) -> None:
    with proxy(running.host, On(faults.cuts_request(after), UPLOAD)) as between:
        with pytest.raises(requests.ConnectionError):
            upload(between.host, name)
        (one,) = between.asked(UPLOAD)
        assert after <= one.read <= after + 65536
    assert running.get(f"{name}/blobs/{DIGEST}").status_code == 404


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("after", [0, 1, 100_000])
def test_an_answer_is_cut_after_so_many_bytes(
    running: RunningRegistry, name: str, after: int, *, closes: bool
) -> None:
    upload(running.host, name).raise_for_status()
    with (
        proxy(running.host, On(faults.cuts_answer(after, closes=closes), BLOB)) as between,
        pytest.raises(BROKEN),
    ):
        blob(between.host, name)
    assert between.seen[0].sent == after


def test_a_turned_bit_is_refused_by_the_registry_and_seen_by_the_reader(
    running: RunningRegistry, name: str
) -> None:
    with proxy(running.host, On(faults.corrupts_request(70_000), UPLOAD)) as between:
        assert upload(between.host, name).status_code == 400
    upload(running.host, name).raise_for_status()
    with proxy(running.host, On(faults.corrupts_answer(70_000), BLOB)) as between:
        got = blob(between.host, name).content
    assert [at for at, (one, other) in enumerate(zip(got, CONTENT, strict=True)) if one != other] == [70_000]


def test_a_slow_one_takes_its_time(running: RunningRegistry, name: str) -> None:
    with proxy(running.host, On(faults.slows(256_000), UPLOAD)) as between:
        start = time.monotonic()
        upload(between.host, name).raise_for_status()
        assert 0.9 < time.monotonic() - start < 5


def test_a_silent_one_takes_the_request_and_never_answers(running: RunningRegistry, name: str) -> None:
    with proxy(running.host, On(faults.SILENCE, PING)) as between:
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"http://{between.host}/v2/", timeout=0.3)
        assert upload(between.host, name).status_code == 201


def test_a_lost_answer_is_lost_after_the_change(running: RunningRegistry, name: str) -> None:
    with proxy(running.host, On(faults.LOSS, UPLOAD)) as between, pytest.raises(requests.ConnectionError):
        upload(between.host, name)
    assert running.get(f"{name}/blobs/{DIGEST}").content == CONTENT


def test_a_location_leads_elsewhere(running: RunningRegistry, name: str) -> None:
    with (
        proxy(running.host) as elsewhere,
        proxy(running.host, On(faults.moves(f"http://{elsewhere.host}"), BEGIN)) as between,
    ):
        upload(between.host, name).raise_for_status()
        assert (between.received, elsewhere.received) == (0, len(CONTENT))


def test_a_swallowed_body_is_acknowledged_under_another_digest(running: RunningRegistry, name: str) -> None:
    with proxy(running.host, On(faults.SWALLOW)) as between:
        answer = upload(between.host, name)
    assert answer.status_code == 201
    assert answer.headers["Docker-Content-Digest"] == f"sha256:{hashlib.sha256(CONTENT[:-1]).hexdigest()}"
    assert running.get(f"{name}/blobs/{DIGEST}").status_code == 404


def test_a_fault_befalls_the_requests_it_is_meant_for(running: RunningRegistry, name: str) -> None:
    unwell = On(faults.answers(503), BEGIN, times=1, skip=1)
    with proxy(running.host, unwell) as between:
        address = f"http://{between.host}/v2/{name}/blobs/uploads/"
        statuses = [requests.post(address, timeout=20).status_code for _ in range(3)]
    assert statuses == [202, 503, 202]
    assert between.befallen == ["POST begin: 503"]


def plan(seed: int, order: list[Request]) -> Mapping[Request, Fault | None]:
    schedule = Seeded(seed, [faults.answers(503), faults.LOSS], share=0.5)
    return {one: schedule.fault(one) for one in order}


def test_a_seed_gives_the_same_faults_in_any_order() -> None:
    digests = [hashlib.sha256(bytes([number])).hexdigest() for number in range(64)]
    asked = [Request("PUT", "/v2/a/blobs/uploads/1", f"digest=sha256:{digest}") for digest in digests]
    found = plan(7, asked)
    assert found == plan(7, asked[::-1])
    assert found != plan(8, asked)
    assert {str(one) for one in found.values()} == {"None", "503", "an answer lost"}


def test_a_manifest_that_is_not_whole_is_no_image(running: RunningRegistry, name: str) -> None:
    """The judge of the tests sees what is missing."""
    upload(running.host, name).raise_for_status()
    layer = {"mediaType": "application/octet-stream", "digest": DIGEST, "size": len(CONTENT) - 1}
    document = {"schemaVersion": 2, "mediaType": (kind := "application/vnd.oci.image.manifest.v1+json")}
    content = json.dumps({**document, "config": layer, "layers": [layer]})
    tag = f"{running.url}/v2/{name}/manifests/1"
    requests.put(tag, data=content, headers={"Content-Type": kind}, timeout=20).raise_for_status()
    with pytest.raises(AssertionError):
        running.whole(name, "1")
    assert Request("PUT", f"/v2/{name}/manifests/1", "").kind == MANIFEST
