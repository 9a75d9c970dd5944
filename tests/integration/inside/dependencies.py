"""Check that every requirement of every installed distribution is met; print JSON of those that are not."""

from __future__ import annotations

import json
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def main() -> None:
    found: dict[str, Distribution] = {}
    twice = []
    for distribution in distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        if name in found:
            twice.append(name)
        found.setdefault(name, distribution)
    unmet = []
    for owner, distribution in sorted(found.items()):
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue  # for another platform, or for an extra
            there = found.get(canonicalize_name(requirement.name))
            version = there.version if there else None
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                unmet.append(f"{owner} requires {text}; the image has {version or 'none'}")
    print(json.dumps({"distributions": len(found), "twice": sorted(twice), "unmet": unmet}))  # noqa: T201


if __name__ == "__main__":
    main()
