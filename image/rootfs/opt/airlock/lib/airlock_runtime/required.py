"""The settings that a component cannot do without, all of them looked at before anything starts.

Airflow's own defaults are made for one machine: each process that is not told otherwise invents secrets that
no other container knows, and all of them are healthy while every task fails.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_runtime.broker import brokers
from airlock_runtime.database import Url
from airlock_runtime.settings import HOME, SecretSettingError, SettingError
from airlock_runtime.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock_runtime.settings import Settings

FERNET_KEY_BYTES = 32
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
# The others of Airflow and its providers; one's own may be a FabAuthManager by another name.
_WITHOUT_USERS = ("SimpleAuthManager", "AwsAuthManager", "KeycloakAuthManager")
_CELERY = "airflow.providers.celery.executors.default_celery.DEFAULT_CELERY_CONFIG"
SAME = "the same in every container of this Airflow"
_RANDOM = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
_FERNET = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


def problems(component: str | None, settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Return what is missing or wrong for a component, or for another command that uses the database, a line each."""
    found = list(_values(settings, environ))
    if component:
        found += _folders(settings, environ)
    if component and component != "standalone":
        found += _shared(component, settings)
    return found


def executors(settings: Settings) -> set[str]:
    """Return the names of the executors that are no team's (`[core] executor`: several, with aliases, since 2.10).

    Those of teams have settings of their own.
    """
    value = settings.get("core", "executor") or "LocalExecutor"
    groups = [group.removeprefix("=") for group in value.split(";")]
    parts = [part for group in groups if "=" not in group for part in group.split(",")]
    return {word.strip().rpartition(".")[2] for part in parts for word in part.split(":")} | {""}


def needs_broker(component: str | None, settings: Settings) -> bool:
    """Whether a component talks to Celery's broker, and Airflow's settings say where that is."""
    if _has_own_celery(settings):
        return False
    if component == "scheduler":
        return any("CeleryExecutor" in name or "CeleryKubernetes" in name for name in executors(settings))
    return component == "celery worker"


def needs_database(component: str, settings: Settings) -> bool:
    """Whether a component opens the metadata database itself: a worker does so for Celery's results alone."""
    if component != "celery worker":
        return True
    if _has_own_celery(settings):
        return False
    if not settings.is_set("celery", "result_backend"):
        return True
    try:
        return (settings.get("celery", "result_backend") or "db+").startswith("db+")
    except SecretSettingError:
        return False


def _has_own_celery(settings: Settings) -> bool:
    """Whether Celery's broker and results are chosen in Python, in JSON or for a team, which is not read here."""
    options = settings.get("celery", "celery_config_options") or _CELERY
    more = settings.get("celery", "extra_celery_config") or ""
    return bool(settings.team) or options != _CELERY or "broker" in more or "result_backend" in more


def _shared(component: str, settings: Settings) -> Iterator[str]:
    """Look for what separate containers must have in common."""
    elsewhere = component == "celery worker" and settings.is_set("celery", "result_backend")
    needs = needs_database(component, settings) and not elsewhere
    if needs and not settings.is_set("database", "sql_alchemy_conn"):
        yield (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is not set: the default is a file in this container, which no other "
            "sees. Set postgresql+psycopg2://USER:PASSWORD@HOST/NAME."
        )
    if not settings.is_set("core", "fernet_key"):
        yield (
            "AIRFLOW__CORE__FERNET_KEY is not set: what one container encrypts, no other could read. "
            f"Set it, {SAME}: {_FERNET}"
        )
    signs = component in {"api-server", "scheduler"}
    if signs and not any(settings.is_set("api_auth", key) for key in ("jwt_secret", "jwt_private_key_path")):
        yield (
            "AIRFLOW__API_AUTH__JWT_SECRET is not set: every task would fail with an invalid token. "
            f"Set it, {SAME}: {_RANDOM}"
        )
    runs_here = component == "scheduler" and any("LocalExecutor" in name for name in executors(settings))
    if (runs_here or component not in {"scheduler", "dag-processor"}) and not settings.is_set(
        "api", "secret_key"
    ):
        yield (
            "AIRFLOW__API__SECRET_KEY is not set: sessions end at each restart, and logs of running tasks cannot be "
            f"read. Set it, {SAME}: {_RANDOM}"
        )
    known = settings.is_set("core", "execution_api_server_url") or settings.is_set("api", "base_url")
    if (runs_here or component == "celery worker") and not known:
        yield (
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL is not set: tasks would look for the api-server in here. "
            "Set http://API-SERVER:8080/execution/."
        )
    if needs_broker(component, settings) and not settings.is_set("celery", "broker_url"):
        yield "AIRFLOW__CELERY__BROKER_URL is not set: set redis://:PASSWORD@HOST:6379/0, or sqs://."


def _values(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Look at the values of what is set."""
    try:
        Patience.of(environ)
    except ValueError as error:
        yield str(error)
    yield from _database_url(settings)
    yield from _fernet_key(settings)
    try:
        broker = settings.get("celery", "broker_url")
        if broker:
            brokers(broker, settings, environ)
    except SecretSettingError:
        pass
    except (SettingError, ValueError) as error:
        yield f"AIRFLOW__CELERY__BROKER_URL is wrong: {error}."
    if environ.get("_AIRFLOW_WWW_USER_CREATE"):
        yield from _user(settings, environ)


def _database_url(settings: Settings) -> Iterator[str]:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    try:
        text = settings.get("database", "sql_alchemy_conn")
        if text:
            Url.parse(text)
    except SecretSettingError:
        return  # Airflow can read it, and does
    except (SettingError, ValueError) as error:
        yield f"{name} is wrong: {error}."


def _fernet_key(settings: Settings) -> Iterator[str]:
    try:
        text = settings.get("core", "fernet_key") or ""
    except SecretSettingError:
        return
    except SettingError as error:
        yield f"AIRFLOW__CORE__FERNET_KEY is wrong: {error}."
        return
    for key in filter(None, text.split(",")):
        try:
            size = len(base64.urlsafe_b64decode(key.strip()))
        except (binascii.Error, ValueError):
            size = 0
        if size != FERNET_KEY_BYTES:
            yield f"AIRFLOW__CORE__FERNET_KEY is wrong: it is not 32 bytes in URL-safe base64. Make one: {_FERNET}"
            return


def _user(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    manager = settings.get("core", "auth_manager") or "SimpleAuthManager"
    if manager.endswith(_WITHOUT_USERS):
        yield (
            f"_AIRFLOW_WWW_USER_CREATE is set, but the auth manager {manager.rpartition('.')[2]} keeps no users in the "
            f"database. Set AIRFLOW__CORE__AUTH_MANAGER={FAB}, or leave it out."
        )
    if not any(environ.get(f"_AIRFLOW_WWW_USER_PASSWORD{suffix}") for suffix in ("", "_CMD")):
        yield (
            "_AIRFLOW_WWW_USER_PASSWORD is not set, nor _AIRFLOW_WWW_USER_PASSWORD_CMD: "
            "_AIRFLOW_WWW_USER_CREATE needs one of them."
        )


def _folders(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Look for the folders that must be writable on a read-only root."""
    home = environ.get("AIRFLOW_HOME") or HOME
    logs = settings.get("logging", "base_log_folder") or f"{home}/logs"
    temporary = environ.get("TMPDIR") or "/tmp"  # noqa: S108 - of the container
    for folder, option in ((logs, f"--tmpfs {logs}:mode=1777"), (temporary, f"--tmpfs {temporary}")):
        place = Path(folder)
        while not place.exists() and place != place.parent:
            place = place.parent
        if not os.access(place, os.W_OK):
            yield f"{folder} cannot be written to: mount a volume or memory there ({option})."
