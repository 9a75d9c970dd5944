"""Waiting has a bound in time, whatever an attempt takes, and ends in one line."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, cast

import pytest

from airlock_runtime import waiting
from airlock_runtime.broker import Broker, BrokerDeniedError, BrokerError
from airlock_runtime.database import (
    DeniedError,
    MissingTableError,
    PasswordlessError,
    QueryError,
    UnreachableError,
    Url,
)
from airlock_runtime.failures import Denied, SchemaMismatch, Unavailable
from airlock_runtime.schema import Schema, State
from airlock_runtime.waiting import Answered, Patience

if TYPE_CHECKING:
    from collections.abc import Callable

URL = Url.parse("postgresql://me:secret@db/airflow")
OWN = Schema(frozenset({"aaa", "bbb", "ccc"}), "ccc")


@dataclass
class Clock:
    """Time that passes only by sleeping, and by attempts that take `attempt` seconds."""

    now: float = 0
    attempt: float = 0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def patience(self, attempts: int = 5, pause: float = 1) -> Patience:
        return Patience(attempts, pause, lambda: self.now, self.sleep)

    def failing(self, times: int | None = None) -> Callable[[], str | None]:
        left = [times]

        def attempt() -> str | None:
            self.now += self.attempt
            if left[0] is not None:
                if not left[0]:
                    return None
                left[0] -= 1
            return "no"

        return attempt


def test_it_goes_on_as_soon_as_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()

    assert clock.patience().until("x", clock.failing(2)) is None
    assert clock.now == 2
    assert capsys.readouterr().err == "airlock: waiting for x, up to 5 s: no\n"  # once


@pytest.mark.parametrize("attempt", [0, 0.3, 2, 60])
def test_it_ends_after_its_time_and_one_attempt_at_most(attempt: float) -> None:
    clock = Clock(attempt=attempt)

    assert clock.patience().until("x", clock.failing()) == "no"
    assert 5 <= clock.now <= 5 + attempt + 1


def test_no_pause_is_no_busy_loop() -> None:
    clock = Clock()

    clock.patience(pause=0).until("x", clock.failing())
    assert min(clock.slept) >= 0.09


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 20),
        ({"CONNECTION_CHECK_MAX_COUNT": "3", "CONNECTION_CHECK_SLEEP_TIME": "2"}, 6),
        ({"CONNECTION_CHECK_MAX_COUNT": "0"}, 0),
        ({"CONNECTION_CHECK_SLEEP_TIME": ""}, 20),
    ],
)
def test_its_bound_is_the_official_images_two_variables(environ: dict[str, str], seconds: float) -> None:
    assert Patience.of(environ).seconds == seconds


@dataclass
class FakeDatabase:
    """Answers as its script says, the last for ever: an error, or a revision (None: no table)."""

    script: list[Exception | str | None]

    def connect(self, _url: Url, _timeout: float) -> Self:
        if isinstance(self.script[0], Exception):
            raise cast("Exception", self._next())
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def rows(self, _statement: str) -> list[tuple[str]]:
        answer = self._next()
        if answer is None:
            raise MissingTableError("no such table")
        return [(str(answer),)]

    def _next(self) -> Exception | str | None:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeDatabase]:
    def script(*answers: Exception | str | None) -> FakeDatabase:
        fake = FakeDatabase(list(answers))
        monkeypatch.setattr(waiting, "connect", fake.connect)
        return fake

    return script


def test_a_database_that_comes_up_is_waited_for(database: Callable[..., FakeDatabase]) -> None:
    database(UnreachableError("refused"), UnreachableError("starting up"), "ccc")
    clock = Clock()

    assert waiting.for_database(URL, clock.patience()) == Answered("ccc")
    assert clock.now == 2


def test_a_database_that_never_answers_ends_in_a_line(database: Callable[..., FakeDatabase]) -> None:
    database(UnreachableError("Connection refused"))

    with pytest.raises(Unavailable) as ended:
        waiting.for_database(URL, Clock().patience())
    (line,) = ended.value.lines
    assert line.startswith(
        "the database postgresql db:5432/airflow did not answer for 5 s: Connection refused."
    )
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in line
    assert "secret" not in line


def test_a_wrong_password_is_not_tried_again(database: Callable[..., FakeDatabase]) -> None:
    database(DeniedError('password authentication failed for user "me"'))
    clock = Clock()

    with pytest.raises(Denied, match="password authentication failed"):
        waiting.for_database(URL, clock.patience())
    assert clock.slept == []


def test_a_migration_by_another_container_is_waited_for(database: Callable[..., FakeDatabase]) -> None:
    database(None, "aaa", "ccc")
    clock = Clock()

    waiting.for_schema(URL, None, OWN, "3.3.2", clock.patience())
    assert clock.now == 2


@pytest.mark.parametrize(
    ("revision", "said"), [(None, "has no tables of Airflow"), ("bbb", "is of an older Airflow")]
)
def test_a_database_that_nobody_migrates_ends_in_a_line(
    database: Callable[..., FakeDatabase], revision: str | None, said: str
) -> None:
    database(revision)

    with pytest.raises(SchemaMismatch, match=f"{said}.*airflow db migrate"):
        waiting.for_schema(URL, revision, OWN, "3.3.2", Clock().patience())


def test_a_database_that_is_ahead_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=r"newer Airflow.*there: zzz.*db downgrade"):
        waiting.refuse_newer(URL, "zzz", OWN, "3.3.2")
    waiting.refuse_newer(URL, "aaa", OWN, "3.3.2")


def test_a_schema_is_read_from_alembics_scripts() -> None:
    found = Schema.of_sources(
        [
            'revision = "aaa"\ndown_revision = None\n',
            "revision: str = 'bbb'\ndown_revision: str | None = 'aaa'\n",
            'down_revision = "bbb"\nrevision = "ccc"\n',
        ]
    )

    assert found == OWN
    assert [found.state(one) for one in (None, "ccc", "aaa", "zzz")] == [
        State.EMPTY,
        State.CURRENT,
        State.BEHIND,
        State.AHEAD,
    ]
    assert Schema.of_sources(['revision = "a"\n', 'revision = "b"\n']) is None
    assert Schema.of_sources([]) is None


def test_one_of_several_brokers_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(self: Broker, timeout: float) -> None:
        if self.host != "up":
            raise BrokerError("refused")

    monkeypatch.setattr(Broker, "ask", ask)
    clock = Clock()

    waiting.for_broker([Broker("redis", "down", 1), Broker("redis", "up", 1)], clock.patience())
    with pytest.raises(Unavailable, match="redis down:1 did not answer for 5 s: refused"):
        waiting.for_broker([Broker("redis", "down", 1)], clock.patience())


def test_a_broker_that_refuses_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(self: Broker, timeout: float) -> None:
        raise BrokerDeniedError("WRONGPASS invalid username-password pair")

    monkeypatch.setattr(Broker, "ask", ask)
    clock = Clock()

    with pytest.raises(Denied, match="refuses: WRONGPASS"):
        waiting.for_broker([Broker("redis", "r", 1)], clock.patience())
    assert clock.slept == []


def test_a_database_that_goes_away_while_it_is_migrated_is_waited_for(
    database: Callable[..., FakeDatabase],
) -> None:
    database("bbb", UnreachableError("refused"), QueryError("lost"), "ccc")

    waiting.for_schema(URL, "bbb", OWN, "3.3.2", Clock().patience())


@pytest.mark.parametrize(
    ("error", "failure"), [(UnreachableError("refused"), Unavailable), (DeniedError("no"), Denied)]
)
def test_a_database_that_goes_away_for_good_ends_in_a_line(
    database: Callable[..., FakeDatabase], error: Exception, failure: type[Exception]
) -> None:
    database("bbb", error)

    with pytest.raises(failure, match="db:5432"):
        waiting.for_schema(URL, "bbb", OWN, "3.3.2", Clock().patience())


def test_tables_that_cannot_be_read_now_are_not_missing(database: Callable[..., FakeDatabase]) -> None:
    fake = database("x")
    fake.rows = lambda _statement: (_ for _ in ()).throw(QueryError("canceled"))  # type: ignore[method-assign]

    with pytest.raises(Unavailable, match="canceled"):
        waiting.for_database(URL, Clock().patience())


def test_a_password_that_only_airflow_knows_is_no_refusal(
    database: Callable[..., FakeDatabase], capsys: pytest.CaptureFixture[str]
) -> None:
    database(PasswordlessError("it asks for a password"))

    assert waiting.for_database(URL, Clock().patience()) == Answered(None, known=False)
    assert "known to Airflow alone" in capsys.readouterr().err


def test_where_airflow_connects_with_more_than_the_url_its_port_is_waited_for(
    database: Callable[..., FakeDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    database(DeniedError("the URL alone is not enough"))
    asked: list[object] = []

    class Connection:
        def __init__(self, place: object, _timeout: float) -> None:
            asked.append(place)
            if len(asked) == 1:
                raise ConnectionRefusedError(111, "Connection refused")

        def close(self) -> None:
            pass

    monkeypatch.setattr(socket, "create_connection", Connection)

    assert waiting.for_database(URL, Clock().patience(), by_port=True) == Answered(None, known=False)
    assert asked == [("db", 5432)] * 2
