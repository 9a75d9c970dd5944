"""The CNCF's registry (Debian's docker-registry) over plain HTTP, on this machine's loopback address."""

from __future__ import annotations

import contextlib
import json
import socket
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ATTEMPTS, _WAIT = 100, 0.1


@contextlib.contextmanager
def plain_registry(folder: Path) -> Iterator[str]:
    """Run an empty registry that keeps its files in a folder; give its HOST:PORT, or skip."""
    program = process.find("docker-registry")
    if program is None:
        pytest.skip("there is no docker-registry: apt-get install docker-registry, then: make integration")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": host},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # YAML, too
    running = process.start_kept([program, "serve", folder / "config.yml"], log=folder / "log")
    try:
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{host}/v2/", timeout=5):
                break
            time.sleep(_WAIT)
        else:
            pytest.fail(f"the registry does not answer: {(folder / 'log').read_text()}")
        yield host
    finally:
        running.kill()
        running.wait()
