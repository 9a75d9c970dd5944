"""Amazon ECR over the wire, as the stub plays it: boto3, our own client of registries, and skopeo as a witness."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import ecr_stub
from airlock import ecr, process
from airlock.descriptor import Descriptor
from airlock.errors import RegistryError
from airlock.push import repository, scan
from airlock.registry import connecting
from airlock.registry.reference import Repository
from airlock.registry.registry import Blob, Manifest
from airlock.release_settings import Push
from airlock.terminal import Terminal
from ecr_stub_world import World, digest_of
from layouts import Member, write_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = Repository(ecr_stub.HOST, "team/airflow")
TERMINAL = Terminal()
BLOB = b"content of a layer " * 100_000
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give an ECR that boto3 finds by its variables."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with ecr_stub.serving(World()) as made:
        for name, value in ecr_stub.environment(made).items():
            monkeypatch.setenv(name, value)
        yield made


def blob(content: bytes = BLOB) -> Blob:
    return Blob(digest_of(content), len(content), content)


def manifest(*layers: Blob, **more: object) -> Manifest:
    described = [
        {"mediaType": "application/octet-stream", "digest": one.digest, "size": one.size} for one in layers
    ]
    document = {"schemaVersion": 2, "mediaType": OCI, "config": described[0], "layers": described, **more}
    return Manifest(OCI, json.dumps(document).encode())


def test_a_repository_is_made_verified_and_scanned_over_the_wire(world: World) -> None:
    push = Push(kms_key="0123")
    assert repository.create(HERE, push, TERMINAL, dry_run=True).drifts == ()
    assert world.repositories == {}
    assert repository.create(HERE, push, TERMINAL).drifts == ()
    assert repository.verify(HERE, push, TERMINAL).drifts == ()
    there = connecting.connect(HERE)
    there.upload(blob(), lambda _: None)
    image = manifest(blob())
    there.put_manifest(image, "v1")
    repository.hold(HERE, image.digest, "prod", {"web": ""}, TERMINAL)
    assert world.repository(HERE.path).tags == {"v1": image.digest, "deployed-prod-web": image.digest}
    waiting = scan.Waiting(first=0.01, longest=0.01)
    (report,) = scan.scan(HERE, push, [image.digest], TERMINAL, waiting)
    assert report.status == "COMPLETE"


def test_our_client_sends_what_is_lacking_and_reads_it_back(world: World) -> None:
    stub = world.create(HERE.path, mutability="IMMUTABLE")
    there = connecting.connect(HERE)
    described = Descriptor("application/octet-stream", blob().digest, len(BLOB))
    assert there.lacking([described]) == [described]
    there.upload(blob(), lambda _: None)
    assert there.lacking([described]) == []
    assert there.blob(blob().digest, len(BLOB)) == BLOB
    stub.archived.add(blob().digest)
    assert there.lacking([described]) == [described]
    there.upload(blob(), lambda _: None)
    image = manifest(blob())
    there.put_manifest(image, "v1")
    assert there.manifest("v1") == image
    with pytest.raises(RegistryError, match="refused PUT") as failure:
        there.put_manifest(image, "v1")
    assert "immutable" in failure.value.cause
    assert not any(token in str(failure.value) for token in world.tokens)


def test_what_refers_to_an_image_is_found_by_the_api_and_needs_no_tag(world: World) -> None:
    stub = world.create(HERE.path, mutability="IMMUTABLE")
    there = connecting.connect(HERE)
    there.upload(blob(), lambda _: None)
    image = manifest(blob())
    there.put_manifest(image)
    subject = {"mediaType": OCI, "digest": image.digest, "size": image.size}
    there.put_manifest(manifest(blob(), subject=subject, artifactType="application/a"))
    assert [one["artifactType"] for one in there.referrers(image.digest)] == ["application/a"]
    assert stub.tags == {}


def test_a_token_that_expires_meanwhile_is_replaced(world: World) -> None:
    world.create(HERE.path)
    world.expired = 401
    there = connecting.connect(HERE)
    there.upload(blob(), lambda _: None)
    world.expire()
    there.put_manifest(manifest(blob()), "v1")
    assert "v1" in world.repository(HERE.path).tags


@pytest.mark.parametrize("mounting", [False, True])
def test_a_mount_that_is_not_offered_becomes_an_upload(world: World, *, mounting: bool) -> None:
    source, stub = world.create("team/base"), world.create(HERE.path)
    source.blobs[blob().digest] = BLOB
    source.manifests["sha256:0"] = (OCI, manifest(blob()).content)
    world.blob_mounting = mounting
    sent: list[int] = []
    connecting.connect(HERE).upload(blob(), sent.append, ["team/base"])
    assert blob().digest in stub.blobs
    assert sum(sent) == (0 if mounting else len(BLOB))


def test_skopeo_pushes_to_the_stub_and_pulls_the_same_digest(
    world: World, skopeo: Path, tmp_path: Path
) -> None:
    world.create(HERE.path)
    digest = write_layout(tmp_path / "image", [[Member("a", BLOB)], [Member("b", b"b")]])
    host = world.base.removeprefix("http://")
    there, token = f"docker://{host}/{HERE.path}:v1", ecr.connect(HERE).token()
    copy: list[str | Path] = [skopeo, "--insecure-policy", "copy", "--preserve-digests"]
    login = f"{token.user}:{token.password}"
    process.run(
        [*copy, "--dest-tls-verify=false", f"--dest-creds={login}", f"oci:{tmp_path / 'image'}", there]
    )
    assert world.repository(HERE.path).tags == {"v1": digest}
    back = f"oci:{tmp_path / 'back'}"
    process.run([*copy, "--src-tls-verify=false", f"--src-creds={login}", there, back])
    assert json.loads((tmp_path / "back/index.json").read_text())["manifests"][0]["digest"] == digest


def test_what_the_stub_recorded_of_requests_has_no_secret(world: World) -> None:
    world.create(HERE.path)
    connecting.connect(HERE).upload(blob(), lambda _: None)
    assert {one.method for one in world.requests} >= {"POST", "PUT"}
    assert any(one.authorized for one in world.requests)
    told = repr(world.requests)
    assert not any(token in told for token in world.tokens)
