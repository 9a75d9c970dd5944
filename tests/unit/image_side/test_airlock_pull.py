"""`airlock-pull`: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from airlock_plugins import pull
from airlock_plugins.pull import LinesOfJson, Pulling
from airlock_spec.releases import layout, signature
from airlock_spec.releases.failures import UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.receipt import Receipt
from airlock_spec.releases.signature import Signature
from bundle_doubles import Held
from published_releases import publish
from signing_keys import private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FIRST, SECOND = {"one.py": b"1"}, {"one.py": b"2"}


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give this process its handlers back, which the program sets for its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def location() -> Held:
    return Held()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "efs")


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def pulling_of(location: Held, folder: Folder, trusted: Sequence[str] = ()) -> Pulling:
    return Pulling(location, folder, 60, trusted, LinesOfJson(location="s3://bucket/dags"))


def test_the_current_release_serves_and_a_receipt_says_so(
    location: Held, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    release = publish(location, FIRST).id
    assert pulling_of(location, folder).once() == release
    assert (folder.link / "one.py").read_bytes() == b"1"
    (line,) = logged(capsys)
    assert (line["event"], line["release"], line["files"]) == ("release_taken", release, 1)
    (key,) = [key for key in location.objects if key.startswith(layout.receipts(release))]
    receipt = Receipt.from_data(location.objects[key])
    assert receipt.component == "pull"
    assert receipt.arrived


def test_what_fails_is_logged_once_and_what_serves_serves_on(
    location: Held, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish(location, FIRST).id
    pulling = pulling_of(location, folder)
    pulling.once()
    publish(location, SECOND)

    def fail(*_: str) -> None:
        raise UnreachableError("S3 answers SlowDown")

    location.before = fail
    assert [pulling.once(), pulling.once()] == [None, None]
    assert (folder.link / "one.py").read_bytes() == b"1"
    location.before = lambda *_: None
    assert pulling.once()
    events = [line["event"] for line in logged(capsys)]
    assert events == ["release_taken", "release_not_taken", "release_source_answers_again", "release_taken"]
    assert folder.holds(first)


def test_a_denied_receipt_fails_nothing(
    location: Held, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    release = publish(location, FIRST).id

    def deny(doing: str, _: str) -> None:
        if doing == "put":
            raise UnreachableError("S3 denies it")

    location.before = deny
    assert pulling_of(location, folder).once() == release
    assert [line["event"] for line in logged(capsys)] == ["release_taken", "receipt_not_written"]


def test_a_signature_that_was_asked_for_is_kept_for_the_folders_readers(
    location: Held, folder: Folder
) -> None:
    key = private()
    written = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    release = publish(location, FIRST).id
    pulling = pulling_of(location, folder, [written])
    assert pulling.once() is None
    made = key.sign(signature.payload(release), ECDSA(SHA256()))  # type: ignore[call-arg,arg-type]
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    where = signature.object_key(release, signature.key_name(der))
    location.put(where, Signature(release, made).to_data())
    assert pulling_of(location, folder, [written]).once() == release
    assert (folder.root / where).read_bytes() == location.objects[where]


def test_old_releases_are_collected_between_releases(
    location: Held, folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish(location, FIRST).id
    pulling = pulling_of(location, folder)
    pulling.once()
    publish(location, SECOND)
    pulling.once()
    os.utime(folder.place(first), (1, 1))
    pulling.once()
    assert folder.holds(first)  # it was looked for just now
    monkeypatch.setattr(pull, "_COLLECT", 0.0)
    pulling.once()
    assert not folder.holds(first)
    assert logged(capsys)[-1]["releases"] == [first]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--to", "/mnt/dags"],
        ["--from", "s3://bucket/x"],
        ["--from", "bucket/x", "--to", "/mnt/dags"],
        ["--from", "s3://bucket/x", "--to", "/mnt/dags", "--once", "--watch"],
        ["--from", "s3://bucket/x", "--to", "/mnt/dags", "--interval", "0"],
        ["--from", "s3://bucket/x", "--to", "/mnt/dags", "--interval", "5s"],
        ["--from", "s3://bucket/x", "--to", "/mnt/dags", "--keep-for", "nan"],
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        pull.main(arguments)
    assert ended.value.code == 2
    assert "usage: airlock-pull" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_watches_ends_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    program = "import sys; from airlock_plugins.pull import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", program, "--from", "s3://bucket/x", "--to", str(tmp_path), "--watch"]
    credentials = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    environment = credentials | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE) as running:
        assert running.stderr
        assert b"release_not_taken" in running.stderr.readline()
        running.send_signal(number)
        assert running.stderr.read() == b""
    assert running.returncode == 128 + number
