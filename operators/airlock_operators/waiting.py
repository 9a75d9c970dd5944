"""How long to wait before looking again: soon at first, then less and less often."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = 0.5  # seconds
FACTOR = 1.5


def delays(longest: float, first: float = FIRST, draw: random.Random | None = None) -> Iterator[float]:
    """Yield seconds without end, up to `longest`, each a fifth more or less: triggers do not march in step."""
    draw = draw or random.Random()  # noqa: S311 - no secret
    delay = min(first, longest)
    while True:
        yield delay * draw.uniform(0.8, 1.2)
        delay = min(delay * FACTOR, longest)
