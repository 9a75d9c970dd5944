"""`airlock releases`, `rollback`, `gc` and `pull` as they are typed, at a bucket and a folder in miniature."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization

from aged_releases import receipt
from airlock import errors
from airlock.releases import deleting, s3_location
from airlock.releases.in_folder import Files, InFolder, Kept
from airlock_spec.releases import layout
from airlock_spec.releases.pointer import Pointer, Published
from memory_location import MemoryLocation
from published_releases import manifest_of, publish
from signing_keys import private
from typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.releases.s3_location import S3Location

PLACE = "s3://bucket-of-a-test/dags"


@pytest.fixture
def location(aws: None) -> S3Location:
    boto3.client("s3").create_bucket(Bucket="bucket-of-a-test")
    return s3_location.connect(PLACE)


class Run:
    """Runs commands in an empty folder, and keeps what they print."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self._folder, self._monkeypatch, self._captured = folder, monkeypatch, captured
        self.out, self.err = "", ""

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        ended = typed(self._monkeypatch, "--project", self._folder, *arguments)
        self.out, self.err = self._captured.readouterr()
        assert ended == code, self.err
        return self.out

    def json(self, *arguments: str | Path) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    return Run(tmp_path / "no-project", monkeypatch, capsys)


@pytest.fixture
def two(location: S3Location) -> tuple[str, str]:
    """Publish two releases; return their ids."""
    return publish(location, {"dag.py": b"one\n"}).id, publish(location, {"dag.py": b"two\n"}).id


def let_rest(location: S3Location) -> None:
    """Let the releases be ten days old; S3 knows when it wrote their objects, which stay new."""
    said, past = pointer(location), timedelta(days=10)
    location.put(
        layout.POINTER,
        replace(
            said,
            releases=tuple(replace(one, at=one.at - past) for one in said.releases),
            events=tuple(replace(one, at=one.at - past) for one in said.events),
        ).to_data(),
    )


def pointer(location: S3Location) -> Pointer:
    stored = location.read(layout.POINTER, 1 << 20)
    assert stored
    return Pointer.from_data(stored.data)


def test_releases_are_listed_shown_and_compared(run: Run, two: tuple[str, str]) -> None:
    lines = run("releases", "--at", PLACE).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["*", two[0][:12]]
    assert run.json("releases", "--at", PLACE) == run.json("releases", "list", "--at", PLACE)
    assert run.json("releases", "list", "--at", PLACE)["release"] == two[1]
    assert f"{two[0]}\n" in run("releases", "show", two[0][:8], "--at", PLACE)
    assert run.json("releases", "show", "current", "--at", PLACE)["release"] == two[1]
    assert "changed  dag.py" in run("releases", "diff", two[0][:8], "--at", PLACE)
    assert run.json("releases", "diff", two[1][:8], two[0][:8], "--at", PLACE)["after"] == two[0]
    assert "-one\n+two\n" in run("releases", "diff", two[0][:8], "--at", PLACE, "--with-content")


def test_options_of_releases_go_last_and_content_is_no_json(run: Run) -> None:
    run("releases", "--at", PLACE, "show", "current", code=2)
    assert "options go last" in run.err
    run("releases", "diff", "a", "--at", PLACE, "--with-content", "--json", code=2)


def test_where_nothing_is_the_next_step_is_told(run: Run, location: S3Location) -> None:
    for command in (["releases", "--at"], ["rollback", "--to"], ["gc", "--at"]):
        run(*command, PLACE, code=errors.LocationError.exit_code)
        assert "nothing was published there yet" in run.err
        assert "airlock sync" in run.err
    assert run.out == ""


def test_rolling_back_prints_the_release_alone(run: Run, two: tuple[str, str], location: S3Location) -> None:
    assert run("rollback", "--to", PLACE, "--dry-run") == two[0] + "\n"
    assert pointer(location).release == two[1]
    assert run("rollback", "--to", PLACE) == two[0] + "\n"
    assert f"release {two[0][:12]} serves, instead of {two[1][:12]}" in run.err
    assert (pointer(location).release, pointer(location).events[0].by) == (two[0], "ada")
    forth = run.json("rollback", two[1][:10], "--to", PLACE)
    assert (forth["release"], forth["before"], forth["sequence"]) == (two[1], two[0], 4)
    run("rollback", two[1], "--to", PLACE, code=errors.PublishError.exit_code)
    assert "serves already" in run.err


def test_waiting_for_a_rollback_counts_no_receipt_of_before(
    run: Run, two: tuple[str, str], location: S3Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = MemoryLocation()
    receipt(here, two[0])
    for key, data in here.objects.items():
        location.put(key, data)
    run("rollback", "--to", PLACE, "--wait", "--timeout", "1", code=errors.ArrivalError.exit_code)
    assert "no dag-processor has taken release" in run.err
    assert pointer(location).release == two[0]


def test_collecting_says_what_would_go_and_does_it_only_when_told(
    run: Run, two: tuple[str, str], location: S3Location
) -> None:
    third = publish(location, {"dag.py": b"three\n"}).id
    let_rest(location)
    options = ["gc", "--at", PLACE, "--keep", "2", "--keep-days", "1"]
    told = run.json(*options)
    assert (told["applied"], told["deleted"], told["releases"]) == (False, 0, [two[0]])
    assert told["stays"] == {third: "serves", two[1]: "number 2 of the last 2"}
    assert "to delete: airlock gc --apply" in run.err
    assert pointer(location).find(two[0])
    done = run.json(*options, "--apply")
    assert (done["applied"], done["deleted"], done["releases"]) == (True, 2, [two[0]])
    assert pointer(location).find(two[0]) is None
    assert "nothing goes" not in run.err
    run(*options, "--apply")
    assert "nothing goes" in run.err


def test_what_nobody_claims_is_forced(run: Run, two: tuple[str, str], location: S3Location) -> None:
    here = MemoryLocation()
    receipt(here, two[0])
    for key, data in here.objects.items():
        location.put(key, data)
    run("gc", "--at", PLACE, code=errors.LocationError.exit_code)
    assert "airlock gc --force" in run.err
    run("gc", "--at", PLACE, "--force")


def test_a_collector_that_runs_out_of_time_says_so(
    run: Run, two: tuple[str, str], location: S3Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_rest(location)
    monkeypatch.setattr(deleting, "_MARGIN", 1e6)
    done = run.json("gc", "--at", PLACE, "--keep", "1", "--keep-days", "1", "--apply")
    assert (done["deleted"], done["stopped"]) == (0, "it took too long: run it again")
    run("gc", "--at", PLACE, "--apply", code=errors.LocationError.exit_code)
    assert "another `airlock gc` is at work" in run.err


def test_a_folder_is_pulled_into_and_told_what_serves(run: Run, two: tuple[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    assert run("pull", "--from", PLACE, "--to", folder) == two[1] + "\n"
    assert (folder / "current" / "dag.py").read_bytes() == b"two\n"
    assert "+1 ~0 -0 files" in run.err
    again = run.json("pull", "--from", PLACE, "--to", folder)
    assert (again["switched"], again["made"], again["release"]) == (False, False, two[1])
    assert "serves already" in run.err
    run("releases", "--at", folder, code=errors.LocationError.exit_code)
    assert "was pulled" in run.err


def test_pulling_fails_with_a_reason_and_leaves_no_folder_that_serves(
    run: Run, location: S3Location, tmp_path: Path
) -> None:
    run("pull", "--from", PLACE, "--to", tmp_path / "dags", code=errors.LocationError.exit_code)
    assert "nothing was published there yet" in run.err
    assert not (tmp_path / "dags" / "current").exists()


def test_what_no_trusted_key_signed_is_not_pulled(
    run: Run, two: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "ada.pub"
    public = private().public_key()
    key.write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    monkeypatch.setenv("AIRLOCK_SYNC_TRUSTED_KEYS", str(key))
    run("pull", "--from", PLACE, "--to", tmp_path / "dags", code=errors.LocationError.exit_code)
    assert "bears no signature of a trusted key" in run.err


def test_a_folder_is_no_place_to_pull_from_nor_one_that_is_published_to(
    run: Run, two: tuple[str, str], tmp_path: Path
) -> None:
    run("pull", "--from", tmp_path, "--to", tmp_path / "dags", code=errors.ConfigError.exit_code)
    folder(tmp_path)
    run("pull", "--from", PLACE, "--to", tmp_path / "dags", code=errors.ConfigError.exit_code)
    assert "is published to" in run.err


def folder(tmp_path: Path) -> list[str]:
    """Publish three releases into a folder; return their ids."""
    ids = []
    for text in (b"1\n", b"2\n", b"3\n"):
        (tmp_path / "dag.py").write_bytes(text)
        made = manifest_of({"dag.py": text})
        source = Files(tmp_path, {made.files[0].sha256: "dag.py"})
        new = Published(made.id, datetime.now(UTC), "ada", 1, 2)
        InFolder(tmp_path / "dags").publish(made, source, new, Kept(30, 30))
        ids.append(made.id)
    return ids


def test_folders_have_the_same_commands(run: Run, tmp_path: Path) -> None:
    ids, place = folder(tmp_path), str(tmp_path / "dags")
    assert run("rollback", "--to", place) == ids[1] + "\n"
    assert run.json("releases", "--at", place)["release"] == ids[1]
    assert run.json("releases", "show", "current", "--at", place)["packs"] == {}
    assert "-2\n+1" in run("releases", "diff", "current", ids[0], "--at", place, "--with-content")
    gone = [ids[0]]
    options = ["gc", "--at", place, "--keep", "1", "--keep-days", "0"]
    assert set(run.json(*options)["releases"]) >= set(gone)
    assert run.json(*options)["deleted"] == 0
    assert run.json(*options, "--apply")["deleted"] >= 1
    assert ids[1] in [one["release"] for one in run.json("releases", "--at", place)["releases"]]
    run("rollback", "--to", place, "--wait", ids[2], code=2)
    assert "readers of a folder write nothing" in run.err
    run("gc", "--at", place, "--drop-claims", "7", code=2)
    assert f"{place}/claims" in run.err


def test_a_folder_whose_claim_cannot_be_read_says_why_nothing_goes(run: Run, tmp_path: Path) -> None:
    folder(tmp_path)
    place = tmp_path / "dags"
    (place / "claims").mkdir()
    (place / "claims" / "broken.json").write_bytes(b"{}")
    run(
        "gc", "--at", place, "--keep", "1", "--keep-days", "0", "--apply", code=errors.LocationError.exit_code
    )
    assert "claims/broken.json" in run.err


def test_in_s3_what_served_within_a_day_stays(run: Run, two: tuple[str, str]) -> None:
    run("gc", "--at", PLACE, "--keep-days", "0", code=2)
    assert "claimed once an hour" in run.err


def test_a_folder_that_cannot_be_made_is_a_failure_that_says_so(
    run: Run, two: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    run("pull", "--from", PLACE, "--to", tmp_path / "file" / "dags", code=errors.LocationError.exit_code)
    assert "cannot be read or written" in run.err
    assert "AIRLOCK_CACHE" not in run.err


def test_where_nothing_was_published_the_next_command_is_another_one(run: Run, tmp_path: Path) -> None:
    run("releases", "--at", tmp_path / "dags", code=errors.LocationError.exit_code)
    assert f"airlock sync --to {tmp_path / 'dags'}" in run.err
