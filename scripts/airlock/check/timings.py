"""What a check took, step by step."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Timings:
    """Seconds by step, in the order in which the steps began."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def of(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        self.seconds.setdefault(step, 0.0)
        try:
            yield
        finally:
            self.seconds[step] += time.perf_counter() - begun
