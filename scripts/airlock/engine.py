"""The Docker Engine: the only place that talks to one."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airlock.archive import Reference, archive
from airlock.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from airlock.layout import LaidOutImage
    from airlock.terminal import Progress, Terminal

_SECONDS = 600  # of silence: it unpacks a layer without a word
_NO_ENGINE = "start the Docker Engine, or name one that runs: export DOCKER_HOST=unix:///PATH/docker.sock"


@dataclass(frozen=True)
class LoadResult:
    """What was loaded: the engine's id of the image, the bytes it was sent, the layers it already held."""

    reference: str
    image_id: str
    bytes_sent: int
    reused_layers: int


class Engine(Protocol):
    """What is asked of a Docker Engine. Every method raises EngineError where it does not answer."""

    def image_id(self, name: str) -> str | None:
        """Return the id of the image of a name or an id, None where there is none."""
        ...

    def is_complete(self, image_id: str) -> bool:
        """Whether it is known to hold every blob of an image, so that it can also be saved and pushed."""
        ...

    def tag(self, image_id: str, reference: Reference) -> None: ...

    def layers_of_images(self) -> list[list[str]]:
        """Return the diff ids of each image, in their order."""
        ...

    def keeps_blobs(self) -> bool:
        """Whether it keeps layers as blobs (containerd), or each unpacked over those below it."""
        ...

    def load(self, pieces: Iterator[bytes]) -> str | None:
        """Load an archive; return what the engine has against it, None where it took it."""
        ...


def load(image: LaidOutImage, reference: str, terminal: Terminal, engine: Engine | None = None) -> LoadResult:
    """Give the image to the Docker Engine under the name `reference`, sending only what it does not hold.

    Raises EngineError where no engine answers, or it refuses the image.
    """
    name = Reference.parse(reference)
    engine = engine or connect()
    held = engine.image_id(image.manifest.digest) or engine.image_id(
        image.config.digest
    )  # containerd's id, the older
    if held and engine.is_complete(held):
        engine.tag(held, name)
        return LoadResult(reference, held, 0, len(image.layers))
    sending = _Sending(image, name, engine, terminal)
    held_layers = _held(image, engine)
    refusal = sending.send(held_layers)
    # containerd takes an archive without a blob, if it has what the blob unpacks to from another image
    if held_layers and (refusal or not engine.is_complete(engine.image_id(str(name)) or "")):
        terminal.say("the engine wants the layers that it seemed to hold: sending all")
        held_layers = frozenset()
        refusal = sending.send(held_layers)
    if refusal:
        raise EngineError(
            "the Docker Engine refuses the image", cause=refusal, remedy="docker version; docker info"
        )
    image_id = engine.image_id(str(name))
    if image_id is None:
        raise EngineError(
            f"the Docker Engine took the image, but does not know {name}", remedy="docker image ls"
        )
    reused = sum(layer.digest in held_layers for layer in image.layers)
    return LoadResult(reference, image_id, sending.sent, reused)


def _held(image: LaidOutImage, engine: Engine) -> frozenset[str]:
    """Return the digests of the layers that the engine seems to hold."""
    images = engine.layers_of_images()
    if engine.keeps_blobs():
        diff_ids = {diff_id for layers in images for diff_id in layers}
        pairs = zip(image.layers, image.diff_ids, strict=True)
        return frozenset(layer.digest for layer, diff_id in pairs if diff_id in diff_ids)
    common = max((_common_start(layers, image.diff_ids) for layers in images), default=0)
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
    import docker  # noqa: PLC0415 - costs 0.2 s
    from docker.errors import DockerException  # noqa: PLC0415
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    settings: dict[str, Any] = {**kwargs_from_env(dict(environ))}
    try:
        settings.setdefault("base_url", _context_host())
        client = docker.APIClient(version="auto", timeout=_SECONDS, **settings)
    except (DockerException, ValueError) as error:
        raise EngineError(
            f"no Docker Engine answers at {settings.get('base_url') or 'its usual socket'}",
            cause=str(error),
            remedy=_NO_ENGINE,
        ) from error
    return DockerEngine(client)


def _context_host() -> str | None:
    """Return where the current Docker context (docker-context(1)) has its engine."""
    from docker.context import ContextAPI  # noqa: PLC0415

    context = ContextAPI.get_current_context()
    return str(context.Host) if context and context.Host else None


class DockerEngine:
    """A Docker Engine, over its HTTP interface."""

    def __init__(self, client: Any) -> None:  # docker.APIClient, half of which its stubs leave untyped
        self._client = client

    def image_id(self, name: str) -> str | None:
        from docker.errors import ImageNotFound  # noqa: PLC0415

        with _answering():
            try:
                return str(self._client.inspect_image(name)["Id"])
            except ImageNotFound:
                return None

    def is_complete(self, image_id: str) -> bool:
        if not self.keeps_blobs():
            return True
        client = self._client
        with _answering():  # `manifests` (since 1.47) is not in the SDK
            answer = client.get(
                f"{client.base_url}/v{client.api_version}/images/json?manifests=1", timeout=_SECONDS
            )
            images = answer.json() if answer.ok else []
        manifests = [
            one for image in images if image["Id"] == image_id for one in image.get("Manifests") or ()
        ]
        return any(one["ID"] == image_id and one.get("Available") for one in manifests)

    def tag(self, image_id: str, reference: Reference) -> None:
        with _answering():
            self._client.tag(image_id, reference.repository, reference.tag)

    def layers_of_images(self) -> list[list[str]]:
        from docker.errors import ImageNotFound  # noqa: PLC0415

        found = []
        with _answering():
            for digest in {image["Id"] for image in self._client.images()}:
                with contextlib.suppress(ImageNotFound):  # removed since
                    found.append(list(self._client.inspect_image(digest)["RootFS"].get("Layers") or ()))
        return found

    def keeps_blobs(self) -> bool:
        with _answering():
            status = self._client.info().get("DriverStatus") or ()
        return ["driver-type", "io.containerd.snapshotter.v1"] in [list(pair) for pair in status]

    def load(self, pieces: Iterator[bytes]) -> str | None:
        from docker.errors import APIError  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        try:
            for message in self._client.load_image(pieces, quiet=True):
                if isinstance(message, dict) and "error" in message:
                    return str(message["error"])
        except APIError as error:
            return str(error.explanation or error)
        except RequestException as error:  # it may hang up as soon as it sees something that it does not like
            return str(error)
        return None


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    from docker.errors import APIError  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    try:
        yield
    except APIError as error:
        raise EngineError("the Docker Engine failed", cause=str(error), remedy="docker info") from error
    except RequestException as error:
        raise EngineError("the Docker Engine does not answer", cause=str(error), remedy=_NO_ENGINE) from error
