"""Trees: images unpacked, to run something in them.

`layers/<diff id>` holds each layer, unpacked once. `<manifest digest>` is a farm of hard links over an image's
layers, `<manifest digest>.json` names those, and whoever uses the tree holds `<manifest digest>.lock` shared.
`.lock` is held shared while a tree is made, and alone while old ones are removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import unpack, writing
from airlock.errors import SandboxError
from airlock.farm import lay_over, prepare_for_running
from airlock.kept_trees import NEW, KeptTrees, lock, locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.layout import LaidOutImage
    from airlock.terminal import Terminal

KEPT = 3
_WORKERS = 4  # more only wait for the file system


@dataclass(frozen=True)
class Trees:
    """The folder of the trees (`Places.trees`)."""

    folder: Path
    terminal: Terminal

    @contextlib.contextmanager
    def use(self, image: LaidOutImage) -> Iterator[Path]:
        """Make the image's tree unless it is there, and keep it from being removed until the block ends.

        The root of a tree is to be treated as read-only: its files are those of the layers.
        A program that replaces this process keeps the tree, too.
        Raises SandboxError where the folder cannot take it, and what `unpack.unpack` raises.
        """
        tree = self.folder / image.manifest.hex
        try:
            self._layers.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / ".lock", fcntl.LOCK_SH):
                held = lock(tree.with_suffix(".lock"), fcntl.LOCK_SH)
                os.utime(held)  # when it was last used
                made = not tree.is_dir()
                if made:
                    self._make(image, tree)
            if made:
                KeptTrees(self.folder).keep_newest(KEPT)
        except OSError as error:
            raise SandboxError(
                f"cannot unpack the image into {self.folder}",
                cause=str(error),
                remedy="make room there, or choose another folder: export AIRLOCK_CACHE=FOLDER",
            ) from error
        os.set_inheritable(held, True)  # noqa: FBT003 - the function's own shape
        try:
            yield tree
        finally:
            os.close(held)

    @property
    def _layers(self) -> Path:
        return self.folder / "layers"

    def _make(self, image: LaidOutImage, tree: Path) -> None:
        names = [diff_id.partition(":")[2] for diff_id in image.diff_ids]
        missing = {
            name: _Work(image.blob(layer), layer.media_type, self._layers / name, layer.size)
            for name, layer in zip(names, image.layers, strict=True)
            if not (self._layers / name).is_dir()
        }
        self._unpack(list(missing.values()))
        writing.write(tree.with_suffix(".json"), json.dumps({"layers": names}))
        with _new_folder(tree) as new:
            for name in names:
                lay_over(self._layers / name, new)
            prepare_for_running(new)

    def _unpack(self, missing: list[_Work]) -> None:
        if not missing:
            return
        missing.sort(key=lambda work: -work.size)
        total = sum(work.size for work in missing)
        with self.terminal.progress("unpacking the image", total, unit_bytes=True) as progress:
            if len(missing) == 1:
                progress.advance(_unpack_layer(missing[0]))
                return
            # not forked: the bar has a thread; processes, because most of the work is Python's
            spawn = multiprocessing.get_context("spawn")
            workers = min(len(missing), _WORKERS, os.cpu_count() or 1)
            with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_ignore_interrupts) as pool:
                try:
                    for done in as_completed([pool.submit(_unpack_layer, work) for work in missing]):
                        progress.advance(done.result())
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise


@dataclass(frozen=True)
class _Work:
    blob: Path
    media_type: str
    folder: Path  # named by the diff id
    size: int


def _unpack_layer(work: _Work) -> int:
    with _new_folder(work.folder) as new:
        unpack.unpack(work.blob, work.media_type, f"sha256:{work.folder.name}", new)
    return work.size


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which cancels what has not begun."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _new_folder(place: Path) -> Iterator[Path]:
    """Make a folder that takes its place when the block ends, or vanishes when it raises.

    Where another process was faster, the folder of that one stays.
    """
    new = Path(tempfile.mkdtemp(prefix=NEW, dir=place.parent))
    try:
        yield new
        new.chmod(0o755)
        try:
            new.rename(place)
        except OSError:
            if not place.is_dir():
                raise
            shutil.rmtree(new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
