"""The lab's services are not installed in the toolchain's environment: put their sources on the path."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("lab/services", "infra/outbox")]
