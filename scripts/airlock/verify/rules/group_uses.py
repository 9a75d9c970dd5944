"""Security groups: which are in use, and the default ones, which should not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import called, group_called, name_of, rule_called
from airlock.verify.grouped import by_block, known, listed
from airlock.verify.placements import placements
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Instance, LoadBalancer
    from airlock.verify.rule import Subject
    from airlock.verify.services import Cache, Database

    Grouped = Database | Cache | LoadBalancer | Instance


class DefaultGroup(Rule):
    """A VPC's default security group has rules.

    In production, whatever is started without a group gets this one. As AWS makes it, everything in it reaches
    everything else in it, and the world. It is a warning as long as nothing is known to be in it.

    Found: `aws_default_security_group` with a rule; in AWS, a VPC in which nobody took the rules away.

    Not found: an `aws_default_security_group` without rules.

    Mend: write an `aws_default_security_group` with `vpc_id` and no rules.
    """

    code = "AL745"
    title = "default group with rules"
    severity = Severity.WARNING
    fix = "write an aws_default_security_group with vpc_id and no rules"
    reads = ("security_groups",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        used = _used(inventory)
        for one in inventory.security_groups:
            if one.default and (one.ingress or one.egress):
                who = listed(used.get(one.id, []))
                yield Violation(
                    one.place,
                    f"the default group of {name_of(inventory, one.vpc) or called(one)} has rules"
                    + (f", and {who} is in it" if who else "; nothing known is in it"),
                    "\n".join(
                        [
                            *(f"ingress: {rule_called(inventory, rule)}" for rule in one.ingress),
                            *(f"egress: {rule_called(inventory, rule)}" for rule in one.egress),
                        ]
                    ),
                    severity=Severity.ERROR if who else None,
                )


class UnusedGroup(Rule):
    """A security group is of nothing in the inventory.

    In production, it does no harm by itself; but other groups' rules may refer to it, and whatever is put in it gets
    what they let through.

    Found: an `aws_security_group` that no service, endpoint, database, cache, mount target, load balancer or instance
    names.

    Not found: the default group; any group of an inventory that has nothing which could be in one.

    Mend: remove it, and the rules that refer to it.
    """

    code = "AL746"
    title = "group that nobody uses"
    severity = Severity.INFO
    fix = "remove it, and the rules that refer to it"
    reads = (
        "security_groups",
        "services",
        "task_definitions",
        "endpoints",
        "databases",
        "caches",
        "mount_targets",
        "load_balancers",
        "instances",
    )

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        used = _used(inventory)
        if inventory.lacks(*self.reads) or not used or not all(known(one) for one in used):
            return
        unused = (one for one in inventory.security_groups if not one.default and one.id not in used)
        for some in by_block(unused):
            names = listed(group_called(one) for one in some)
            yield Violation(some[0].place, f"nothing in the inventory is in {names}", called(some[0]))


def _used(inventory: Inventory) -> dict[str, list[str]]:
    """Return ids of groups, and what is in each."""
    used: dict[str, list[str]] = {}
    others: tuple[Grouped, ...] = (
        *inventory.databases,
        *inventory.caches,
        *inventory.load_balancers,
        *inventory.instances,
    )
    for name, groups in (
        *((one.name, one.groups) for one in placements(inventory)),
        *((one.service, one.groups) for one in inventory.endpoints),
        *((one.file_system, one.groups) for one in inventory.mount_targets),
        *((one.id, one.groups) for one in others),
    ):
        for group in groups:
            used.setdefault(group, []).append(name)
    return used


RULES: tuple[Rule, ...] = (DefaultGroup(), UnusedGroup())
