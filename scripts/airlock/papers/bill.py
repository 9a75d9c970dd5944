"""The bill of materials of a composed image, a function of the image and of the code alone: made here, it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from airlock.cache import Cache, key_of
from airlock.locks import airflow, debian
from airlock.papers import inventory, paper, published, reading, sbom, subject
from airlock.papers.inventory import Ecosystem
from airlock.papers.reading import Reader
from airlock.platforms import PLATFORMS
from airlock.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.config import Config
    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper
    from airlock.places import Places
    from airlock.terminal import Terminal

KIND = "sbom"
_CODE = (
    *reading.CODE,
    "papers/bill.py",
    "papers/graph.py",
    "papers/inventory.py",
    "papers/sbom.py",
    "papers/subject.py",
    "platforms.py",
)


@dataclass(frozen=True)
class Bill:
    """A document, and how many components it lists of each ecosystem."""

    document: str
    components: Mapping[str, int]

    def paper(self, image: LaidOutImage) -> Paper:
        """Return it as an artifact that refers to its image."""
        return paper.make(KIND, sbom.MEDIA_TYPE, self.document.encode(), image)


def of(image: LaidOutImage, config: Config, places: Places, terminal: Terminal) -> Bill:
    """Return the bill of an image of the project.

    Raises ImageError where the image is not of the project's locks, and what `reading.Reader` raises.
    """
    subject.require_locked(image, config)
    cache = Cache(places.cache)
    key = key_of(reading.made_by(_CODE), version("airlock"), image.digest)
    known = cache.read_json(KIND, key)
    if known is None:
        there = published.kept(config.papers, image)
        reader = Reader(Store(places.store), cache, terminal, there.packages if there else {})
        known = _made(image, config, reader, there.distributions if there else {})
        if not (reader.borrowed or image.absent):  # what others say suffices for this bill, and is not kept
            cache.write_json(KIND, key, known)
    return Bill(known["document"], known["components"])


def _made(image: LaidOutImage, config: Config, reader: Reader, own: Mapping[str, bytes]) -> dict[str, object]:
    taken = inventory.take(
        airflow.read(config.airflow_lock),
        debian.read(config.debian_lock),
        PLATFORMS[image.platform],
        subject.own_metadata(image, own).values(),
        reader,
    )
    about = sbom.Subject(
        subject.label(image, "org.opencontainers.image.title"),
        image.digest,
        subject.label(image, "org.opencontainers.image.version"),
    )
    return {
        "document": sbom.document(about, taken).decode(),
        "components": {str(ecosystem): len(taken.of(ecosystem)) for ecosystem in Ecosystem},
    }
