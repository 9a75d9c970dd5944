"""The tags of a push: patterns filled in with what the image is, and what an uncommitted work tree may not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from airlock.errors import ConfigError, PushError
from airlock.registry.reference import TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.git import State

_COMMIT = 12  # characters of a commit: no repository has two that begin alike
_SHOWN = 5
_OURS = ("sha256-", "deployed-")  # begin the tags of signatures and referrers, and of what services run
_RESERVED = ("latest", "stable", "release", "production", "prod")


@dataclass(frozen=True)
class Named:
    """What patterns may say: `{version}` of the image, `{commit}` it was made of, in 12 characters, and whole."""

    version: str
    state: State | None  # None: the project is in no git repository

    @property
    def commit(self) -> str:
        return self.state.commit[:_COMMIT] if self.state else ""

    def fill(self, pattern: str) -> str:
        return pattern.replace("{version}", _tag(self.version)).replace("{commit}", self.commit)


def resolve(patterns: Sequence[str], named: Named) -> tuple[str, ...]:
    """Return the tags that patterns stand for, each once.

    Raises ConfigError for what is no tag, and where there is no commit to name; PushError where the work tree has
    changes that no commit has, and a tag is one that people take for a release.
    """
    problems = []
    for pattern in patterns:
        rest = pattern.replace("{version}", "").replace("{commit}", "")
        if "{" in rest or "}" in rest:
            problems.append(f"{pattern}: a tag's pattern knows {{version}} and {{commit}}")
        elif "{commit}" in pattern and named.state is None:
            problems.append(f"{pattern}: the project is in no git repository, so there is no commit")
        elif not TAG.fullmatch(named.fill(pattern)):
            problems.append(
                f"{pattern}: {named.fill(pattern)!r} is no tag, which has at most 128 letters, digits, . _ -"
            )
        elif named.fill(pattern).startswith(_OURS):
            problems.append(f"{pattern}: tags that begin with {' or '.join(_OURS)} are kept for others")
    if problems or not patterns:
        raise ConfigError(
            "the image cannot be tagged so",
            cause="\n".join(problems) or "there is no tag at all",
            remedy="name tags with --tag, or as tags in [tool.airlock.push] (docs/push.md)",
        )
    tags = tuple(dict.fromkeys(named.fill(pattern) for pattern in patterns))
    _require_committed(tags, patterns, named)
    return tags


def _require_committed(tags: Sequence[str], patterns: Sequence[str], named: Named) -> None:
    dirty = named.state.dirty if named.state else ()
    made = {named.fill(pattern) for pattern in patterns if "{" in pattern}
    released = [tag for tag in tags if tag in made or is_release(tag, named)]
    if dirty and released:
        shown = [*dirty[:_SHOWN], *([f"… {len(dirty) - _SHOWN} more"] if len(dirty) > _SHOWN else [])]
        raise PushError(
            f"{', '.join(released)} would name an image of files that no commit has",
            cause="\n".join(shown),
            remedy="commit them, or push under a tag of your own: airlock push --tag dev-NAME",
        )


def require_unchanged(before: State | None, after: State | None) -> None:
    """Raise PushError where a clean work tree did not stay what it was while the image was composed from it.

    The image, which `before` names as that of its commit, may be of other files.
    """
    if before is None or before.dirty or after == before:
        return
    dirty = after.dirty if after else ()
    raise PushError(
        "the work tree was changed while the image was composed",
        cause=", ".join(dirty[:_SHOWN]) or f"it was at commit {before.commit}",
        remedy="commit or undo it, then push again; nothing was sent",
    )


def is_release(tag: str, named: Named) -> bool:
    """Whether people take a tag for a release: a version, a commit, or a name that is kept for it."""
    try:
        Version(tag)
    except InvalidVersion:
        pass
    else:
        return True
    return (
        tag in _RESERVED or bool(named.commit and named.commit in tag) or tag.startswith(_tag(named.version))
    )


def _tag(version: str) -> str:
    """Return a version as a tag may have it: a local version (PEP 440) has a plus sign."""
    return version.replace("+", "-")
