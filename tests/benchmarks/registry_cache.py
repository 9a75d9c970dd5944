"""A CI machine with empty caches after a bump: airlock takes layers from a registry, BuildKit its cache."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import changes
from benchmarks.builders import name_of
from benchmarks.docker import docker, remove_images
from benchmarks.pushers import NAME, Airlock

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.builders import BuildKit, Composer

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Keys:
    """A key to sign with, and its public half, which is trusted."""

    private: Path
    public: Path

    @classmethod
    def make(cls, folder: Path) -> Keys:
        folder.mkdir(parents=True)
        key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
        made = cls(folder / "release.key", folder / "release.pub")
        form, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        made.private.write_bytes(key.private_bytes(pem, form, open_))
        made.public.write_bytes(
            key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        return made


def ours(composer: Composer, host: str, keys: Keys) -> float:
    """Push a signed image; bump a provider; return the seconds of composing and pushing with nothing cached."""
    project = composer.project
    trusting = {**project.environment, "AIRLOCK_PUSH_TRUSTED_KEYS": str(keys.public)}
    project = replace(project, environment=trusting)
    signed = ("--sign", keys.private)
    Airlock(project, signed).push(host, BEFORE)
    changes.move_provider(project)
    composer.forget()
    reuse = ("--reuse-from", f"{host}/{NAME}:{BEFORE}")
    return Airlock(project, (*signed, *reuse)).push(host, AFTER)


def theirs(builder: BuildKit, host: str) -> float:
    """The same with BuildKit, whose image and cache go to the registry; the context is there, as for every build."""
    builder.forget()
    _build(builder, host, BEFORE, cached=False)
    changes.move_provider(builder.project)
    prepared = builder.prepare_context()
    remove_images(builder.loaded, name_of(builder.peer))  # whose layers would count as what is there
    docker("buildx", "prune", "--all", "--force")
    return prepared + _build(builder, host, AFTER, cached=True)


def _build(builder: BuildKit, host: str, tag: str, *, cached: bool) -> float:
    """Build and push, zstd as our layers are; return seconds."""
    compression = "compression=zstd,compression-level=3,force-compression=true"
    place = f"type=registry,ref={host}/{NAME}:cache"  # beside the image, whose layers it names, too
    settings = [
        f"docker.tags={host}/{NAME}:{tag}",
        f"docker.output=type=image,push=true,store=false,oci-mediatypes=true,{compression}",
        f"docker.cache-to={place},mode=max,image-manifest=true,oci-mediatypes=true,{compression}",
        *([f"docker.cache-from={place}"] if cached else []),
    ]
    return builder.bake("docker", *(word for one in settings for word in ("--set", one)))
