"""The S3 that all are measured against, as a process of its own, and what a piece of work costs there and here."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).parents[1] / "s3_double.py"
REGION, KEY = "us-east-1", "example"


@dataclass(frozen=True)
class Cost:
    """Seconds, the processor's seconds, requests to S3, and megabytes of bodies that came and went."""

    seconds: float
    cpu: float
    requests: int
    megabytes: float


@dataclass(frozen=True)
class Double:
    """An S3 at a port of this machine."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What boto3 and those that read its variables find it by."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def counted(self) -> tuple[int, float]:
        """Return the requests and megabytes since this was asked last."""
        with urllib.request.urlopen(f"{self.url}/-/counted", timeout=60) as answer:  # noqa: S310 - of this machine
            found = json.load(answer)
        return found["requests"], (found["received"] + found["sent"]) / 1e6

    def cost(self, work: Callable[[], object]) -> Cost:
        """Do work, in processes that end with it, and return its cost."""
        self.counted()
        busy, start = _busy(), time.perf_counter()
        work()
        seconds, cpu = time.perf_counter() - start, _busy() - busy
        return Cost(seconds, cpu, *self.counted())


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def double(delay: int) -> Iterator[Double]:
    """Run an S3 whose every answer takes so many milliseconds more, while the block runs; it is empty."""
    running = process.start([sys.executable, PROGRAM, str(delay / 1000)])
    try:
        assert running.stdout
        yield Double(int(running.stdout.readline()))
    finally:
        running.kill()
        running.communicate()
