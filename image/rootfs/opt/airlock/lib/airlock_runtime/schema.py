"""Whether a database has the tables of this image's Airflow, by Alembic's revisions, without Airflow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_runtime.database import SITE_PACKAGES, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock_runtime.database import Database

_REVISION = re.compile(r"""^revision(?:\s*:[^=]*)?\s*=\s*["'](\w+)["']""", re.MULTILINE)
_FORMER = re.compile(r"""^down_revision(?:\s*:[^=]*)?\s*=\s*["'](\w+)["']""", re.MULTILINE)


class State(Enum):
    """How a database stands to the image."""

    CURRENT = "current"
    EMPTY = "empty"  # no Airflow was ever migrated there
    BEHIND = "behind"
    AHEAD = "ahead"  # of a revision that this image's Airflow does not know


@dataclass(frozen=True)
class Schema:
    """The revisions that an Airflow knows, and its newest."""

    known: frozenset[str]
    head: str

    @classmethod
    def of_sources(cls, sources: Iterable[str]) -> Schema | None:
        """Read Alembic scripts; None where they have no single newest revision."""
        known: set[str] = set()
        former: set[str] = set()
        for source in sources:
            known.update(_REVISION.findall(source))
            former.update(_FORMER.findall(source))
        heads = known - former
        return cls(frozenset(known), heads.pop()) if len(heads) == 1 else None

    @classmethod
    def of_the_image(cls, site_packages: str = SITE_PACKAGES) -> Schema | None:
        """Read those of the installed Airflow."""
        pattern = "python3*/site-packages/airflow/migrations/versions/*.py"
        return cls.of_sources(path.read_text(encoding="utf-8") for path in Path(site_packages).glob(pattern))

    def state(self, revision: str | None) -> State:
        """Tell how a database of this revision stands to it."""
        if revision is None:
            return State.EMPTY
        if revision == self.head:
            return State.CURRENT
        return State.BEHIND if revision in self.known else State.AHEAD


def revision(database: Database) -> str | None:
    """Return the revision of a database's tables, or None where it has none. Raises QueryError, DeniedError."""
    try:
        found = database.rows("SELECT version_num FROM alembic_version")
    except MissingTableError:
        return None
    return str(found[0][0]) if found else None
