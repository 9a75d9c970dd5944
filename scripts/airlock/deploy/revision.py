"""The next revision of a task definition: the image by its digest, and all else as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.deploy.cluster import Definition
    from airlock.registry.reference import Reference

_ARCHITECTURES = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}  # ECS's word: OCI's


@dataclass(frozen=True)
class Moved:
    """A container and its image; `after` is the same text where nothing changes."""

    container: str
    before: str
    after: str

    @property
    def changes(self) -> bool:
        return self.before != self.after


def repository_of(image: str) -> str:
    """Return an image's name as a task definition has it without its tag and digest."""
    name = image.partition("@")[0]
    rest, colon, tag = name.rpartition(":")
    return rest if colon and "/" not in tag else name


def ours(definition: Definition, image: Reference) -> list[Mapping[str, Any]]:
    """Return the containers that run an image of this repository."""
    wanted = str(image.repository)
    return [one for one in definition.containers if repository_of(one.get("image", "")) == wanted]


def moves(definition: Definition, image: Reference) -> list[Moved]:
    """Return every container, in its order, with its image now and then; `image` has a digest."""
    names = [one["name"] for one in ours(definition, image)]
    return [
        Moved(one["name"], one.get("image", ""), str(image) if one["name"] in names else one.get("image", ""))
        for one in definition.containers
    ]


def content(definition: Definition, image: Reference) -> dict[str, Any]:
    """Return what is registered: the definition's own content, but for the image of its containers."""
    after = {one.container: one.after for one in moves(definition, image)}
    return {
        **definition.content,
        "containerDefinitions": [{**one, "image": after[one["name"]]} for one in definition.containers],
    }


def platform(definition: Definition) -> str:
    """Return OCI's name of the platform that its tasks run on."""
    told = definition.content.get("runtimePlatform") or {}
    word = str(told.get("cpuArchitecture", "X86_64"))
    return _ARCHITECTURES.get(word, word)
