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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.layout import LaidOutImage
    from airlock.terminal import Terminal

KEPT = 3
_WORKERS = 4  # more only wait for the file system
_NEW = ".new-"


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
            with _locked(self.folder / ".lock", fcntl.LOCK_SH):
                lock = _lock(_lock_file(tree), fcntl.LOCK_SH)
                os.utime(lock)  # when it was last used
                made = not tree.is_dir()
                if made:
                    self._make(image, tree)
            if made:
                self._prune()
        except OSError as error:
            raise SandboxError(
                f"cannot unpack the image into {self.folder}",
                cause=str(error),
                remedy="make room there, or choose another folder: export AIRLOCK_CACHE=FOLDER",
            ) from error
        os.set_inheritable(lock, True)  # noqa: FBT003 - the function's own shape
        try:
            yield tree
        finally:
            os.close(lock)

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

    def _prune(self) -> None:
        """Remove the trees that were not used lately and the layers of none; not now if a tree is being made."""
        try:
            alone = _lock(self.folder / ".lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            locks = [path for path in self.folder.glob("*.lock") if path.stem != ".lock"]
            locks.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for lock in locks[KEPT:]:
                self._remove_unless_used(lock)
            wanted = {name for record in self.folder.glob("*.json") for name in _layers_of(record)}
            for layer in self._layers.iterdir():
                if layer.name not in wanted:
                    self._remove(layer)
            for leftover in (*self.folder.glob(f"{_NEW}*"), *self._layers.glob(f"{_NEW}*")):
                shutil.rmtree(leftover, ignore_errors=True)
        finally:
            os.close(alone)

    def _remove_unless_used(self, lock: Path) -> None:
        try:
            with _locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._remove(lock.with_suffix(""))
                lock.with_suffix(".json").unlink(missing_ok=True)
                lock.unlink()
        except BlockingIOError:
            return

    def _remove(self, folder: Path) -> None:
        """Remove a folder that must never be seen half removed."""
        if folder.is_dir():
            leaving = Path(tempfile.mkdtemp(prefix=_NEW, dir=self.folder))
            shutil.rmtree(folder.rename(leaving / "leaving"), ignore_errors=True)
            shutil.rmtree(leaving, ignore_errors=True)


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
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=place.parent))
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


def _lock_file(tree: Path) -> Path:
    return tree.with_suffix(".lock")


def _lock(path: Path, how: int) -> int:
    """Lock a file until the descriptor that is returned, and what inherited it, are closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    descriptor = _lock(path, how)
    try:
        yield
    finally:
        os.close(descriptor)


def _layers_of(record: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(record.read_bytes())["layers"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # its layers are unpacked again when they are missed
