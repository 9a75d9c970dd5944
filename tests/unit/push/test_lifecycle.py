"""What ECR's lifecycle policies would take, by the rules of Amazon's evaluator."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from airlock.push import lifecycle


def rule(priority: int, status: str = "tagged", **selection: Any) -> dict[str, Any]:
    chosen = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 100, **selection}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


def text(*rules: dict[str, Any]) -> str:
    return json.dumps({"rules": rules})


HOLDING = (
    rule(1, tagPrefixList=["deployed-"], countNumber=9999),
    rule(2, tagPatternList=["sha256-*"], countNumber=9999),
)


def expired(policy: str, images: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return which images (by their tags, the newest first) a policy of counts takes."""
    taken: list[tuple[str, ...]] = []
    claimed: set[int] = set()
    for one in sorted(json.loads(policy)["rules"], key=lambda one: int(one["rulePriority"])):
        patterns = one["selection"]["tagPatternList"]
        matched = [
            at
            for at, tags in enumerate(images)
            if all(any(fnmatchcase(tag, pattern) for tag in tags) for pattern in patterns)
        ]
        over = matched[one["selection"]["countNumber"] :]
        taken += [images[at] for at in over if at not in claimed]
        claimed.update(matched)
    return taken


def test_the_newest_images_are_kept_with_their_signatures_whoever_signs() -> None:
    pushes = [
        [*((f"sha256-{n}-{signed}.sig",) for signed in range(9)), (f"1.{n}", f"c{n}")] for n in range(40)
    ]
    gone = expired(lifecycle.policy(30), [image for push in pushes for image in push])
    assert gone == [(f"1.{n}", f"c{n}") for n in range(30, 40)]


def test_what_a_service_runs_is_kept_however_old() -> None:
    images: list[tuple[str, ...]] = [(f"1.{n}",) for n in range(500)]
    images += [("0.9", "deployed-web"), ("0.8", "deployed-web-before"), ("0.7",)]
    gone = expired(lifecycle.policy(3), images)
    assert ("0.7",) in gone
    assert not any(tag.startswith("deployed-") for tags in gone for tag in tags)


def test_what_has_no_tag_is_in_no_rule() -> None:
    assert expired(lifecycle.policy(1), [()] * 100) == []
    assert all(one["selection"]["tagStatus"] == "tagged" for one in json.loads(lifecycle.policy(1))["rules"])


@pytest.mark.parametrize("keep", [1, 30])
def test_our_policy_has_no_dangers(keep: int) -> None:
    assert lifecycle.dangers(lifecycle.policy(keep), keep) == []


@pytest.mark.parametrize(
    "policy",
    [
        text(),
        text(*HOLDING, rule(3, tagPatternList=["*"], countNumber=300)),
        text(*HOLDING, rule(3, tagPatternList=["v*"], countNumber=30)),
        text(HOLDING[0], rule(3, tagPatternList=["v*"])),  # no signature begins so
    ],
)
def test_what_others_wrote_may_be_as_safe(policy: str) -> None:
    assert lifecycle.dangers(policy, 30) == []


@pytest.mark.parametrize(
    ("policy", "danger"),
    [
        (text(rule(4, "untagged")), "rule 4 takes what has no tag: papers, and images of an index"),
        (text(rule(9, "any")), "rule 9 takes what has no tag: papers, and images of an index"),
        (text(*HOLDING, rule(3, tagPatternList=["*"], countNumber=29)), "rule 3 keeps 29 images, not 30"),
        (
            text(*HOLDING, rule(3, tagPatternList=["*"], countNumber=119)),
            "rule 3 counts signatures, too: of 119 there may be fewer than 30 images",
        ),
        (
            text(*HOLDING, rule(3, tagPatternList=["*"], countType="sinceImagePushed", countUnit="days")),
            "rule 3 goes by age, whatever runs or is new",
        ),
        (
            text(rule(3, tagPatternList=["v*"])),
            "rule 3 takes what is tagged deployed-*, for no rule before it holds that",
        ),
        (
            text(HOLDING[0], rule(3, tagPatternList=["sha*"])),
            "rule 3 takes what is tagged sha256-*, for no rule before it holds that",
        ),
        (
            text(HOLDING[0] | {"rulePriority": 5}, rule(3, tagPrefixList=["v"])),
            "rule 3 takes what is tagged deployed-*, for no rule before it holds that",
        ),
        ("[]", "it cannot be read"),
        ("{}", "it cannot be read"),
        (text({"rulePriority": 1}), "it cannot be read"),
    ],
)
def test_dangers_are_told_by_their_rules(policy: str, danger: str) -> None:
    assert lifecycle.dangers(policy, 30) == [danger]
