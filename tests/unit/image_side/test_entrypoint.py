"""The entrypoint with stand-ins for the programs of the image: each prints its name and arguments."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock_runtime import entrypoint, preparing
from airlock_runtime.failures import Denied
from airlock_runtime.settings import Settings

if TYPE_CHECKING:
    from airlock.process import Done

ROOTFS = Path(__file__).parents[3] / "image" / "rootfs"
# As an ordinary user of another group the tests would be refused; what becomes of the group is tested below.
START = (
    f"import os, sys; sys.path.insert(0, {str(ROOTFS / 'opt/airlock/lib')!r}); os.getgid = lambda: 0;"
    "from airlock_runtime.entrypoint import main; main()"
)
SHARED = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "mysql://db/airflow",
    "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt",
    "AIRFLOW__API__SECRET_KEY": "key",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api:8080/execution/",
    "CONNECTION_CHECK_MAX_COUNT": "0",  # what stands behind sockets is tested with real parts
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    for name in ("airflow", "celery", "bash", "python", "tool"):
        stand_in(tmp_path / name, f'echo {name} "$@"')
    stand_in(tmp_path / "show", 'echo "$USER $LOGNAME $HOME $(umask)"')
    (tmp_path / "home" / "logs").mkdir(parents=True)
    return tmp_path


def stand_in(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def start(programs: Path, *arguments: str, **env: str) -> Done:
    given = {"PATH": f"{programs}:/usr/bin:/bin", "AIRFLOW_HOME": str(programs / "home")} | env
    return process.run([sys.executable, "-I", "-S", "-c", START, *arguments], env=given, check=False)


def run(programs: Path, *arguments: str, **env: str) -> str:
    done = start(programs, *arguments, **env)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def refusal(programs: Path, *arguments: str, **env: str) -> tuple[int, str]:
    """Return the exit code and what was said, where nothing was run."""
    done = start(programs, *arguments, **env)
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["version"], "airflow version"),
        (["api-server", "--port", "8080"], "airflow api-server --port 8080"),
        (["dag-processor"], "airflow dag-processor"),
        (["db", "migrate"], "airflow db migrate"),
        (["celery", "worker"], "airflow celery worker"),  # although a program has the name
        (["airflow", "version"], "airflow version"),
        (["airflow"], "airflow --help"),
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
    assert run(programs, *arguments, **SHARED, AIRFLOW__CELERY__BROKER_URL="redis://r") == runs


def test_a_program_is_run_by_its_path(programs: Path) -> None:
    assert run(programs, f"{programs}/tool", "x") == "tool x"


def test_the_exit_code_is_the_programs(programs: Path) -> None:
    stand_in(programs / "tool", "exit 42")

    assert start(programs, "tool").returncode == 42


def test_a_uid_with_a_name_keeps_its_environment(programs: Path) -> None:
    assert run(programs, "show", USER="me", LOGNAME="me", HOME="/home/me") == "me me /home/me 0002"


def test_a_uid_without_a_name_gets_one_and_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    for given, name, home in (
        ({"HOME": "/"}, "airflow", "/opt/airflow"),
        ({"HOME": "/", "AIRFLOW_HOME": "/srv"}, "airflow", "/srv"),
        ({"HOME": "/volume", "USER": "me"}, "me", "/volume"),
    ):
        environ = dict(given)
        entrypoint.name_the_user(environ)
        assert (environ["USER"], environ["LOGNAME"], environ["HOME"]) == (name, name, home)


def test_a_group_that_cannot_write_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "getgid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", lambda: [1000])
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(Denied, match="--user 12345:0"):
        entrypoint.require_group()
    monkeypatch.setattr(os, "getuid", lambda: 50000)
    entrypoint.require_group()  # as the official image does
    assert "50000:1000" in capsys.readouterr().err
    monkeypatch.setattr(os, "getgroups", lambda: [1000, 0])
    entrypoint.require_group()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("prefix", [(), ("airflow",)])
def test_standalone_gives_its_components_the_same_secrets(programs: Path, prefix: tuple[str, ...]) -> None:
    stand_in(
        programs / "airflow",
        'echo "$AIRFLOW__API_AUTH__JWT_SECRET $AIRFLOW__API__SECRET_KEY $AIRFLOW__CORE__FERNET_KEY"',
    )

    said = run(programs, *prefix, "standalone")
    again = run(programs, *prefix, "standalone")

    assert [len(secret) for secret in said.split()] == [88, 44, 44]  # base64 of 64 and 32 bytes
    assert len(set(said.split())) == 3
    assert again == said  # kept in AIRFLOW_HOME, so that what is encrypted stays readable
    kept = programs / "home" / ".standalone-secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.unlink()
    assert run(programs, *prefix, "standalone") != said


def test_a_secret_that_was_given_is_kept(programs: Path) -> None:
    stand_in(programs / "airflow", 'echo "secret=${AIRFLOW__API_AUTH__JWT_SECRET-}"')
    home = programs / "home"

    assert run(programs, "standalone", AIRFLOW__API_AUTH__JWT_SECRET="mine") == "secret=mine"  # noqa: S106
    assert run(programs, "standalone", AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH="/key") == "secret="
    assert len(run(programs, "standalone", AIRFLOW__API_AUTH__JWT_LEEWAY="9")) > len("secret=")
    (home / "airflow.cfg").write_text("[api_auth]\njwt_secret = mine\n", encoding="utf-8")
    assert run(programs, "standalone") == "secret="


def test_separate_components_are_given_no_secret(programs: Path) -> None:
    stand_in(programs / "airflow", 'echo "secret=${AIRFLOW__API_AUTH__JWT_SECRET-}"')
    given = SHARED | {"AIRFLOW__API_AUTH__JWT_SECRET": ""}

    code, said = refusal(programs, "scheduler", **given)
    assert code == 78
    assert "AIRFLOW__API_AUTH__JWT_SECRET is not set" in said
    assert run(programs, "triggerer", **given) == "secret="


def test_all_that_is_missing_is_said_at_once_and_nothing_starts(programs: Path) -> None:
    code, said = refusal(programs, "scheduler", AIRFLOW__CORE__EXECUTOR="CeleryExecutor,LocalExecutor")

    assert code == 78
    assert [line.split()[1] for line in said.splitlines()] == [
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
        "AIRFLOW__CELERY__BROKER_URL",
        "airflow",
    ]


def test_the_check_of_settings_can_be_told_to_warn(programs: Path) -> None:
    done = start(programs, "scheduler", AIRLOCK_CHECK_SETTINGS="no", CONNECTION_CHECK_MAX_COUNT="0")

    assert done.stdout == b"airflow scheduler\n"
    assert b"warning: AIRFLOW__CORE__FERNET_KEY is not set" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["version"], {"_PIP_ADDITIONAL_REQUIREMENTS": "pandas"}, "is set: nothing is installed"),
        (["pip", "install", "x"], {}, "pip is not in this image"),
        (["uv", "add", "x"], {}, "uv is not in this image"),
        (["info", "--file-io"], {}, "would send this deployment's description"),
        (["airflow", "info", "--file-io"], {}, "would send"),
    ],
)
def test_what_would_install_or_leave_is_refused(
    programs: Path, arguments: list[str], env: dict[str, str], said: str
) -> None:
    code, text = refusal(programs, *arguments, **{"PATH": str(programs)} | env)

    assert code == 64
    assert said in text
    assert len(text.splitlines()) == 1


def test_a_migration_that_fails_ends_it(programs: Path) -> None:
    stand_in(programs / "airflow", 'echo "airflow $*"; [ "$1" != db ] || exit 5')

    code, said = refusal(programs, "version", _AIRFLOW_DB_MIGRATE="true")
    assert code == 70
    assert "airflow db migrate" in said
    assert said.splitlines()[-1].startswith("airlock: the migration of the database failed with exit code 5")


def test_a_migration_and_a_user_come_before_the_command(programs: Path) -> None:
    log = programs / "log"
    stand_in(
        programs / "airflow",
        f'echo "airflow $*" >>{log}; [ "$1" != users ] || cat >>{log}; env | grep -c PASSWORD >>{log}; :',
    )
    done = start(
        programs,
        "version",
        _AIRFLOW_DB_UPGRADE="true",
        _AIRFLOW_WWW_USER_CREATE="true",
        _AIRFLOW_WWW_USER_USERNAME="me",
        _AIRFLOW_WWW_USER_PASSWORD_CMD="echo secret",  # noqa: S106
        AIRFLOW__CORE__AUTH_MANAGER="x.FabAuthManager",
    )

    assert done.returncode == 0, done.stderr
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "airflow db migrate"
    assert lines[2].startswith("airflow users create --username me --firstname Airflow")
    assert lines[3:5] == ["secret", "secret"]  # by stdin, asked for twice
    assert lines[5:] == ["0", "airflow version", "0"]  # and in no environment
    assert b"secret" not in done.stderr


def test_a_user_that_cannot_be_made_ends_it(programs: Path) -> None:
    stand_in(programs / "airflow", '[ "$1" != users ] || exit 1')
    user = {"_AIRFLOW_WWW_USER_CREATE": "true", "_AIRFLOW_WWW_USER_PASSWORD": "x"}
    code, said = refusal(programs, "version", **user)
    assert code == 78
    assert "SimpleAuthManager keeps no users" in said
    user["AIRFLOW__CORE__AUTH_MANAGER"] = "x.FabAuthManager"

    assert refusal(programs, "version", **user)[0] == 70
    code, said = refusal(programs, "version", **user | {"_AIRFLOW_WWW_USER_PASSWORD_CMD": "exit 3"})
    assert code == 70
    assert "_AIRFLOW_WWW_USER_PASSWORD_CMD failed with exit code 3" in said


@pytest.mark.parametrize(
    ("component", "database"), [("standalone", "sqlite:////tmp/airflow.db"), ("api-server", None)]
)
def test_a_home_that_cannot_be_written_to_is_spared(
    component: str, database: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: str(path) != str(tmp_path))
    environ = {"AIRFLOW_HOME": str(tmp_path)}

    preparing.keep_out_of_read_only_home(component, Settings.read(environ), environ)

    assert environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"].startswith("/tmp/")  # noqa: S108
    assert environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") == database


def test_standalone_is_stopped_by_the_signal_that_it_knows(programs: Path) -> None:
    stand_in(
        programs / "airflow",
        'trap "echo stopped; exit 0" INT; kill -TERM $PPID; sleep 5 >/dev/null 2>&1 & wait; echo not',
    )

    assert run(programs, "standalone") == "stopped"


def test_git_carries_the_executable_bits() -> None:
    assert (ROOTFS / "entrypoint").stat().st_mode & stat.S_IXUSR


def test_what_it_becomes_is_ended_by_a_closed_pipe(programs: Path) -> None:
    stand_in(programs / "tool", "grep SigIgn /proc/self/status")

    ignored = int(run(programs, "tool").split()[1], 16)
    assert not ignored & sum(1 << (number - 1) for number in (signal.SIGPIPE, signal.SIGXFSZ))


def test_where_packages_would_come_from_is_not_shown(programs: Path) -> None:
    asked = {"_PIP_ADDITIONAL_REQUIREMENTS": "--index-url https://me:secret@index/simple pandas"}

    code, said = refusal(programs, "version", **asked)

    assert (code, "nothing is installed" in said, "secret" in said) == (64, True, False)


def test_a_broken_broker_url_that_was_let_through_ends_in_a_line(programs: Path) -> None:
    wrong = SHARED | {
        "AIRLOCK_CHECK_SETTINGS": "no",
        "AIRFLOW__CELERY__BROKER_URL": "redis://:x@r:secret/0",
        "CONNECTION_CHECK_MAX_COUNT": "1",
        "AIRFLOW__CELERY__RESULT_BACKEND": "redis://r/1",
    }

    code, said = refusal(programs, "celery", "worker", **wrong)

    assert (code, "Traceback" in said, "secret" in said) == (78, False, False), said


def test_an_auth_manager_of_ones_own_may_keep_users(programs: Path) -> None:
    own = {"AIRFLOW__CORE__AUTH_MANAGER": "mine.AuthManager", "_AIRFLOW_WWW_USER_PASSWORD": "x"}

    assert run(programs, "version", **SHARED, **own, _AIRFLOW_WWW_USER_CREATE="1") == "airflow version"
