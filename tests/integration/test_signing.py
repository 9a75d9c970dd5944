"""Signatures between us and skopeo (containers/image, as podman and CRI-O have it), by way of a real registry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import signing_keys
import sigstore_skopeo
from airlock import process
from airlock.errors import UntrustedError
from airlock.registry import connecting
from airlock.registry.reference import Repository
from airlock.signing import attached, keys
from layouts import folder, write_layout
from registries import registry
from signing_keys import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.process import Done
    from airlock.registry.registry import Registry

ENVIRON = {"COSIGN_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running.host


@pytest.fixture(scope="module")
def skopeo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sigstore_skopeo.find(tmp_path_factory.mktemp("skopeo"))


@dataclass
class World:
    """An image in a repository of its own, two pairs of keys, and skopeo with a policy that wants signatures."""

    folder: Path
    skopeo: Path
    repository: Repository
    digest: str

    @property
    def registry(self) -> Registry:
        return connecting.connect(self.repository)

    def sign(self, key: str) -> attached.Signature:
        return attached.sign(self.registry, self.digest, keys.signer(f"{key}.key", self.folder, ENVIRON))

    def trusted(self, key: str) -> str:
        return attached.require_trusted(
            self.registry, self.digest, [keys.verifier(f"{key}.pub", self.folder)]
        )

    def copy(self, source: str, target: str, *options: str | Path) -> Done:
        command = [
            self.skopeo, "--registries.d", self.folder / "registries.d", "--policy", self.folder / "any.json",
            "copy", "--src-tls-verify=false", "--dest-tls-verify=false", *options, source, target,
        ]  # fmt: skip
        return process.run(command)

    def copy_signing(self, key: str) -> None:
        """Push the image again, and have skopeo sign it."""
        (self.folder / "password").write_text(PASSWORD)
        self.copy(
            f"oci:{self.folder / 'layout'}", f"docker://{self.repository}:tag", "--preserve-digests",
            "--sign-by-sigstore-private-key", self.folder / f"{key}.key",
            "--sign-passphrase-file", self.folder / "password",
        )  # fmt: skip

    def verify(self, key: str, name: str) -> str:
        """Copy the image from the registry, where skopeo accepts its signature; return what it says else."""
        policy = {
            "default": [{"type": "reject"}],
            "transports": {
                "docker": {
                    self.repository.host: [
                        {
                            "type": "sigstoreSigned",
                            "keyPath": str(self.folder / f"{key}.pub"),
                            "signedIdentity": {"type": "matchRepository"},
                        }
                    ]
                }
            },
        }
        (self.folder / "policy.json").write_text(json.dumps(policy))
        command: list[str | Path] = [
            self.skopeo, "--registries.d", self.folder / "registries.d", "--policy", self.folder / "policy.json",
            "copy", "--src-tls-verify=false", "--remove-signatures",
            f"docker://{self.repository}{name}", f"dir:{self.folder / 'copied'}",
        ]  # fmt: skip
        return process.run(command, check=False).stderr.decode()


@pytest.fixture
def world(tmp_path: Path, host: str, skopeo: Path, request: pytest.FixtureRequest) -> World:
    (tmp_path / "registries.d").mkdir()
    attachments = {"docker": {host: {"use-sigstore-attachments": True}}}
    (tmp_path / "registries.d" / "here.yaml").write_text(json.dumps(attachments))
    (tmp_path / "any.json").write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    for name in ("ours", "others"):
        signing_keys.write_pair(tmp_path, name)
    digest = write_layout(tmp_path / "layout", [[folder(request.node.name)]])
    repository = Repository(host, f"team/{request.node.name.partition('[')[0]}")
    made = World(tmp_path, skopeo, repository, digest)
    made.copy(f"oci:{tmp_path / 'layout'}", f"docker://{repository}:tag", "--preserve-digests")
    return made


def test_skopeo_accepts_what_we_signed(world: World) -> None:
    world.sign("ours")
    assert world.verify("ours", f"@{world.digest}") == ""
    assert world.verify("ours", ":tag") == ""


@pytest.mark.parametrize("kind", ["p384", "rsa", "ed25519"])
def test_skopeo_accepts_keys_of_other_kinds(world: World, kind: str) -> None:
    signing_keys.write_pair(world.folder, "ours", kind)
    world.sign("ours")
    assert world.verify("ours", f"@{world.digest}") == ""


def test_skopeo_refuses_what_we_did_not_sign(world: World) -> None:
    assert "A signature was required, but no signature exists" in world.verify("ours", ":tag")
    world.sign("others")
    assert "cryptographic signature verification failed" in world.verify("ours", ":tag")


def test_skopeo_accepts_two_signatures_beside_each_other(world: World) -> None:
    world.sign("others")
    world.sign("ours")
    assert [world.verify(key, ":tag") for key in ("ours", "others")] == ["", ""]


def test_we_accept_what_skopeo_signed_with_a_key_that_both_open(world: World) -> None:
    with pytest.raises(UntrustedError, match="bears no signature of a trusted key"):
        world.trusted("ours")
    world.copy_signing("ours")
    assert world.trusted("ours") == "ours.pub"
    with pytest.raises(UntrustedError, match="bears no signature of a trusted key"):
        world.trusted("others")
    assert not world.sign("ours").written  # a signature of this key, whoever made it


def test_ours_is_put_beside_that_of_skopeo(world: World) -> None:
    world.copy_signing("others")
    assert world.sign("ours").written
    assert [world.trusted(key) for key in ("ours", "others")] == ["ours.pub", "others.pub"]
    assert [world.verify(key, ":tag") for key in ("ours", "others")] == ["", ""]


def test_a_signature_is_a_referrer_of_its_image(world: World) -> None:
    signature = world.sign("ours")
    (referrer,) = world.registry.referrers(world.digest)
    assert (referrer["digest"], referrer["artifactType"]) == (signature.manifest, attached.ARTIFACT_TYPE)
    assert not world.sign("ours").written
