"""`airlock sync` as it is typed: what it publishes, refuses and prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import handlers

from airlock import process
from airlock.errors import (
    AirlockError,
    ArrivalError,
    AwsError,
    ConfigError,
    LocationError,
    PublishError,
    SigningError,
)
from airlock.releases import arrival, checking
from airlock_spec.releases.manifest import Checked
from airlock_spec.releases.signature import Signature, payload
from committing import git
from typed import typed

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.releases.tree import Tree

BUCKET = "dags-of-a-test"
TO = f"s3://{BUCKET}/prod"
DIGEST = f"sha256:{'1' * 64}"


@dataclass
class World:
    """A project with DAGs in a repository, and an empty bucket; what was printed last is kept."""

    project: Path
    monkeypatch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]
    err: str = ""

    @property
    def dags(self) -> Path:
        return self.project / "dags"

    def typed(self, *words: str | Path, code: int = 0) -> str:
        ended = typed(self.monkeypatch, "--project", self.project, "sync", *words)
        out, self.err = self.captured.readouterr()
        assert ended == code, self.err
        return out

    def sync(self, *words: str | Path, code: int = 0) -> str:
        return self.typed("--to", TO, *words, code=code).strip()

    def told(self, *words: str | Path) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.sync("--json", *words))
        return document

    def refused(self, kind: type[AirlockError], *words: str | Path) -> str:
        """Return what is said where it ends with this failure, and nothing on stdout."""
        assert self.sync(*words, code=kind.exit_code) == ""
        return self.err

    def held(self) -> list[str]:
        listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [item["Key"] for item in listed]


@pytest.fixture
def world(
    aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """Give a world in which every check passes: what checking finds is the business of other tests."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    project = tmp_path / "project"
    (project / "dags").mkdir(parents=True)
    (project / "pyproject.toml").write_text("[tool.airlock]\n")
    (project / "dags" / "one.py").write_text("one = 1\n")
    (project / "dags" / "query.sql").write_text("SELECT 1\n")
    (project / ".gitignore").write_text("secret.env\n")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "one")

    def passes(_session: Session, tree: Tree, _folder: str) -> None:
        tree.require_unchanged()

    monkeypatch.setattr(checking, "check", passes)
    monkeypatch.setattr(checking, "image", lambda *_: Checked(DIGEST, DIGEST, DIGEST))
    return World(project, monkeypatch, capsys)


def test_the_release_alone_is_on_stdout(world: World) -> None:
    release = world.sync()
    assert f"prod/releases/{release}.json.gz" in world.held()
    assert "+ one.py" in world.err
    assert f"release {release[:12]}: 2 files, 17 bytes, of commit" in world.err


def test_json_tells_what_was_published_and_with_what_it_was_checked(world: World) -> None:
    told = world.told()
    assert told["added"] == ["one.py", "query.sql"]
    assert (told["files"], told["bytes"], told["sent_objects"], told["sequence"]) == (2, 17, 3, 1)
    assert (told["image"], told["dirty"], told["before"]) == (DIGEST, False, None)
    assert told["commit"] == git(world.project, "rev-parse", "HEAD")


def test_nothing_is_sent_twice(world: World) -> None:
    first = world.told()
    again = world.told()
    assert (again["changed"], again["sent_objects"], again["release"]) == (False, 0, first["release"])


def test_a_dry_run_tells_what_would_change_and_changes_nothing(world: World) -> None:
    told = world.told("--dry-run")
    assert (told["dry_run"], told["changed"], told["added"]) == (True, True, ["one.py", "query.sql"])
    assert "would send 3 objects" in world.err
    assert world.held() == []


def test_what_git_ignores_stays_out_unless_it_is_asked_for(world: World) -> None:
    (world.dags / "secret.env").write_text("password\n")
    assert world.told()["added"] == ["one.py", "query.sql"]
    assert world.told("--include-ignored")["added"] == ["secret.env"]


def test_a_dirty_tree_is_published_and_marked_or_refused(world: World) -> None:
    (world.dags / "two.py").write_text("two = 2\n")
    assert "because: two.py" in world.refused(PublishError, "--require-clean")
    assert world.held() == []
    assert world.told()["dirty"] is True


def test_a_change_elsewhere_in_the_repository_leaves_the_dags_clean(world: World) -> None:
    (world.project / "README.md").write_text("changed\n")
    assert world.told("--require-clean")["dirty"] is False


def test_an_empty_release_is_refused(world: World) -> None:
    (world.project / "none").mkdir()
    assert "would take every DAG away" in world.refused(PublishError, "--dags", world.project / "none")
    assert world.held() == []


@pytest.mark.parametrize(
    ("path", "fault"), [("ONE.py", "collide"), ("con.py", "device"), ("a\nb.py", "control")]
)
def test_a_path_that_no_release_may_hold_is_told_before_anything_is_written(
    world: World, path: str, fault: str
) -> None:
    (world.dags / path).write_text("")
    assert fault in world.refused(PublishError)
    assert world.held() == []


def test_what_the_check_refuses_is_not_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PublishError("the DAGs do not pass the check, and are not published")

    monkeypatch.setattr(checking, "check", refuse)
    assert "do not pass the check" in world.refused(PublishError)
    assert world.held() == []
    assert world.told("--no-check")["image"] is None


def test_a_release_of_another_image_than_before_is_published_where_nobody_says_what_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync()
    other = f"sha256:{'2' * 64}"
    monkeypatch.setattr(checking, "image", lambda *_: Checked(other, other, other))
    assert world.told()["image"] == other


def test_where_nobody_reads_it_waiting_ends_with_an_error_and_the_release_serves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "_PAUSE", 0.01)
    world.sync("--wait", "--timeout", "1", code=ArrivalError.exit_code)
    assert "no dag-processor has taken" in world.err
    assert world.told()["changed"] is False


def test_the_settings_say_where_to_and_the_option_wins(world: World) -> None:
    elsewhere = f"s3://{BUCKET}/other"
    (world.project / "pyproject.toml").write_text(f'[tool.airlock.sync]\nto = "{elsewhere}"\nkms-key = "k"\n')
    world.typed()
    assert {key.split("/")[0] for key in world.held()} == {"other"}
    head = boto3.client("s3").head_object(Bucket=BUCKET, Key="other/current")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "k")
    world.sync()
    assert {key.split("/")[0] for key in world.held()} == {"other", "prod"}


def test_every_object_is_sent_with_its_checksum(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bool] = []

    def note(request: Any, **_: object) -> None:
        sent.append(b"x-amz-checksum-sha256" in {name.lower().encode() for name in request.headers})

    hooks = [*handlers.BUILTIN_HANDLERS, ("before-send.s3.PutObject", note)]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", hooks)
    world.sync()
    assert sent == [True] * 4


def test_a_signature_is_by_the_key_that_is_named(world: World) -> None:
    key = world.project / "signing.key"
    process.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    release = world.told("--sign", key)["release"]
    [name] = [name for name in world.held() if "/signatures/" in name]
    stored = boto3.client("s3").get_object(Bucket=BUCKET, Key=name)["Body"].read()
    found = Signature.from_data(stored)
    assert found.release == release
    public = process.run(["openssl", "pkey", "-in", key, "-pubout"]).stdout
    (world.project / "public.pem").write_bytes(public)
    (world.project / "signature").write_bytes(found.signature)
    files = ("-verify", world.project / "public.pem", "-signature", world.project / "signature")
    process.run(["openssl", "dgst", "-sha256", *files], stdin=payload(release))


def test_a_key_of_another_kind_signs_no_release(world: World) -> None:
    key = world.project / "signing.key"
    process.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key])
    assert "no key that signs releases" in world.refused(SigningError, "--sign", key)
    assert world.held() == []


def test_what_is_no_pointer_is_left_alone(world: World) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=BUCKET, Key="prod/current", Body=b"{}")
    assert "not as it should be" in world.refused(LocationError)
    assert world.held() == ["prod/current"]


def test_a_bucket_that_is_not_there_is_told(world: World) -> None:
    world.typed("--to", "s3://none-of-a-test", code=AwsError.exit_code)
    assert "cannot read s3://none-of-a-test/current" in world.err


def test_without_a_place_it_is_said_how_to_name_one(world: World) -> None:
    world.typed(code=ConfigError.exit_code)
    assert "it is not known where the releases are" in world.err


def test_a_folder_gets_the_release_as_files_and_a_link_to_it(world: World, tmp_path: Path) -> None:
    target = tmp_path / "efs"
    words = ("--to", target)
    assert json.loads(world.typed(*words, "--json", "--dry-run"))["sent_objects"] == 2
    assert not target.exists()
    release = world.typed(*words).strip()
    assert (target / "current").readlink() == Path("releases", release)
    assert (target / "current" / "one.py").read_text() == "one = 1\n"
    (world.dags / "one.py").write_text("one = 2\n")
    told = json.loads(world.typed(*words, "--json"))
    assert (told["before"], told["modified"], told["sent_objects"]) == (release, ["one.py"], 1)
    assert (target / "current" / "one.py").read_text() == "one = 2\n"
    assert (target / "releases" / release / "one.py").read_text() == "one = 1\n"
