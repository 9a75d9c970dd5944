"""The OCI layout that the image is written to (OCI image layout 1.0): blobs first, the index last."""

from __future__ import annotations

import contextlib
import fcntl
from typing import TYPE_CHECKING

from airlock import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from airlock.compose.layer import Layer
    from airlock.compose.oci import Document
    from airlock.terminal import Terminal

VERSION = '{"imageLayoutVersion":"1.0.0"}'


def blobs(layout: Path) -> Path:
    return layout / "blobs" / "sha256"


@contextlib.contextmanager
def locked(layout: Path, terminal: Terminal) -> Iterator[None]:
    """Keep other composers off this layout; they wait."""
    layout.parent.mkdir(parents=True, exist_ok=True)
    with (layout.parent / f".{layout.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            terminal.say(f"another airlock composes into {layout}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def publish(
    layout: Path,
    index: Document,
    documents: Iterable[Document],
    layers: Iterable[Layer],
) -> None:
    """Make `layout` hold this alone; a reader sees the old index or the new one, each with its blobs."""
    documents = list(documents)
    for document in documents:
        _write(blobs(layout) / document.digest, document.content)
    _write(layout / "oci-layout", VERSION.encode())
    _write(layout / "index.json", index.content)
    wanted = {document.digest for document in documents} | {layer.digest for layer in layers}
    for path in blobs(layout).iterdir():
        if path.name not in wanted:
            path.unlink()


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        writing.write(path, content)
