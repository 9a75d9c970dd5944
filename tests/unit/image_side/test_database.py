"""Database URLs are read as SQLAlchemy reads them; errors tell what passes from what does not, without a secret."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Self

import pytest

from airlock_runtime import database, libpq
from airlock_runtime.database import (
    Database,
    DatabaseError,
    DeniedError,
    DriverError,
    MissingTableError,
    PasswordlessError,
    QueryError,
    UnreachableError,
    Url,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (
            "postgresql+psycopg2://me:p%40ss@db.internal:6432/airflow?sslmode=require",
            Url("postgresql", "me", "p@ss", "db.internal", 6432, "airflow", (("sslmode", "require"),)),
        ),
        ("postgresql://me:a/b@db/x", Url("postgresql", "me", "a/b", "db", 5432, "x")),
        ("postgresql://me@[fd00::1]:5433/x", Url("postgresql", "me", "", "fd00::1", 5433, "x")),
        ("postgresql:///x?host=/run/pg", Url("postgresql", "", "", "", 5432, "x", (("host", "/run/pg"),))),
        ("postgres+psycopg2://db/x", Url("postgresql", "", "", "db", 5432, "x")),  # as Airflow mends it
        ("mysql://db/x", Url("mysql", "", "", "db", 3306, "x")),
        ("sqlite:////tmp/a.db", Url("sqlite", "", "", "", None, "/tmp/a.db")),  # noqa: S108 - a name
        ("sqlite://", Url("sqlite", "", "", "", None, "")),
    ],
)
def test_a_url_is_read_as_sqlalchemy_does(text: str, url: Url) -> None:
    assert Url.parse(text) == url


@pytest.mark.parametrize(
    "text",
    ["secret", "", "postgresql:secret", "postgresql://me:secret@db:54x2/x", "postgresql://me:x@secret@db/x"],
)
def test_what_is_no_url_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"form|port|%40") as refused:
        Url.parse(text)
    assert "secret" not in str(refused.value)


def test_a_url_is_shown_without_its_password() -> None:
    url = Url.parse("postgresql://me:secret@db/x?password=secret")

    assert str(url) == "postgresql db:5432/x"
    assert "secret" not in repr(url)
    assert str(Url.parse("postgresql://me@/x?host=a:1&host=b:2")) == "postgresql a:1,b:2/x"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("host=a:1&host=b:2", {"host": "a,b", "port": "1,2"}),
        ("host=a&host=b:2", {"host": "a,b", "port": ",2"}),
        ("host=a:1", {"host": "a", "port": "1"}),
        ("host=a,b&port=1,2", {"host": "a,b", "port": "1,2"}),
        ("host=a&host=b", {"host": "a,b"}),
        ("host=/run/pg", {"host": "/run/pg"}),
        ("options=-csearch_path%3Dairflow", {"options": "-csearch_path=airflow"}),
    ],
)
def test_several_servers_are_given_to_libpq_in_its_own_form(query: str, options: dict[str, str]) -> None:
    assert database._options(Url.parse(f"postgresql:///x?{query}").query) == options


def test_an_option_of_airflows_driver_is_not_given_to_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def connect(parameters: dict[str, str]) -> str:
        asked.append(dict(parameters))
        for name in ("prepare_threshold", "ssl"):
            if name in parameters:
                raise libpq.Error(f'invalid connection option "{name}"\n')
        return "connection"

    monkeypatch.setattr(libpq, "connect", connect)

    database.connect(Url.parse("postgresql+psycopg://db/x?prepare_threshold=0&ssl=require&sslmode=require"))

    assert len(asked) == 3
    assert asked[-1]["sslmode"] == "require"


def test_a_missing_table_is_told_from_another_failure() -> None:
    class Failing:
        def __init__(self, sqlstate: str) -> None:
            self.error = libpq.Error("ERROR: no", sqlstate)

        def cursor(self) -> Self:
            return self

        def execute(self, *_: object) -> None:
            raise self.error

        def close(self) -> None:
            pass

    for sqlstate, kind in (("42P01", MissingTableError), ("42501", DeniedError), ("57014", QueryError)):
        with pytest.raises(DatabaseError) as raised:
            Database(Failing(sqlstate), "?").rows("SELECT 1")
        assert type(raised.value) is kind


def test_sqlite_answers_and_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "airflow.db"
    with pytest.raises(UnreachableError, match="no file"):
        database.connect(Url.parse(f"sqlite:///{path}"))
    assert not path.exists()
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE job (id INTEGER, name TEXT)")
        made.execute("INSERT INTO job VALUES (1, 'a'), (2, 'b')")
    made.close()

    with database.connect(Url.parse(f"sqlite:///{path}")) as found:
        assert found.rows("SELECT name FROM job WHERE id > ?", 1) == [("b",)]
        with pytest.raises(MissingTableError, match="no such table"):
            found.rows("SELECT 1 FROM missing")
        with pytest.raises(QueryError, match="readonly"):
            found.rows("DELETE FROM job")


def test_a_database_without_a_driver_here_is_said_to_be() -> None:
    with pytest.raises(DriverError, match="mysql"):
        database.connect(Url.parse("mysql://db/x"))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('connection to server at "10.0.0.1", port 5432 failed: Connection refused', UnreachableError),
        ('could not translate host name "db" to address: Name or service not known', UnreachableError),
        ("connection to server failed: FATAL:  the database system is starting up", UnreachableError),
        ("connection to server failed: FATAL:  sorry, too many clients already", UnreachableError),
        ('connection failed: FATAL:  password authentication failed for user "me"', DeniedError),
        ('connection failed: FATAL:  database "x" does not exist', DeniedError),
        ('invalid sslmode value: "maybe"', DeniedError),
        ("fe_sendauth: no password supplied", PasswordlessError),
        ("FATAL:  Timed-out waiting to acquire database connection: Too many connections", UnreachableError),
        ("FATAL:  canceling authentication due to timeout", UnreachableError),
        ("FATAL:  terminating connection due to administrator command", UnreachableError),
    ],
)
def test_a_refusal_that_lasts_is_told_from_one_that_passes(said: str, kind: type[Exception]) -> None:
    assert type(database._refusal(said, Url.parse("postgresql://me@db/x"))) is kind
