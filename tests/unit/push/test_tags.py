"""Tags: patterns filled in, and what an uncommitted work tree may not be called."""

from __future__ import annotations

import pytest

from airlock.errors import ConfigError, PushError
from airlock.git import State
from airlock.push.tags import Named, require_unchanged, resolve

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CLEAN = Named("3.3.2", State(COMMIT, (), ""))
DIRTY = Named("3.3.2", State(COMMIT, ("a.py", "b.py", "c", "d", "e", "f", "g"), ""))
NO_GIT = Named("3.3.2", None)


def test_patterns_know_the_version_and_the_commit() -> None:
    assert resolve(["{version}-{commit}", "{commit}", "latest"], CLEAN) == (
        "3.3.2-0123456789ab",
        "0123456789ab",
        "latest",
    )


def test_a_tag_that_two_patterns_stand_for_is_one() -> None:
    assert resolve(["{version}", "3.3.2"], CLEAN) == ("3.3.2",)


def test_a_local_version_becomes_a_tag() -> None:
    assert resolve(["{version}"], Named("3.3.2+ours.1", None)) == ("3.3.2-ours.1",)


@pytest.mark.parametrize(
    "tag",
    ["3.3.2", "v1.4", "{version}", "{commit}", "latest", "x-0123456789ab", "3.3.2-hotfix", "1", "{version}x"],
)
def test_files_that_no_commit_has_are_no_release(tag: str) -> None:
    with pytest.raises(PushError) as caught:
        resolve([tag, "dev-anna"], DIRTY)
    assert caught.value.cause.splitlines() == ["a.py", "b.py", "c", "d", "e", "… 2 more"]
    assert "dev-anna" not in caught.value.fact


@pytest.mark.parametrize("tag", ["dev-anna", "anna", "feature_x", "pr-12"])
def test_a_tag_of_ones_own_may_name_them(tag: str) -> None:
    assert resolve([tag], DIRTY) == (tag,)


def test_a_clean_work_tree_stays_so_while_the_image_is_composed() -> None:
    for before, after in ((CLEAN, CLEAN), (DIRTY, DIRTY), (DIRTY, CLEAN), (NO_GIT, NO_GIT), (NO_GIT, DIRTY)):
        require_unchanged(before.state, after.state)
    with pytest.raises(PushError, match="was changed while") as caught:
        require_unchanged(CLEAN.state, DIRTY.state)
    assert caught.value.cause == "a.py, b.py, c, d, e"
    with pytest.raises(PushError) as caught:
        require_unchanged(CLEAN.state, State("f" * 40, (), ""))
    assert caught.value.cause == f"it was at commit {COMMIT}"


def test_without_git_there_is_no_commit_to_name() -> None:
    assert resolve(["{version}"], NO_GIT) == ("3.3.2",)
    with pytest.raises(ConfigError) as caught:
        resolve(["{version}-{commit}"], NO_GIT)
    assert "in no git repository" in caught.value.cause


def test_all_that_is_no_tag_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(["{date}", "-x", "ok", "a/b", ""], CLEAN)
    assert len(caught.value.cause.splitlines()) == 4


def test_a_tag_that_is_too_long_is_told_so() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(["{version}"], Named("1" * 200, None))
    assert "at most 128" in caught.value.cause


def test_there_is_a_tag_at_least() -> None:
    with pytest.raises(ConfigError):
        resolve([], CLEAN)
