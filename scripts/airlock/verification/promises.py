"""What a registry holds of an image: who signed it, and the signed provenance of each of its platforms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import RegistryError, UntrustedError
from airlock.layout import INDEXES
from airlock.papers import provenance
from airlock.registry import failures
from airlock.signing import attached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.papers.provenance import Provenance
    from airlock.registry.reference import Reference
    from airlock.registry.registry import Manifest, Registry
    from airlock.signing.keys import Verifier

_PLATFORMS = 32  # of one index that are looked at
_PAPERS = 100  # that refer to one image
_STATEMENT_LIMIT = 1 << 20  # bytes
_ATTESTATION = "unknown"  # the architecture of what BuildKit puts beside images


@dataclass(frozen=True)
class Promised:
    """One platform's image as the registry has it, and its provenance."""

    manifest: Manifest
    provenance: Provenance


def resolved(registry: Registry, reference: Reference) -> Manifest:
    """Return what a name of an image names. Raises RegistryError where that is nothing."""
    found = registry.manifest(reference.name)
    if found is None:
        raise RegistryError(
            f"there is no {reference}",
            cause="the registry knows no manifest of that name",
            remedy="check the name, or: airlock push",
        )
    return found


def images_of(registry: Registry, top: Manifest) -> list[Manifest]:
    """Return the manifests of an image's platforms: those that an index names, or the one itself.

    Raises UntrustedError where an index is malformed, or names what is not there.
    """
    if top.media_type not in INDEXES:
        return [top]
    try:
        digests = [
            str(one["digest"])
            for one in top.document["manifests"]
            if one.get("platform", {}).get("architecture") != _ATTESTATION
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UntrustedError(f"the index {top.digest} is malformed", cause=repr(error)) from error
    found = [registry.manifest(digest) for digest in digests[:_PLATFORMS]]
    images = [one for one in found if one]
    if not images or len(images) != len(digests):
        raise UntrustedError(
            f"the index {top.digest} is not whole",
            cause=f"it names {len(digests)} images, of which {len(images)} are there",
            remedy="airlock push, which sends what is missing",
        )
    return images


def promised(registry: Registry, image: Manifest, verifiers: Sequence[Verifier]) -> list[Promised]:
    """Return an image with each provenance of it that a trusted key signed: several commits may make one image.

    Raises UntrustedError where there is none, which tells of each why it does not count.
    """
    found, objections = [], []
    papers = [
        one for one in registry.referrers(image.digest) if one.get("artifactType") == provenance.MEDIA_TYPE
    ]
    for descriptor in papers[:_PAPERS]:
        digest = str(descriptor.get("digest"))
        try:
            found.append(Promised(image, _provenance(registry, digest, image, verifiers)))
        except UntrustedError as error:
            objections.append(f"{digest[:19]}…: {error.cause or error.fact}")
        except (ValueError, RegistryError) as error:
            failures.require_answer(error)
            objections.append(f"{digest[:19]}…: {str(error).partition(chr(10))[0]}")
    if found:
        return found
    raise UntrustedError(
        f"{registry.repository}@{image.digest} has no provenance that a trusted key signed",
        cause="\n".join(objections) or "no paper that refers to it is one",
        remedy="airlock push --sign KEY, from the commit it was made of",
    )


def of_one_source(platforms: Sequence[Sequence[Promised]], is_here: Callable[[str], bool]) -> list[Promised]:
    """Choose for each platform the provenance of one commit that all of them have, rather one that is here.

    Raises UntrustedError where there is none, or where it says that the work tree was not as the commit has it.
    """
    clean = [{_source(one): one for one in found if not one.provenance.dirty} for found in platforms]
    common = [source for source in clean[0] if all(source in found for found in clean)]
    if common:
        chosen = next((source for source in common if is_here(source[0])), common[0])
        return [found[chosen] for found in clean]
    everything = [one.provenance for found in platforms for one in found]
    if any(one.dirty for one in everything):
        raise UntrustedError(
            f"the image was made from a work tree that was not as commit {everything[0].commit} has it",
            cause="its provenance says so: files were changed, or new",
            remedy="commit, and push again",
        )
    raise UntrustedError(
        "the platforms of the image are of different commits",
        cause="\n".join(f"{one.platform}: {one.commit}" for one in everything),
        remedy="airlock push, with every --platform at once",
    )


def _source(one: Promised) -> tuple[str, str]:
    return one.provenance.commit, one.provenance.folder


def _provenance(
    registry: Registry, digest: str, image: Manifest, verifiers: Sequence[Verifier]
) -> Provenance:
    """Return a signed statement about the image. Raises UntrustedError, RegistryError, ValueError."""
    attached.require_trusted(registry, digest, verifiers)
    paper = registry.manifest(digest)
    if paper is None:
        raise ValueError("its manifest is not there")
    if paper.document.get("artifactType") != provenance.MEDIA_TYPE:
        raise ValueError("it is a paper of another kind")
    layers: Any = paper.document.get("layers")
    if not isinstance(layers, list) or len(layers) != 1 or not isinstance(layers[0], dict):
        raise ValueError("its manifest does not name the one document")
    found = provenance.read(registry.blob(str(layers[0].get("digest")), _STATEMENT_LIMIT))
    if found.subject != image.digest:
        raise ValueError(f"it is about another image, {found.subject}")
    return found
