"""Log groups: that they are there, and how long they keep what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import could_read, known
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject
    from airlock.verify.services import Container


class NoLogGroup(Rule):
    """A container writes to a log group that is not there.

    In production, the task does not start: `ResourceInitializationError: failed to validate logger args: … The
    specified log group does not exist`.

    Found: `awslogs-group` of a name that no log group of the deployment has.

    Not found: one with `awslogs-create-group`; any, where log groups could not be read or are not known yet.

    Mend: make the group, encrypted and with a retention, or mend the name.
    """

    code = "AL856"
    title = "log group that is not there"
    severity = Severity.ERROR
    fix = "make the log group (aws_cloudwatch_log_group), or mend its name"
    reads = ("task_definitions", "log_groups")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        there = {one.name for one in inventory.log_groups}
        if not could_read(inventory, "log_groups") or not all(known(one) for one in there):
            return
        missing: dict[str, list[str]] = {}
        places = {one.family: one.place for one in inventory.task_definitions}
        for definition in inventory.task_definitions:
            for group in sorted({_group(one) for one in definition.containers} - there - {""}):
                missing.setdefault(group, []).append(definition.family)
        for group, families in missing.items():
            message = f"{', '.join(families)}: the log group {group} is none of the deployment's"
            yield Violation(places[families[0]], message, f"awslogs-group: {group}")


class KeptForEver(Rule):
    """A log group keeps what it has for ever.

    In production, it grows and is paid for by the month, and whatever a task once printed by mistake is still there in
    ten years. This is information: some have to keep logs.

    Found: `aws_cloudwatch_log_group` without `retention_in_days`, or with 0.

    Not found: any number of days.

    Mend: `retention_in_days = 90`, or what you need.
    """

    code = "AL857"
    title = "logs kept for ever"
    severity = Severity.INFO
    fix = "retention_in_days = 90"
    reads = ("log_groups",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.log_groups if not one.retention):
            message = f"kept for ever: {listed(f'the log group {one.name}' for one in some)}"
            yield Violation(some[0].place, message, "retention_in_days: none")


def _group(container: Container) -> str:
    """Return the log group that a container needs to be there; "" where it needs none."""
    if container.log_driver != "awslogs" or container.log_options.get("awslogs-create-group") == "true":
        return ""
    group = container.log_options.get("awslogs-group", "")
    return group if known(group) else ""


RULES: tuple[Rule, ...] = (NoLogGroup(), KeptForEver())
