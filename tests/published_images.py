"""Images of small projects in a registry in memory, and machines that take their layers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.cache import Cache
from airlock.compose import image
from airlock.compose.taking import Reuse
from airlock.errors import UntrustedError
from airlock.layout import read_image
from airlock.papers import published
from airlock.papers.reading import Reader
from airlock.registry.reference import Reference
from airlock.registry.registry import Blob, Manifest
from airlock.registry.reusable import Finder
from airlock.store import Store
from airlock.terminal import Terminal
from memory_registry import MemoryRegistry
from small_project import HERE, SmallProject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.compose.image import Image
    from airlock.compose.oci import Document
    from airlock.papers.paper import Paper
    from airlock.registry.registry import Registry
    from airlock.store import StoreFile

TAG = "latest"


def paper_of(project: SmallProject, made: Image) -> Paper:
    """Make the paper about the image that the project composed last."""
    reader = Reader(Store(project.places.store), Cache(project.places.cache), Terminal(quiet=True))
    laid_out = read_image(project.inputs.config.layout, HERE, partial=True)
    return published.make(made, laid_out, project.inputs, reader)


@dataclass
class Shelf:
    """A registry, and whose digests a trusted key signed."""

    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    signed: set[str] = field(default_factory=set)

    def push(self, project: SmallProject, made: Image, paper: Paper | None = None) -> None:
        """Push what the project composed last, all of it signed, under TAG; `paper` instead of its own."""
        laid_out = read_image(project.inputs.config.layout, HERE)
        for one in (laid_out.config, *laid_out.layers):
            self.registry.upload(Blob(one.digest, one.size, laid_out.blob(one)), _nothing)
        self.registry.put_manifest(
            Manifest(laid_out.manifest.media_type, laid_out.blob(laid_out.manifest).read_bytes()), TAG
        )
        self.signed.add(made.digest)
        self.attach(paper or paper_of(project, made))

    def attach(self, paper: Paper, *, signed: bool = True) -> None:
        for one in paper.blobs:
            self.registry.upload(_blob(one), _nothing)
        self.registry.put_manifest(Manifest(paper.manifest.media_type, paper.manifest.content))
        if signed:
            self.signed.add(paper.digest)

    def require_trusted(self, registry: Registry, digest: str) -> None:
        if digest not in self.signed:
            raise UntrustedError(f"{registry.repository}@{digest} bears no signature of a trusted key")


@dataclass
class Machine:
    """A machine with empty caches and an empty store, which fetches files of another's store and notes which."""

    project: SmallProject
    origin: Path  # the other's store
    fetched: list[str] = field(default_factory=list)

    @classmethod
    def empty(cls, project: SmallProject, folder: Path) -> Machine:
        """Copy the project's files, and nothing that was made of them."""
        target = folder / "project"
        shutil.copytree(project.folder, target, ignore=shutil.ignore_patterns("build"))
        return cls(SmallProject(target, type(project.places)(folder / "cache")), project.places.store)

    def supply(self, files: Iterable[StoreFile]) -> None:
        for file in Store(self.project.places.store).missing(files):
            self.project.keep(file.filename, Store(self.origin).read(file))
            self.fetched.append(file.filename)

    def find(self, shelf: Shelf, name: str = TAG) -> Reuse:
        reference = Reference(shelf.registry.repository, *(("", name) if ":" in name else (name, "")))
        finder = Finder(shelf.registry, shelf.require_trusted, Terminal(quiet=True))
        found = finder.find(reference, [HERE])
        return Reuse(str(found.reference), found.images, self.supply)

    def compose(self, reuse: Reuse) -> Image:
        (made,) = image.compose(
            self.project.inputs, self.project.places, Terminal(quiet=True), 2, reuse
        ).images
        return made


def _blob(document: Document) -> Blob:
    return Blob(f"sha256:{document.digest}", len(document.content), document.content)


def _nothing(_: int) -> None:
    pass
