"""What `image/Dockerfile` is built from: one folder with all of it, so that no step needs a network.

BuildKit takes a step from its cache where the folder that the step binds has the same content. So what moves
together lies together: the base, the libraries, the providers, the distributions of the project.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from uv import find_uv_bin

from airlock import writing
from airlock.compose import image, layer, layout, oci, sources, tar, trust, verdict
from airlock.compose.blobs import Blobs
from airlock.compose.fragments import Fragments
from airlock.compose.image_file import RunConfig
from airlock.compose.layer import LayerPlan
from airlock.compose.verdict import Rules
from airlock.debian.base import User
from airlock.errors import ConfigError
from airlock.walk import below
from airlock.wheels import source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.compose.fragments import FragmentSpec
    from airlock.compose.image import Inputs
    from airlock.compose.sources import Workshop
    from airlock.locks.airflow import LockedWheel
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.terminal import Terminal
    from airlock_spec.identity import Identity

TAG = "docker"  # what the image is loaded under, beside what `airlock image --load` calls latest
Groups = dict[str, list["LockedWheel"]]

_PROVIDER = "apache-airflow-providers-"
_BASE_TAG = "latest"
_PLAIN = RunConfig((), (), "/", "", (), (), ())
_ROOT = User("root", 0, 0, "/root")
_MOUNTED = "/wheels"  # where a step of the Dockerfile binds one of the folders of wheels
_BYTECODE = Path(image.__file__).with_name("bytecode_inside.py")


@dataclass(frozen=True)
class DockerContext:
    """The prepared folder, and what `docker buildx build` is told besides."""

    folder: Path
    dockerfile: Path
    name: str
    arguments: Mapping[str, str]

    @property
    def base(self) -> str:
        return f"oci-layout://{self.folder / 'base'}:{_BASE_TAG}"

    @property
    def bake_file(self) -> Path:
        """Two targets for `docker buildx bake`: `docker` loads the image, `layout` writes an OCI layout."""
        return self.folder / "docker-bake.json"

    @property
    def layout(self) -> Path:
        return self.folder.with_name("image-docker")

    def bake(self) -> str:
        docker = {
            "context": str(self.folder),
            "contexts": {"base": self.base},
            "dockerfile": str(self.dockerfile),
            "args": dict(self.arguments),
            "attest": ["type=provenance,disabled=true"],  # it names the time of the build
            "tags": [f"{self.name}:{TAG}"],
            "output": ["type=docker"],
        }
        # equal bytes of layers, whenever it is built: no time is later than SOURCE_DATE_EPOCH
        output = f"type=oci,tar=false,dest={self.layout},rewrite-timestamp=true"
        compression = "compression=zstd,compression-level=3,force-compression=true"
        written = {"inherits": ["docker"], "output": [f"{output},{compression}"]}
        document = {
            "group": {"default": {"targets": ["docker"]}},
            "target": {"docker": docker, "layout": written},
        }
        return json.dumps(document, indent=2) + "\n"


def groups(wheels: Sequence[LockedWheel]) -> Groups:
    """Return the wheels by how often they move: a step for the libraries, a later one for the providers."""
    found: Groups = {"libraries": [], "providers": []}
    for wheel in wheels:
        found["providers" if wheel.name.startswith(_PROVIDER) else "libraries"].append(wheel)
    return found


def prepare(
    inputs: Inputs, platform: Platform, places: Places, terminal: Terminal, chosen: Groups | None = None
) -> DockerContext:
    """Make the folder `build/docker` of the project hold what the Dockerfile needs, and nothing else.

    `chosen` are the folders of wheels, where they are not those of `groups`. Raises ConfigError where the
    project has no Dockerfile.
    """
    finish = _of_the_project(inputs.config.project / "image" / "finish.py")
    identity = image.identity(inputs, platform)
    context = _context(inputs, identity)
    shop = image.workshop(inputs, platform, places)
    wheels = chosen or groups(inputs.airflow.wheels(platform))
    rootfs = (
        sources.rootfs_spec(shop, inputs.config.rootfs),
        *sources.certificates_spec(shop, inputs.debian.for_platform(platform), inputs.certificates),
        sources.identity_spec(shop, identity),
    )
    folder = context.folder
    with layout.locked(folder, terminal):
        _write_base(folder / "base", inputs, platform, shop, terminal)
        kept = set(below(folder / "base"))
        for name, group in wheels.items():
            kept |= _link_wheels(folder / "wheels" / name, group, shop)
        kept |= _build_wheels(folder / "wheels" / "own", inputs, shop)
        kept |= {
            _write(folder / "rootfs.tar", _tar(rootfs, shop)),
            _write(folder / finish.name, finish.read_bytes()),
            _write(folder / "bytecode.py", _BYTECODE.read_bytes()),
            _write(context.bake_file, context.bake().encode()),
            _link(Path(find_uv_bin()), folder / "uv"),
        }
        _remove_all_but(kept, folder)
    return context


def _context(inputs: Inputs, identity: Identity) -> DockerContext:
    arguments = {
        "SOURCE_DATE_EPOCH": str(tar.EPOCH),
        "TITLE": inputs.config.name.rpartition("/")[2],
        "AIRFLOW": image.version(inputs),
        "AIRFLOW_LOCK": identity.airflow_lock,
        "DEBIAN_LOCK": identity.debian_lock,
    }
    folder = inputs.config.layout.with_name("docker")
    dockerfile = _of_the_project(inputs.config.project / "image" / "Dockerfile")
    return DockerContext(folder, dockerfile, inputs.config.name, arguments)


def _of_the_project(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing",
            cause="BuildKit builds the image as it says",
            remedy="take image/Dockerfile and image/finish.py from airlock, or compose: airlock image",
        )
    return path


def _write_base(folder: Path, inputs: Inputs, platform: Platform, shop: Workshop, terminal: Terminal) -> None:
    """Write the image's Debian layer as an image of its own."""
    debs = inputs.debian.for_platform(platform)

    def plan(lost: verdict.Lost) -> list[LayerPlan]:
        there = replace(shop, lost=lost)
        specs = (*(sources.deb_spec(there, deb) for deb in debs), sources.base_spec(there, debs))
        return [LayerPlan("debian", specs)]

    pieces = Fragments(shop.cache, os.cpu_count() or 1)
    names = {"base", *(deb.package for deb in debs)}
    owners = {path: package for path, package in inputs.image.owners if package in names}
    rules = Rules(platform, owners, dict(inputs.debian.libraries))
    (debian,), folders = verdict.settle(plan, rules, pieces, shop.cache, terminal)
    special = folders[debian.name]
    made = layer.join(
        debian, special, pieces, shop.compression, shop.cache, Blobs(layout.blobs(folder), shop.cache)
    )
    config = oci.config(_PLAIN, _ROOT, platform, [made], {})
    manifest = oci.manifest(config, [made], {})
    described = manifest.descriptor(
        platform={"architecture": platform.architecture, "os": platform.os},
        annotations={"org.opencontainers.image.ref.name": _BASE_TAG},
    )
    index = {"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": [described]}
    layout.publish(folder, oci.Document(oci.INDEX, json.dumps(index).encode()), [config, manifest], [made])


def _link_wheels(folder: Path, wheels: Sequence[LockedWheel], shop: Workshop) -> set[Path]:
    """Link locked wheels out of the store; uv checks their hashes when it installs them."""
    lines = []
    kept = {_write_trust(folder, shop)}
    for wheel in wheels:
        kept.add(_link(shop.store.path(wheel.file), folder / wheel.file.filename))
        lines.append(_requirement(wheel.name, wheel.file.filename, wheel.file.sha256))
    return kept | {_write_requirements(folder, lines)}


def _build_wheels(folder: Path, inputs: Inputs, shop: Workshop) -> set[Path]:
    """Build the project's own distributions, each at most once for the same sources."""
    lines = []
    kept = {_write_trust(folder, shop)}
    for source_folder in inputs.config.distributions:
        distribution = source.describe(source_folder)
        filename, content = source.wheel(distribution, shop.cache)
        kept.add(_write(folder / filename, content))
        lines.append(_requirement(distribution.name, filename, hashlib.sha256(content).hexdigest()))
    return kept | {_write_requirements(folder, lines)}


def _write_trust(folder: Path, shop: Workshop) -> Path:
    """Say which files of the wheels become links to the trust store."""
    links = {"store": trust.STORE if shop.trust.exists else "", "bundles": shop.trust.bundles}
    return _write(folder / "trust.json", json.dumps(links).encode())


def _requirement(name: str, filename: str, sha256: str) -> str:
    return f"{name} @ file://{_MOUNTED}/{quote(filename)} --hash=sha256:{sha256}\n"


def _write_requirements(folder: Path, lines: Sequence[str]) -> Path:
    return _write(folder / "requirements.txt", "".join(lines).encode())


def _tar(specs: Sequence[FragmentSpec], shop: Workshop) -> bytes:
    """Return fragments as one archive that `ADD` unpacks, with the modes and owners of their folders."""
    made = [spec.make() for spec in specs]
    folders = [folder for fragment in made for folder in fragment.facts.directories]
    cuts = [shop.compression.read(fragment.frame) for fragment in made]
    return b"".join([tar.cut(folders), *cuts, tar.END])


def _link(original: Path, target: Path) -> Path:
    """Make `target` the same file, or a copy of it where it lies on another file system."""
    with contextlib.suppress(FileNotFoundError):
        there, here = target.stat(), original.stat()
        if (there.st_size, there.st_mtime_ns) == (here.st_size, here.st_mtime_ns):
            return target
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(original)
    except OSError:
        with original.open("rb") as content, writing.replacing(target) as copy:
            shutil.copyfileobj(content, copy)
        shutil.copystat(original, target)
    return target


def _write(path: Path, content: bytes) -> Path:
    """Write what is new: a file that keeps its time stamp is not sent to BuildKit again."""
    if not path.is_file() or path.read_bytes() != content:
        writing.write(path, content)
    return path


def _remove_all_but(kept: set[Path], folder: Path) -> None:
    for path in reversed(below(folder)):
        if path.is_dir():
            with contextlib.suppress(OSError):  # not empty
                path.rmdir()
        elif path not in kept:
            path.unlink()
