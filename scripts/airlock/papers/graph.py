"""Which of an image's packages need which: Requires-Dist for the image's environment, Depends among the installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.papers.facts import Facts

Edges = dict[str, tuple[str, ...]]


def python(facts: Mapping[str, Facts], asked: Iterable[str], values: Mapping[str, str]) -> Edges:
    """Return what each distribution needs of the others, by normalized names.

    `asked` are the requirements of the image itself: like those of packages, they may ask for extras, which
    bring more.
    """
    parsed = {name: requirements(one.requires) for name, one in facts.items()}
    found: dict[str, set[str]] = {name: set() for name in facts}
    waiting = [(name, "") for name in facts]
    waiting += [(canonicalize_name(one.name), extra) for one in requirements(asked) for extra in one.extras]
    done = set()
    while waiting:
        name, extra = step = waiting.pop()
        if step in done or name not in facts:
            continue
        done.add(step)
        for requirement in parsed[name]:
            needed = canonicalize_name(requirement.name)
            if needed in facts and _applies(requirement, values, extra):
                found[name].add(needed)
                waiting += [(needed, wanted) for wanted in requirement.extras]
    return {name: tuple(sorted(needed - {name})) for name, needed in found.items()}


def debian(facts: Mapping[str, Facts]) -> Edges:
    """Return what each package needs of the others: the first alternative that is installed or provided."""
    providers: dict[str, list[str]] = {}
    for name, one in sorted(facts.items()):
        for virtual in one.provides:
            providers.setdefault(virtual, []).append(name)
    edges = {}
    for name, one in facts.items():
        groups = [_installed(group.split(" | "), facts, providers) for group in one.requires]
        edges[name] = tuple(sorted({needed for group in groups for needed in group} - {name}))
    return edges


def _installed(
    alternatives: Iterable[str], facts: Mapping[str, Facts], providers: Mapping[str, list[str]]
) -> list[str]:
    found = ([name] if name in facts else providers.get(name, []) for name in alternatives)
    return next((names for names in found if names), [])


def requirements(texts: Iterable[str]) -> list[Requirement]:
    """Read requirements; what is none (of before PEP 508) says nothing that pip or uv would follow."""
    found = []
    for text in texts:
        try:
            found.append(Requirement(text))
        except InvalidRequirement:
            continue
    return found


def _applies(requirement: Requirement, values: Mapping[str, str], extra: str) -> bool:
    """Whether a requirement's marker holds; one that compares what cannot be compared does not."""
    try:
        return requirement.marker is None or requirement.marker.evaluate({**values, "extra": extra})
    except ValueError:
        return False
