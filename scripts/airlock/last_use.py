"""When a cached file was last used: its modification time, moved forward once a day at most.

Access times would say it, but many file systems do not keep them.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400.0  # s; how exact it is


def is_due(modified: float) -> bool:
    """Whether the use of what was last modified then (s since 1970) is to be noted."""
    return time.time() - modified > DAY


def note(file: Path | int, modified: float) -> None:
    """Take note that a file, last modified at `modified` (s since 1970), is used now.

    Never fails: a cache may be read-only, or another user's.
    """
    if is_due(modified):
        with contextlib.suppress(OSError):
            os.utime(file)
