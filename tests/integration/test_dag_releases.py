"""DAG releases end to end: out of S3 (moto) into a real Airflow on a network with no way out.

One Airflow with the defaults of the image, for all tests; each publishes what it needs before it looks.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

import pytest

import release_dags
from benchmarks import generated_dags
from delivery import AWS, BUCKET, LOCATION, POLL, Delivery, delivery
from releasing import Author
from services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from containers import Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

RELEASES = int(os.environ.get("AIRLOCK_TEST_RELEASES", "50"))
MEDIAN, WORST = 10, 60  # seconds from the beginning of publishing to what the REST API shows
IDLE = 20  # seconds
FILES, PASS = 2000, (100, 250)  # DAGs that the first pass is through with when a release comes
REFUSED = 34  # the exit code of what is not published
BROKEN = 36  # the exit code of a release that did not arrive, or cannot be parsed
SECONDS_TO_RUN = 60
OUTAGE = 35  # seconds: more than any time-out of one poll, and than a dag-processor may be silent
FAILED, ANSWERS = "release_not_taken", "release_source_answers_again"  # in the log of the dag-processor


@pytest.fixture(scope="module")
def airflow(
    image: Image, lab_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Delivery, Author]]:
    """Give an Airflow that started with a first release, and who publishes the next."""
    services = Services(image.engine.program, image.reference, lab_image)
    with delivery(services) as made:
        env = {**os.environ, **AWS, "AWS_ENDPOINT_URL_S3": made.url}
        author = Author(tmp_path_factory.mktemp("dags"), LOCATION, env)
        author.write(release_dags.changing("first"), release_dags.helped("first"))
        author.write(release_dags.spanning("first", BUCKET))
        author.publish()
        made.start()
        for dag in ("changing", "helped", "spanning"):
            made.arrival(dag, "first", WORST)
        yield made, author


@pytest.fixture
def delivered(airflow: tuple[Delivery, Author]) -> Delivery:
    return airflow[0]


@pytest.fixture
def author(airflow: tuple[Delivery, Author]) -> Author:
    return airflow[1]


def told(text: str) -> None:
    print(text)  # noqa: T201 - shown with -s, or where a test fails


def test_of_fifty_releases_the_median_arrives_in_ten_seconds_and_the_last_in_sixty(
    delivered: Delivery, author: Author
) -> None:
    seconds = []
    for number in range(RELEASES):
        tag = f"release-{number}"
        author.write(release_dags.changing(tag))
        begun = time.monotonic()
        done = author.sync("--wait", "--timeout", str(WORST))
        assert done.returncode == 0, done.stderr.decode() + delivered.said()
        seconds.append(time.monotonic() - begun)
        assert delivered.shows("changing", tag), delivered.dag("changing")

    told(distribution(seconds))
    assert statistics.median(seconds) <= MEDIAN, distribution(seconds)
    assert max(seconds) <= WORST, distribution(seconds)


def distribution(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    parts = [f"{ordered[min(len(ordered) - 1, len(ordered) * part // 10)]:.1f}" for part in range(11)]
    return f"{len(seconds)} releases, deciles in seconds: {' '.join(parts)}; median {statistics.median(seconds):.1f}"


def test_a_run_finishes_on_the_release_that_it_began_with_and_new_runs_use_the_new(
    delivered: Delivery, author: Author
) -> None:
    author.write(release_dags.spanning("old", BUCKET))
    old = author.publish()
    serves(delivered, "spanning", old)
    before = begin(delivered)

    author.write(release_dags.spanning("new", BUCKET))
    new = author.publish()
    serves(delivered, "spanning", new)
    after = begin(delivered)

    assert values(delivered, before) == ["old"] * 6
    assert values(delivered, after) == ["new"] * 6

    before_rollback = begin(delivered)
    author.roll_back(old)
    serves(delivered, "spanning", old)
    after_rollback = begin(delivered)

    assert values(delivered, before_rollback) == ["new"] * 6
    assert values(delivered, after_rollback) == ["old"] * 6


def test_a_module_that_only_tasks_import_is_of_the_new_release_in_new_runs(
    delivered: Delivery, author: Author
) -> None:
    author.write(release_dags.spanning("whole", BUCKET))
    serves(delivered, "spanning", author.publish())
    author.write({"shared/late.py": release_dags.WORD.format(tag="late")})
    serves(delivered, "spanning", author.publish())

    assert values(delivered, begin(delivered)) == ["whole", "whole", "late"] * 2


def serves(delivered: Delivery, dag: str, release: str) -> None:
    """Wait until new runs of a DAG are of a release."""

    def holds() -> bool:
        found = delivered.dag(dag)
        return found is not None and found["bundle_version"] == release

    delivered.until(f"{dag} is of release {release[:12]}", holds, WORST)


def begin(delivered: Delivery) -> str:
    """Start a run, and wait until its first task waits at its gate; return the run."""
    begun = time.monotonic()
    run = delivered.api.trigger("spanning")
    delivered.until(f"the task of {run} runs", lambda: delivered.holds(f"waits/{run}"), SECONDS_TO_RUN)
    told(f"the code of a task runs {time.monotonic() - begun:.1f} s after its run was asked for")
    return run


def values(delivered: Delivery, run: str) -> list[str]:
    """Let a run go on to its end; return the words that its tasks read."""
    delivered.s3.put_object(Bucket=BUCKET, Key=f"gates/{run}", Body=b"")
    assert delivered.api.states({"spanning": run}, SECONDS_TO_RUN) == {"spanning": "success"}
    found: list[str] = delivered.value("spanning", run, "second")
    return found


def test_while_s3_does_not_answer_dags_stay_and_run_and_the_next_release_arrives_when_it_does(
    delivered: Delivery, author: Author
) -> None:
    author.write(release_dags.changing("before"))
    serving = author.publish()
    serves(delivered, "changing", serving)
    dags = delivered.names()
    run = delivered.api.trigger("changing")  # so that its release is there where tasks run
    assert delivered.api.states({"changing": run}, SECONDS_TO_RUN) == {"changing": "success"}

    delivered.services.pause("aws")
    try:
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end:
            assert delivered.names() == dags
            assert delivered.health("dag-processor") == 0
            time.sleep(3)
        run = delivered.api.trigger("changing")
        assert delivered.api.states({"changing": run}, SECONDS_TO_RUN) == {"changing": "success"}
    finally:
        delivered.services.unpause("aws")
    delivered.until(
        "the log says that S3 answers", lambda: ANSWERS in delivered.services.logs("dag-processor")
    )
    author.write(release_dags.changing("after"))
    begun = time.monotonic()
    author.publish()
    told(f"after an outage a release arrives in {delivered.arrival('changing', 'after', WORST, begun):.1f} s")

    said = [line for line in delivered.services.logs("dag-processor").splitlines() if FAILED in line]
    assert 1 <= len(said) <= 1 + OUTAGE // 60 + 1, said  # once a minute at most
    assert all(serving in line and LOCATION in line for line in said)


def test_a_file_that_a_release_lacks_takes_its_dag_along_and_no_other(
    delivered: Delivery, author: Author
) -> None:
    author.write(release_dags.changing("here", "passing"))
    author.publish()
    delivered.arrival("passing", "here", WORST)
    dags = delivered.names()

    (author.folder / "passing.py").unlink()
    author.publish()
    delivered.until("the DAG is gone", lambda: "passing" not in delivered.names(), WORST)

    assert delivered.names() == dags - {"passing"}


def test_a_release_that_cannot_be_parsed_is_told_with_its_file_and_going_back_heals_it(
    delivered: Delivery, author: Author
) -> None:
    author.write(release_dags.changing("good"))
    good = author.publish()
    serves(delivered, "changing", good)
    author.write({"changing.py": release_dags.BROKEN})

    broken = author.sync("--wait", "--timeout", str(WORST))

    said = broken.stderr.decode()
    assert broken.returncode == BROKEN, said
    assert "changing.py: ModuleNotFoundError: No module named 'a_module_that_nobody_has'" in said
    assert "airlock rollback" in said
    assert list(delivered.errors()) == ["changing.py"]
    author.roll_back(good)
    delivered.until("the import error is gone", lambda: not delivered.errors(), WORST)
    assert delivered.shows("changing", "good")


def test_waiting_for_a_release_that_served_before_is_waiting_for_it_to_serve_again(
    delivered: Delivery, author: Author
) -> None:
    for tag in ("here", "there", "here"):
        author.write(release_dags.changing(tag))
        done = author.sync("--wait", "--timeout", str(WORST))
        assert done.returncode == 0, done.stderr.decode()
        assert delivered.shows("changing", tag)


def test_an_empty_release_never_happens(delivered: Delivery, author: Author, tmp_path: Path) -> None:
    dags = delivered.names()

    done = Author(tmp_path, author.to, author.env).sync()

    assert done.returncode == REFUSED, done.stderr.decode()
    assert "would take every DAG away" in done.stderr.decode()
    assert delivered.names() == dags


def test_who_looks_for_a_release_and_there_is_none_makes_one_request(
    delivered: Delivery, author: Author
) -> None:
    assert author.sync("--wait").returncode == 0  # so that nobody is busy with anything
    before = len(delivered.asked())
    time.sleep(IDLE)
    asked = delivered.asked()[before:]

    told(f"{len(asked) * 60 / IDLE:.0f} polls a minute")
    assert set(asked) == {POLL}


def test_of_two_thousand_files_what_changes_arrives_in_a_minute_during_the_first_pass(
    delivered: Delivery, author: Author
) -> None:
    generated_dags.write(author.folder, FILES)
    author.publish()
    for count in PASS:
        parsed(delivered, count)
        tag = f"after-{count}"
        author.write(release_dags.changing(tag), release_dags.helped(tag))
        begun = time.monotonic()
        author.publish()
        file = delivered.arrival("changing", tag, WORST, begun)
        module = delivered.arrival("helped", tag, WORST, begun)

        there = delivered.count()
        told(f"{there} of {FILES} DAGs parsed: a file in {file:.1f} s, a module in {module:.1f} s")
        assert max(file, module) <= WORST
        assert there < FILES  # or nothing was to jump a queue


def parsed(delivered: Delivery, count: int) -> None:
    """Wait until the dag-processor is through with so many DAGs."""
    delivered.until(f"{count} DAGs were parsed", lambda: delivered.count() >= count, 3 * WORST)
