from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.terraform import ignores, modules
from airlock_spec.check.ignores import Ignore, Misuse

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# airlock: ignore[AL701] the hub's gateway, see the contract
# with a second line
resource "aws_internet_gateway" "hub" {
}

resource "aws_eip" "a" { # airlock: ignore[AL7] for the hub
}

resource "aws_eip" "b" {
  // airlock: ignore[AL702, AL703] inside
  tags = { note = "# airlock: ignore[AL799] no comment" }
}
# airlock: ignore[AL704] above nothing

# airlock: disable
"""


def test_a_comment_ignores_findings_of_the_block_it_is_in_or_above(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TEXT)
    found = ignores.read(modules.read(tmp_path, tmp_path))
    assert {one.path for one in found} == {"main.tf"}
    assert [one.comment for one in found if isinstance(one.comment, Ignore)] == [
        Ignore(1, range(3, 5), ("AL701",), "the hub's gateway, see the contract"),
        Ignore(6, range(6, 8), ("AL7",), "for the hub"),
        Ignore(10, range(9, 13), ("AL702", "AL703"), "inside"),
        Ignore(13, range(0), ("AL704",), "above nothing"),
    ]


def test_a_comment_that_is_not_understood_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TEXT)
    found = ignores.read(modules.read(tmp_path, tmp_path))
    assert [one.comment.line for one in found if isinstance(one.comment, Misuse)] == [15]
