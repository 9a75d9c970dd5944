"""The stub of Amazon ECR has the quirks of the real one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

import ecr_stub_api
from ecr_stub_registry import BUCKET, Registry, Request, Response
from ecr_stub_world import LARGEST_MANIFEST, StubRepository, World, digest_of

NAME = "team/airflow"
IMAGE, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
BLOB = b"content of a layer"
DIGEST = digest_of(BLOB)
BASE = "http://127.0.0.1:1"


class Stub:
    """A stub with one repository, and a client of it that has a token."""

    def __init__(self, **settings: Any) -> None:
        self.world = World(base=BASE)
        self.repository = self.world.create(NAME, **settings)
        self.registry = Registry(self.world)
        self.token()

    def token(self) -> None:
        (data,) = self.api("GetAuthorizationToken")["authorizationData"]
        self.authorization = f"Basic {data['authorizationToken']}"

    def api(self, action: str, **request: Any) -> Any:
        answer = ecr_stub_api.answer(self.world, action, {"repositoryName": NAME, **request})
        told = json.loads(answer.body)
        assert ("__type" in told) == (answer.status == 400)
        return told

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        url = path if path.startswith("/") else f"/v2/{NAME}/{path}"
        told = {"authorization": self.authorization} | headers
        return self.registry.answer(Request(method, url.removeprefix(BASE), told, body))

    def upload(self, content: bytes, *chunks: bytes) -> Response:
        begun = self.ask("POST", "blobs/uploads/")
        assert begun.status == 202
        place = begun.headers["Location"].removeprefix(BASE)
        for chunk in chunks:
            assert self.ask("PATCH", place, chunk).status == 202
        last = b"" if chunks else content
        return self.ask("PUT", f"{place}?digest={digest_of(content)}", last)

    def put(self, document: dict[str, Any], name: str = "", kind: str = IMAGE) -> Response:
        content = json.dumps(document).encode()
        return self.ask("PUT", f"manifests/{name or digest_of(content)}", content, **{"content-type": kind})

    def layers(self, *digests: str) -> dict[str, str]:
        told = self.api("BatchCheckLayerAvailability", layerDigests=list(digests))
        return {one["layerDigest"]: one["layerAvailability"] for one in told["layers"]}


def image(*layers: str, **more: Any) -> dict[str, Any]:
    return {
        "mediaType": IMAGE,
        "config": {"digest": DIGEST},
        "layers": [{"digest": one} for one in layers],
        **more,
    }


def code(answer: Response) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["errors"][0]["code"]


@pytest.fixture
def stub() -> Stub:
    return Stub()


def test_there_is_basic_authorization_and_no_token_service(stub: Stub) -> None:
    answer = stub.ask("GET", "/v2/", authorization="")
    assert code(answer) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert stub.ask("GET", "/v2/").status == 200


def test_a_token_is_for_the_user_aws(stub: Stub) -> None:
    _, _, password = base64.b64decode(stub.authorization.split()[1]).decode().partition(":")
    other = base64.b64encode(f"me:{password}".encode()).decode()
    assert stub.ask("GET", "/v2/", authorization=f"Basic {other}").status == 401


@pytest.mark.parametrize(("status", "challenged"), [(403, False), (401, True)])
def test_an_expired_token_is_denied_and_a_new_one_taken(stub: Stub, status: int, *, challenged: bool) -> None:
    stub.world.expired = status
    stub.world.expire()
    answer = stub.ask("GET", "/v2/")
    assert code(answer) == (status, "DENIED")
    assert ("WWW-Authenticate" in answer.headers) == challenged
    stub.token()
    assert stub.ask("GET", "/v2/").status == 200


def test_a_blob_that_comes_whole_is_there(stub: Stub) -> None:
    assert stub.ask("HEAD", f"blobs/{DIGEST}").status == 404
    assert stub.upload(BLOB).status == 201
    assert stub.ask("HEAD", f"blobs/{DIGEST}").status == 200


def test_a_blob_that_comes_as_one_chunk_is_there(stub: Stub) -> None:
    assert stub.upload(BLOB, BLOB).status == 201


def test_chunks_after_the_first_are_dropped_and_nobody_is_told_before_the_end(stub: Stub) -> None:
    assert code(stub.upload(BLOB, BLOB[:5], BLOB[5:])) == (400, "DIGEST_INVALID")
    assert stub.ask("HEAD", f"blobs/{DIGEST}").status == 404


def test_content_comes_from_a_bucket_that_wants_no_authorization_of_ours(stub: Stub) -> None:
    stub.upload(BLOB)
    moved = stub.ask("GET", f"blobs/{DIGEST}")
    place = moved.headers["Location"].removeprefix(BASE.replace("127.0.0.1", "localhost"))
    assert moved.status == 307
    assert stub.ask("GET", place).status == 400
    bare = Request("GET", place, {})
    assert stub.registry.answer(bare).body == BLOB
    assert stub.registry.answer(Request("GET", f"{BUCKET}/{NAME}/{DIGEST}", {})).status == 403


@pytest.mark.parametrize(
    ("setting", "named", "status"), [(False, True, 202), (True, False, 202), (True, True, 201)]
)
def test_a_blob_is_mounted_only_by_a_setting_and_where_a_manifest_names_it(
    stub: Stub, status: int, *, setting: bool, named: bool
) -> None:
    stub.world.blob_mounting = setting
    stub.upload(BLOB)
    if named:
        assert stub.put(image(DIGEST)).status == 201
    other = stub.world.create("team/other")
    answer = stub.ask("POST", f"/v2/team/other/blobs/uploads/?mount={DIGEST}&from={NAME}")
    assert answer.status == status
    assert (DIGEST in other.blobs) == (status == 201)


def test_a_manifest_wants_its_blobs_and_an_index_its_images(stub: Stub) -> None:
    assert code(stub.put(image(DIGEST))) == (404, "MANIFEST_BLOB_UNKNOWN")
    stub.upload(BLOB)
    child = stub.put(image(DIGEST))
    there = {"mediaType": INDEX, "manifests": [{"digest": child.headers["Docker-Content-Digest"]}]}
    assert stub.put(there, "v1", INDEX).status == 201
    gone = {"mediaType": INDEX, "manifests": [{"digest": f"sha256:{'0' * 64}"}]}
    assert code(stub.put(gone, "v2", INDEX)) == (404, "MANIFEST_UNKNOWN")
    assert stub.ask("GET", "manifests/v1").headers["Content-Type"] == INDEX


def test_a_manifest_has_its_digest_and_four_mebibytes_at_most(stub: Stub) -> None:
    assert code(stub.put({}, f"sha256:{'0' * 64}")) == (400, "DIGEST_INVALID")
    assert stub.put({"text": "x" * LARGEST_MANIFEST}).status == 413
    assert stub.ask("PUT", "manifests/v1", b"[]").status == 400


def test_an_immutable_tag_cannot_be_given_again_even_to_its_own_image() -> None:
    stub = Stub(mutability="IMMUTABLE")
    stub.upload(BLOB)
    assert stub.put(image(), "v1").status == 201
    again = stub.put(image(), "v1")
    assert code(again) == (400, "TAG_INVALID")
    assert b"cannot be overwritten because the tag is immutable" in again.body
    assert stub.put(image()).status == 201  # by its digest


@pytest.mark.parametrize(
    ("mutability", "fixed", "movable"),
    [
        ("IMMUTABLE_WITH_EXCLUSION", "v1", "sha256-1.sig"),
        ("MUTABLE_WITH_EXCLUSION", "sha256-1.sig", "v1"),
    ],
)
def test_tags_that_are_excluded_are_the_others(mutability: str, fixed: str, movable: str) -> None:
    repository = StubRepository(NAME, mutability, ("sha256-*",))
    assert repository.has_fixed(fixed)
    assert not repository.has_fixed(movable)


def test_filters_belong_to_exclusion_and_exclusion_to_filters(stub: Stub) -> None:
    filters = [{"filterType": "WILDCARD", "filter": "a*"}]
    asked: dict[str, Any] = {"imageTagMutabilityExclusionFilters": filters}
    refused = stub.api("PutImageTagMutability", imageTagMutability="IMMUTABLE", **asked)
    lacking = stub.api("PutImageTagMutability", imageTagMutability="IMMUTABLE_WITH_EXCLUSION")
    assert refused["__type"] == lacking["__type"] == "InvalidParameterException"


def test_what_refers_to_an_image_is_listed(stub: Stub) -> None:
    stub.upload(BLOB)
    subject = stub.put(image(DIGEST), "v1").headers["Docker-Content-Digest"]
    paper = stub.put(image(artifactType="application/a", subject={"digest": subject}))
    assert paper.headers["OCI-Subject"] == subject
    listed = json.loads(stub.ask("GET", f"referrers/{subject}").body)["manifests"]
    assert [one["digest"] for one in listed] == [paper.headers["Docker-Content-Digest"]]
    others = stub.ask("GET", f"referrers/{subject}?artifactType=application/b")
    assert json.loads(others.body)["manifests"] == []
    assert others.headers["OCI-Filters-Applied"] == "artifactType"
    assert json.loads(stub.ask("GET", f"referrers/{DIGEST}").body)["manifests"] == []


def test_an_archived_layer_seems_there_and_is_of_no_use_until_it_is_sent_again(stub: Stub) -> None:
    stub.upload(BLOB)
    stub.repository.archived.add(DIGEST)
    assert stub.ask("HEAD", f"blobs/{DIGEST}").status == 200
    assert stub.ask("GET", f"blobs/{DIGEST}").status == 404
    assert stub.layers(DIGEST) == {DIGEST: "ARCHIVED"}
    assert stub.put(image(DIGEST)).status == 404
    stub.upload(BLOB)
    assert stub.layers(DIGEST, "sha256:0") == {DIGEST: "AVAILABLE", "sha256:0": "UNAVAILABLE"}
    assert stub.put(image(DIGEST)).status == 201


def test_a_hundred_layers_can_be_asked_about_at_once(stub: Stub) -> None:
    assert len(stub.layers(*(f"sha256:{number}" for number in range(100)))) == 100
    refused = stub.api("BatchCheckLayerAvailability", layerDigests=["sha256:0"] * 101)
    assert refused["__type"] == "InvalidParameterException"


def test_requests_are_throttled_on_demand_by_both_apis(stub: Stub) -> None:
    stub.world.throttled = 2
    assert code(stub.ask("GET", "/v2/")) == (429, "TOOMANYREQUESTS")
    assert stub.api("DescribeRepositories")["__type"] == "ThrottlingException"
    assert stub.ask("GET", "/v2/").status == 200


def test_an_unknown_repository_is_told_by_both_apis(stub: Stub) -> None:
    assert code(stub.ask("GET", "/v2/team/none/tags/list")) == (404, "NAME_UNKNOWN")
    told = stub.api("DescribeRepositories", repositoryNames=["team/none"])
    assert told["__type"] == "RepositoryNotFoundException"


def test_nothing_is_deleted_through_the_registry(stub: Stub) -> None:
    assert stub.ask("DELETE", "manifests/v1").status == 405


def test_a_repository_is_created_once(stub: Stub) -> None:
    assert (
        stub.api("CreateRepository", repositoryName="team/new")["repository"]["imageTagMutability"]
        == "MUTABLE"
    )
    told = stub.api("CreateRepository", repositoryName="team/new")
    assert told["__type"] == "RepositoryAlreadyExistsException"
    assert stub.api("CreateRepository", repositoryName="Team")["__type"] == "InvalidParameterException"


def test_a_scan_takes_a_while_and_its_findings_come_in_pages() -> None:
    stub = Stub(scan_on_push=True)
    stub.world.findings, stub.world.page = (
        [{"severity": "HIGH", "name": f"CVE-{number}"} for number in range(3)],
        2,
    )
    stub.upload(BLOB)
    digest = stub.put(image(DIGEST), "v1").headers["Docker-Content-Digest"]
    asked = {"imageId": {"imageDigest": digest}}
    states = [stub.api("DescribeImageScanFindings", **asked)["imageScanStatus"]["status"] for _ in range(3)]
    assert states == ["IN_PROGRESS", "IN_PROGRESS", "COMPLETE"]
    first = stub.api("DescribeImageScanFindings", **asked)
    rest = stub.api("DescribeImageScanFindings", nextToken=first["nextToken"], **asked)
    assert [len(page["imageScanFindings"]["findings"]) for page in (first, rest)] == [2, 1]
    assert first["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 3}
    assert stub.api("StartImageScan", **asked)["__type"] == "LimitExceededException"


def test_what_was_not_scanned_has_no_scan_and_an_index_cannot_have_one(stub: Stub) -> None:
    stub.upload(BLOB)
    stub.put(image(DIGEST), "v1")
    stub.put({"mediaType": INDEX, "manifests": []}, "all", INDEX)
    asked = {"imageId": {"imageTag": "v1"}}
    assert stub.api("DescribeImageScanFindings", **asked)["__type"] == "ScanNotFoundException"
    assert stub.api("StartImageScan", **asked)["imageScanStatus"] == {"status": "IN_PROGRESS"}
    assert (
        stub.api("StartImageScan", imageId={"imageTag": "all"})["__type"] == "UnsupportedImageTypeException"
    )


def test_no_token_is_in_what_the_stub_says_of_itself(stub: Stub) -> None:
    (token,) = stub.world.tokens
    assert token not in repr(stub.world)
