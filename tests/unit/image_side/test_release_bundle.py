"""The bundle as Airflow calls it: what it serves, what it keeps serving, and what it says meanwhile."""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import bundle_doubles
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.manifest import Checked
from airlock_spec.releases.receipt import Claim, Receipt
from bundle_doubles import Database, Held
from published_releases import manifest_of, publish, roll_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bundle_doubles import Airflow

    Make = Callable[..., Any]

FIRST = {"one.py": b"dag = 1", "words.py": b"WORD = 1", "ignored/x.py": b"dag"}
SECOND = {**FIRST, "one.py": b"dag = 2"}
LOCKS = {"airflow": "sha256:" + "a" * 64, "debian": "sha256:" + "b" * 64}


@pytest.fixture
def airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    return bundle_doubles.install(monkeypatch, tmp_path / "bundles")


@pytest.fixture
def location() -> Held:
    return Held()


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def make(airflow: Airflow, location: Held, database: Database, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make bundles of the location; it and the database are put where the bundle would make its own."""
    from airlock_plugins.bundle import ReleaseBundle  # noqa: PLC0415 - on the doubles

    monkeypatch.setattr("airlock_plugins.database.Metadatabase", lambda _bundle: database)

    def made(**kwargs: Any) -> Any:
        bundle = ReleaseBundle(**{"name": "dags", "location": "s3://bucket/dags"} | kwargs)
        if bundle.location.startswith("s3://"):
            bundle._objects = location
        return bundle

    return made


def test_nothing_is_asked_or_made_before_it_is_initialized(
    make: Make, location: Held, airflow: Airflow
) -> None:
    bundle = make(view_url_template="https://git.example/{version}")
    assert bundle.view_url_template() == "https://git.example/{version}"
    assert repr(bundle).startswith("ReleaseBundle(name='dags'")
    assert bundle.path == airflow.root / "dags/current"
    assert location.asked == []
    assert not airflow.root.exists()


def test_arguments_that_it_does_not_know_go_to_airflows_class(make: Make) -> None:
    with pytest.raises(TypeError, match="version_data"):  # which 3.3 has not, and 3.4 has
        make(version_data={})


@pytest.mark.parametrize("location", ["bucket/dags", "s3://B", "dags", "s3://"])
def test_a_location_that_is_none_is_refused(make: Make, location: str) -> None:
    with pytest.raises(ValueError, match="location must be"):
        make(location=location)


def test_the_current_release_is_served_and_is_the_version(make: Make, location: Held) -> None:
    release = publish(location, FIRST).id
    bundle = make()
    assert bundle.get_current_version() is None
    bundle.initialize()
    assert bundle.is_initialized
    assert bundle.get_current_version() == bundle_doubles.BundleVersion(release)
    assert (bundle.path / "one.py").read_bytes() == b"dag = 1"


def test_a_refresh_without_news_costs_one_request(make: Make, location: Held) -> None:
    bundle = started(make, location, receipts=False)
    location.asked.clear()
    bundle.refresh()
    assert location.asked == [("read", layout.POINTER)]


def test_a_release_is_taken_by_refresh(make: Make, location: Held, airflow: Airflow) -> None:
    bundle = started(make, location)
    release = publish(location, SECOND).id
    bundle.refresh()
    assert bundle.get_current_version().version == release
    assert (bundle.path / "one.py").read_bytes() == b"dag = 2"
    assert airflow.log.events.count("release_taken") == 2
    assert {"airlock.bundle.refresh", "airlock.bundle.switch", "airlock.bundle.release_age"} <= set(
        airflow.stats.names
    )


@pytest.mark.parametrize("error", [UnreachableError("S3 says 503"), AbsentError("gone"), OSError(28, "full")])
def test_what_fails_is_logged_once_and_the_release_before_serves_on(
    make: Make, location: Held, airflow: Airflow, error: Exception
) -> None:
    bundle = started(make, location)
    served = bundle.get_current_version()
    location.before = raising(error)
    for _ in range(3):
        bundle.refresh()
    assert bundle.get_current_version() == served
    assert airflow.log.events.count("release_not_taken") == 1
    assert ("incr", "airlock.bundle.failures", 1) in [one[:3] for one in airflow.stats.sent]
    location.before = lambda *_: None
    bundle.refresh()
    assert airflow.log.events[-1] == "release_source_answers_again"


def test_what_serves_is_known_where_the_disk_cannot_say_it(make: Make, location: Held) -> None:
    bundle = started(make, location)
    served = bundle.get_current_version()
    (bundle.base_dir / "current.json").write_text("")
    assert bundle.get_current_version() == served
    bundle.refresh()
    assert bundle.get_current_version() == make().get_current_version() == served


def test_without_any_release_it_raises_so_that_no_empty_folder_is_taken_for_one(
    make: Make, location: Held
) -> None:
    bundle = make()
    with pytest.raises(AbsentError):
        bundle.initialize()
    with pytest.raises(AbsentError):
        bundle.refresh()
    location.before = raising(UnreachableError("down"))
    with pytest.raises(UnreachableError):
        bundle.refresh()
    assert not bundle.is_initialized


def test_it_starts_without_s3_where_it_has_a_release(make: Make, location: Held) -> None:
    served = started(make, location).get_current_version()
    location.before = raising(UnreachableError("down"))
    again = make()
    again.initialize()
    again.refresh()
    assert again.is_initialized
    assert again.get_current_version() == served


def test_damage_on_the_disk_is_mended_at_the_start(make: Make, location: Held, airflow: Airflow) -> None:
    bundle = started(make, location)
    (bundle.path / "one.py").unlink()
    again = make()
    again.initialize()
    assert (again.path / "one.py").read_bytes() == b"dag = 1"
    assert "release_mended" in airflow.log.events


def test_a_version_does_not_change(make: Make, location: Held) -> None:
    first = started(make, location).get_current_version().version
    publish(location, SECOND)
    pinned = make(version=first)
    pinned.initialize()
    assert pinned.get_current_version().version == first
    assert pinned.path == pinned.base_dir / "pinned" / first
    assert list((pinned.versions_dir / first).iterdir()) == []  # for Airflow to delete
    assert (pinned.path / "one.py").read_bytes() == b"dag = 1"
    with pytest.raises(ValueError, match="does not change"):
        pinned.refresh()


def test_a_version_that_is_there_costs_neither_a_request_nor_a_lock(make: Make, location: Held) -> None:
    first = started(make, location).get_current_version().version
    make(version=first).initialize()
    location.asked.clear()
    location.before = raising(UnreachableError("down"))
    make(version=first).initialize()
    assert location.asked == []


def test_a_worker_says_which_version_it_made(
    make: Make, location: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    first = publish(location, FIRST).id
    make(version=first).initialize()
    (receipt,) = receipts(location, first)
    assert (receipt.component, receipt.pending) == ("worker", ())
    assert receipt.arrived


def test_a_task_of_local_executor_is_a_worker_though_it_has_the_schedulers_environment(
    make: Make, location: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_task(monkeypatch)
    first = publish(location, FIRST).id
    make(version=first).initialize()
    assert [one.component for one in receipts(location, first)] == ["worker"]


def test_nothing_changes_below_a_task_whose_dagrun_has_no_version(
    make: Make, location: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_task(monkeypatch)
    first, running = publish(location, FIRST).id, make()
    running.initialize()
    second, later = publish(location, SECOND).id, make()
    later.initialize()
    assert (running.path / "one.py").read_bytes() == b"dag = 1"
    assert (later.path / "one.py").read_bytes() == b"dag = 2"
    assert [one.get_current_version().version for one in (running, later)] == [first, second]
    location.before = raising(UnreachableError("down"))
    last = make()
    last.initialize()
    assert last.path == later.path


def test_a_version_of_another_bundle_is_no_release(make: Make) -> None:
    with pytest.raises(AbsentError, match="is no release"):
        make(version="../../etc").initialize()


def test_what_changed_is_asked_for_and_the_receipt_says_so(
    make: Make, location: Held, database: Database
) -> None:
    bundle = started(make, location)
    assert database.requested == []  # Airflow parses what it does not know on its own
    release = publish(location, SECOND).id
    bundle.refresh()
    assert database.requested == [["one.py"]]  # words.py holds no DAG, and ignored/ is ignored
    (receipt,) = receipts(location, release)
    assert (receipt.component, receipt.pending, receipt.arrived) == ("dag-processor", ("one.py",), None)


def test_it_looks_every_second_while_a_release_is_on_its_way(
    make: Make, location: Held, database: Database
) -> None:
    from airlock_plugins.arrival import Outcome  # noqa: PLC0415 - as above

    bundle = started(make, location)
    assert bundle.refresh_interval == 1
    database.outcome_now = Outcome({"one.py": ("one",)}, {})
    bundle.refresh()
    assert bundle.refresh_interval == 5
    (receipt,) = receipts(location, bundle.get_current_version().version)
    assert receipt.dags == {"one.py": ("one",)}
    assert receipt.arrived


@pytest.mark.parametrize("broken", ["database", "receipts", "metrics"])
def test_nothing_beside_the_release_fails_a_refresh(
    make: Make, location: Held, database: Database, airflow: Airflow, broken: str
) -> None:
    bundle = started(make, location)
    if broken == "database":
        database.error = RuntimeError("the database is away")
    elif broken == "receipts":
        location.before = lambda doing, _: raising(UnreachableError("denied"))() if doing == "put" else None
    else:
        airflow.stats.broken = True
    release = publish_whatever(location, SECOND)
    bundle.refresh()
    assert bundle.get_current_version().version == release
    said = {"database": "arrival_not_known", "receipts": "receipt_not_written", "metrics": "release_taken"}
    assert said[broken] in airflow.log.events


def test_workers_do_not_touch_the_database(
    make: Make, location: Held, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    database.error = AssertionError("a worker asked the database")
    bundle = started(make, location)
    publish(location, SECOND)
    bundle.refresh()
    assert receipts(location, bundle.get_current_version().version) == []


def test_it_says_which_releases_airflow_needs_by_its_database_and_not_by_its_host(
    make: Make, location: Held, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("ip-10-0-1-17", "ip-10-0-1-18"):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        database.versions = {"ab" * 32}
        started(make, location)
    (claim,) = [key for key in location.objects if key.startswith(layout.CLAIMS)]
    assert claim == layout.claim(database.name())


def test_what_serves_is_claimed_before_any_dagrun_names_it_and_what_served_as_long_as_one_does(
    make: Make, location: Held, database: Database
) -> None:
    bundle = started(make, location)
    first = bundle.get_current_version().version
    assert claimed(location, database) == {first}
    database.versions = {first}
    second = publish(location, SECOND).id
    bundle.refresh()
    assert claimed(location, database) == {first, second}
    location.asked.clear()
    bundle.refresh()
    assert ("put", layout.claim(database.name())) not in location.asked


def test_receipts_can_be_switched_off(make: Make, location: Held) -> None:
    started(make, location, receipts=False)
    assert not [key for key in location.objects if key.startswith((layout.RECEIPTS, layout.CLAIMS))]


def test_a_release_of_another_image_is_told_or_refused(
    make: Make, location: Held, airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airlock_plugins.reporting.locks_here", lambda: LOCKS)
    there = Checked("sha256:" + "c" * 64, LOCKS["airflow"], LOCKS["debian"])
    publish(location, FIRST, there)
    bundle = make(same_image=True)
    bundle.initialize()
    first = bundle.get_current_version()
    publish(location, SECOND, Checked(there.image, "sha256:" + "d" * 64, there.debian_lock))
    bundle.refresh()
    assert bundle.get_current_version() == first
    assert "was checked with another image" in str(airflow.log.said[-1])
    publish(location, SECOND)
    bundle.refresh()
    assert "was not checked with any image" in str(airflow.log.said[-1])
    lax = make()
    lax.initialize()
    assert lax.get_current_version() != first
    assert "release_of_another_image" in airflow.log.events


def test_an_unsigned_release_is_refused_where_keys_are_trusted(make: Make, location: Held) -> None:
    from signing_keys import private  # noqa: PLC0415 - as above

    publish(location, FIRST)
    with pytest.raises(RefusedError, match="no trusted key signed"):
        make(trusted_keys=[pem(private())]).initialize()


def test_another_process_may_switch_and_what_changed_is_parsed_all_the_same(
    make: Make, location: Held, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = started(make, location)
    publish(location, SECOND)
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    make().initialize()
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    bundle.refresh()
    assert database.requested == [["one.py"]]


def test_a_rollback_is_a_release_as_others(make: Make, location: Held, database: Database) -> None:
    bundle = started(make, location)
    first = bundle.get_current_version().version
    publish(location, SECOND)
    bundle.refresh()
    roll_back(location, first)
    bundle.refresh()
    assert bundle.get_current_version().version == first
    assert database.requested == [["one.py"], ["one.py"]]


def test_a_release_that_serves_again_is_told_again_also_where_nobody_saw_the_one_between(
    make: Make, location: Held, database: Database
) -> None:
    from airlock_plugins.arrival import Outcome  # noqa: PLC0415 - as above

    bundle = started(make, location)
    database.outcome_now = Outcome({"one.py": ("one",)}, {})
    bundle.refresh()
    first = bundle.get_current_version().version
    (before,) = receipts(location, first)
    bundle.refresh()
    assert receipts(location, first) == [before]
    time.sleep(0.002)  # receipts tell times to the millisecond
    publish(location, SECOND)
    roll_back(location, first)
    bundle.refresh()
    (after,) = receipts(location, first)
    assert (after.dags, after.errors) == (before.dags, before.errors)
    assert before.arrived
    assert after.arrived
    assert min(after.taken, after.arrived) > before.arrived


def test_what_an_earlier_release_changed_is_asked_for_and_nobody_waits_for_it(
    make: Make, location: Held, database: Database
) -> None:
    from airlock_plugins.arrival import Outcome  # noqa: PLC0415 - as above

    files = FIRST | {"two.py": b"dag"}
    publish(location, files)
    bundle = make()
    bundle.initialize()
    database.outcome_now = Outcome({"one.py": ("one",), "two.py": ("two",)}, {})
    bundle.refresh()
    database.outcome_now = Outcome({}, {})
    publish(location, files | {"one.py": b"dag = 2"})
    bundle.refresh()
    release = publish(location, files | {"one.py": b"dag = 2", "two.py": b"dag = 2"}).id
    database.outcome_now = Outcome({"two.py": ("two",)}, {})
    bundle.refresh()
    (receipt,) = receipts(location, release)
    assert receipt.arrived
    assert receipt.dags == {"two.py": ("two",)}
    assert bundle.refresh_interval == 1
    database.outcome_now = Outcome({"one.py": ("one",)}, {})
    bundle.refresh()
    assert bundle.refresh_interval == 5


def test_who_waits_for_s3_in_vain_looks_less_often_and_writes_nothing(
    make: Make, location: Held, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = started(make, location)
    assert bundle.refresh_interval == 1
    clock = iter(range(0, 1000, 7))  # each look at it is seven seconds after the last
    monkeypatch.setattr("airlock_plugins.bundle.time.monotonic", lambda: float(next(clock)))
    asked = location.asked
    location.before = raising(UnreachableError("a time-out"))
    asked.clear()
    bundle.refresh()
    assert bundle.refresh_interval >= 3 * 7
    assert [doing for doing, _ in asked] == ["read"]
    location.before = lambda *_: None
    monkeypatch.undo()
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    bundle.refresh()
    assert bundle.refresh_interval == 1


def test_a_folder_that_others_fill_is_read_in_place(
    make: Make, location: Held, database: Database, tmp_path: Path
) -> None:
    efs = tmp_path / "efs"
    pull = puller(efs, location)
    first = publish(location, FIRST).id
    pull.once()
    bundle = make(location=str(efs))
    bundle.initialize()
    bundle.refresh()
    assert bundle.path.resolve() == (efs / "releases" / first).resolve()
    second = publish(location, SECOND).id
    pull.once()
    bundle.refresh()
    assert bundle.get_current_version().version == second
    assert database.requested == [["one.py"]]
    pinned = make(location=str(efs), version=first)
    pinned.initialize()
    assert pinned.path == efs / "releases" / first
    assert list((pinned.versions_dir / first).iterdir()) == []  # for Airflow to delete


def test_a_folder_without_a_release_or_with_a_broken_one_keeps_what_serves(
    make: Make, location: Held, tmp_path: Path
) -> None:
    efs = tmp_path / "efs"
    efs.mkdir()
    bundle = make(location=str(efs))
    with pytest.raises(AbsentError, match="no current release"):
        bundle.initialize()
    pull = puller(efs, location)
    first = publish(location, FIRST).id
    pull.once()
    bundle.initialize()
    bundle.refresh()
    (efs / "current.json").write_text("{}")
    bundle.refresh()
    assert bundle.get_current_version().version == first
    with pytest.raises(AbsentError, match="or no more"):
        make(location=str(efs), version=manifest_of(SECOND).id).initialize()


def test_boto3_is_not_loaded_by_making_a_bundle(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)  # importing it would raise
    make()
    assert "boto3.session" in sys.modules


def started(make: Make, location: Held, **kwargs: Any) -> Any:
    """Return a bundle at its first release, as the dag-processor has it after its first look."""
    publish(location, FIRST)
    bundle = make(**kwargs)
    bundle.initialize()
    bundle.refresh()
    return bundle


def run_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be the process of a task, as Airflow's SDK has it."""
    runner = ModuleType("airflow.sdk.execution_time.task_runner")
    vars(runner)["SUPERVISOR_COMMS"] = object()
    monkeypatch.setitem(sys.modules, runner.__name__, runner)


def publish_whatever(location: Held, files: dict[str, bytes]) -> str:
    before, location.before = location.before, lambda *_: None
    try:
        return publish(location, files).id
    finally:
        location.before = before


def raising(error: Exception) -> Callable[..., object]:
    def before(*_: object) -> object:
        raise error

    return before


def receipts(location: Held, release: str) -> list[Receipt]:
    prefix = layout.receipts(release)
    return [Receipt.from_data(data) for key, data in location.objects.items() if key.startswith(prefix)]


def claimed(location: Held, database: Database) -> set[str]:
    return set(Claim.from_data(location.objects[layout.claim(database.name())]).releases)


def puller(folder: Path, location: Held) -> Any:
    from airlock_spec.releases.folder import Folder  # noqa: PLC0415 - of two tests
    from airlock_spec.releases.pulling import Pull  # noqa: PLC0415

    return Pull(location, Folder(folder))


def pem(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    written: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return written.decode()
