"""The catalogue of codes, and their documentation as a page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from airlock_spec.check.checks import dags, egress, house, network, parsing, skipped, stability
from airlock_spec.check.checks.inline import POINTLESS
from airlock_spec.check.documented import page_of

if TYPE_CHECKING:
    from airlock_spec.check.checks.check import Check

CHECKS: tuple[Check, ...] = (
    POINTLESS,
    *parsing.CHECKS,
    *dags.CHECKS,
    *egress.CHECKS,
    *stability.CHECKS,
    *skipped.CHECKS,
    *network.CHECKS,
    *house.CHECKS,
)
BY_CODE = {check.code: check for check in CHECKS}
GROUPS = {
    "AL0": "Ignores",
    "AL1": "Files and DAGs that do not load",
    "AL2": "Asked for while parsing",
    "AL3": "Parsed, but",
    "AL4": "Never loaded",
    "AL5": "The network",
    "AL6": "Rules of the house",
}
_HEAD = """\
# Checks

Written by `make docs` from the checks' own docstrings; `airlock explain CODE` shows one.

A finding can be ignored where it stands, with a reason, in a comment on its line, or alone on the line above:

```python
regions = fetch_regions()  # airlock: ignore[AL201] our own service, in the VPC, answers in 2 ms
```

`# airlock: ignore-file[AL2] reason` above a file's first statement ignores for the whole file. Several codes, or
beginnings of codes, are separated by commas. `select` and `ignore` in `[tool.airlock.check]` choose codes for the whole
project, `--baseline` takes what there is today as given. Ruff's findings keep ruff's own codes (`AIR301` …) and are
ignored in the same ways.
"""


def page() -> str:
    """Return docs/checks.md."""
    return page_of(_HEAD, GROUPS, CHECKS)


if __name__ == "__main__":
    sys.stdout.write(page())
