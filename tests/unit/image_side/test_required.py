"""What each component cannot do without."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import required
from airlock_runtime.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "AIRFLOW__"
CONN, FERNET = "DATABASE__SQL_ALCHEMY_CONN", "CORE__FERNET_KEY"
JWT, KEY = "API_AUTH__JWT_SECRET", "API__SECRET_KEY"
URL, BROKER = "CORE__EXECUTION_API_SERVER_URL", "CELERY__BROKER_URL"


def settings(tmp_path: Path, **values: str) -> tuple[Settings, dict[str, str]]:
    (tmp_path / "logs").mkdir(exist_ok=True)
    environ = {"AIRFLOW_HOME": str(tmp_path)} | {
        name if name.startswith("_") or (name.isupper() and "__" not in name) else f"{PREFIX}{name}": value
        for name, value in values.items()
    }
    return Settings.read(environ), environ


def named(tmp_path: Path, component: str | None, **values: str) -> list[str]:
    """Return the names that the problems begin with."""
    return [
        re.split(r"[ :]", line)[0].removeprefix(PREFIX)
        for line in required.problems(component, *settings(tmp_path, **values))
    ]


@pytest.mark.parametrize(
    ("component", "missing"),
    [
        ("api-server", [CONN, FERNET, JWT, KEY]),
        ("scheduler", [CONN, FERNET, JWT, KEY, URL]),
        ("dag-processor", [CONN, FERNET]),
        ("triggerer", [CONN, FERNET, KEY]),
        ("celery worker", [CONN, FERNET, KEY, URL, BROKER]),
        ("standalone", []),
        (None, []),
    ],
)
def test_each_component_asks_for_what_it_shares_with_others(
    tmp_path: Path, component: str | None, missing: list[str]
) -> None:
    assert named(tmp_path, component) == missing


def test_what_is_elsewhere_counts_as_set(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nfernet_key_cmd = cat /key\n", encoding="utf-8")
    given = {f"{CONN}_SECRET": "db", "API_AUTH__JWT_PRIVATE_KEY_PATH": "/k", f"{KEY}_CMD": "cat /key"}

    missing = named(tmp_path, "scheduler", **given, API__BASE_URL="http://api:8080")

    assert missing == [FERNET]  # the command does not work, and so the value is wrong


def test_a_worker_without_results_in_the_database_wants_none(tmp_path: Path) -> None:
    missing = named(tmp_path, "celery worker", CELERY__RESULT_BACKEND="redis://r/1")
    assert missing == [FERNET, KEY, URL, BROKER]
    # a database, but not by Airflow's own URL
    assert CONN not in named(tmp_path, "celery worker", CELERY__RESULT_BACKEND="db+postgresql://x")


def test_where_celery_is_configured_elsewhere_its_places_are_not_asked_for(tmp_path: Path) -> None:
    for given in (
        {"CELERY__CELERY_CONFIG_OPTIONS": "mine.CONFIG"},
        {"CELERY__EXTRA_CELERY_CONFIG": '{"broker_url": "redis://r/0"}'},
    ):
        found, environ = settings(tmp_path, **given)
        assert not {CONN, BROKER} & set(named(tmp_path, "celery worker", **given))
        assert not required.needs_broker("celery worker", found)
    of_a_team = Settings.read(environ, "blue")
    assert not required.needs_broker("celery worker", of_a_team)
    assert not required.needs_database("celery worker", of_a_team)
    assert required.needs_broker("celery worker", settings(tmp_path)[0])


def test_a_scheduler_wants_what_its_executors_do(tmp_path: Path) -> None:
    def wants(executor: str) -> set[str]:
        return {URL, BROKER, KEY} & set(named(tmp_path, "scheduler", CORE__EXECUTOR=executor))

    assert wants("LocalExecutor") == {URL, KEY}
    assert wants("CeleryExecutor") == {BROKER}
    assert wants("LocalExecutor,airflow.providers.celery.executors.celery_executor.CeleryExecutor") == {
        URL,
        BROKER,
        KEY,
    }
    assert wants("LocalExecutor;blue=CeleryExecutor") == {URL, KEY}
    assert wants("airflow.providers.amazon.aws.executors.ecs.ecs_executor.AwsEcsExecutor") == set()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (CONN, "secret", "no URL"),
        (CONN, "postgresql://me:a@b:secret/x", "port"),
        (FERNET, "secret", "32 bytes"),
        (FERNET, "AAAA", "32 bytes"),
        (BROKER, "secret", "no URL"),
        (BROKER, "redis://:secret@host:x/0", "port"),
        ("CONNECTION_CHECK_MAX_COUNT", "-1", "number of attempts"),
        ("CONNECTION_CHECK_SLEEP_TIME", "soon", "number of seconds"),
    ],
)
def test_a_wrong_value_is_told_without_being_shown(tmp_path: Path, name: str, value: str, said: str) -> None:
    (line,) = required.problems(None, *settings(tmp_path, **{name: value}))

    assert name in line
    assert said in line
    assert "secret" not in line


def test_fernet_keys_may_be_several(tmp_path: Path) -> None:
    key = "A" * 43 + "="

    assert required.problems(None, *settings(tmp_path, **{FERNET: f"{key},{key}"})) == []


def test_a_folder_that_cannot_be_written_to_is_named_with_the_option_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: "logs" not in str(path))

    lines = required.problems("standalone", *settings(tmp_path))

    assert lines == [
        f"{tmp_path}/logs cannot be written to: mount a volume or memory there (--tmpfs {tmp_path}/logs:mode=1777)."
    ]
