"""When a release has arrived: each file was parsed since, by what the dag-processor knows and the database has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airlock_plugins import arrival
from airlock_plugins.arrival import Arrival, Outcome, Parsed
from airlock_plugins.database import digest_of, parsed_by
from bundle_doubles import Database

RELEASE = "ab" * 32
TAKEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE, AFTER = TAKEN - timedelta(seconds=1), TAKEN + timedelta(seconds=1)
NOTHING = Outcome({}, {})


@pytest.fixture
def database() -> Database:
    return Database()


def waiting(*paths: str, first: bool = False) -> Arrival:
    return Arrival(RELEASE, TAKEN, set(paths), first)


def test_what_changed_is_asked_for_at_once(database: Database) -> None:
    one = waiting("b.py", "a.py")
    assert not one.look(database, {})
    assert database.requested == [["a.py", "b.py"]]
    assert not one.look(database, {})
    assert len(database.requested) == 1


def test_what_does_not_show_up_is_asked_for_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = waiting("a.py")
    monkeypatch.setattr(arrival, "AGAIN", 0.0)
    one.look(database, {"a.py": Parsed(BEFORE, BEFORE, 1)})
    one.look(database, {"a.py": Parsed(BEFORE, BEFORE, 1)})
    assert database.requested == [["a.py"], ["a.py"]]


def test_what_was_being_parsed_is_asked_for_again_as_soon_as_that_has_ended(database: Database) -> None:
    one = waiting("a.py", "b.py")
    one.look(database, {})
    for _ in range(3):
        one.look(database, {"a.py": Parsed(BEFORE, AFTER, 1)})
    assert database.requested == [["a.py", "b.py"], ["a.py"]]


def test_a_request_that_failed_is_made_again_at_the_next_look(database: Database) -> None:
    one = waiting("a.py")
    database.error = OSError("the database is away")
    with pytest.raises(OSError, match="away"):
        one.look(database, {})
    database.error = None
    one.look(database, {})
    assert database.requested == [["a.py"]]


def test_the_files_of_a_first_release_are_not_asked_for(database: Database) -> None:
    one = waiting("a.py", "b.py", first=True)
    one.look(database, {"a.py": Parsed(BEFORE, BEFORE, 1)})
    assert database.requested == [["a.py"]]  # which was parsed, of what was there before


def test_what_an_earlier_release_changed_is_asked_for_where_it_was_parsed_before(database: Database) -> None:
    one = waiting("a.py")
    one.others = {"b.py", "c.py"}
    one.look(database, {"b.py": Parsed(BEFORE, BEFORE, 1)})
    assert database.requested == [["a.py", "b.py"]]  # c.py waits in the queue


def test_a_parse_that_began_before_the_release_came_does_not_count(database: Database) -> None:
    one = waiting("a.py")
    database.outcome_now = Outcome({"a.py": ("a",)}, {})
    assert not one.look(database, {"a.py": Parsed(BEFORE, BEFORE, 1)})
    assert one.pending == {"a.py"}


def test_a_file_has_arrived_once_its_dags_are_serialized(database: Database) -> None:
    one = waiting("a.py")
    database.outcome_now = NOTHING
    assert not one.look(database, {"a.py": Parsed(AFTER, AFTER, 1)})  # parsed, and not written yet
    database.outcome_now = Outcome({"a.py": ("a", "b")}, {})
    assert one.look(database, {"a.py": Parsed(AFTER, AFTER, 2)})
    assert one.dags == {"a.py": ("a", "b")}
    assert one.arrived
    assert not one.waits


def test_a_file_without_dags_has_arrived_once_it_was_parsed(database: Database) -> None:
    one = waiting("words.py")
    assert one.look(database, {"words.py": Parsed(AFTER, AFTER, 0)})
    assert one.dags == {"words.py": ()}


def test_a_file_that_cannot_be_parsed_has_arrived_with_its_error(database: Database) -> None:
    one = waiting("a.py", "b.py")
    database.outcome_now = Outcome({}, {"a.py": "NameError: x"})
    assert one.look(database, {"a.py": Parsed(AFTER, AFTER, 0)})
    assert (one.errors, one.dags, one.pending) == ({"a.py": "NameError: x"}, {}, {"b.py"})
    assert one.arrived is None


def test_without_the_dag_processors_own_word_the_database_alone_tells(database: Database) -> None:
    one = waiting("a.py", "b.py", "words.py")
    database.outcome_now = Outcome({"a.py": ("a",)}, {"b.py": "NameError: x"})
    assert one.look(database, None)
    assert one.pending == {"words.py"}
    assert one.waits


def test_nobody_waits_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    one = waiting("a.py")
    one.look(database, {})
    assert one.waits
    monkeypatch.setattr(arrival, "GIVE_UP", 0.0)
    assert not one.waits


def test_a_release_that_concerns_no_dag_file_has_arrived_at_once(database: Database) -> None:
    one = waiting()
    assert one.look(database, {})
    assert one.arrived
    assert database.requested == []


def test_the_dag_processor_that_calls_is_asked_what_it_parsed() -> None:
    assert Processor().refresh("dags") == {"a.py": Parsed(BEFORE, TAKEN, 2)}
    assert Processor().refresh("others") == {}


def test_who_else_calls_knows_nothing() -> None:
    assert frame_of("dags") is None


class Processor:
    """A loop of Airflow 3.3.2, as far as it is looked at."""

    def __init__(self) -> None:
        stat = SimpleNamespace(last_finish_time=TAKEN, last_duration=1.0, num_dags=2)
        unknown = SimpleNamespace(last_finish_time=None, last_duration=None, num_dags=0)
        self._file_stats: dict[Any, Any] = {
            File("dags", "a.py"): stat,
            File("dags", "queued.py"): unknown,
            File("dags", "a.py", "pinned"): stat,
        }

    def _refresh_dag_bundles(self, bundle: str) -> Any:
        return frame_of(bundle)

    def refresh(self, bundle: str) -> Any:
        return self._refresh_dag_bundles(bundle)


class File:
    def __init__(self, bundle_name: str, rel_path: str, bundle_version: str | None = None) -> None:
        self.bundle_name, self.rel_path, self.bundle_version = bundle_name, rel_path, bundle_version


def frame_of(bundle: str) -> Any:
    import sys  # noqa: PLC0415 - for this alone

    return parsed_by(sys._getframe(1), bundle)


def test_a_database_has_one_name_whoever_uses_it_from_wherever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "ip-10-0-1-17")
    first = digest_of(url(), "", "7301")
    monkeypatch.setattr("socket.gethostname", lambda: "ip-10-0-1-18")
    assert digest_of(url(username="other", password="other"), "", "7301") == first  # noqa: S106 - of no account
    assert len({first, digest_of(url(), "two", "7301"), digest_of(url(), "", "7302")}) == 3
    assert (
        len({first, *(digest_of(url(**{part: "x"}), "", "7301") for part in ("host", "port", "database"))})
        == 4
    )
    assert digest_of(url(query={"options": "-csearch_path=two"}), "", "7301") != first


@pytest.mark.parametrize("host", [None, "", "localhost", "127.0.0.1"])
def test_a_database_of_this_host_is_not_that_of_another(
    monkeypatch: pytest.MonkeyPatch, host: str | None
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "ip-10-0-1-17")
    first = digest_of(url(host=host), "", "")
    monkeypatch.setattr("socket.gethostname", lambda: "ip-10-0-1-18")
    assert digest_of(url(host=host), "", "") != first


def url(**parts: Any) -> SimpleNamespace:
    """Return what stands for SQLAlchemy's URL."""
    whole = {
        "username": "airflow",
        "password": "secret",
        "host": "db.internal",
        "port": 5432,
        "database": "airflow",
    }
    return SimpleNamespace(**({"query": {}} | whole | parts), get_backend_name=lambda: "postgresql")
