"""What one file may change for the next, and its restoration: in production each has a process of its own."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # without enumerations: this is asked twice a file for each signal there is
import builtins
import itertools
import locale
import os
import signal
import socket
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIGNALS = tuple(
    int(number) for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)
)


def _environment() -> dict[bytes, bytes]:
    """Return the environment as it is kept: to decode it takes longer than to parse a small file."""
    kept: dict[bytes, bytes] = os.environ._data.copy()  # type: ignore[attr-defined] # noqa: SLF001
    return kept


@dataclass(frozen=True)
class State:
    """This process before a file."""

    bundle: str
    path: list[str]
    environment: dict[bytes, bytes]
    folder: str
    modules: int
    last: str
    filters: list[Any]
    meta_path: list[Any]
    hooks: list[Any]
    handlers: dict[int, Any]
    blocked: set[int]
    builtins: dict[str, Any]
    streams: tuple[Any, ...]

    @classmethod
    def taken(cls, bundle: str) -> State:
        return cls(
            bundle,
            sys.path.copy(),
            _environment(),
            str(Path.cwd()),
            len(sys.modules),
            next(reversed(sys.modules)),
            list(warnings.filters),
            sys.meta_path.copy(),
            sys.path_hooks.copy(),
            {number: _signal.getsignal(number) for number in _SIGNALS},
            _signal.pthread_sigmask(_signal.SIG_BLOCK, ()),
            vars(builtins).copy(),
            (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook),
        )

    def restored(self) -> bool:
        """Put back what can be; False where a fresh process is safer."""
        places = (self.bundle, *(place for place in sys.path if place and place not in self.path))
        sys.path[:], sys.path_hooks[:] = self.path, self.hooks
        sys.meta_path[:] = [finder for finder in sys.meta_path if self._may_stay(finder, places)]
        sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook = self.streams
        clean = self._environment() and self._folder() and self._signals() and vars(builtins) == self.builtins
        warnings.filters[:] = self.filters  # type: ignore[index] # a list, whatever the types say
        warnings._filters_mutated()  # type: ignore[attr-defined] # noqa: SLF001 - as warnings.catch_warnings does
        socket.setdefaulttimeout(None)
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        return self._forget_modules(places) and clean

    def _environment(self) -> bool:
        if _environment() == self.environment:
            return True
        for name in _environment().keys() - self.environment.keys():
            del os.environb[name]
        os.environb.update(self.environment)
        time.tzset()
        return True

    def _folder(self) -> bool:
        try:
            os.chdir(self.folder)
        except OSError:
            return False
        return True

    def _signals(self) -> bool:
        for number, handler in self.handlers.items():
            if _signal.getsignal(number) is not handler:
                if handler is None:  # one that Python did not set, as faulthandler's
                    return False
                try:
                    signal.signal(number, handler)
                except (OSError, ValueError):
                    return False
        signal.setitimer(signal.ITIMER_REAL, 0)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self.blocked)
        return True

    def _may_stay(self, finder: Any, places: tuple[str, ...]) -> bool:
        """Whether a finder of modules was there, or is that of a package of the image, as six has one."""
        own = sys.modules.get(getattr(finder, "__module__", None) or type(finder).__module__)
        place = str(getattr(own, "__file__", ""))
        return finder in self.meta_path or (own is not None and not place.startswith(places))

    def _forget_modules(self, places: tuple[str, ...]) -> bool:
        """Forget the modules of the bundle, and of where else the file looked: the next file imports its own.

        False where older modules went, or others took their place.
        """
        count = len(sys.modules) - self.modules
        names = list(itertools.islice(reversed(sys.modules), max(count, 0) + 1))
        if names.pop() != self.last:
            return False
        new = [name for name in names if _is_of(name, sys.modules[name], places)]
        for name in new:
            del sys.modules[name]
        if len(new) > 1:  # the file itself is one
            for folder in [folder for folder in sys.path_importer_cache if folder.startswith(self.bundle)]:
                del sys.path_importer_cache[folder]
        return True


def _is_of(name: str, module: Any, places: tuple[str, ...]) -> bool:
    """Whether a module is from one of these places, or from none: put there by hand, and not by its own package."""
    try:
        place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
        made = getattr(module, "__spec__", None) is None and "." not in name
    except Exception:  # noqa: BLE001 - a module may be any object
        return True
    return str(place).startswith(places) or (made and not place)
