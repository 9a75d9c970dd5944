"""Airflow's database and its broker: who reaches them, how, and what survives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject


class PublicDatabase(Rule):
    """The database has a public address.

    In production, its name resolves to one outside the VPC, and a security group is all that stands before it. With
    no way out the tasks' own connections may go astray.

    Found: `publicly_accessible = true`.

    Not found: false, which is the default in private subnets.

    Mend: `publicly_accessible = false`.
    """

    code = "AL831"
    title = "database with a public address"
    severity = Severity.ERROR
    fix = "publicly_accessible = false"
    reads = ("databases",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.databases:
            if one.public:
                message = f"the database {one.id} has a public address"
                yield Violation(one.place, message, "publicly_accessible: true")


class PlainDatabase(Rule):
    """Nothing makes clients of the database use TLS.

    In production, a client with `sslmode=disable`, or a server that nobody told, sends connections' passwords and
    XComs in the clear.

    Found: `rds.force_ssl` of `0`; as information, a database of whose parameter group nothing is known: RDS forces
    TLS by default for PostgreSQL from 15 on, and not before.

    Not found: `rds.force_ssl` of `1`.

    Mend: a parameter group with `rds.force_ssl = 1`.
    """

    code = "AL832"
    title = "database without forced TLS"
    severity = Severity.ERROR
    fix = "aws_db_parameter_group with rds.force_ssl = 1"
    reads = ("databases",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.databases:
            if one.forces_tls is None:
                yield Violation(
                    one.place,
                    f"nothing says whether the database {one.id} forces TLS: that depends on its version's default",
                    "rds.force_ssl: not set",
                    severity=Severity.INFO,
                )
            elif not one.forces_tls:
                yield Violation(one.place, f"the database {one.id} answers without TLS", "rds.force_ssl: 0")


class OneZone(Rule):
    """The database is in one availability zone.

    In production, a failure or a maintenance window of that zone stops all of Airflow, for as long as it lasts.

    Found: `multi_az = false`.

    Not found: a standby or a second instance in another zone.

    Mend: `multi_az = true`, at twice the price.
    """

    code = "AL833"
    title = "database in one zone"
    severity = Severity.WARNING
    fix = "multi_az = true"
    reads = ("databases",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.databases:
            if one.zones < 2:  # noqa: PLR2004 - the fewest with a spare
                message = f"the database {one.id} is in one availability zone"
                yield Violation(one.place, message, f"zones: {one.zones}")


class NoBackups(Rule):
    """The database has no automatic backups.

    In production, what an upgrade, a migration of Airflow or a mistake spoils cannot be taken back: there is no
    point in time to return to.

    Found: `backup_retention_period = 0`, or none for an instance.

    Not found: a day or more.

    Mend: `backup_retention_period = 7`, or what you need.
    """

    code = "AL834"
    title = "database without backups"
    severity = Severity.WARNING
    fix = "backup_retention_period = 7"
    reads = ("databases",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.databases:
            if one.backup_days < 1:
                message = f"the database {one.id} has no automatic backups"
                yield Violation(one.place, message, f"backup_retention_period: {one.backup_days}")


class NoDeletionProtection(Rule):
    """The database is not protected from deletion.

    In production, one `terraform destroy` in the wrong folder is enough. This is information: a deployment to try
    things has every reason.

    Found: `deletion_protection = false`.

    Not found: true.

    Mend: `deletion_protection = true`.
    """

    code = "AL835"
    title = "database without deletion protection"
    severity = Severity.INFO
    fix = "deletion_protection = true"
    reads = ("databases",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.databases:
            if not one.protected:
                message = f"the database {one.id} is not protected from deletion"
                yield Violation(one.place, message, "deletion_protection: false")


class PlainCache(Rule):
    """The broker answers without TLS.

    In production, messages of Celery, with the arguments of every task, and the broker's password travel in the
    clear.

    Found: `transit_encryption_enabled = false`.

    Not found: true.

    Mend: `transit_encryption_enabled = true`, and `rediss://` in the broker's URL.
    """

    code = "AL836"
    title = "cache without TLS"
    severity = Severity.ERROR
    fix = "transit_encryption_enabled = true, and rediss:// in the broker's URL"
    reads = ("caches",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.caches:
            if not one.tls:
                message = f"the cache {one.id} answers without TLS"
                yield Violation(one.place, message, "transit_encryption_enabled: false")


RULES: tuple[Rule, ...] = (
    PublicDatabase(),
    PlainDatabase(),
    OneZone(),
    NoBackups(),
    NoDeletionProtection(),
    PlainCache(),
)
