"""Every file is written beside its place and renamed, so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def new(folder: Path, mode: int = 0o644) -> Iterator[tuple[IO[bytes], Callable[[str], None]]]:
    """Open a temporary file in `folder` whose name is told before the block ends, or which vanishes.

    For files that are named by their content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    names: list[str] = []
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, names.append
        Path(temporary).chmod(mode)
        Path(temporary).replace(folder / names[0])
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the name `path` when the block ends, or vanishes when it raises."""
    with new(path.parent, mode) as (file, name):
        yield file
        name(path.name)


def write(path: Path, content: str | bytes) -> None:
    """Replace the content of `path`, at once or not at all."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
