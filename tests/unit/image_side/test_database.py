"""Database URLs are read as SQLAlchemy reads them; errors tell what passes from what does not, without a secret."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from airlock_runtime import database
from airlock_runtime.database import DeniedError, DriverError, QueryError, UnreachableError, Url

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
        ("mysql://db/x", Url("mysql", "", "", "db", 3306, "x")),
        ("sqlite:////tmp/a.db", Url("sqlite", "", "", "", None, "/tmp/a.db")),  # noqa: S108 - a name
        ("sqlite://", Url("sqlite", "", "", "", None, "")),
    ],
)
def test_a_url_is_read_as_sqlalchemy_does(text: str, url: Url) -> None:
    assert Url.parse(text) == url


@pytest.mark.parametrize("text", ["secret", "", "postgresql:secret", "postgresql://me:secret@db:54x2/x"])
def test_what_is_no_url_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"form|port") as refused:
        Url.parse(text)
    assert "secret" not in str(refused.value)


def test_a_url_is_shown_without_its_password() -> None:
    url = Url.parse("postgresql://me:secret@db/x?password=secret")

    assert str(url) == "postgresql db:5432/x"
    assert "secret" not in repr(url)


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
        with pytest.raises(QueryError, match="no such table"):
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
        ("fe_sendauth: no password supplied", DeniedError),
    ],
)
def test_a_refusal_that_lasts_is_told_from_one_that_passes(said: str, kind: type[Exception]) -> None:
    assert type(database._refusal(said)) is kind
