"""What objects are called, and what the same request is called again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

IDENTIFIER = re.compile(r"[0-9a-f]{32}-[0-9]{1,3}")
MOST = 1000  # requests that one task instance can make, one after the other
PREFIX = re.compile(r"([A-Za-z0-9!_.()-]+/)*")


@dataclass(frozen=True)
class Origin:
    """The task instance that asks. Not its try: a retried task finds what an earlier try asked and got."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    def base(self, key: str = "") -> str:
        """Return 32 hexadecimal digits that stand for this task instance, and for `key` of those it uses.

        They are the value of the Idempotency-Key header, too, and so are all that an API learns of the origin.
        """
        parts = (self.dag_id, self.run_id, self.task_id, str(self.map_index), key)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def identifier(base: str, number: int) -> str:
    """Name the request with this number (from 0) of those that have this base."""
    return f"{base}-{number}"


@dataclass(frozen=True)
class Layout:
    """The keys of a request's objects. `prefix` is empty or ends in a slash; each deployment has its own.

    Raises ValueError for another prefix.
    """

    prefix: str = ""

    def __post_init__(self) -> None:
        if not PREFIX.fullmatch(self.prefix):
            raise ValueError(
                f"a prefix is empty or ends in a slash, of letters, digits and !_.()-: {self.prefix!r}"
            )

    def request(self, name: str) -> str:
        return f"{self.prefix}requests/{name}.json"

    def claim(self, name: str) -> str:
        return f"{self.prefix}claims/{name}.json"

    def response(self, name: str) -> str:
        return f"{self.prefix}responses/{name}.json"

    def body(self, name: str, sha256: str) -> str:
        """Key of a body too large for the response: by its content, so that two writers cannot disagree."""
        return f"{self.prefix}bodies/{name}/{sha256}"

    def name(self, key: str) -> str | None:
        """Return the identifier in a request's or a response's key, or None for any other key."""
        for start in (f"{self.prefix}requests/", f"{self.prefix}responses/"):
            name = key.removeprefix(start).removesuffix(".json")
            if key == f"{start}{name}.json" and IDENTIFIER.fullmatch(name):
                return name
        return None
