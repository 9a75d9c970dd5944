"""Those that bring DAGs to S3 and back: airlock, and programs that copy files one by one."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import process
from airlock.errors import EngineError
from benchmarks.double import KEY, REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.process import Running
    from benchmarks.double import Double

Command = list[str | Path]
AWSCLI = "1.46.3"
_RCLONE = ("--transfers", "32", "--checkers", "32", "--fast-list")


class Syncer(Protocol):
    """Whoever publishes a folder into a bucket, and makes a folder of what is there: two whole programs."""

    @property
    def name(self) -> str: ...

    @property
    def variables(self) -> dict[str, str]: ...

    def publish(self, bucket: str) -> Command: ...

    def read(self, bucket: str, folder: Path) -> Command: ...

    def found(self, folder: Path) -> Path:
        """Return where the files are that `read` made."""
        ...


@dataclass(frozen=True)
class Airlock:
    """`airlock sync` and `airlock pull`; the DAGs are those of `project`."""

    project: Path
    double: Double
    name: str = "airlock"

    @property
    def variables(self) -> dict[str, str]:
        return {**_plain(), **self.double.variables, "AIRLOCK_CACHE": f"{self.project}-cache"}

    def publish(self, bucket: str) -> Command:
        return [*self._airlock(), "sync", "--no-check", "--to", f"s3://{bucket}/dags"]

    def read(self, bucket: str, folder: Path) -> Command:
        return [*self._airlock(), "pull", "--from", f"s3://{bucket}/dags", "--to", folder]

    def found(self, folder: Path) -> Path:
        return folder / "current"

    def _airlock(self) -> Command:
        return [Path(sys.executable).with_name("airlock"), "--quiet", "--project", self.project]


@dataclass(frozen=True)
class Copier:
    """A program that makes one place like another, by two words for them."""

    name: str
    command: Sequence[str | Path]
    tree: Path
    variables: dict[str, str]
    remote: str = "s3://{bucket}/dags/"

    def publish(self, bucket: str) -> Command:
        return [*self.command, f"{self.tree}/", self.remote.format(bucket=bucket)]

    def read(self, bucket: str, folder: Path) -> Command:
        folder.mkdir(exist_ok=True)
        return [*self.command, self.remote.format(bucket=bucket), f"{folder}/"]

    def found(self, folder: Path) -> Path:
        return folder


def copiers(double: Double, folder: Path, tree: Path) -> list[Syncer]:
    """Return the peers; each removes what is not in the source, and has its defaults but for what is said here."""
    settings = folder / "s3cmd.conf"
    host = double.url.removeprefix("http://")
    settings.write_text(
        f"[default]\naccess_key = {KEY}\nsecret_key = {KEY}\nhost_base = {host}\nhost_bucket = {host}\n"
        "use_https = False\n"
    )
    rclone = {
        "RCLONE_CONFIG": "", "RCLONE_S3_PROVIDER": "Other", "RCLONE_S3_ENDPOINT": double.url,
        "RCLONE_S3_ACCESS_KEY_ID": KEY, "RCLONE_S3_SECRET_ACCESS_KEY": KEY, "RCLONE_S3_REGION": REGION,
        "RCLONE_S3_NO_CHECK_BUCKET": "true", "RCLONE_S3_LIST_VERSION": "2",
    }  # fmt: skip
    aws: Command = [awscli(), "s3", "sync", "--delete", "--only-show-errors"]
    s3cmd: Command = ["s3cmd", "--config", settings, "--quiet", "--delete-removed", "sync"]
    sync: Command = ["rclone", "sync", *_RCLONE]
    plain = _plain()
    return [
        Copier("aws s3 sync", aws, tree, plain | double.variables),
        Copier("s3cmd", s3cmd, tree, plain),
        Copier("rclone", sync, tree, plain | rclone, ":s3:{bucket}/dags"),
        Copier("rclone --checksum", [*sync, "--checksum"], tree, plain | rclone, ":s3:{bucket}/dags"),
    ]


def awscli() -> Path:
    """Return a program of its own, in an environment of its own, made once in build/bench."""
    place = Path(__file__).parents[2] / "build" / "bench" / f"awscli-{AWSCLI}"
    program = place / "bin" / "aws"
    if not program.exists():
        shutil.rmtree(place, ignore_errors=True)
        process.run([sys.executable, "-m", "venv", place])
        process.run([place / "bin" / "pip", "install", "--quiet", f"awscli=={AWSCLI}"])
    return program


def require_programs() -> None:
    """Raise EngineError where a peer is missing."""
    missing = [name for name in ("git", "rclone", "s3cmd") if process.find(name) is None]
    if missing:
        raise EngineError(
            f"there is no {', no '.join(missing)}", remedy=f"apt-get install {' '.join(missing)}"
        )


def _plain() -> dict[str, str]:
    """Return the variables that programs need, and none of AWS's: this machine may have its own."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@dataclass
class Bundle:
    """A DAG bundle in a process of the image: what `initialize` and `refresh` take is measured there."""

    running: Running

    @classmethod
    def start(cls, command: Sequence[str | Path]) -> Bundle:
        bundle = cls(process.serve(command, env={}))
        bundle.answer()
        return bundle

    def do(self, word: str) -> dict[str, float | str]:
        assert self.running.stdin
        self.running.stdin.write(f"{word}\n".encode())
        self.running.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float | str]:
        assert self.running.stdout
        line = self.running.stdout.readline()
        if not line:
            said = self.running.communicate()[1].decode(errors="replace")
            raise EngineError("the bundle's process has ended", cause=said[-2000:])
        answer: dict[str, float | str] = json.loads(line)
        return answer

    def end(self) -> None:
        self.running.communicate()
