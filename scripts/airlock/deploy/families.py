"""Task definitions that no service runs: whoever starts tasks by a family's name gets its newest revision.

The ECS executor does (`[aws_ecs_executor] task_definition`). So a new revision is in use from the moment that it is
registered, and is registered last: when the services run the image, and stay with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.deploy import revision
from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.deploy.cluster import Definition, Reading
    from airlock.deploy.found import Found
    from airlock.deploy.revision import Moved


@dataclass(frozen=True)
class Family:
    """A family: its newest revision, and what the next is to be; no `content` where that is the same."""

    definition: Definition
    moves: tuple[Moved, ...]
    content: Mapping[str, Any] | None = field(repr=False)

    @property
    def name(self) -> str:
        return self.definition.family


def read(cluster: Reading, names: Sequence[str], found: Found, problems: list[str]) -> tuple[Family, ...]:
    """Read families; what stands in the way is added to `problems`. Raises AwsError."""
    made = []
    for name in dict.fromkeys(names):
        try:
            definition = cluster.definition(name)
        except AwsError as error:
            if error.code != "ClientException":
                raise
            problems.append(
                f"{name}: there is no such task definition, or all its revisions are deregistered"
            )
            continue
        problems += _problems(definition, found)
        moves = tuple(revision.moves(definition, found.reference))
        changes = any(one.changes for one in moves)
        content = revision.content(definition, found.reference) if changes else None
        made.append(Family(definition, moves, content))
    return tuple(made)


def _problems(definition: Definition, found: Found) -> Iterator[str]:
    if not revision.ours(definition, found.reference):
        images = ", ".join(one.before for one in revision.moves(definition, found.reference))
        yield f"{definition.family}: no container runs {found.reference.repository}, but {images}"
    elif found.platforms and (runs_on := revision.platform(definition)) not in found.platforms:
        held = ", ".join(sorted(found.platforms))
        yield f"{definition.family}: its tasks run on {runs_on}, and the image is for {held}"
