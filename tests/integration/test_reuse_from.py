"""A machine with nothing but the locks and the files takes from a real registry all that would be the same."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airlock import process
from airlock.compose import interpreter
from airlock.platforms import AMD64
from airlock.registry import connecting
from airlock.registry.reference import repository
from airlock.signing import attached, keys
from airlock.store import Store
from benchmarks.changes import move_provider
from project import Project, layers, share_store
from registries import registry
from web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reduced import Built
    from registries import RunningRegistry

BUMPED = "apache-airflow-providers-http"
KEY = "trusted.pem"


@dataclass(frozen=True)
class Released:
    """An image that was pushed to a registry and signed; `reference` names it by a tag."""

    project: Project
    registry: RunningRegistry
    key: Path
    digest: str

    @property
    def repository(self) -> str:
        return f"{self.registry.host}/team/airflow"

    @property
    def reference(self) -> str:
        return f"{self.repository}:one"

    def sign(self, *digests: str) -> None:
        signer = keys.signer(str(self.key), self.project.folder, {})
        for digest in digests:
            attached.sign(connecting.connect(repository(self.repository)), digest, signer)

    def copy(self, folder: Path) -> Project:
        """Return the project's files on a machine with empty caches and an empty store."""
        shutil.copytree(self.project.folder, folder / "project", ignore=shutil.ignore_patterns("build"))
        return replace(self.project, folder=folder / "project", cache=folder / "cache")


@pytest.fixture(scope="module")
def released(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """Compose, push and sign the reduced project's image."""
    folder = tmp_path_factory.mktemp("released")
    warm = built.warm(folder)
    project = replace(warm, environment={**warm.environment, "AIRLOCK_PUSH_TRUSTED_KEYS": KEY})
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = serialization.PrivateFormat.PKCS8, serialization.PublicFormat.SubjectPublicKeyInfo
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    (project.folder / KEY).write_bytes(key.public_key().public_bytes(pem, public))
    with registry(folder / "registry") as running:
        made = Released(project, running, folder / "key.pem", built.digest)
        pushed = project.document("push", "--offline", "--repository", made.repository, "--tag", "one")
        assert pushed["digest"] == built.digest
        made.sign(pushed["digest"], *(one["digest"] for one in pushed["papers"]))
        yield made


@dataclass(frozen=True)
class Moved:
    """The project after a bump of one package: built in full, and the same files on a machine with nothing."""

    full: Project
    composed: dict[str, object]
    bare: Project
    served: Served


@pytest.fixture
def moved(released: Released, built: Built, tmp_path: Path) -> Iterator[Moved]:
    """Give the two machines; what they would have from indexes and a mirror is served on this one."""
    full = built.warm(tmp_path / "full")
    shutil.copy(released.project.folder / KEY, full.folder)
    (full.cache / "store").unlink()
    share_store(built.store.parent, full.cache)
    move_provider(full, BUMPED)
    composed = full.image()
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    store = Store(full.cache / "store")
    for wheel in full.airflow_lock.wheels(AMD64):
        shutil.copy(store.path(wheel.file), wheels)
    debs = full.debian_lock.for_platform(AMD64)
    served = Served({f"/{deb.archive}/{deb.filename}": store.path(deb.file).read_bytes() for deb in debs})
    bare = replace(released, project=full).copy(tmp_path / "bare")
    with serving(served) as port:
        environment = {
            **released.project.environment,
            "UV_DEFAULT_INDEX": tmp_path.as_uri(),
            "UV_FIND_LINKS": str(wheels),
            "AIRLOCK_DEBIAN_MIRROR": f"http://127.0.0.1:{port}",
        }
        yield Moved(full, composed, replace(bare, environment=environment), served)


def test_a_machine_with_nothing_makes_the_changed_layers_alone_and_gets_the_digest_of_a_full_build(
    released: Released, moved: Moved
) -> None:
    made = moved.bare.document("image", "--reuse-from", released.reference)

    assert made["digest"] == moved.composed["digest"]
    assert made["reused_from"] == f"{released.repository}@{released.digest}"
    built = {one["name"]: one for one in made["layers"] if not one["published"]}
    before = layers(released.project.image())
    assert set(built) == {name for name, digest in layers(made).items() if digest != before.get(name)}
    packages = {label.split()[0] for layer in built.values() for label in layer["packages"]}
    lock = moved.bare.debian_lock
    needed = {one.file.name for one in moved.bare.airflow_lock.wheels(AMD64) if one.name in packages}
    needed |= {one.file.name for one in interpreter.packages(lock, AMD64)}
    store = moved.bare.cache / "store"
    assert {path.relative_to(store).as_posix() for path in store.glob("*/*")} == needed


def test_what_it_pushes_is_whole_has_the_same_papers_and_runs(
    released: Released, moved: Moved, skopeo: Path, tmp_path: Path
) -> None:
    moved.bare.run("image", "--reuse-from", released.reference)
    for command in (["sbom", "--output", "-"], ["licenses", "--csv"]):
        assert moved.bare.run(*command).stdout == moved.full.run(*command).stdout

    where = ("--repository", released.repository, "--tag", "two")
    pushed = moved.bare.document("push", "--reuse-from", released.reference, *where)
    assert pushed["digest"] == moved.composed["digest"]
    assert released.registry.whole("team/airflow", "two") == pushed["digest"]
    there = {one["kind"]: one["digest"] for one in pushed["papers"]}
    again = moved.full.document("push", "--offline", "--repository", released.repository, "--tag", "three")
    assert {one["kind"]: one["digest"] for one in again["papers"]} == there

    pulled = replace(moved.full, folder=tmp_path / "pulled")
    shutil.copytree(moved.full.folder, pulled.folder, ignore=shutil.ignore_patterns("build"))
    pulled.layout.parent.mkdir()
    source = f"docker://{released.repository}:two"
    process.run([skopeo, "copy", "--quiet", "--src-tls-verify=false", source, f"oci:{pulled.layout}:two"])
    ran = pulled.run("run", "--", "/usr/bin/python3.13", "-c", "print(6 * 7)")
    assert ran.stdout == b"42\n"


def test_what_needs_the_layers_says_where_they_are_and_a_full_build_brings_them(
    released: Released, moved: Moved
) -> None:
    moved.bare.run("image", "--reuse-from", released.reference)
    layout = str(moved.bare.layout)
    for command in (["run", "--", "true"], ["diff", layout, layout], ["check"]):
        said = moved.bare.refused(*command, code=16)
        assert f"layers are in {released.repository}@{released.digest} alone" in said
        assert "airlock image" in said

    done = moved.bare.document("image")
    assert (done["digest"], done["reused_from"]) == (moved.composed["digest"], None)
    assert moved.bare.run("run", "--", "/usr/bin/python3.13", "-c", "print(6 * 7)").stdout == b"42\n"


def test_an_image_that_nobody_signed_is_an_error_and_builds_nothing(
    released: Released, built: Built, tmp_path: Path
) -> None:
    where = ("--repository", f"{released.registry.host}/team/unsigned", "--tag", "one")
    released.project.document("push", "--offline", *where)
    bare = released.copy(tmp_path)
    said = bare.refused("image", "--reuse-from", f"{released.registry.host}/team/unsigned:one", code=31)
    assert "bears no signature of a trusted key" in said
    assert not (bare.folder / "build" / "image" / "index.json").exists()

    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem, public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (bare.folder / KEY).write_bytes(other.public_bytes(pem, public))
    bare.refused("image", "--reuse-from", released.reference, code=31)
    trusting_none = replace(bare, environment={**bare.environment, "AIRLOCK_PUSH_TRUSTED_KEYS": ""})
    assert "trusted-keys" in trusting_none.refused("image", "--reuse-from", released.reference, code=3)


def test_a_registry_that_does_not_answer_and_an_image_that_is_not_there_are_errors(
    released: Released, tmp_path: Path
) -> None:
    bare = released.copy(tmp_path)
    assert "there is no image" in bare.refused(
        "image", "--reuse-from", f"{released.repository}:none", code=28
    )
    bare.refused("image", "--reuse-from", "127.0.0.1:9/team/airflow:one", code=28)
    bare.refused("image", "--reuse-from", released.repository, code=3)
    for option in ("--offline", "--load"):
        bare.refused("image", "--reuse-from", released.reference, option, code=2)


def test_nothing_changed_needs_no_file_at_all(released: Released, tmp_path: Path) -> None:
    bare = released.copy(tmp_path)
    made = bare.document("image", "--reuse-from", released.reference)
    assert made["digest"] == released.digest
    assert all(one["published"] for one in made["layers"])
    assert not (bare.cache / "store").exists()
    sizes = json.loads((bare.layout / "index.json").read_bytes())["manifests"][0]
    assert sizes["digest"] == released.digest
    assert len(list((bare.layout / "blobs" / "sha256").iterdir())) == 2
