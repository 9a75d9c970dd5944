"""From an inventory to findings and verdicts, by rules that are made for the purpose."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar
from xml.etree import ElementTree as ET

import pytest

from airlock.release_settings import Verify
from airlock.verify.catalogue import DOCUMENTED, GROUPS
from airlock.verify.inventory import Inventory, Source, Unread
from airlock.verify.judge import Judgement, judge
from airlock.verify.network import Gateway, Place, Subnet, Target, VpcEndpoint
from airlock.verify.promises import PROMISES, Promise, State, Told, verdicts
from airlock.verify.promises import _saving as saving
from airlock.verify.report import Report
from airlock.verify.rule import Rule, Subject, Violation
from airlock.verify.services import Service
from airlock_spec.check.finding import Severity
from airlock_spec.check.ignores import Ignore
from airlock_spec.check.reports import FORMATS, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.promises import Verdict


class NoGateway(Rule):
    """There is a gateway.

    Mend: take it away.
    """

    code = "AL799"
    title = "a gateway"
    severity = Severity.ERROR
    fix = "take it away"
    reads: ClassVar[tuple[str, ...]] = ("gateways",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.gateways:
            yield Violation(one.place, f"{one.id} leads out", f"vpc_id = {one.vpc}")


class NoService(NoGateway):
    """There is a service."""

    code = "AL798"
    severity = Severity.WARNING
    reads: ClassVar[tuple[str, ...]] = ("services",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.services:
            yield Violation(one.place, f"{one.name} runs", fix="stop it")


RULES = (NoGateway(), NoService())
GATEWAY = Gateway(Place("aws_internet_gateway.out", "infra/main.tf", 12), "igw-1", Target.INTERNET, "vpc-1")
SERVICE = Service(Place("arn:aws:ecs:eu-west-1:1:service/c/s"), "s", "c", "t")


def inventory(source: Source = Source.TERRAFORM, **parts: tuple[object, ...]) -> Inventory:
    return Inventory(source, "eu-west-1", **parts)  # type: ignore[arg-type]


def judged(
    found: Inventory, settings: Verify | None = None, comments: dict[str, tuple[Ignore, ...]] | None = None
) -> Judgement:
    return judge(Subject(found), RULES, settings or Verify(), comments)


def test_a_violation_is_a_finding_with_its_place_evidence_and_fix() -> None:
    (one, other) = judged(inventory(gateways=(GATEWAY,), services=(SERVICE,))).findings

    assert (one.code, one.severity, one.path, one.line) == ("AL799", Severity.ERROR, "infra/main.tf", 12)
    assert (one.resource, one.detail, one.fix) == (
        "aws_internet_gateway.out",
        "vpc_id = vpc-1",
        "take it away",
    )
    assert (other.severity, other.fix, other.resource) == ("warning", "stop it", SERVICE.place.resource)


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        (Verify(select=("AL799",)), ["AL799"]),
        (Verify(ignore=("AL799",)), ["AL798"]),
        (Verify(accept=("AL799 aws_internet_gateway.*: the office",)), ["AL798"]),
        (Verify(accept=("AL798 aws_internet_gateway.*: another code",)), ["AL799", "AL798"]),
    ],
)
def test_settings_choose_and_accept(settings: Verify, codes: list[str]) -> None:
    found = judged(inventory(gateways=(GATEWAY,), services=(SERVICE,)), settings)

    assert [one.code for one in found.findings] == codes
    assert [one.code for one in found.all] == ["AL799", "AL798"]


def test_what_is_accepted_and_not_found_is_told() -> None:
    entry = "AL798 nothing: it is gone"

    assert judged(inventory(), Verify(accept=(entry,))).unused == (entry,)


@pytest.mark.parametrize(
    ("lines", "codes", "hidden"),
    [
        (range(10, 20), ("AL799",), True),
        (range(10, 20), ("AL7",), True),
        (range(10, 20), ("AL8",), False),
        (range(20, 30), ("AL799",), False),
    ],
)
def test_a_comment_accepts_what_is_in_its_lines(
    lines: range, codes: tuple[str, ...], *, hidden: bool
) -> None:
    comments: dict[str, tuple[Ignore, ...]] = {"infra/main.tf": (Ignore(11, lines, codes, "on purpose"),)}
    found = judged(inventory(gateways=(GATEWAY,)), comments=comments)

    assert (found.findings == ()) is hidden
    assert found.all


def test_a_rule_that_lacks_something_cannot_tell_but_says_what_it_sees() -> None:
    found = judged(inventory(gateways=(GATEWAY,), unread=(Unread("gateways", "AccessDenied"),)))

    assert found.undecided == {"AL799": "AccessDenied"}
    assert [one.code for one in found.findings] == ["AL799"]


# verdicts


def verdict(found: Inventory, *, affirmed: tuple[Source, ...] = (Source.TERRAFORM,)) -> Verdict:
    promise = Promise("nat", "no gateway", ("AL799",), affirmed, "airlock verify --live")
    (made,) = verdicts((promise,), found, judged(found, Verify(accept=("AL799 *: on purpose",))), 1500)
    return made


def test_a_promise_is_broken_by_what_is_so_accepted_or_not() -> None:
    made = verdict(inventory(gateways=(GATEWAY,)))

    assert (made.state, made.because) == (State.BROKEN, "1 finding: AL799")


def test_a_promise_holds_where_its_source_can_say_so() -> None:
    assert verdict(inventory()).state is State.HOLDS
    other = verdict(inventory(), affirmed=(Source.AWS,))
    assert (other.state, other.because) == (State.UNKNOWN, "ask: airlock verify --live")


def test_a_promise_is_not_known_to_hold_where_something_was_not_read() -> None:
    made = verdict(inventory(unread=(Unread("gateways", "AccessDenied"),)))

    assert (made.state, made.because) == (State.UNKNOWN, "AccessDenied")


@pytest.mark.parametrize(
    ("endpoints", "zones", "state"), [(4, 1, State.BROKEN), (6, 3, State.BROKEN), (1, 1, State.HOLDS)]
)
def test_the_saving_is_that_of_the_endpoints_that_there_are(endpoints: int, zones: int, state: State) -> None:
    subnets = tuple(
        Subnet(Place(f"subnet-{zone}"), f"subnet-{zone}", "vpc-1", f"eu-west-1{zone}")
        for zone in range(zones)
    )
    found = inventory(
        subnets=subnets,
        endpoints=tuple(
            VpcEndpoint(
                Place(f"e{number}"),
                f"e{number}",
                "logs",
                "vpc-1",
                subnets=tuple(one.id for one in subnets),
            )
            for number in range(endpoints)
        ),
    )
    told = saving(found, 300)

    assert isinstance(told, Told)
    assert told.state is state
    assert f"{endpoints} endpoints in {zones} zone" in told.because


def test_without_endpoints_no_saving_is_told() -> None:
    assert saving(inventory(), 300) is None


# the report


def report(*, fail_on: Severity = Severity.ERROR) -> Report:
    found = inventory(gateways=(GATEWAY,), services=(SERVICE,))
    made = judged(found)
    return Report(
        "terraform",
        "infra/example by Terraform: 2 resources",
        RULES,
        made.findings,
        fail_on,
        2.0,
        accepted=1,
        verdicts=(verdict(found),),
        undecided={"AL798": "no permission"},
        notes=("a note",),
    )


def test_findings_set_the_exit_code_and_verdicts_do_not() -> None:
    assert report().exit_code == 1
    assert Report("aws", "x", RULES, (), verdicts=report().verdicts).exit_code == 0
    warning = tuple(one for one in report().findings if one.severity is Severity.WARNING)
    assert Report("aws", "x", RULES, warning).exit_code == 0
    assert Report("aws", "x", RULES, warning, Severity.WARNING).exit_code == 1


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_both_findings_with_their_resources(form: str) -> None:
    text = render(report(), form)

    assert all(one in text for one in ("AL799", "AL798", "aws_internet_gateway.out", "service/c/s"))


def test_people_read_verdicts_and_what_was_left_out() -> None:
    text = render(report(), "text")

    assert "infra/main.tf\n    12  error    AL799  igw-1 leads out  [aws_internet_gateway.out]" in text
    assert "1 error, 1 warning; looked at infra/example by Terraform: 2 resources in 2.0 s" in text
    assert "1 finding accepted on purpose" in text
    assert "1 rule cannot tell: no permission" in text
    assert "no gateway        does not hold  1 finding: AL799" in text


def test_json_has_verdicts() -> None:
    document = json.loads(render(report(), "json"))

    assert document["verdicts"] == [
        {
            "promise": "nat",
            "text": "no gateway",
            "verdict": "does not hold",
            "because": "1 finding: AL799",
            "command": "airlock verify --live",
        }
    ]
    assert document["summary"]["blocking"] == 1


def test_junit_has_a_case_for_each_rule() -> None:
    cases = list(ET.fromstring(render(report(), "junit")).iter("testcase"))  # noqa: S314 - our own

    assert [(one.get("name"), one.find("failure") is not None) for one in cases] == [
        ("AL799 a gateway", True),
        ("AL798 a gateway", False),
    ]


def test_sarif_names_files_where_they_are_known_and_else_resources() -> None:
    (run,) = json.loads(render(report(), "sarif"))["runs"]
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]

    assert places == ["infra/main.tf", "arn%3Aaws%3Aecs%3Aeu-west-1%3A1%3Aservice/c/s"]
    assert run["results"][0]["properties"]["resource"] == "aws_internet_gateway.out"


# the promises themselves


def test_every_code_that_a_promise_names_is_a_rules() -> None:
    known = [one.code for one in DOCUMENTED]
    named = {code for promise in PROMISES for code in promise.codes}

    assert [code for code in named if not any(one.startswith(code) for one in known)] == []


def test_every_code_has_its_group_on_the_page() -> None:
    assert [one.code for one in DOCUMENTED if not one.code.startswith(tuple(GROUPS))] == []
    assert len({one.code for one in DOCUMENTED}) == len(DOCUMENTED)


def test_every_promise_is_judged_or_says_what_answers_it() -> None:
    empty = inventory(Source.TERRAFORM)
    made = verdicts(PROMISES, empty, judged(empty), 1500)

    assert [one.promise.name for one in made] == [one.name for one in PROMISES]
    assert all(one.promise.command in one.because for one in made if one.state is State.UNKNOWN)


def test_what_a_task_sees_affirms_calls_and_says_nothing_of_keys() -> None:
    seen = inventory(Source.TASK)
    made = {one.promise.name: one.state for one in verdicts(PROMISES, seen, judged(seen), 1500)}

    assert (made["calls"], made["nat"], made["connectivity"]) == (State.HOLDS,) * 3
    assert (made["keys"], made["groups"], made["cost"]) == (State.UNKNOWN,) * 3


@pytest.mark.parametrize(("running", "state"), [(2, State.HOLDS), (1, State.BROKEN), (None, State.UNKNOWN)])
def test_an_account_tells_whether_tasks_run(running: int | None, state: State) -> None:
    found = inventory(Source.AWS, services=(replace(SERVICE, desired=2, running=running),))
    made = {
        one.promise.name: one for one in verdicts(PROMISES, found, judge(Subject(found), (), Verify()), 1)
    }

    assert made["start"].state is state
