"""What ECR expires of a repository: never what runs, what can be rolled back to, a paper or a signature.

From Amazon's documentation ("Lifecycle policy evaluation rules"): an image is expired by one rule at most; what has
a tag that a rule asks for cannot be expired by a rule of a lower priority (a higher number); a rule counts images
that rules before it hold back, too; the image of an index is not expired before the index; what refers to an image
goes within a day after it. Not documented is that a rule about untagged images spares papers, which have no tag,
so there is no such rule here: the images of an expired index stay, until somebody deletes them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEPLOYED = "deployed-*"  # tags of what a service runs, and ran before (`repository.hold`)
SIGNATURES = "sha256-*"  # tags of signatures, and of the list of referrers where a registry has no API for it
HELD = (DEPLOYED, SIGNATURES)
_ALL = 9999  # images that are never reached
_TAGGED_EACH = (
    10  # of one push: an index, and a signature each of it, of its two images and of their three papers
)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def policy(keep: int) -> str:
    """Return the text of the policy that keeps at least the newest `keep` images."""
    rules = [
        _rule(1, DEPLOYED, _ALL, "what a service runs, and what it ran before"),
        _rule(2, SIGNATURES, _ALL, "signatures: without its image one is of no use, and of no size"),
        _rule(3, "*", keep * _TAGGED_EACH, f"the newest {keep} images, each with up to nine signatures"),
    ]
    return json.dumps({"rules": rules}, separators=(",", ":"))


def dangers(text: str, keep: int) -> list[str]:
    """Return how a policy could expire or archive what is to be kept; nothing where it is as safe as ours."""
    try:
        rules = sorted(json.loads(text)["rules"], key=lambda rule: int(rule["rulePriority"]))
        held: set[str] = set()
        found = []
        for rule in rules:
            patterns = _patterns(rule["selection"])
            if _holds(rule, patterns):
                held.add(patterns[0])
            elif danger := _danger(rule["selection"], patterns, held, keep):
                found.append(f"rule {int(rule['rulePriority'])} {danger}")
    except _MALFORMED:
        return ["it cannot be read"]
    return found


def _rule(priority: int, pattern: str, count: int, description: str) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": f"airlock: keep {description}",
        "selection": {
            "tagStatus": "tagged",
            "tagPatternList": [pattern],
            "countType": "imageCountMoreThan",
            "countNumber": count,
        },
        "action": {"type": "expire"},
    }


def _patterns(selection: Mapping[str, Any]) -> list[str]:
    """Return what an image must have a tag for each of; none where the rule does not ask for tags."""
    prefixes = [f"{one}*" for one in selection.get("tagPrefixList", [])]
    return [*selection.get("tagPatternList", []), *prefixes]


def _holds(rule: Mapping[str, Any], patterns: list[str]) -> bool:
    """Whether a rule exists to hold back from later ones what has a tag."""
    selection = rule["selection"]
    return (
        len(patterns) == 1
        and selection["countType"] == "imageCountMoreThan"
        and int(selection["countNumber"]) >= _ALL
    )


def _danger(selection: Mapping[str, Any], patterns: list[str], held: Iterable[str], keep: int) -> str:
    """Return what is dangerous in a rule that expires; "" where nothing is."""
    if selection["tagStatus"] != "tagged":
        return "takes what has no tag: papers, and images of an index"
    if selection["countType"] != "imageCountMoreThan":
        return "goes by age, whatever runs or is new"
    count, signed = int(selection["countNumber"]), all(_meet(SIGNATURES, pattern) for pattern in patterns)
    if count < keep:
        return f"keeps {count} images, not {keep}"
    for one in HELD:
        may_have = one == DEPLOYED or all(_meet(one, pattern) for pattern in patterns)
        if may_have and not any(_covers(pattern, one) for pattern in held):
            return f"takes what is tagged {one}, for no rule before it holds that"
    if signed and count < keep * _TAGGED_EACH:
        return f"counts signatures, too: of {count} there may be fewer than {keep} images"
    return ""


def _covers(pattern: str, held: str) -> bool:
    """Whether a pattern takes whatever `held` (which ends in the only asterisk) takes."""
    prefix, star, rest = pattern.partition("*")
    return bool(star) and not rest.strip("*") and held.rstrip("*").startswith(prefix)


def _meet(one: str, other: str) -> bool:
    """Whether a tag may match both patterns, going by what they begin with."""
    first, second = one.partition("*")[0], other.partition("*")[0]
    return first.startswith(second) or second.startswith(first)
