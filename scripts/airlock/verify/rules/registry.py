"""The registry, and the images that tasks run: which, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grouped import listed
from airlock.verify.images import by_digest, in_ecr, registry
from airlock.verify.kept import known
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Subject
    from airlock.verify.services import TaskDefinition

MOVING = ("sha256-*", "deployed-*")  # signatures, and what a service runs: tags that airlock itself moves


class MutableTags(Rule):
    """Tags of a repository can be moved to another image.

    In production, what `airflow:3.3.2` is may change under a service: tasks that start today run something else than
    those of yesterday, and nobody deployed it.

    Found: `image_tag_mutability = "MUTABLE"`; `MUTABLE_WITH_EXCLUSION`; exclusions other than those that airlock
    needs.

    Not found: `IMMUTABLE`; `IMMUTABLE_WITH_EXCLUSION` of `sha256-*` (signatures) and `deployed-*` (which images
    services run), as `airlock push --create` makes it.

    Mend: `IMMUTABLE_WITH_EXCLUSION` of these two.
    """

    code = "AL841"
    title = "repository with mutable tags"
    severity = Severity.ERROR
    fix = 'image_tag_mutability = "IMMUTABLE_WITH_EXCLUSION", excluded: sha256-* and deployed-*'
    reads = ("repositories",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.repositories:
            if known(one.mutability) and not one.mutability.startswith("IMMUTABLE"):
                message = f"tags of the repository {one.name} can be moved to another image"
                yield Violation(one.place, message, f"image_tag_mutability: {one.mutability}")
            elif others := sorted(set(one.excluded) - set(MOVING)):
                yield Violation(
                    one.place,
                    f"tags of the repository {one.name} that match {', '.join(others)} can be moved to another image",
                    f"excluded: {', '.join(one.excluded)}",
                )


class NoScan(Rule):
    """A repository does not scan what is pushed.

    In production, known vulnerabilities of an image are found by others. `airlock push --scan` has nothing to wait
    for.

    Found: a repository without `scan_on_push = true` where the registry's own configuration scans nothing of it
    either.

    Not found: one that scans on push, or that Inspector scans.

    Mend: `image_scanning_configuration { scan_on_push = true }`.
    """

    code = "AL842"
    title = "repository without scans"
    severity = Severity.WARNING
    fix = "image_scanning_configuration { scan_on_push = true }"
    reads = ("repositories",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.repositories:
            if not one.scans:
                message = f"the repository {one.name} does not scan what is pushed"
                yield Violation(one.place, message, "scan_on_push: false")


class ByTag(Rule):
    """A task runs an image by a tag, or by nothing at all, instead of its digest.

    In production, which image a task gets is decided each time one starts: a standalone task, as the ECS executor
    starts them, resolves the tag anew, so that workers may run another Airflow than the scheduler.

    Found: `…/airflow:3.3.2`; `…/airflow`, which is `latest`.

    Not found: `…/airflow@sha256:…`, with or without a tag before it; an image that a plan does not know yet.

    Mend: the digest that `airlock push` prints.
    """

    code = "AL843"
    title = "image by tag"
    severity = Severity.ERROR
    fix = "name the image by its digest: REPOSITORY@sha256:…, as airlock push prints it"
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for image, users in _images(subject.inventory).items():
            if not by_digest(image):
                yield Violation(
                    next(iter(users.values())).place,
                    f"{listed(users)}: the image is named by a tag, which may move, not by its digest",
                    f"image: {image}",
                )


class FromElsewhere(Rule):
    """A task runs an image from a registry that is not the account's own ECR in this region.

    In production, the network has no way to Docker Hub, to ECR Public or to ECR in another region: endpoints are a
    region's own. The task stops with `CannotPullContainerError` after minutes. ECR of another account in the same
    region is reached, and is a warning: what is there, and for how long, is decided over there.

    Found: `apache/airflow`, `public.ecr.aws/…`, `ghcr.io/…`, an ECR of another region.

    Not found: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/…` of this account and region.

    Mend: copy the image into the account's ECR (`airlock push`, or a pull-through cache), and name it there.
    """

    code = "AL844"
    title = "image from elsewhere"
    severity = Severity.ERROR
    fix = "copy the image into the account's ECR of this region, and name it there"
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for image, users in _images(inventory).items():
            names, place = listed(users), next(iter(users.values())).place
            ecr = in_ecr(image)
            evidence = f"image: {image}"
            if not ecr:
                where = registry(image) or "Docker Hub"
                message = f"{names}: the image comes from {where}, to which the network has no way"
                yield Violation(place, message, evidence)
            elif inventory.region and ecr.region != inventory.region:
                message = f"{names}: the image comes from ECR in {ecr.region}, which has no endpoint here"
                yield Violation(place, message, evidence)
            elif inventory.account not in ("", ecr.account):
                yield Violation(
                    place,
                    f"{names}: the image comes from ECR of another account, {ecr.account}",
                    evidence,
                    severity=Severity.WARNING,
                )


def _images(inventory: Inventory) -> dict[str, dict[str, TaskDefinition]]:
    """Return each image that is known, and the containers (FAMILY/CONTAINER) that run it."""
    images: dict[str, dict[str, TaskDefinition]] = {}
    for definition in inventory.task_definitions:
        for one in definition.containers:
            if known(one.image):
                images.setdefault(one.image, {})[f"{definition.family}/{one.name}"] = definition
    return images


RULES: tuple[Rule, ...] = (MutableTags(), NoScan(), ByTag(), FromElsewhere())
