"""What runs in the image is not installed in the toolchain's environment: put its sources on the path."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("scripts/airlock_spec", "operators", "plugins")]
