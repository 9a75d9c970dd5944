"""Reports of `airlock-verify` from files and pipes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from airlock.errors import ProbeError
from airlock.verify.task import reports
from airlock_spec.reach import carried
from airlock_spec.reach.observed import Kind, Observed, Sight

if TYPE_CHECKING:
    from pathlib import Path

SEEN = Observed((Sight("sqs.eu-west-1.amazonaws.com", Kind.ENDPOINT),), 1.0, 20.0)
DOCUMENT = json.dumps({"observed": SEEN.plain(), "findings": []}, indent=2)
SESSION = "\r\nStarting session with SessionId: ecs-execute-command-0\r\n{}\r\n\r\nExiting session.\r\n"


MARKED = "\r\n".join(carried.lines(json.dumps(json.loads(DOCUMENT))))


@pytest.mark.parametrize("text", [DOCUMENT, SESSION.format(DOCUMENT), SESSION.format(MARKED)])
def test_a_report_is_read_from_a_file_and_from_stdin_and_out_of_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    assert reports.read(str(file)) == SEEN
    assert reports.read("-") == SEEN


def test_what_cannot_be_read_and_what_is_no_report_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="cannot be read") as caught:
        reports.read(str(tmp_path / "none"))
    assert "No such file" in caught.value.cause
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(ProbeError, match="cannot be read"):
        reports.read(str(tmp_path / "binary"))
    (tmp_path / "text").write_text("command not found")
    with pytest.raises(ProbeError, match="holds no report"):
        reports.read(str(tmp_path / "text"))
