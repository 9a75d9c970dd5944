"""What happens before the command: the migration, the first user, and what standalone's components share."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess  # the image's own programs; the toolchain's processes are another world's
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_runtime.failures import StepFailed
from airlock_runtime.settings import HOME, SettingError, Settings
from airlock_runtime.waiting import say

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

# _AIRFLOW_WWW_USER_…: option of `airflow users create`, what is taken without it
USER = {
    "USERNAME": ("--username", "admin"),
    "FIRSTNAME": ("--firstname", "Airflow"),
    "LASTNAME": ("--lastname", "Admin"),
    "EMAIL": ("--email", "airflowadmin@example.com"),
    "ROLE": ("--role", "Admin"),
}
PASSWORD = "_AIRFLOW_WWW_USER_PASSWORD"  # noqa: S105 - a variable's name
SHARED = {
    "AIRFLOW__API_AUTH__JWT_SECRET": ("api_auth", "jwt_secret"),
    "AIRFLOW__API__SECRET_KEY": ("api", "secret_key"),
    "AIRFLOW__CORE__FERNET_KEY": ("core", "fernet_key"),
}


def migrate(environ: Mapping[str, str]) -> None:
    """Run `airflow db migrate`. Raises StepFailed: the official image goes on with a half-migrated database."""
    _run(["airflow", "db", "migrate"], environ, "the migration of the database")


def create_user(environ: MutableMapping[str, str]) -> None:
    """Make the first user, or find it made, and forget its password. Raises StepFailed."""
    password = environ.pop(PASSWORD, "")
    if command := environ.pop(f"{PASSWORD}_CMD", ""):
        # A shell's, as the official entrypoint evaluates it.
        said = subprocess.run(
            ["/bin/sh", "-c", command], stdout=subprocess.PIPE, check=False, env=dict(environ)
        )
        if said.returncode:
            raise StepFailed(f"{PASSWORD}_CMD failed with exit code {said.returncode}: mend the command.")
        password = said.stdout.decode().rstrip("\n")
    words = ["airflow", "users", "create"]
    for name, (option, default) in USER.items():
        words += [option, environ.get(f"_AIRFLOW_WWW_USER_{name}") or default]
    # Asked for twice and given by stdin: as an argument every process here could read it. A session of its own,
    # for getpass asks the terminal where there is one.
    _run(words, environ, "making the user", stdin=f"{password}\n{password}\n".encode())


def share_secrets(settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Give what standalone starts the same secrets, and the next start too where AIRFLOW_HOME is a volume.

    Each process would invent its own: the components are healthy, and every task fails with an invalid token.
    """
    missing = [name for name, place in SHARED.items() if not settings.is_set(*place)]
    if settings.is_set("api_auth", "jwt_private_key_path"):
        missing = [name for name in missing if "JWT" not in name]
    if not missing:
        return
    path = Path(environ.get("AIRFLOW_HOME") or HOME, ".standalone-secrets.json")
    known: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        known = {
            str(name): str(value) for name, value in json.loads(path.read_text(encoding="utf-8")).items()
        }
    # 32 bytes are a Fernet key, 64 what HS512 wants of a key (RFC 7518, 3.2)
    made = {
        name: base64.urlsafe_b64encode(secrets.token_bytes(64 if "JWT" in name else 32)).decode()
        for name in missing
    }
    found = made | {name: known[name] for name in missing if known.get(name)}
    environ.update(found)
    with contextlib.suppress(OSError):  # read-only: then they last as long as this container
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(known | found), encoding="utf-8")
        beside.replace(path)


def keep_out_of_read_only_home(
    component: str | None, settings: Settings, environ: MutableMapping[str, str]
) -> None:
    """Let what would be written into AIRFLOW_HOME be written into /tmp where that cannot be written to.

    It is the generated password of the simple auth manager, and the database of standalone.
    """
    home = environ.get("AIRFLOW_HOME") or HOME
    if component not in {"api-server", "standalone"} or os.access(home, os.W_OK):
        return
    if not settings.is_set("core", "simple_auth_manager_passwords_file"):
        name = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
        environ[name] = "/tmp/simple_auth_manager_passwords.json"  # noqa: S108 - of the container
    if component == "standalone" and not settings.is_set("database", "sql_alchemy_conn"):
        environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////tmp/airflow.db"


def ask_airflow(section: str, key: str, environ: Mapping[str, str]) -> str:
    """Let Airflow read a setting that is in its secrets backend: a second or two. Raises SettingError."""
    code = "import sys; from airflow.configuration import conf; sys.stdout.write('\\n' + conf.get(*sys.argv[1:]))"
    done = subprocess.run(
        ["python", "-c", code, section, key], env=dict(environ), capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
        raise SettingError(f"[{section}] {key} cannot be read from the secrets backend: {said[0]}")
    return done.stdout.decode().rpartition("\n")[2]


def _run(words: Sequence[str], environ: Mapping[str, str], what: str, stdin: bytes | None = None) -> None:
    """Run a step with its output on stderr: stdout is the command's."""
    say(f"{what}: {' '.join(words[:3])}")
    try:
        done = subprocess.run(
            words,
            env=dict(environ),
            stdout=2,
            check=False,
            start_new_session=stdin is not None,
            **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}),
        )
    except OSError as error:
        raise StepFailed(f"{what} failed: {words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        code = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise StepFailed(f"{what} failed with {code}; what it said is above. Nothing was started.")
