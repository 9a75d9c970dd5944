"""The Docker Engine, and how an image is given to one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from airlock import docker_connection, later
from airlock.archive import Reference, archive
from airlock.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from airlock.docker_connection import Answer, Connection
    from airlock.layout import LaidOutImage
    from airlock.terminal import Progress, Terminal

_NOT_FOUND, _FAILED = 404, 400


@dataclass(frozen=True)
class LoadResult:
    """What was loaded: the engine's id of the image, the bytes it was sent, the layers it already held."""

    reference: str
    image_id: str
    bytes_sent: int
    reused_layers: int


@dataclass(frozen=True)
class Held:
    """An image that an engine has: its id, the diff ids of its layers in their order.

    `complete` says that every blob of it is known to be there, so that it can also be saved and pushed.
    """

    image_id: str
    layers: tuple[str, ...] = ()
    complete: bool = True


class Engine(Protocol):
    """What is asked of a Docker Engine. Every method raises EngineError where it does not answer."""

    def held(self, name: str) -> Held | None:
        """Return the image of a name or an id, None where there is none."""
        ...

    def tag(self, image_id: str, reference: Reference) -> None: ...

    def images(self) -> list[Held]:
        """Return every image; where there are many, that takes seconds."""
        ...

    def keeps_blobs(self) -> bool:
        """Whether it keeps layers as blobs (containerd), or each unpacked over those below it."""
        ...

    def load(self, pieces: Iterator[bytes]) -> str | None:
        """Load an archive; return what the engine has against it, None where it took it."""
        ...


@dataclass(frozen=True)
class Asked:
    """An engine, and what it held under a name when it was asked."""

    engine: Engine
    held: Held | None


def ask(reference: str) -> Callable[[], Asked]:
    """Connect to the engine and begin to ask what it holds under a name: the image loaded before, if any.

    Raises EngineError where none answers, or nothing can be loaded under that name.
    """
    name, engine = Reference.parse(reference), connect()
    return later.begin(lambda: Asked(engine, engine.held(str(name))))


def load(image: LaidOutImage, reference: str, terminal: Terminal, asked: Asked | None = None) -> LoadResult:
    """Give the image to the Docker Engine under the name `reference`, sending only what it does not hold.

    `asked` spares asking again what `ask` answered. Raises EngineError where no engine answers, or it refuses
    the image.
    """
    name = Reference.parse(reference)
    asked = asked or ask(reference)()
    engine = asked.engine
    ids = (image.manifest.digest, image.config.digest)  # containerd's id, the older
    if asked.held and asked.held.complete and asked.held.image_id in ids:
        return LoadResult(reference, asked.held.image_id, 0, len(image.layers))
    other = engine.held(ids[0]) or engine.held(ids[1])
    if other and other.complete:
        engine.tag(other.image_id, name)
        return LoadResult(reference, other.image_id, 0, len(image.layers))
    return _send(image, reference, asked, terminal)


def _send(image: LaidOutImage, reference: str, asked: Asked, terminal: Terminal) -> LoadResult:
    name, engine = Reference.parse(reference), asked.engine
    sending = _Sending(image, name, engine, terminal)
    layers = _held_layers(image, asked)
    refusal = sending.send(layers)
    loaded = None if refusal else engine.held(str(name))
    # containerd takes an archive without a blob, if it has what the blob unpacks to from another image
    if layers and not (loaded and loaded.complete):
        terminal.say("the engine wants the layers that it seemed to hold: sending all")
        layers = frozenset()
        refusal = sending.send(layers)
        loaded = None if refusal else engine.held(str(name))
    if refusal:
        raise EngineError(
            "the Docker Engine refuses the image", cause=refusal, remedy="docker version; docker info"
        )
    if loaded is None:
        raise EngineError(
            f"the Docker Engine took the image, but does not know {name}", remedy="docker image ls"
        )
    reused = sum(layer.digest in layers for layer in image.layers)
    return LoadResult(reference, loaded.image_id, sending.sent, reused)


def _held_layers(image: LaidOutImage, asked: Asked) -> frozenset[str]:
    """Return the digests of the layers that the engine seems to hold."""
    diff_ids = set(image.diff_ids)
    likely = [asked.held] if asked.held else []
    if not any(diff_ids & set(held.layers) for held in likely):
        likely = asked.engine.images()
    if asked.engine.keeps_blobs():
        known = {diff_id for held in likely for diff_id in held.layers}
        pairs = zip(image.layers, image.diff_ids, strict=True)
        return frozenset(layer.digest for layer, diff_id in pairs if diff_id in known)
    common = max((_common_start(held.layers, image.diff_ids) for held in likely), default=0)
    return frozenset(layer.digest for layer in image.layers[:common])


def _common_start(one: Iterable[str], other: Iterable[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


@dataclass
class _Sending:
    """Sends an image as archives, and counts their bytes."""

    image: LaidOutImage
    name: Reference
    engine: Engine
    terminal: Terminal
    sent: int = 0

    def send(self, without: Collection[str]) -> str | None:
        total = sum(blob.size for blob in dict.fromkeys(self.image.blobs) if blob.digest not in without)
        with self.terminal.progress(f"loading {self.name}", total, unit_bytes=True) as progress:
            return self.engine.load(self._counted(archive(self.image, self.name, without), progress))

    def _counted(self, pieces: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
        for piece in pieces:
            if piece:  # an empty chunk would end the request
                yield piece
                self.sent += len(piece)
                progress.advance(len(piece))


def connect(environ: Mapping[str, str] = os.environ) -> Engine:
    """Connect to the engine of DOCKER_HOST, else to that of the current Docker context.

    Raises EngineError where none answers.
    """
    return DockerEngine(docker_connection.connect(environ))


class DockerEngine:
    """A Docker Engine, by its HTTP interface (Engine API)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keeps_blobs: bool | None = None

    def held(self, name: str) -> Held | None:
        path = f"/images/{quote(name, safe='/:')}/json"
        answer = self._connection.request("GET", path, {"manifests": "1"})  # since 1.48
        if answer.status == _NOT_FOUND:
            return None
        found = _document(answer)
        layers = tuple(found["RootFS"].get("Layers") or ())
        return Held(str(found["Id"]), layers, complete=self._is_complete(found))

    def _is_complete(self, found: Mapping[str, Any]) -> bool:
        if not self.keeps_blobs():
            return True
        manifests = found.get("Manifests") or ()
        return any(one["ID"] == found["Id"] and one.get("Available") for one in manifests)

    def tag(self, image_id: str, reference: Reference) -> None:
        query = {"repo": reference.repository, "tag": reference.tag}
        _document(self._connection.request("POST", f"/images/{image_id}/tag", query))

    def images(self) -> list[Held]:
        ids = {image["Id"] for image in _document(self._connection.request("GET", "/images/json"))}
        return [held for image_id in ids if (held := self.held(image_id))]  # one may be gone since

    def keeps_blobs(self) -> bool:
        if self._keeps_blobs is None:
            status = _document(self._connection.request("GET", "/info")).get("DriverStatus") or ()
            pairs = [list(pair) for pair in status]
            self._keeps_blobs = ["driver-type", "io.containerd.snapshotter.v1"] in pairs
        return self._keeps_blobs

    def load(self, pieces: Iterator[bytes]) -> str | None:
        try:
            answer = self._connection.request("POST", "/images/load", {"quiet": "1"}, pieces)
        except EngineError as error:  # it may hang up as soon as it sees something that it does not like
            return error.cause
        if answer.status >= _FAILED:
            return _message(answer)
        for line in answer.body.splitlines():
            if "error" in (message := json.loads(line)):
                return str(message["error"])
        return None


def _document(answer: Answer) -> Any:
    if answer.status >= _FAILED:
        raise EngineError("the Docker Engine failed", cause=_message(answer), remedy="docker info")
    return answer.json() if answer.body.strip() else None


def _message(answer: Answer) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.body.decode(errors="replace") or f"HTTP {answer.status}"
