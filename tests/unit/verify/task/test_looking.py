"""Tasks that look: what they saw, why they did not start, and that none is left running."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest

from airlock.deploy.cluster import Container
from airlock.errors import AwsError, DeployError, ProbeError
from airlock.terminal import Terminal
from airlock.verify.task.looking import Looking
from airlock.verify.task.stands import Asked, stands
from airlock_spec.reach import carried
from airlock_spec.reach.observed import Kind, Observed, Sight
from airlock_spec.reach.rules import findings
from memory_ecs import MIGRATES, MemoryCluster, Time, refusal, task

SEEN = Observed((Sight("sqs.eu-west-1.amazonaws.com", Kind.ENDPOINT),), 1.0, 20.0, "arn:aws:ecs:…")
REPORT = carried.lines(json.dumps({"observed": SEEN.plain(), "findings": []}))


@dataclass
class FakeStreams:
    """An `airlock.verify.task.looking.Streams`: one answer a look, the last one stays."""

    answers: list[list[str] | AwsError] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def lines(self, group: str, stream: str, region: str) -> list[str]:
        self.asked.append((group, stream, region))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, AwsError):
            raise answer
        return answer


def look(cluster: MemoryCluster, *answers: list[str] | AwsError) -> tuple[Observed, ...]:
    if not cluster.held:
        cluster.add("api")
    streams = FakeStreams(list(answers))
    looking = Looking(cluster, streams, Time().pace(60), Terminal())
    try:
        return looking.look(stands(cluster, Asked(tuple(cluster.held))))
    finally:
        assert set(streams.asked) <= {("/airflow", "airflow/airflow/m1", "eu-west-1")}


def refused(cluster: MemoryCluster, *answers: list[str] | AwsError) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        look(cluster, *answers)
    return caught.value


def looks() -> MemoryCluster:
    """Return a cluster whose next task runs to its end, with exit code 0."""
    return MemoryCluster(task_states=list(MIGRATES))


def test_what_the_task_saw_is_read_from_its_log_and_named_by_the_service() -> None:
    cluster = looks()
    (seen,) = look(cluster, ["airlock: hello", *REPORT])

    assert seen == replace(SEEN, task="api")
    assert cluster.log == ["run api:1"]


def test_a_report_with_findings_is_a_report() -> None:
    assert look(MemoryCluster(task_states=[task("STOPPED", 1)]), REPORT)[0].sights == SEEN.sights


def test_a_log_that_comes_later_and_throttling_are_waited_out() -> None:
    assert look(looks(), [], refusal("ThrottlingException"), ["airlock: hello"], REPORT)[0].task == "api"


def test_a_log_without_a_report_is_told_with_its_stream_and_another_way() -> None:
    error = refused(looks(), ["airlock: hello"])

    assert error.fact == "the task that looked from api left no report in its log within 60 s"
    assert error.cause == "log group /airflow, stream airflow/airflow/m1: 1 lines"
    assert "airlock verify --from-task -" in error.remedy


def test_a_log_that_may_not_be_read_is_no_silence() -> None:
    with pytest.raises(AwsError, match="cannot do it"):
        look(looks(), refusal("AccessDeniedException"))


def test_a_task_that_cannot_pull_is_the_answer_with_what_it_means() -> None:
    reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp: i/o timeout"
    cluster = MemoryCluster(
        task_states=[task("STOPPED", said=reason, code="TaskFailedToStart", reason=reason)]
    )
    (seen,) = look(cluster, [])
    (finding,) = findings(seen)

    assert (finding.code, finding.resource) == ("AL911", "api")
    assert "i/o timeout" in finding.message
    assert "gateway endpoint of S3" in finding.detail


def test_a_task_that_has_not_started_in_time_is_the_answer_and_is_stopped() -> None:
    cluster = MemoryCluster(task_states=[task("PENDING")])
    (seen,) = look(cluster, [])

    assert seen.stopped == ("task m1 has not started after 60 s: pending",)
    assert cluster.log == ["run api:1", "stop m1"]


def test_a_task_that_runs_on_is_stopped_and_told() -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")])
    error = refused(cluster, [])

    assert error.fact == "the task that looks from api did not end within 60 s"
    assert "aws logs tail /airflow" in error.remedy
    assert cluster.log == ["run api:1", "stop m1"]


def test_the_rest_of_a_task_that_has_looked_is_stopped() -> None:
    running = task("RUNNING", 0)
    cluster = MemoryCluster(
        task_states=[replace(running, containers=(*running.containers, Container("otel", "RUNNING")))]
    )

    assert look(cluster, REPORT)[0].task == "api"
    assert cluster.log == ["run api:1", "stop m1"]


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        (127, "the image of api has no airlock-verify"),
        (2, "the task that looks from api ended with 2, and saw nothing"),
        (137, "the task that looks from api ended with 137, and saw nothing"),
    ],
)
def test_a_task_that_ran_and_did_not_look_is_an_error(code: int, fact: str) -> None:
    assert refused(MemoryCluster(task_states=[task("STOPPED", code)]), REPORT).fact == fact


def test_a_task_that_cannot_be_placed_is_told() -> None:
    error = refused(MemoryCluster(failures={"run": [DeployError("ECS has no place for it", cause="CPU")]}))

    assert (error.exit_code, error.fact, error.cause) == (39, "ECS has no place for it", "CPU")


def test_ctrl_c_leaves_no_task_running() -> None:
    cluster = MemoryCluster(task_states=[task("RUNNING")], failures={"tasks": [KeyboardInterrupt()]})
    with pytest.raises(KeyboardInterrupt):
        look(cluster, [])
    assert cluster.log == ["run api:1", "stop m1"]


def test_a_report_of_another_version_is_told() -> None:
    lines = carried.lines(json.dumps({"observed": {"sights": [], "version": 2}}))

    assert "of version 2" in refused(looks(), lines).cause
