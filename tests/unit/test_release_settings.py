"""[tool.airlock.push] and [tool.airlock.deploy]: what they hold, and all that is wrong with them at once."""

from __future__ import annotations

from airlock.release_settings import Deploy, Push, read


def test_an_empty_table_leaves_everything_at_its_default() -> None:
    problems: list[str] = []
    assert read(Push, {}, {}, problems) == Push()
    assert read(Deploy, {}, {}, problems) == Deploy()
    assert not problems


def test_keys_have_dashes_and_variables_come_first() -> None:
    problems: list[str] = []
    table = {"repository": "here/x", "tags": ["a", "b"], "keep": 3, "kms-key": "k"}
    environ = {"AIRLOCK_PUSH_REPOSITORY": "there/x", "AIRLOCK_PUSH_TAGS": "c d", "AIRLOCK_PUSH_KEEP": "9"}
    made = read(Push, table, environ, problems)
    assert (made.repository, made.tags, made.keep, made.kms_key) == ("there/x", ("c", "d"), 9, "k")
    assert read(Deploy, {"timeout": 5}, {"AIRLOCK_DEPLOY_SERVICES": "a b"}, problems).services == ("a", "b")
    assert not problems


def test_all_that_is_wrong_is_told_at_once() -> None:
    problems: list[str] = []
    table = {
        "repositry": "x",
        "tags": "x y",
        "keep": 0,
        "sign": 1,
        "scan-block": "awful",
        "trusted-keys": [1],
    }
    made = read(Push, table, {}, problems)
    assert problems == [
        "[tool.airlock.push] repositry is not known; perhaps you meant repository",
        "[tool.airlock.push] sign must be a string, not 1",
        "[tool.airlock.push] trusted-keys must be a list of strings, not [1]",
        "[tool.airlock.push] keep must be a whole number above 0, not 0",
        "[tool.airlock.push] scan-block must be one of informational, low, medium, high, critical, not 'awful'",
    ]
    assert made.keep == Push.keep


def test_a_table_is_wanted() -> None:
    problems: list[str] = []
    assert read(Push, ["x"], {}, problems) == Push()
    assert problems == ["[tool.airlock.push] must be a table"]


def test_a_truth_is_no_number() -> None:
    problems: list[str] = []
    read(Deploy, {"timeout": True}, {}, problems)
    assert problems == ["[tool.airlock.deploy] timeout must be a whole number above 0, not True"]
