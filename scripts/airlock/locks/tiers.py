"""How often a package moves, foretold by how often it was released: 0 is the most stable tier.

A tier follows from the package's own dates alone, so that no package changes another's; the lock records it,
so that a package stays in its layer (docs/benchmarks/layers.md has what the thresholds are worth).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

COUNT = 7  # tiers 0 to 6: none, 1, 2-3, 4-7, 8-15, 16-31, 32 and more releases in a year
UNKNOWN = 3  # the tier in the middle, which half of the packages are at most one tier away from
YEAR = timedelta(days=365)


def tier_of(released: Sequence[datetime], at: datetime) -> int:
    """Return the tier of a package with these releases, as of the instant `at`: later ones count for nothing.

    A package that has no known release by then is of tier UNKNOWN.
    """
    past = [one for one in released if one <= at]
    if not past:
        return UNKNOWN
    in_the_last_year = sum(one > at - YEAR for one in past)
    return min(in_the_last_year.bit_length(), COUNT - 1)
