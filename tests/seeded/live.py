"""Seeded faults as changes of a deployment: what each is in AWS, by calls of its API that moto answers.

The name of a fault → what is called. `NOT_LIVE` has the others, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeded import live_groups, live_keeping, live_network, live_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeded.deployed import Deployed

SPOILED: Mapping[str, Callable[[Deployed], Any]] = {
    **live_network.SPOILED,
    **live_groups.SPOILED,
    **live_keeping.SPOILED,
    **live_tasks.SPOILED,
}
NOT_LIVE = {
    "a broker that is not encrypted": "moto tells nothing of a replication group's nodes, and so not whose network it "
    "is in",
}
