"""Security groups: what they let through that nobody needs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from airlock.verify.called import group_called, peer_called, rule_called
from airlock.verify.grouped import listed
from airlock.verify.network import Peer
from airlock.verify.ranges import all_public, covers_vpc, entries, in_vpc, is_world
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Permission, Place
    from airlock.verify.rule import Subject

_MANY = 1000  # ports: nothing of this architecture listens on more than one


class Permissions(Rule):
    """A rule that reports what is wrong with rules of security groups: one finding for each block that makes some."""

    severity = Severity.ERROR
    reads = ("security_groups", "vpcs", "prefix_lists")
    what: ClassVar[str]

    @abstractmethod
    def wrong(self, inventory: Inventory, permission: Permission) -> bool:
        """Tell whether it is this that is wrong with a rule."""

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        found: dict[tuple[Place, str, str], list[Permission]] = {}
        for group in inventory.security_groups:
            if group.default:  # of which AL745 says all
                continue
            for direction, rules in (("ingress", group.ingress), ("egress", group.egress)):
                for one in rules:
                    if self.wrong(inventory, one):
                        found.setdefault((one.place, group_called(group), direction), []).append(one)
        for (place, name, direction), permissions in found.items():
            yield Violation(
                place,
                f"{name} {'lets in' if direction == 'ingress' else 'lets out'} {self.what}: "
                f"{listed(peer_called(inventory, one) for one in permissions)}",
                "\n".join(f"{direction}: {rule_called(inventory, one)}" for one in permissions),
            )


class OpenToWorld(Permissions):
    """A security group is open to the internet, in or out.

    In production, such a rule waits for the day on which somebody adds a gateway: until then nothing comes through it
    to the internet, but anything in the VPC and in networks that are peered. Where it is egress, the usual default of
    groups, no rule says any more what a task may reach.

    Found: `0.0.0.0/0`, `::/0`, or any public range as `cidr_ipv4` or `cidr_ipv6`, or in a prefix list of one's own.

    Not found: the prefix lists of AWS's services, as S3's; the default group, which AL745 is about.

    Mend: refer to the other group (`referenced_security_group_id`), or to S3's `prefix_list_id`.
    """

    code = "AL741"
    title = "group open to the internet"
    fix = "refer to a group (referenced_security_group_id) or a service's prefix list instead of the range"
    what = "addresses of the internet"

    def wrong(self, inventory: Inventory, permission: Permission) -> bool:
        return open_to_internet(inventory, permission)


class OpenToVpc(Permissions):
    """A security group is open to the whole VPC, in or out.

    In production, whatever comes to run in the VPC may connect, though it belongs to nobody who was thought of: the
    groups' references are what keeps components apart.

    Found: the VPC's own range, or a wider one (`10.0.0.0/8`), in a rule.

    Not found: references to groups; a part of the range, which AL743 is about.

    Mend: refer to the other group (`referenced_security_group_id`).
    """

    code = "AL742"
    title = "group open to the whole VPC"
    fix = "refer to the other group (referenced_security_group_id) instead of the VPC's range"
    what = "the whole VPC"

    def wrong(self, inventory: Inventory, permission: Permission) -> bool:
        return open_to_vpc(inventory, permission)


class RangeForGroup(Permissions):
    """A security group's rule names a range within the VPC, where it could name a group.

    In production, addresses of tasks and endpoints come from the whole of their subnets: a range lets in whatever else
    is there, and is wrong as soon as a subnet is added.

    Found: a subnet's range in a rule.

    Not found: ranges of other networks, whose groups cannot be named.

    Mend: refer to the other group (`referenced_security_group_id`).
    """

    code = "AL743"
    title = "range where a group could be named"
    severity = Severity.WARNING
    fix = "refer to the other group (referenced_security_group_id) instead of the range"
    what = "a part of the VPC by its range"

    def wrong(self, inventory: Inventory, permission: Permission) -> bool:
        return (
            permission.kind is Peer.RANGE
            and in_vpc(inventory, permission.peer)
            and not open_to_vpc(inventory, permission)
        )


class AllPorts(Permissions):
    """A security group's rule is for all protocols, or for all ports.

    In production, each component listens on one port: endpoints on 443, PostgreSQL on 5432, Valkey on 6379, EFS on
    2049, the API server on 8080. What a rule admits beside it serves nobody but who looks around.

    Found: protocol `-1`; TCP from 0 to 65535, or more than a thousand ports.

    Not found: such a rule that is open to the internet or to the whole VPC, which AL741 and AL742 report.

    Mend: name the protocol and the port.
    """

    code = "AL744"
    title = "group open on all ports"
    fix = "set ip_protocol, from_port and to_port to what the other side listens on"
    what = "all ports"

    def wrong(self, inventory: Inventory, permission: Permission) -> bool:
        protocol = permission.protocol
        wide = protocol == "-1" or (
            protocol in ("tcp", "udp", "6", "17")
            and (permission.first < 0 or permission.last - permission.first >= _MANY)
        )
        return wide and not open_to_internet(inventory, permission) and not open_to_vpc(inventory, permission)


def open_to_internet(inventory: Inventory, permission: Permission) -> bool:
    return permission.kind is not Peer.GROUP and bool(all_public(inventory, [permission.peer]))


def open_to_vpc(inventory: Inventory, permission: Permission) -> bool:
    if permission.kind is Peer.GROUP or open_to_internet(inventory, permission):
        return False
    return any(
        covers_vpc(inventory, one) and not is_world(one) for one in entries(inventory, permission.peer)
    )


RULES: tuple[Rule, ...] = (OpenToWorld(), OpenToVpc(), RangeForGroup(), AllPorts())
