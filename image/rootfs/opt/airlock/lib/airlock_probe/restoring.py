"""What one file may change for the next, and its restoration: in production each has a process of its own."""

from __future__ import annotations

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
    number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)
)


@dataclass(frozen=True)
class State:
    """This process before a file."""

    bundle: str
    path: list[str]
    environment: dict[str, str]
    folder: str
    modules: frozenset[str]
    filters: list[Any]
    meta_path: list[Any]
    hooks: list[Any]
    handlers: dict[int, Any]
    streams: tuple[Any, ...]

    @classmethod
    def taken(cls, bundle: str) -> State:
        return cls(
            bundle,
            sys.path.copy(),
            dict(os.environ),
            str(Path.cwd()),
            frozenset(sys.modules),
            list(warnings.filters),
            sys.meta_path.copy(),
            sys.path_hooks.copy(),
            {number: signal.getsignal(number) for number in _SIGNALS},
            (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook),
        )

    def restored(self) -> bool:
        """Put back what can be; False where a fresh process is safer."""
        sys.path[:], sys.meta_path[:], sys.path_hooks[:] = self.path, self.meta_path, self.hooks
        sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook = self.streams
        clean = self._environment() and self._folder() and self._signals()
        warnings.filters[:] = self.filters  # type: ignore[index] # a list, whatever the types say
        warnings._filters_mutated()  # type: ignore[attr-defined] # noqa: SLF001 - as warnings.catch_warnings does
        socket.setdefaulttimeout(None)
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        self._forget_modules()
        return clean

    def _environment(self) -> bool:
        if dict(os.environ) == self.environment:
            return True
        zone = os.environ.get("TZ")
        os.environ.clear()
        os.environ.update(self.environment)
        if zone != os.environ.get("TZ"):
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
            if signal.getsignal(number) is not handler:
                if handler is None:  # one that Python did not set, as faulthandler's
                    return False
                try:
                    signal.signal(number, handler)
                except (OSError, ValueError):
                    return False
        signal.setitimer(signal.ITIMER_REAL, 0)
        return True

    def _forget_modules(self) -> None:
        """Forget the modules of the bundle: the next file imports its own."""
        for name, module in list(sys.modules.items()):
            if name not in self.modules and self._is_ours(module):
                del sys.modules[name]
        for folder in [folder for folder in sys.path_importer_cache if folder.startswith(self.bundle)]:
            del sys.path_importer_cache[folder]

    def _is_ours(self, module: Any) -> bool:
        try:
            place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
        except Exception:  # noqa: BLE001 - a module may be any object
            return True
        return str(place).startswith(self.bundle)
