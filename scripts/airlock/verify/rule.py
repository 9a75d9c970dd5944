"""What a rule is: a code, its documentation, and a pure function from an inventory to what breaks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from airlock_spec.check.documented import Documented
from airlock_spec.check.settings import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Place
    from airlock_spec.check.finding import Severity


@dataclass(frozen=True)
class Subject:
    """What is judged: an inventory, and what the project says of its network and needs.

    `needs` are services (names of endpoints) that DAGs need, and by what, where they were asked for.
    """

    inventory: Inventory
    network: Network = field(default_factory=Network)
    needs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    """One thing that breaks a rule: where, what is so, and the evidence: attributes and values that show it."""

    place: Place
    message: str
    evidence: str = ""
    fix: str = ""  # where it says more than the rule's own
    severity: Severity | None = None  # where it is not the rule's own


class Rule(Documented, ABC):
    """A kind of finding in a deployment.

    `reads` are fields of Inventory that it looks at: where one of them could not be read, the rule cannot tell.
    """

    reads: ClassVar[tuple[str, ...]]

    @abstractmethod
    def find(self, subject: Subject) -> Iterator[Violation]:
        """Find what breaks it."""
