"""Task definitions: what a container may do on its host, and whether anybody sees what it says."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from airlock.verify.grouped import by_block, listed
from airlock.verify.network import UNKNOWN
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject
    from airlock.verify.services import Container


class OfContainers(Rule):
    """A rule on each container, told once for the block that makes task definitions."""

    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        definitions = subject.inventory.task_definitions
        for some in by_block(one for one in definitions if any(self.breaks(each) for each in one.containers)):
            bad = {
                f"{one.family}/{each.name}": each
                for one in some
                for each in one.containers
                if self.breaks(each)
            }
            shown = self.shows(next(iter(bad.values())))
            yield Violation(some[0].place, f"{self.says()}: {listed(bad)}", shown)

    @abstractmethod
    def breaks(self, container: Container) -> bool:
        """Tell whether a container breaks it."""

    @abstractmethod
    def says(self) -> str:
        """Say what is so, before the containers' names."""

    @abstractmethod
    def shows(self, container: Container) -> str:
        """Return the attribute and value that show it."""


class NotAwsvpc(Rule):
    """A task has no network interface of its own.

    In production, only `awsvpc` gives a task an address and security groups: in `bridge` and `host` it has the
    machine's, with everything that the machine may reach, and Fargate refuses it.

    Found: `network_mode` of `bridge`, `host` or `none`; none given, which is `bridge`.

    Not found: `awsvpc`.

    Mend: `network_mode = "awsvpc"`.
    """

    code = "AL851"
    title = "task without awsvpc"
    severity = Severity.ERROR
    fix = 'network_mode = "awsvpc"'
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        definitions = subject.inventory.task_definitions
        for some in by_block(one for one in definitions if one.network_mode not in ("awsvpc", UNKNOWN)):
            families = listed(one.family for one in some)
            message = f"in the machine's network, without security groups of its own: {families}"
            evidence = f"network_mode: {some[0].network_mode or 'none, which is bridge'}"
            yield Violation(some[0].place, message, evidence)


class Privileged(OfContainers):
    """A container is privileged.

    In production, it is root on its machine: it reads other tasks' memory and credentials. Fargate refuses it.

    Found: `"privileged": true`.

    Not found: false, or nothing.

    Mend: remove it; nothing in Airflow needs it.
    """

    code = "AL852"
    title = "privileged container"
    severity = Severity.ERROR
    fix = 'remove "privileged": true'

    def breaks(self, container: Container) -> bool:
        return container.privileged

    def says(self) -> str:
        return "privileged, which is root on its machine"

    def shows(self, container: Container) -> str:  # noqa: ARG002 - the same of all
        return "privileged: true"


class WritableRoot(OfContainers):
    """The root file system of a container is writable.

    In production, who gets in through a DAG may change Airflow's own code, and stays until the task ends. Our image
    works without: what must be written is in volumes, or named ([runtime](runtime.md)).

    Found: a container without `"readonlyRootFilesystem": true`.

    Not found: one with it, and volumes for `/tmp` and logs.

    Mend: `"readonlyRootFilesystem": true`.
    """

    code = "AL853"
    title = "writable root file system"
    severity = Severity.WARNING
    fix = '"readonlyRootFilesystem": true, with volumes at /tmp and /opt/airflow/logs'

    def breaks(self, container: Container) -> bool:
        return not container.read_only

    def says(self) -> str:
        return "the root file system is writable"

    def shows(self, container: Container) -> str:  # noqa: ARG002 - the same of all
        return "readonlyRootFilesystem: false"


class Root(OfContainers):
    """A container runs as root.

    In production, a flaw in it is a flaw in all that it mounts: root on EFS too, where no access point says
    otherwise.

    Found: `"user": "root"`, `"0"`, `"0:0"`.

    Not found: another user; none, which is the image's (ours is 50000).

    Mend: remove `user`, or name 50000.
    """

    code = "AL854"
    title = "container as root"
    severity = Severity.ERROR
    fix = 'remove "user", or make it 50000'

    def breaks(self, container: Container) -> bool:
        return container.user.partition(":")[0] in ("0", "root")

    def says(self) -> str:
        return "runs as root"

    def shows(self, container: Container) -> str:
        return f"user: {container.user}"


class Silent(OfContainers):
    """What a container says is kept nowhere.

    In production, on Fargate nobody can look: a task that does not start leaves an exit code, and no word of why.

    Found: a container without `logConfiguration`.

    Not found: one with any log driver.

    Mend: the driver `awslogs`, with a group of the deployment's.
    """

    code = "AL855"
    title = "container without a log driver"
    severity = Severity.WARNING
    fix = 'logConfiguration with "logDriver": "awslogs"'

    def breaks(self, container: Container) -> bool:
        return container.log_driver in ("", "none")

    def says(self) -> str:
        return "no log driver, so that what is said is kept nowhere"

    def shows(self, container: Container) -> str:
        return f"logDriver: {container.log_driver or 'none'}"


RULES: tuple[Rule, ...] = (NotAwsvpc(), Privileged(), WritableRoot(), Root(), Silent())
