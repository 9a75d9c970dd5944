"""The entrypoint with stand-ins for the programs of the image: each prints its name and arguments."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from airlock import process

ENTRYPOINT = Path(__file__).parents[3] / "image" / "rootfs" / "entrypoint"
SH = shutil.which("dash") or "/bin/sh"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    for name in ("airflow", "celery", "bash", "python", "tool"):
        stand_in(tmp_path / name, f'echo {name} "$@"')
    for name in ("env", "grep", "head", "base64"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    stand_in(tmp_path / "id", "echo airflow")
    stand_in(tmp_path / "show", 'echo "$USER $LOGNAME $HOME $(umask)"')
    return tmp_path


def stand_in(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def run(programs: Path, *arguments: str, **env: str) -> str:
    done = process.run([SH, ENTRYPOINT, *arguments], env={"PATH": str(programs)} | env)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["version"], "airflow version"),
        (["api-server", "--port", "8080"], "airflow api-server --port 8080"),
        (["dag-processor"], "airflow dag-processor"),
        (["db", "migrate"], "airflow db migrate"),
        (["celery", "worker"], "airflow celery worker"),  # although a program has the name
        (["airflow", "version"], "airflow version"),
        (["--help"], "airflow --help"),
        (["edge", "worker"], "airflow edge worker"),  # a provider's: Airflow knows
        (["schedular"], "airflow schedular"),  # a slip: Airflow says which there are
        ([], "airflow --help"),
        (["bash", "-c", "exit 3"], "bash -c exit 3"),
        (["python", "-V"], "python -V"),
        (["tool", "a b", "*"], "tool a b *"),
    ],
)
def test_airflows_commands_need_no_prefix_and_programs_run_as_they_are(
    programs: Path, arguments: list[str], runs: str
) -> None:
    assert run(programs, *arguments) == runs


def test_a_program_is_run_by_its_path(programs: Path) -> None:
    assert run(programs, f"{programs}/tool", "x") == "tool x"


def test_the_exit_code_is_the_programs(programs: Path) -> None:
    stand_in(programs / "tool", "exit 42")

    assert process.run([SH, ENTRYPOINT, "tool"], env={"PATH": str(programs)}, check=False).returncode == 42


def test_a_uid_with_a_name_keeps_its_environment(programs: Path) -> None:
    assert run(programs, "show", USER="me", LOGNAME="me", HOME="/home/me") == "me me /home/me 0002"


def test_a_uid_without_a_name_gets_one_and_a_home(programs: Path) -> None:
    stand_in(programs / "id", "echo 12345; exit 1")

    assert run(programs, "show", HOME="/") == "airflow airflow /opt/airflow 0002"
    assert run(programs, "show", HOME="/", AIRFLOW_HOME="/srv") == "airflow airflow /srv 0002"
    assert run(programs, "show", HOME="/volume", USER="me") == "me me /volume 0002"


@pytest.mark.parametrize("prefix", [(), ("airflow",)])
def test_standalone_gives_its_components_one_secret(programs: Path, prefix: tuple[str, ...]) -> None:
    stand_in(programs / "airflow", 'echo "$AIRFLOW__API_AUTH__JWT_SECRET"')

    first, second = (run(programs, *prefix, "standalone") for _ in range(2))

    assert len(first) == len(second) == 44  # base64 of 32 bytes
    assert first != second


def test_a_secret_that_was_given_is_kept(programs: Path) -> None:
    stand_in(programs / "airflow", 'echo "secret=${AIRFLOW__API_AUTH__JWT_SECRET-}"')
    (programs / "airflow.cfg").write_text("[api_auth]\njwt_secret = mine\n", encoding="utf-8")

    assert run(programs, "standalone", AIRFLOW__API_AUTH__JWT_SECRET="mine") == "secret=mine"  # noqa: S106
    assert run(programs, "standalone", AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH="/key") == "secret="
    assert len(run(programs, "standalone", AIRFLOW__API_AUTH__JWT_LEEWAY="9")) > len("secret=")
    assert run(programs, "standalone", AIRFLOW_HOME=str(programs)) == "secret="


def test_separate_components_are_given_no_secret(programs: Path) -> None:
    stand_in(programs / "airflow", 'echo "secret=${AIRFLOW__API_AUTH__JWT_SECRET-}"')

    assert run(programs, "scheduler") == "secret="


def test_git_carries_the_executable_bit() -> None:
    assert ENTRYPOINT.stat().st_mode & stat.S_IXUSR
