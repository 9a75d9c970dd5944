"""Signatures in a registry: written once, kept beside others', and believed for the right reason alone."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

import signing_keys
from airlock.compose import oci
from airlock.errors import ConfigError, RegistryError, SigningError, UntrustedError
from airlock.registry import failures
from airlock.registry.reference import Repository
from airlock.registry.registry import Blob, Manifest
from airlock.signing import attached, local, simple
from airlock.signing.simple import Claim
from memory_registry import HERE, MemoryRegistry

if TYPE_CHECKING:
    from airlock.signing.local import PrivateKey


def made(name: str, kind: str = "p256") -> PrivateKey:
    return local.private_key(name, signing_keys.pem(signing_keys.private(kind)), None)


OURS, OTHERS = made("ours"), made("others")


def put(registry: MemoryRegistry, content: bytes) -> str:
    digest = oci.Document("", content).digest
    registry.upload(Blob(f"sha256:{digest}", len(content), content), lambda _: None)
    return f"sha256:{digest}"


def push_image(registry: MemoryRegistry, name: str = "image") -> str:
    config = oci.Document(oci.CONFIG, json.dumps({"name": name}).encode())
    put(registry, config.content)
    document = {"schemaVersion": 2, "mediaType": oci.MANIFEST, "config": config.descriptor(), "layers": []}
    manifest = Manifest(oci.MANIFEST, json.dumps(document).encode())
    registry.put_manifest(manifest)
    return manifest.digest


@dataclass
class Pushed:
    registry: MemoryRegistry
    digest: str

    def layers(self) -> list[dict[str, Any]]:
        manifest = self.registry.manifest(attached.tag(self.digest))
        assert manifest
        layers: list[dict[str, Any]] = manifest.document["layers"]
        return layers

    def attach(self, *layers: dict[str, Any], artifact_type: str = "") -> None:
        """Put a manifest of signatures as somebody else would: under the tag, or as a referrer alone."""
        for blob in (b"{}",):
            put(self.registry, blob)
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": oci.MANIFEST,
            "config": oci.Document(oci.CONFIG, b"{}").descriptor(),
            "layers": list(layers),
        }
        if artifact_type:
            document |= {"artifactType": artifact_type, "subject": {"digest": self.digest}}
        manifest = Manifest(oci.MANIFEST, json.dumps(document).encode())
        self.registry.put_manifest(manifest, "" if artifact_type else attached.tag(self.digest))

    def layer(self, payload: bytes, signature: str) -> dict[str, Any]:
        return {
            "mediaType": simple.MEDIA_TYPE,
            "digest": put(self.registry, payload),
            "size": len(payload),
            "annotations": {attached.SIGNATURE: signature},
        }

    def signed(self, payload: bytes, key: PrivateKey = OURS) -> dict[str, Any]:
        return self.layer(payload, base64.b64encode(key.sign(payload)).decode())

    def objection(self) -> str:
        with pytest.raises(UntrustedError) as caught:
            attached.require_trusted(self.registry, self.digest, [OURS])
        return caught.value.cause


@pytest.fixture
def pushed() -> Pushed:
    registry = MemoryRegistry()
    return Pushed(registry, push_image(registry))


def test_a_payload_is_to_the_byte_what_cosign_writes() -> None:
    assert Claim("registry.example.org/a", "sha256:ab").payload() == (
        b'{"critical":{"identity":{"docker-reference":"registry.example.org/a"},'
        b'"image":{"docker-manifest-digest":"sha256:ab"},"type":"cosign container image signature"},"optional":null}'
    )


@pytest.mark.parametrize(
    "reference",
    ["host:5000/a/b", "host:5000/a/b:tag", "host:5000/a/b@sha256:00", "host:5000/a/b:tag@sha256:00"],
)
def test_the_tag_that_skopeo_signs_for_is_no_other_repository(reference: str) -> None:
    assert simple.claim(Claim(reference, "sha256:ab").payload()) == Claim("host:5000/a/b", "sha256:ab")


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa", "ed25519"])
def test_what_is_signed_is_trusted(pushed: Pushed, kind: str) -> None:
    key = made(kind, kind)
    signature = attached.sign(pushed.registry, pushed.digest, key)
    assert (signature.digest, signature.key, signature.written) == (pushed.digest, kind, True)
    assert attached.require_trusted(pushed.registry, pushed.digest, [OTHERS, key]) == kind


def test_a_signature_is_a_referrer_under_the_tag_of_cosign(pushed: Pushed) -> None:
    signature = attached.sign(pushed.registry, pushed.digest, OURS)
    tag = f"sha256-{pushed.digest.removeprefix('sha256:')}.sig"
    assert pushed.registry.tags == {tag: signature.manifest}
    (referrer,) = pushed.registry.referrers(pushed.digest)
    assert (referrer["digest"], referrer["artifactType"]) == (signature.manifest, attached.ARTIFACT_TYPE)
    config = pushed.registry.manifests[signature.manifest].document["config"]
    (layer,) = pushed.layers()
    assert json.loads(pushed.registry.blobs[config["digest"]])["rootfs"]["diff_ids"] == [layer["digest"]]


def test_signing_again_writes_nothing(pushed: Pushed) -> None:
    first = attached.sign(pushed.registry, pushed.digest, OURS)
    pushed.registry.log.clear()
    pushed.registry.immutable = True
    assert attached.sign(pushed.registry, pushed.digest, OURS) == replace(first, written=False)
    assert pushed.registry.log == []


def test_signatures_of_others_are_kept(pushed: Pushed) -> None:
    attached.sign(pushed.registry, pushed.digest, OTHERS)
    (before,) = pushed.layers()
    attached.sign(pushed.registry, pushed.digest, OURS)
    assert pushed.layers()[0] == before
    assert len(pushed.layers()) == 2
    for key in (OURS, OTHERS):
        assert attached.require_trusted(pushed.registry, pushed.digest, [key]) == key.name


def test_an_immutable_tag_with_another_s_signature_says_what_to_exclude(pushed: Pushed) -> None:
    attached.sign(pushed.registry, pushed.digest, OTHERS)
    pushed.registry.immutable = True
    with pytest.raises(SigningError, match="beside those of others") as caught:
        attached.sign(pushed.registry, pushed.digest, OURS)
    assert "*.sig" in caught.value.remedy


def test_a_signature_that_somebody_else_s_displaced_is_written_again(pushed: Pushed) -> None:
    class Racing(MemoryRegistry):
        """Somebody else, who had read the tag before, writes after us, once."""

        raced = False

        def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
            super().put_manifest(manifest, tag)
            if tag and not self.raced:
                self.raced = True
                pushed.attach(pushed.signed(Claim(str(HERE), pushed.digest).payload(), OTHERS))

    racing = Racing(**vars(pushed.registry))
    pushed.registry = racing
    assert attached.sign(racing, pushed.digest, OURS).written
    assert racing.raced
    assert {attached.require_trusted(racing, pushed.digest, [key]) for key in (OURS, OTHERS)} == {
        "ours",
        "others",
    }


def test_who_never_gets_through_is_told(pushed: Pushed) -> None:
    class Displacing(MemoryRegistry):
        def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
            super().put_manifest(manifest, tag and "elsewhere")

    with pytest.raises(SigningError, match="does not stay"):
        attached.sign(Displacing(**vars(pushed.registry)), pushed.digest, OURS)


def test_what_is_not_there_is_not_signed(pushed: Pushed) -> None:
    with pytest.raises(SigningError, match="there is no"):
        attached.sign(pushed.registry, f"sha256:{'0' * 64}", OURS)


def test_a_tag_that_holds_something_else_is_not_replaced(pushed: Pushed) -> None:
    there = pushed.registry.manifest(pushed.digest)
    assert there
    pushed.registry.put_manifest(there, attached.tag(pushed.digest))
    with pytest.raises(SigningError, match="no signature can be added"):
        attached.sign(pushed.registry, pushed.digest, OURS)


def test_a_referrer_alone_is_enough(pushed: Pushed) -> None:
    payload = Claim(str(HERE), pushed.digest).payload()
    pushed.attach(pushed.signed(payload), artifact_type=attached.ARTIFACT_TYPE)
    assert attached.require_trusted(pushed.registry, pushed.digest, [OURS]) == "ours"


def test_an_unsigned_image_is_not_trusted(pushed: Pushed) -> None:
    assert pushed.objection() == "it bears none at all"


def test_without_a_key_nothing_is_decided(pushed: Pushed) -> None:
    with pytest.raises(ConfigError, match="no key is trusted"):
        attached.require_trusted(pushed.registry, pushed.digest, [])


def test_each_signature_that_does_not_count_says_why(pushed: Pushed) -> None:
    right, elsewhere = Claim(str(HERE), pushed.digest), Repository("127.0.0.1:5000", "team/other")
    other = push_image(pushed.registry, "another image")
    pushed.attach(
        pushed.signed(right.payload(), OTHERS),
        pushed.signed(Claim(str(HERE), other).payload()),
        pushed.signed(Claim(str(elsewhere), pushed.digest).payload()),
        pushed.signed(b'{"critical": []}'),
        pushed.signed(right.payload().replace(b"cosign container", b"atomic container")),
        pushed.layer(right.payload(), "not base64!"),
        pushed.layer(right.payload(), ""),
        pushed.signed(right.payload()) | {"annotations": None},
    )
    assert [line.partition(": ")[2] for line in pushed.objection().splitlines()] == [
        "no trusted key made it",
        f"it is of another digest, {other}",
        "it is for another repository, 127.0.0.1:5000/team/other",
        "its payload is no claim about an image",
        "its payload is no claim about an image",
        "its signature is no base64",
        "no trusted key made it",
        "it has no signature in its annotations, or no payload",
    ]


def test_a_payload_by_another_name_than_a_digest_is_not_asked_for(pushed: Pushed) -> None:
    layer = pushed.signed(Claim(str(HERE), pushed.digest).payload()) | {"digest": "../../other/blobs/x"}
    manifest = Manifest(oci.MANIFEST, json.dumps({"layers": [layer]}).encode())
    pushed.registry.manifests[manifest.digest] = manifest
    pushed.registry.tags[attached.tag(pushed.digest)] = manifest.digest
    pushed.registry.blobs["../../other/blobs/x"] = Claim(str(HERE), pushed.digest).payload()
    assert "or no payload" in pushed.objection()


def test_a_signature_of_one_image_does_not_count_for_another(pushed: Pushed) -> None:
    attached.sign(pushed.registry, pushed.digest, OURS)
    signatures = pushed.layers()
    pushed.digest = push_image(pushed.registry, "another image")
    pushed.attach(*signatures)
    assert "it is of another digest" in pushed.objection()


def test_thousands_of_signatures_are_not_all_looked_at(pushed: Pushed) -> None:
    pushed.attach(*[pushed.layer(b"{}", "AAAA")] * 5000)
    asked = 0

    def blob(digest: str, limit: int) -> bytes:
        nonlocal asked
        asked += 1
        return b"{}"

    pushed.registry.blob = blob  # type: ignore[method-assign]
    assert "and 91 more" in pushed.objection()
    assert asked == 100


def test_a_payload_without_end_is_not_read(pushed: Pushed) -> None:
    payload = Claim(str(HERE), pushed.digest).payload() + b" " * (2 << 20)
    pushed.attach(pushed.signed(payload))
    assert "there is no blob" in pushed.objection()  # as a registry's client says of what is over the limit


@pytest.mark.parametrize(
    "content", [b"[]", b"{}", b'{"layers": 1}', b'{"layers": [1, null]}', b"[" * 100_000]
)
def test_a_malformed_manifest_holds_no_signature(
    pushed: Pushed, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest(oci.MANIFEST, content)
    pushed.registry.manifests[manifest.digest] = manifest
    pushed.registry.tags[attached.tag(pushed.digest)] = manifest.digest
    with pytest.raises(SigningError, match="no signature can be added"):
        attached.sign(pushed.registry, pushed.digest, OURS)
    monkeypatch.setattr(pushed.registry, "referrers", lambda _: [])
    assert pushed.objection() == "it bears none at all"


def test_a_registry_that_fails_is_no_lack_of_signatures(pushed: Pushed) -> None:
    def fail(name: str) -> None:
        raise RegistryError("it does not answer")

    pushed.registry.manifest = fail  # type: ignore[method-assign]
    with pytest.raises(RegistryError, match="it does not answer"):
        attached.require_trusted(pushed.registry, pushed.digest, [OURS])


@pytest.mark.parametrize("status", [0, 401, 429, 500, 503])
def test_a_payload_that_cannot_be_had_now_is_no_lack_of_trust(pushed: Pushed, status: int) -> None:
    def fail(digest: str, limit: int) -> bytes:
        if status:
            raise failures.RefusedError("refused", cause="", remedy="", status=status, codes=())
        raise failures.unanswered("GET", "http://127.0.0.1:5000/v2/", "timeout")

    attached.sign(pushed.registry, pushed.digest, OURS)
    pushed.registry.log.clear()
    pushed.registry.blob = fail  # type: ignore[method-assign]
    with pytest.raises(RegistryError):
        attached.require_trusted(pushed.registry, pushed.digest, [OURS])
    with pytest.raises(RegistryError):
        attached.sign(pushed.registry, pushed.digest, OURS)
    assert pushed.registry.log == []
