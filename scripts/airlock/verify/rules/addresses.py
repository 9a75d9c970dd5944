"""Public addresses: of their own, given by subnets, asked for by tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import called, name_of
from airlock.verify.grouped import by_block, listed
from airlock.verify.placements import placements
from airlock.verify.ranges import parsed
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject


class PublicAddress(Rule):
    """There is a public address: an Elastic IP, or one that an instance has.

    In production, it is what a host of the internet would answer to, and what a NAT gateway needs; each is billed by
    the hour, used or not.

    Found: `aws_eip`; an `aws_instance` with `associate_public_ip_address = true`.

    Not found: addresses of the VPC's own range, as endpoints and tasks have them.

    Mend: remove the address.
    """

    code = "AL711"
    title = "public address"
    severity = Severity.ERROR
    fix = "remove the aws_eip, or set associate_public_ip_address = false"
    reads = ("public_addresses", "instances")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for one in inventory.public_addresses:
            nothing = "" if one.attached_to else ", which nothing has"
            holder = name_of(inventory, one.attached_to)
            held = f", which {holder} has" if holder else nothing
            yield Violation(
                one.place,
                f"there is a public address{held}",
                f"public_ip = {one.address}" if parsed(one.address) else called(one),
            )
        reported = {one.attached_to for one in inventory.public_addresses}
        for instance in inventory.instances:
            if instance.public_address and instance.id not in reported:
                yield Violation(
                    instance.place,
                    f"the instance {called(instance)} has a public address",
                    "associate_public_ip_address = true",
                )


class PublicSubnet(Rule):
    """A subnet gives public addresses to whatever starts in it.

    In production, nobody who starts something there needs to ask for a public address, or notices that it has one. With
    IPv6 it is a warning: its addresses are of the internet in any subnet, and lead nowhere without a gateway.

    Found: `aws_subnet` with `map_public_ip_on_launch = true`, or `assign_ipv6_address_on_creation = true`.

    Not found: a subnet that leaves both at their default.

    Mend: remove the attribute.
    """

    code = "AL712"
    title = "subnet that gives public addresses"
    severity = Severity.ERROR
    fix = "set map_public_ip_on_launch (and assign_ipv6_address_on_creation) to false"
    reads = ("subnets",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.subnets if one.public_addresses):
            yield Violation(
                some[0].place,
                f"what starts in {listed(called(one) for one in some)} is given a public address",
                "map_public_ip_on_launch = true",
            )
        only = (one for one in subject.inventory.subnets if one.ipv6_addresses and not one.public_addresses)
        for some in by_block(only):
            yield Violation(
                some[0].place,
                f"what starts in {listed(called(one) for one in some)} is given an address of IPv6, which is public",
                "assign_ipv6_address_on_creation = true",
                severity=Severity.WARNING,
            )


class PublicTasks(Rule):
    """Tasks get public addresses.

    In production, such a task is a host of the internet wherever its subnet has a route there: it reaches any other,
    and its security group alone keeps them from it. Without that route the address does nothing but cost. Of the ECS
    executor's tasks, which belong to no service, its settings are looked at.

    Found: `assign_public_ip = true` in an `aws_ecs_service`; `AIRFLOW__AWS_ECS_EXECUTOR__ASSIGN_PUBLIC_IP` set to
    `True` in the scheduler's task definition.

    Not found: `assign_public_ip = false`, or nothing, which is the same.

    Mend: set it to false; ECS then needs the endpoints that AL721 names.
    """

    code = "AL713"
    title = "tasks with public addresses"
    severity = Severity.ERROR
    fix = "set assign_public_ip = false"
    reads = ("services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        public = (one for one in placements(subject.inventory) if one.public_address)
        for some in by_block(public):
            setting = some[0].setting
            yield Violation(
                some[0].place,
                f"tasks of {listed(one.name for one in some)} get public addresses",
                f"{setting}: assignPublicIp is enabled" if setting else "assign_public_ip = true",
                fix=f"set {setting} so that assignPublicIp is disabled" if setting else "",
            )


RULES: tuple[Rule, ...] = (PublicAddress(), PublicSubnet(), PublicTasks())
