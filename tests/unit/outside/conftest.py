"""What stands outside the network is not installed either: put its sources on the path."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("scripts/airlock_spec", "infra/outbox")]
