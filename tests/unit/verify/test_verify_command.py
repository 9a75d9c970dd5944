"""Options of `airlock verify`: none that is given is ignored."""

from __future__ import annotations

import pytest

from airlock import cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--from-task --cluster other", "--cluster is for --live"),
        ("--from-task --vpc vpc-1", "--vpc is for --live"),
        ("--policy", "--policy is for --live"),
        ("--live --service api", "--service is for --from-task"),
        ("--live --dry-run", "--dry-run is for --from-task"),
        ("--live --var a=b", "--var is for --terraform DIR"),
        ("--from-task --dags", "--dags is for --terraform and --live"),
        ("--from-task - --service api", "a report is only read"),
        ("--from-task - --dry-run", "a report is only read"),
    ],
)
def test_an_option_that_would_be_ignored_is_misuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    monkeypatch.setattr("sys.argv", ["airlock", "verify", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
