"""What ADR-001 promises, and how each promise is judged: its success metrics, and its testing plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock.costs import model
from airlock.verify.catalogue import DOCUMENTED
from airlock.verify.inventory import Source
from airlock_spec.check.finding import Severity
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.verify.inventory import Inventory
    from airlock.verify.judge import Judgement
    from airlock_spec.check.finding import Finding

_NAMED = 3  # codes that a verdict names


class State(StrEnum):
    """What a verdict says."""

    HOLDS = "holds"
    BROKEN = "does not hold"
    UNKNOWN = "cannot be known here"


@dataclass(frozen=True)
class Told:
    """What is known of a promise by itself, whatever the rules found."""

    state: State
    because: str


@dataclass(frozen=True)
class Promise:
    """One promise: `codes` are (beginnings of) codes that break it.

    `affirmed_by` are the sources from which it follows that it holds, where nothing of them is found. `ask` may know
    more; `command` answers where nothing here does.
    """

    name: str
    text: str
    codes: tuple[str, ...]
    affirmed_by: tuple[Source, ...]
    command: str = ""
    ask: Callable[[Inventory, float], Told | None] | None = None


@dataclass(frozen=True)
class Verdict:
    """What is so of a promise, and why."""

    promise: Promise
    state: State
    because: str

    def document(self) -> dict[str, str]:
        """Return it for JSON."""
        return {
            "promise": self.promise.name,
            "text": self.promise.text,
            "verdict": str(self.state),
            "because": self.because,
            "command": self.promise.command,
        }


def verdicts(
    promises: tuple[Promise, ...], inventory: Inventory, judgement: Judgement, gigabytes: float
) -> tuple[Verdict, ...]:
    """Judge every promise; `gigabytes` is the traffic with AWS a month."""
    return tuple(_verdict(one, inventory, judgement, gigabytes) for one in promises)


def _verdict(promise: Promise, inventory: Inventory, judgement: Judgement, gigabytes: float) -> Verdict:
    broken = [
        one
        for one in judgement.all
        if promise.codes and one.code.startswith(promise.codes) and one.severity is not Severity.INFO
    ]
    if broken:
        return Verdict(promise, State.BROKEN, _listed(broken))
    told = promise.ask(inventory, gigabytes) if promise.ask else None
    if told:
        return Verdict(promise, told.state, told.because)
    causes = [cause for code, cause in judgement.undecided.items() if code.startswith(promise.codes or "-")]
    if causes:
        return Verdict(promise, State.UNKNOWN, causes[0])
    if inventory.source in promise.affirmed_by:
        rules = [one for one in DOCUMENTED if one.code.startswith(promise.codes)]
        return Verdict(promise, State.HOLDS, f"none of its {len(rules)} rules finds anything")
    return Verdict(promise, State.UNKNOWN, f"ask: {promise.command}")


def _listed(broken: list[Finding]) -> str:
    codes = list(dict.fromkeys(one.code for one in broken))
    more = ", …" if len(codes) > _NAMED else ""
    return f"{counted(len(broken), 'finding')}: {', '.join(codes[:_NAMED])}{more}"


def _saving(inventory: Inventory, gigabytes: float) -> Told | None:
    """Compare the endpoints that there are with a NAT gateway in each of their zones."""
    interfaces = [one for one in inventory.endpoints if not one.gateway]
    zones = {
        subnet.zone
        for one in interfaces
        for subnet in inventory.subnets
        if subnet.id in one.subnets and subnet.zone
    }
    if not interfaces or not zones:
        return None
    network = model.Network(len(zones), len(interfaces))
    saved = model.saving(network, gigabytes)
    needed = model.needed_for(network)
    from_ = "at no traffic" if needed is None else f"from {needed:,.0f} GB on"
    because = (
        f"{len(interfaces)} endpoints in {counted(len(zones), 'zone')} save {saved:.0%} of NAT's bill at "
        f"{gigabytes:,.0f} GB a month; {model.CLAIMED:.0%} {from_}"
    )
    return Told(State.HOLDS if saved >= model.CLAIMED else State.BROKEN, because)


def _running(inventory: Inventory, _: float) -> Told | None:
    """Tell of an account whether all tasks run that should."""
    counted_ = [one for one in inventory.services if one.running is not None]
    if not counted_:
        return None
    short = [one for one in counted_ if (one.running or 0) < one.desired]
    if short:
        named = ", ".join(f"{one.name} {one.running} of {one.desired}" for one in short[:_NAMED])
        return Told(State.BROKEN, f"not all tasks run: {named}")
    return Told(State.HOLDS, f"all tasks of {counted(len(counted_), 'service')} run")


def _analyzed(inventory: Inventory, _: float) -> Told | None:
    """Tell what Access Analyzer says, where there is one."""
    if inventory.source is not Source.AWS or not inventory.analyzers:
        return None
    names = ", ".join(one.name for one in inventory.analyzers)
    return Told(State.HOLDS, f"no active finding of {names}, no broad grant in any policy")


_READ = (Source.TERRAFORM, Source.PLAN, Source.AWS)
_SHUT = ("AL721", "AL723", "AL724", "AL725", "AL726", "AL729", "AL731", "AL732", "AL733", "AL734")
_SEEN = ("AL901", "AL902", "AL903", "AL904", "AL907", "AL910", "AL911")
_GROUPS = ("AL741", "AL742", "AL743", "AL744", "AL745")
_GRANTS = ("AL805", "AL806", "AL811", "AL812", "AL813", "AL88")
_KEYS = ("AL801", "AL802", "AL803", "AL864")
PROMISES: tuple[Promise, ...] = (
    Promise(
        "nat",
        "zero NAT gateways, and no other way out",
        ("AL701", "AL702", "AL703", "AL704", "AL705", "AL706", "AL711", "AL752", "AL905"),
        (*_READ, Source.TASK),
    ),
    Promise(
        "start",
        "all tasks start in private subnets",
        (*_SHUT, "AL712", "AL713", "AL844", "AL851", "AL856", "AL865", "AL891", "AL911"),
        (Source.TASK,),
        "airlock verify --live",
        _running,
    ),
    Promise(
        "calls",
        "all AWS calls succeed through endpoints",
        (*_SHUT, *_SEEN),
        (Source.TASK,),
        "airlock verify --from-task",
    ),
    Promise("sync", "DAGs arrive within 60 seconds", (), (), "airlock sync --wait"),
    Promise(
        "health",
        "health checks are stable",
        ("AL862", "AL863", "AL865", "AL866"),
        (Source.AWS,),
        "airlock verify --live",
    ),
    Promise("cost", "60 % less cost than with NAT", (), (), "airlock cost", _saving),
    Promise("groups", "security groups follow least privilege", _GROUPS, _READ, "airlock verify --live"),
    Promise(
        "grants",
        "Access Analyzer shows no broad grants",
        (*_GRANTS, "AL895"),
        (),
        "airlock verify --live",
        _analyzed,
    ),
    Promise("keys", "everything is encrypted with a customer key", _KEYS, _READ, "airlock verify --live"),
    Promise(
        "connectivity",
        "test: connectivity from a task",
        _SEEN,
        (Source.TASK,),
        "airlock verify --from-task, airlock lab adr",
    ),
    Promise(
        "performance",
        "test: start, parsing and latency",
        (),
        (),
        "airlock deploy, airlock check --timings, airlock sync --wait",
    ),
    Promise(
        "security",
        "test: groups, grants, keys, least privilege",
        (*_GROUPS, *_GRANTS, *_KEYS),
        _READ,
        "airlock verify --live",
    ),
    Promise(
        "bill", "test: costs as projected", (), (), "airlock cost, then AWS's Cost Explorer after a month"
    ),
)
