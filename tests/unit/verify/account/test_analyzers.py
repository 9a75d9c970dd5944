"""What a finding of IAM Access Analyzer says, in a line."""

from __future__ import annotations

import pytest

from airlock.verify.account.analyzers import about, line
from airlock.verify.network import Place
from airlock.verify.services import Analyzer


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"resource": "arn:aws:s3:::b", "isPublic": True, "action": ["s3:GetObject"]},
            "arn:aws:s3:::b: anybody may s3:GetObject",
        ),
        (
            {"resource": "arn:aws:s3:::b", "principal": {"AWS": "210987654321"}, "action": ["s3:A", "s3:B"]},
            "arn:aws:s3:::b: AWS 210987654321 may s3:A, s3:B",
        ),
        ({"resource": "arn:aws:s3:::b"}, "arn:aws:s3:::b: somebody may something"),
    ],
)
def test_a_finding_says_who_may_do_what_with_which_resource(told: dict[str, object], said: str) -> None:
    assert line(told) == said


def test_a_deployment_is_told_of_its_own_resources_alone() -> None:
    ours, others = (line({"resource": f"arn:aws:s3:::{name}"}) for name in ("ours", "others"))
    analyzer = Analyzer(Place("arn:analyzer"), "account", (ours, others))
    assert about(analyzer, {"arn:aws:s3:::ours"}).active == (ours,)
