"""The heartbeat of a component in a real table `job`, as SQLAlchemy writes it into sqlite."""

from __future__ import annotations

import configparser
import os
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import database, job
from airlock_runtime.database import (
    DatabaseError,
    DeniedError,
    MissingTableError,
    PasswordlessError,
    QueryError,
    UnreachableError,
)
from airlock_runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock_runtime.verdict import Sign

START = 1_795_685_700.25  # of our process
HOST = "ip-10-0-0-7"


class Table:
    """Airflow's table, with what a health check reads of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute(
            "CREATE TABLE job (id INTEGER PRIMARY KEY, job_type TEXT, hostname TEXT, start_date DATETIME,"
            " latest_heartbeat DATETIME, end_date DATETIME)"
        )

    def add(
        self,
        start: float,
        beat: float,
        end: float | None = None,
        *,
        host: str = HOST,
        kind: str = "SchedulerJob",
    ) -> None:
        times = [None if at is None else text(at) for at in (start, beat, end)]
        self.connection.execute(
            "INSERT INTO job (job_type, hostname, start_date, latest_heartbeat, end_date) VALUES (?, ?, ?, ?, ?)",
            (kind, host, *times),
        )

    def sign(self, host: str | None = HOST) -> Sign:
        environ = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path}"}
        return job.sign(settings(**environ), "/nowhere", "SchedulerJob", START, host)


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def settings(**environ: str) -> Settings:
    return Settings(environ, configparser.RawConfigParser())


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path / "airflow.db")
    yield made
    made.connection.close()


def test_the_heartbeat_is_read_to_the_millisecond(table: Table) -> None:
    table.add(START + 1, START + 60.125)

    found = table.sign()

    assert found.kind == "beat"
    assert found.at == pytest.approx(START + 60.125, abs=0.002)


def test_a_row_of_an_earlier_container_of_this_host_name_is_nobodys(table: Table) -> None:
    table.add(START - 3600, START + 5)  # it may even beat for a moment yet
    assert table.sign().kind == "none"

    table.add(START + 1, START + 7)
    assert table.sign().at == pytest.approx(START + 7, abs=0.002)


def test_a_row_of_a_later_container_of_this_host_name_is_nobodys(table: Table) -> None:
    table.add(START + 1, START + 7)
    table.add(START + 100, START + 900)

    assert table.sign().at == pytest.approx(START + 7, abs=0.002)


def test_other_hosts_and_other_components_are_not_looked_at(table: Table) -> None:
    table.add(START + 1, START + 7, host="another")
    table.add(START + 1, START + 7, kind="TriggererJob")

    found = table.sign()

    assert (found.kind, found.reason) == ("none", f"no SchedulerJob of host {HOST} in its database")


def test_without_a_host_name_the_first_since_the_start_is_ours(table: Table) -> None:
    table.add(START + 1, START + 7, host="another")

    assert table.sign(host=None).kind == "beat"


def test_a_job_that_ended_is_told(table: Table) -> None:
    table.add(START + 1, START + 7, START + 8)

    found = table.sign()

    assert found.kind == "ended"
    assert found.at == pytest.approx(START + 8, abs=0.002)


def test_a_database_that_is_not_migrated_has_no_heartbeat_yet(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "airflow.db").close()
    (tmp_path / "airflow.db").touch()

    found = job.sign(settings(), str(tmp_path), "SchedulerJob", START, HOST)  # Airflow's default place

    assert found.kind == "none"
    assert "no such table" in found.reason


@pytest.mark.parametrize(
    ("environ", "kind", "said"),
    [
        (
            {"CONN": "sqlite:////nowhere/a.db"},
            "outage",
            "does not answer (sqlite /nowhere/a.db: there is no file",
        ),
        ({"CONN": "mysql://me:secret@db/x"}, "unproven", "no driver"),
        ({"CONN": "secret"}, "outage", "sql_alchemy_conn is wrong"),
        ({"CONN_CMD": "false"}, "outage", "failed with exit code 1"),
        ({"CONN_SECRET": "x"}, "unproven", "names a secret of the secrets backend"),
    ],
)
def test_a_database_that_cannot_be_asked_says_why(environ: dict[str, str], kind: str, said: str) -> None:
    given = {f"AIRFLOW__DATABASE__SQL_ALCHEMY_{key}": value for key, value in environ.items()}

    found = job.sign(settings(**given), "/nowhere", "SchedulerJob", START, HOST)

    assert found.kind == kind
    assert said in found.reason
    assert "me:secret" not in found.reason


@pytest.mark.parametrize(
    ("error", "alone", "with_arguments"),
    [
        (UnreachableError("refused"), "outage", "outage"),
        (DeniedError("password authentication failed"), "outage", "unproven"),
        (PasswordlessError("it asks for a password"), "unproven", "unproven"),
        (QueryError("canceling statement due to timeout"), "outage", "unproven"),
        (MissingTableError("no such table"), "none", "unproven"),  # it may be in another search path
    ],
)
def test_what_only_airflow_can_connect_with_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, error: DatabaseError, alone: str, with_arguments: str
) -> None:
    def connect(*_: object) -> None:
        raise error

    monkeypatch.setattr(database, "connect", connect)
    given = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://me@db/x"}
    arguments = given | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "mine.connect_args"}

    for environ, kind in ((given, alone), (arguments, with_arguments)):
        assert job.sign(settings(**environ), "/nowhere", "SchedulerJob", START, HOST).kind == kind


def test_the_host_name_is_airflows() -> None:
    assert (
        job.hostname(settings(AIRFLOW__CORE__HOSTNAME_CALLABLE="socket.gethostname")) == os.uname().nodename
    )
    assert job.hostname(settings(AIRFLOW__CORE__HOSTNAME_CALLABLE="mine.name")) is None
