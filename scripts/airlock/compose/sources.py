"""From locks and files to fragment specs: one function for each kind of thing that an image is made of."""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from airlock.cache import Cache, key_of
from airlock.compose import bytecode, entry, fragment, recipe, trust
from airlock.compose.fragments import FragmentSpec
from airlock.debian import base, database, deb
from airlock.errors import BuildError
from airlock.locks import tiers
from airlock.walk import below
from airlock.wheels import source, wheel
from airlock.wheels.layout import VenvLayout
from airlock_spec.paths import IDENTITY, LIBRARY, VENV

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from airlock.certificates import CertificateFile
    from airlock.compose.bytecode import Compiler
    from airlock.compose.compression import Compression
    from airlock.compose.entry import Entry
    from airlock.compose.fragment import Fragment
    from airlock.compose.image_file import ImageFile
    from airlock.locks.airflow import LockedWheel
    from airlock.locks.debian import LockedDeb
    from airlock.store import Store, StoreFile
    from airlock_spec.identity import Identity

_STANDARD_LIBRARY = re.compile(r"usr/(lib|share)/python3")
_LIBRARY = re.compile(f"{LIBRARY[1:]}/")


@dataclass(frozen=True)
class Workshop:
    """What every fragment is made with."""

    store: Store
    cache: Cache
    compiler: Compiler
    compression: Compression
    image: ImageFile
    python: str  # 3.13
    interpreter: tuple[tuple[str, str], ...]  # the image's: the same whichever machine composes
    lost: Mapping[str, frozenset[str]]  # by package, the paths that the configuration gives to another
    trust: trust.Links
    compiling: tuple[StoreFile, ...] = ()  # the files that the compiler is unpacked from

    @property
    def layout(self) -> VenvLayout:
        return VenvLayout(VENV, self.python)

    def inputs(self, *inputs: object) -> str:
        return key_of(self.interpreter, self.compression.identity, VENV, *inputs)

    def spec(
        self, package: str, label: str, inputs: str, weight: int, entries: Callable[[], Sequence[Entry]]
    ) -> FragmentSpec:
        lost = set(self.lost.get(package, ()))
        if lost:
            # bytecode is never compared with its source, so it must not outlive it
            lost |= {bytecode.cached_path(path, self.compiler.tag) for path in lost if path.endswith(".py")}
            inputs = key_of(inputs, sorted(lost))

        def make() -> Fragment:
            return fragment.make(
                package, [item for item in entries() if item.path not in lost], self.compression
            )

        return FragmentSpec(
            package,
            label,
            inputs,
            key_of(recipe.of(recipe.FRAGMENT), self.compiler.identity, inputs),
            weight,
            make,
        )


def wheel_spec(shop: Workshop, locked: LockedWheel) -> FragmentSpec:
    """Plan the fragment of a locked wheel."""

    def entries() -> list[Entry]:
        content = shop.store.read(locked.file)
        return wheel.entries(locked.file.filename, content, shop.layout, shop.compiler, shop.trust)

    inputs = shop.inputs("wheel", locked.file.filename, locked.file.sha256, astuple(shop.trust))
    spec = shop.spec(locked.name, f"{locked.name} {locked.version}", inputs, locked.file.size, entries)
    tier = tiers.UNKNOWN if locked.tier is None else locked.tier
    return replace(spec, tier=tier, files=(locked.file, *shop.compiling))


def distribution_spec(shop: Workshop, distribution: source.Distribution) -> FragmentSpec:
    """Plan the fragment of a distribution of this repository."""

    def entries() -> list[Entry]:
        name, content = source.wheel(distribution, shop.cache)
        made = wheel.entries(name, content, shop.layout, shop.compiler, shop.trust)
        _require_compiled(distribution, shop, made)
        return made

    inputs = shop.inputs("distribution", distribution.digest, astuple(shop.trust))
    spec = shop.spec(distribution.name, distribution.name, inputs, 1, entries)
    return replace(spec, files=shop.compiling)


def _require_compiled(distribution: source.Distribution, shop: Workshop, made: Sequence[Entry]) -> None:
    """Raise BuildError for a source of ours that Python refuses; those of others may be templates."""
    paths = {item.path for item in made}
    modules = (path for path in paths if path.endswith(".py") and shop.layout.sources.match(path))
    broken = sorted(path for path in modules if bytecode.cached_path(path, shop.compiler.tag) not in paths)
    if broken:
        raise BuildError(
            f"{distribution.name} has sources that Python {shop.python} cannot compile",
            cause="\n".join(path.removeprefix(f"{shop.layout.site_packages}/") for path in broken),
            remedy=f"python3 -m compileall -q {distribution.folder}",
        )


def deb_spec(shop: Workshop, locked: LockedDeb) -> FragmentSpec:
    """Plan the fragment of a Debian package: its files, dpkg's lists of them, bytecode for the standard library."""

    def entries() -> list[Entry]:
        unpacked = deb.read(locked.filename, shop.store.read(locked.file), shop.image.debian)
        kept = [item for item in unpacked.entries if item.path not in base.REPLACED_DIRECTORIES]
        codes = bytecode.with_bytecode(kept, shop.compiler, _STANDARD_LIBRARY)
        return [*kept, *database.lists(unpacked.control, kept), *codes]

    selection = (shop.image.debian.leave_out, shop.image.debian.keep)
    inputs = shop.inputs("deb", locked.file.filename, locked.sha256, selection)
    spec = shop.spec(locked.package, f"{locked.package} {locked.version}", inputs, locked.size, entries)
    return replace(spec, files=(locked.file, *shop.compiling))


def base_spec(shop: Workshop, debs: Sequence[LockedDeb]) -> FragmentSpec:
    """Plan the fragment of what maintainer scripts would have made, and of the empty virtual environment."""

    def entries() -> list[Entry]:
        everything = deb.Selection()
        unpacked = {
            item.package: deb.read(
                item.filename, shop.store.read(item.file), everything, files=item.package in base.SOURCES
            )
            for item in debs
        }
        return [*base.entries(unpacked, shop.image.user, dict(shop.image.links)), *shop.layout.empty()]

    user = (shop.image.user.name, shop.image.user.uid, shop.image.user.gid, shop.image.user.home)
    inputs = shop.inputs("base", sorted((item.package, item.sha256) for item in debs), user, shop.image.links)
    spec = shop.spec("base", "base", inputs, 1, entries)
    return replace(spec, files=tuple(item.file for item in debs))


def rootfs_spec(shop: Workshop, rootfs: Path) -> FragmentSpec:
    """Plan the fragment of the files laid over everything, and of the folders that image.toml names.

    The modules in LIBRARY have bytecode: what runs before and beside Airflow starts often.
    """
    files = _rootfs(rootfs)
    content = [
        (item.path, item.kind, item.mode, item.target, hashlib.sha256(item.content).hexdigest())
        for item in files
    ]
    folders = [(item.path, item.mode, item.uid, item.gid) for item in shop.image.directories]
    inputs = shop.inputs("rootfs", content, folders)

    def entries() -> list[Entry]:
        codes = bytecode.with_bytecode(files, shop.compiler, _LIBRARY)
        return [*files, *codes, *shop.image.directories]

    return replace(shop.spec("rootfs", "image/rootfs", inputs, 1, entries), files=shop.compiling)


def certificates_spec(
    shop: Workshop, debs: Sequence[LockedDeb], own: Sequence[CertificateFile]
) -> list[FragmentSpec]:
    """Plan the fragment of the trust store, where there is to be one."""
    if not shop.trust.exists:
        return []
    roots = [item for item in debs if item.package == trust.PACKAGE]

    def entries() -> list[Entry]:
        unpacked = (deb.read(item.filename, shop.store.read(item.file), deb.Selection()) for item in roots)
        return trust.entries([item for one in unpacked for item in one.entries], own)

    inputs = shop.inputs("certificates", [item.sha256 for item in roots], trust.identity(own))
    spec = shop.spec("certificates", "image/certificates", inputs, 1, entries)
    return [replace(spec, files=tuple(item.file for item in roots))]


def identity_spec(shop: Workshop, identity: Identity) -> FragmentSpec:
    """Plan the fragment of the file that tells the image what it is made of."""
    content = identity.to_json()
    inputs = shop.inputs("identity", IDENTITY, content)
    return shop.spec("identity", "identity", inputs, 1, lambda: [entry.file(IDENTITY.lstrip("/"), content)])


def _rootfs(folder: Path) -> list[Entry]:
    """Read the files as git keeps them: the executable bit is the only mode there is.

    What a Python of this machine cached beside them is none of the project's.
    """
    found: list[Entry] = []
    for path in below(folder):
        name = path.relative_to(folder).as_posix()
        if "__pycache__" in path.parts:
            continue
        if path.is_symlink():
            found.append(entry.symlink(name, str(path.readlink())))
        elif path.is_file():
            mode = entry.PROGRAM_MODE if path.stat().st_mode & 0o100 else entry.FILE_MODE
            found.append(entry.file(name, path.read_bytes(), mode))
    entry.require_contained(found, "image/rootfs")
    return found
