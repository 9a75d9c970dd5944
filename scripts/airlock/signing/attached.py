"""Signatures beside an image: where cosign, skopeo and podman look for them, and as referrers of it.

They are the layers of one manifest under the tag `sha256-<hex>.sig`, each with its signature as an annotation
(cosign's signature specification, "Tag-based Discovery"). The manifest has the image as its subject, too.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.compose import oci
from airlock.compose.oci import Document
from airlock.errors import ConfigError, RegistryError, SigningError, UntrustedError
from airlock.registry import failures
from airlock.registry.reference import DIGEST
from airlock.registry.registry import Blob, Manifest
from airlock.signing import simple
from airlock.signing.simple import Claim
from airlock_spec.wording import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airlock.registry.registry import Registry
    from airlock.signing.keys import Signer, Verifier

ARTIFACT_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
_PAYLOAD_LIMIT = 1 << 20  # bytes; ours have about 300
_LOOKED_AT = 100  # signatures of one image; whoever can push could else keep everybody busy
_SHOWN = 10
_WIDEST = 120  # characters of what somebody else claims
_RACES = 3


@dataclass(frozen=True)
class Signature:
    """A signature of `digest` by the key `key`; `manifest` is the digest of what holds it, `written` if just now."""

    digest: str
    key: str
    manifest: str
    written: bool


@dataclass(frozen=True)
class _Found:
    """A signature as a registry has it: the payload's descriptor, and the manifest that it is a layer of."""

    layer: Mapping[str, Any]
    manifest: Manifest


@dataclass(frozen=True)
class _Judged:
    """The name of the key whose signature counts, or why it does not."""

    key: str = ""
    objection: str = ""


def tag(digest: str) -> str:
    """Return the tag that cosign keeps the signatures of a manifest under."""
    return f"{digest.replace(':', '-', 1)}.sig"


def sign(registry: Registry, digest: str, signer: Signer) -> Signature:
    """Sign the manifest of a digest; where this key's signature is there already, nothing is written.

    Signatures of other keys are kept. Raises SigningError, RegistryError, AwsError.
    """
    name, claim = tag(digest), Claim(str(registry.repository), digest)
    for written in range(_RACES + 1):  # what was written is read again: another's may have taken its place
        there = registry.manifest(name)
        layers = _layers_at(name, there)
        for one in _signatures(layers, there):
            if _judged(registry, one, claim, [signer]).key:
                return Signature(digest, signer.name, one.manifest.digest, written=written > 0)
        if written < _RACES:
            _store(registry, claim, signer, there, layers)
    raise SigningError(
        f"the signature of {digest} does not stay under {name}",
        cause="somebody else writes signatures of the same image at the same time",
        remedy="run it again",
    )


def require_trusted(registry: Registry, digest: str, verifiers: Sequence[Verifier]) -> str:
    """Return the name of a trusted key that signed this digest in this repository.

    Raises UntrustedError, which tells of each signature why it does not count, ConfigError without any key.
    """
    if not verifiers:
        raise ConfigError(
            f"whether {registry.repository}@{digest} can be trusted is not decidable: no key is trusted",
            cause="[tool.airlock.push] trusted-keys is empty",
            remedy="list there the files of public keys, or awskms:///KEY",
        )
    claim, objections = Claim(str(registry.repository), digest), []
    for count, found in enumerate(_everywhere(registry, digest)):
        if count == _LOOKED_AT:
            objections.append(f"and more: no more than {_LOOKED_AT} are looked at")
            break
        judged = _judged(registry, found, claim, verifiers)
        if judged.key:
            return judged.key
        objections.append(f"the one in {found.manifest.digest[:19]}…: {judged.objection}")
    shown = objections[:_SHOWN] + (
        [f"and {len(objections) - _SHOWN} more"] if len(objections) > _SHOWN else []
    )
    raise UntrustedError(
        f"{registry.repository}@{digest} bears no signature of a trusted key",
        cause="\n".join(shown) or "it bears none at all",
        remedy=f"trusted are: {', '.join(one.name for one in verifiers)}; to sign: airlock push --sign KEY",
    )


def _everywhere(registry: Registry, digest: str) -> Iterator[_Found]:
    """Yield the signatures under cosign's tag, then those of referrers that are not the same manifest."""
    tagged = registry.manifest(tag(digest))
    if tagged:
        yield from _signatures(_layers_or_none(tagged), tagged)
    for descriptor in registry.referrers(digest)[:_LOOKED_AT]:
        other = str(descriptor.get("digest"))
        if descriptor.get("artifactType") != ARTIFACT_TYPE or (tagged and other == tagged.digest):
            continue
        manifest = registry.manifest(other)
        if manifest:
            yield from _signatures(_layers_or_none(manifest), manifest)


def _signatures(layers: Iterable[Mapping[str, Any]], manifest: Manifest | None) -> Iterator[_Found]:
    """Yield those layers that are signatures: cosign keeps attestations elsewhere, others perhaps here."""
    for layer in layers:
        if manifest and layer.get("mediaType") == simple.MEDIA_TYPE:
            yield _Found(layer, manifest)


def _judged(registry: Registry, found: _Found, claim: Claim, verifiers: Iterable[Verifier]) -> _Judged:
    try:
        payload, signature = _parts(registry, found)
        key = next((one.name for one in verifiers if one.verify(payload, signature)), "")
        if not key:
            return _Judged(objection="no trusted key made it")
        said = simple.claim(payload)
    except (ValueError, RegistryError) as error:
        failures.require_answer(error)
        return _Judged(objection=str(error).partition("\n")[0])
    if said.digest != claim.digest:
        return _Judged(objection=f"it is of another digest, {shortened(said.digest, _WIDEST)}")
    if said.repository != claim.repository:
        return _Judged(objection=f"it is for another repository, {shortened(said.repository, _WIDEST)}")
    return _Judged(key=key)


def _parts(registry: Registry, found: _Found) -> tuple[bytes, bytes]:
    """Return payload and signature. Raises ValueError for what is malformed, RegistryError."""
    annotations, digest = found.layer.get("annotations"), found.layer.get("digest")
    encoded = annotations.get(SIGNATURE) if isinstance(annotations, dict) else None
    if not isinstance(encoded, str) or not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise ValueError("it has no signature in its annotations, or no payload")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("its signature is no base64") from None
    return registry.blob(digest, _PAYLOAD_LIMIT), signature


def _layers_or_none(manifest: Manifest) -> list[Mapping[str, Any]]:
    try:
        layers = manifest.document.get("layers")
    except (ValueError, RecursionError):
        return []
    return [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []


def _layers_at(name: str, there: Manifest | None) -> list[Mapping[str, Any]]:
    """Return the layers of what is under a tag of signatures. Raises SigningError where it is something else."""
    layers = _layers_or_none(there) if there else []
    if there and (there.media_type != oci.MANIFEST or not layers):
        raise SigningError(
            f"no signature can be added to {name}",
            cause=f"what is there is no manifest of signatures, but {there.media_type}",
            remedy="look at it, and delete the tag",
        )
    return layers


def _store(
    registry: Registry, claim: Claim, signer: Signer, there: Manifest | None, layers: list[Mapping[str, Any]]
) -> None:
    """Put the signature beside those that are there."""
    payload = Document(simple.MEDIA_TYPE, claim.payload())
    encoded = base64.b64encode(signer.sign(payload.content)).decode()
    layer = payload.descriptor(annotations={SIGNATURE: encoded})
    config, manifest = _manifest([*layers, layer], _subject(registry, claim.digest))
    for document in (payload, config):
        blob = Blob(f"sha256:{document.digest}", len(document.content), document.content)
        registry.upload(blob, lambda _: None)
    try:
        registry.put_manifest(manifest, tag(claim.digest))
    except RegistryError as error:
        if there is None:
            raise
        raise SigningError(
            f"the signature cannot be put beside those of others, under {tag(claim.digest)}",
            cause=str(error),
            remedy="where tags are immutable, except those of signatures: *.sig (airlock push --create does)",
        ) from error


def _subject(registry: Registry, digest: str) -> dict[str, object]:
    found = registry.manifest(digest)
    if found is None:
        raise SigningError(
            f"there is no {registry.repository}@{digest} to sign",
            cause="it is not in the registry",
            remedy="airlock push",
        )
    return {"mediaType": found.media_type, "digest": digest, "size": found.size}


def _manifest(
    layers: Sequence[Mapping[str, Any]], subject: Mapping[str, object]
) -> tuple[Document, Manifest]:
    """Return a manifest of signatures and its config: an image's, for cosign and skopeo read it as one."""
    config = {
        "architecture": "",
        "config": {},
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    held = Document(oci.CONFIG, _json(config))
    document = {
        "schemaVersion": 2,
        "mediaType": oci.MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": held.descriptor(),
        "layers": list(layers),
        "subject": dict(subject),
    }
    return held, Manifest(oci.MANIFEST, _json(document))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
