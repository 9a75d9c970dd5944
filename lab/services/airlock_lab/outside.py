"""What stands outside the VPC, where there is internet: the Lambda that answers the outbox's requests.

Its code is not the lab's: it is what a deployment would put into the Lambda.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(_: Sequence[str], __: Mapping[str, str]) -> int:
    """Answer until a signal comes."""
    while True:
        time.sleep(1)
