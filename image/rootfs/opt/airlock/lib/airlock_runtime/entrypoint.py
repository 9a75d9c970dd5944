"""What a container does before it becomes its command, in the order in which it happens.

The contract of the official image without its faults; docs/runtime.md holds the two against each other.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess  # standalone, which has to be stopped by another signal
import sys
from typing import TYPE_CHECKING, NoReturn

from airlock_runtime import preparing, required, waiting, worker
from airlock_runtime.broker import brokers
from airlock_runtime.command import Command, refuse_installing
from airlock_runtime.database import CONNECT_ARGS, Url
from airlock_runtime.failures import Denied, Failure, Misconfigured
from airlock_runtime.schema import Schema
from airlock_runtime.settings import HOME, SecretSettingError, SettingError, Settings
from airlock_runtime.waiting import Patience, say

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

OWN_UID = 50000
MIGRATE = ("_AIRFLOW_DB_MIGRATE", "_AIRFLOW_DB_UPGRADE")
CREATE = "_AIRFLOW_WWW_USER_CREATE"
IDENTITY = "/opt/airlock/identity.json"  # airlock_spec.paths, which is not on this path
NOT_FOUND, NOT_EXECUTABLE = 127, 126  # as shells report them


def main() -> NoReturn:
    """Run the words of the command line; a foreseen failure ends in its lines and its exit code."""
    try:
        command = prepare(sys.argv[1:], os.environ)
    except Failure as failure:
        for line in failure.lines:
            say(line)
        sys.exit(failure.code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    run(command, os.environ)


def prepare(words: Sequence[str], environ: MutableMapping[str, str]) -> Command:
    """Do all that comes before the command. Raises Failure."""
    os.umask(0o002)  # files in volumes are shared by gid 0, whichever uid a platform chooses
    require_group()
    name_the_user(environ)
    refuse_installing(environ)
    command = Command.of(words, environ)
    try:
        settings = Settings.read(environ, command.team)
        preparing.keep_out_of_read_only_home(command.component, settings, environ)
        if command.component == "standalone":
            preparing.share_secrets(settings, environ)
        require_settings(command, settings, environ)
        prepare_database(command, settings, environ)
        prepare_broker(command, settings, environ)
        if command.component == "celery worker":
            worker.let_note(environ)
    except SettingError as error:
        raise Misconfigured(f"{error}.") from error
    return command


def require_group() -> None:
    """Refuse a group other than 0, which could not write to Airflow's folders. Raises Denied."""
    uid, gid = os.getuid(), os.getgid()
    if gid == 0 or 0 in os.getgroups():
        return
    fact = f"this container runs as {uid}:{gid}, and its folders belong to group 0"
    if uid != OWN_UID:
        raise Denied(f"{fact}. Choose any user, but group 0: --user {uid}:0.")
    say(f"{fact}: use {uid}:0, or what it writes cannot be read by another user of the image")


def name_the_user(environ: MutableMapping[str, str]) -> None:
    """Give a uid that is not in /etc/passwd a name and a home: getpass.getuser() and `~` need them."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        user = environ.setdefault("USER", "airflow")
        environ.setdefault("LOGNAME", user)
        if environ.get("HOME", "/") == "/":
            environ["HOME"] = environ.get("AIRFLOW_HOME") or HOME


def require_settings(command: Command, settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Look at every setting before anything starts. Raises Misconfigured with all problems."""
    if not (command.uses_database or asked_for(environ, *MIGRATE, CREATE)):
        return
    found = required.problems(command.component, settings, environ)
    if not found:
        return
    if environ.get("AIRLOCK_CHECK_SETTINGS", "").lower() in {"0", "false", "no", "off"}:
        for line in found:
            say(f"warning: {line}")
        return
    raise Misconfigured(
        *found,
        f"{' '.join(command.words[:3])} was not started: see above (AIRLOCK_CHECK_SETTINGS=no makes warnings of them).",
    )


def prepare_database(command: Command, settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Wait for the database, migrate it and make the user where that is asked for, and look at its tables."""
    migrates, creates = asked_for(environ, *MIGRATE), asked_for(environ, CREATE)
    component = command.component
    needs = required.needs_database(component, settings) if component else command.uses_database
    if not (needs or migrates or creates):
        return
    url = database_url(settings, environ)
    patience = patient(environ)
    if url and url.kind != "sqlite" and patience.attempts:
        answered = waiting.for_database(url, patience, by_port=settings.is_set(*CONNECT_ARGS))
        own = Schema.of_the_image() if answered.known else None  # without it Airflow looks for itself
        if own and (migrates or component or command.migrates):
            waiting.refuse_newer(url, answered.revision, own, version())
        if own and component and component != "standalone" and not migrates:
            waiting.for_schema(url, answered.revision, own, version(), patience)
    if migrates:
        preparing.migrate(environ)
    if creates:
        preparing.create_user(environ)


def asked_for(environ: Mapping[str, str], *names: str) -> bool:
    """Whether one of the variables is set to anything: `false` is a yes in the official image too."""
    return any(environ.get(name) for name in names)


def prepare_broker(command: Command, settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Wait for Celery's broker where the command talks to it."""
    patience = patient(environ)
    if not patience.attempts or not required.needs_broker(command.component, settings):
        return
    try:
        url = settings.get("celery", "broker_url")
    except SecretSettingError:
        url = preparing.ask_airflow("celery", "broker_url", environ)
    try:
        places = brokers(url or "", settings, environ) if url else []
    except ValueError as error:
        raise Misconfigured(f"AIRFLOW__CELERY__BROKER_URL is wrong: {error}.") from error
    if places:
        waiting.for_broker(places, patience)


def database_url(settings: Settings, environ: MutableMapping[str, str]) -> Url | None:
    """Return the URL of the metadata database; None for Airflow's default, a file."""
    try:
        text = settings.get("database", "sql_alchemy_conn")
    except SecretSettingError:
        text = preparing.ask_airflow("database", "sql_alchemy_conn", environ)
    try:
        return Url.parse(text) if text else None
    except ValueError as error:
        raise Misconfigured(f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is wrong: {error}.") from error


def patient(environ: MutableMapping[str, str]) -> Patience:
    """Return how long to wait. Raises Misconfigured."""
    try:
        return Patience.of(environ)
    except ValueError as error:
        raise Misconfigured(f"{error}.") from error


def version() -> str:
    """Return the version of this image's Airflow, as its identity has it."""
    try:
        with open(IDENTITY, encoding="utf-8") as file:  # noqa: PTH123 - no second module for one file
            return str(json.load(file)["airflow"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def run(command: Command, environ: MutableMapping[str, str]) -> NoReturn:
    """Become the command."""
    sys.stdout.flush()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and so would what it becomes
        signal.signal(number, signal.SIG_DFL)
    try:
        if command.component == "standalone":
            sys.exit(until_stopped(command.words))
        os.execvpe(command.words[0], command.words, environ)  # noqa: S606 - this is what an entrypoint is for
    except OSError as error:
        say(f"{command.words[0]} cannot be run: {error.strerror}")
        sys.exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def until_stopped(words: Sequence[str]) -> int:
    """Run standalone, which stops its components at SIGINT alone, and return its exit code."""
    started: list[subprocess.Popen[bytes]] = []
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        for process in started:
            process.send_signal(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    started.append(subprocess.Popen(words, start_new_session=True))
    if asked:  # between the two lines above
        started[0].send_signal(signal.SIGINT)
    code = started[0].wait()
    return code if code >= 0 else 128 - code
