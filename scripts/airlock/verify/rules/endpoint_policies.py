"""What endpoints let through: their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.allowing import admits_layers, allows_everything, any_bucket, layer_bucket, unbound
from airlock.verify.grouped import by_block, listed
from airlock.verify.needed import needed
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity
from airlock_spec.endpoints import BY_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import VpcEndpoint
    from airlock.verify.policy import Policy, Statement
    from airlock.verify.rule import Subject


class NoPolicy(Rule):
    """An endpoint has no policy of its own, or one that says what AWS's default says: everything.

    In production, the endpoint carries any call of anybody to any account: whoever gets code into a task, by a package
    or a DAG, takes data out with credentials of their own, and no route or security group is in the way. "No way to the
    internet" is not "no way out" as long as S3 takes what is sent to anybody's bucket.

    Found: `aws_vpc_endpoint` without `policy`.

    Not found: a policy with a condition on `aws:PrincipalAccount` or `aws:PrincipalOrgID`; an endpoint for somebody
    else's service, whose endpoints have none.

    Mend: write a policy that lets principals of the account (or organization) through.
    """

    code = "AL727"
    title = "endpoint without a policy"
    severity = Severity.ERROR
    fix = (
        "set policy, with a condition on aws:PrincipalAccount (S3: on buckets of one's own and ECR's layers)"
    )
    reads = ("endpoints",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in _with_policies(subject.inventory) if _default(one)):
            yield Violation(
                some[0].place,
                f"{_endpoints(some)} everything through: no policy, or one that says the same",
                'policy = AWS\'s default: {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}',
            )


class OpenPolicy(Rule):
    """An endpoint's policy lets anybody's calls to any resource through, if not all kinds of calls.

    In production, this is AL727 for the calls that it names: with credentials of their own, code in a task reaches
    other people's resources.

    Found: `"Principal": "*"` and `"Resource": "*"` with no condition, or with one that holds where its key is missing
    (`StringEqualsIfExists`).

    Not found: the same with `StringEquals` on `aws:PrincipalAccount`, `aws:PrincipalOrgID`, `aws:ResourceAccount` or
    the like; or with a Deny for all that is not of the account; S3's gateway, which AL720 is about.

    Mend: add the condition.
    """

    code = "AL728"
    title = "endpoint's policy open to anybody"
    severity = Severity.ERROR
    fix = 'add "Condition": {"StringEquals": {"aws:PrincipalAccount": "ACCOUNT"}} to the statement'
    reads = ("endpoints",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        open_ones = (one for one in _judged(subject.inventory) if one.service != "s3" and _open(one))
        for some in by_block(open_ones):
            statements = _open(some[0])
            yield Violation(
                some[0].place,
                f"{_endpoints(some)} calls of anybody to any resource through",
                "\n".join(_shown(one) for one in statements),
            )


class NoLayers(Rule):
    """The policy of S3's endpoint does not let layers of ECR's images through.

    In production, no task starts: ECR answers with addresses in a bucket of AWS's own,
    `prod-REGION-starport-layer-bucket`, and the download gets 403 (`CannotPullContainerError`). The bucket is of
    another account, and the request is signed by ECR: a condition on the account refuses it.

    Found: a policy that names one's own buckets alone; one that names the layers under a condition on
    `aws:PrincipalAccount`.

    Not found: a statement of its own for `s3:GetObject` on the bucket's objects; a deployment whose images are not in
    ECR.

    Mend: add that statement.
    """

    code = "AL729"
    title = "ECR's layers refused"
    severity = Severity.ERROR
    fix = "add a statement without a condition that allows s3:GetObject on the layers' bucket"
    reads = ("endpoints", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if "ecr.dkr" not in needed(inventory):
            return
        layers = f"{layer_bucket(inventory.region)}/*"
        for one in _s3(inventory):
            if one.policy and not admits_layers(one.policy, inventory.region):
                yield Violation(
                    one.policy.place if one.policy.place.path else one.place,
                    "the policy of the endpoint for s3 refuses layers of images: no task can pull its image",
                    "\n".join(_shown(statement) for statement in one.policy.allowed),
                    f'add {{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "{layers}"}}',
                )


class AnyBucket(Rule):
    """The policy of S3's endpoint lets calls to any bucket through.

    In production, a task sends what it has to a bucket of anybody's: one that anybody may write to needs no other
    credentials than the task's own. Of all ways out that a NAT-free network leaves, this is the widest.

    Found: `"Resource": "*"` or `"arn:aws:s3:::*"` in a statement that allows, with a condition on who calls or none.

    Not found: named buckets; any bucket under a condition on `aws:ResourceAccount` or `aws:ResourceOrgID`.

    Mend: name one's own buckets and ECR's layers, or add that condition.
    """

    code = "AL720"
    title = "S3's endpoint open to any bucket"
    severity = Severity.ERROR
    fix = "name one's own buckets in Resource, or add a condition on aws:ResourceAccount"
    reads = ("endpoints",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in _s3(subject.inventory):
            if one.policy and (statements := any_bucket(one.policy)) and not _default(one):
                yield Violation(
                    one.place,
                    "the policy of the endpoint for s3 lets calls to any bucket through, other people's among them",
                    "\n".join(_shown(statement) for statement in statements),
                )


def _with_policies(inventory: Inventory) -> list[VpcEndpoint]:
    """Return endpoints for AWS's services, which take a policy."""
    return [one for one in inventory.endpoints if one.service in BY_SERVICE]


def _judged(inventory: Inventory) -> list[VpcEndpoint]:
    """Return endpoints that have a policy of their own."""
    return [one for one in _with_policies(inventory) if one.policy and not _default(one)]


def _s3(inventory: Inventory) -> list[VpcEndpoint]:
    return [one for one in inventory.endpoints if one.service == "s3"]


def _default(endpoint: VpcEndpoint) -> bool:
    return endpoint.policy is None or allows_everything(endpoint.policy)


def _open(endpoint: VpcEndpoint) -> list[Statement]:
    policy: Policy | None = endpoint.policy
    return unbound(policy) if policy else []


def _shown(statement: Statement) -> str:
    actions = listed((*statement.actions, *(f"all but {one}" for one in statement.not_actions)))
    resources = listed((*statement.resources, *(f"all but {one}" for one in statement.not_resources)))
    conditions = listed(f"{one.operator} {one.key}" for one in statement.conditions)
    whom = listed(one.value for one in statement.principals) or "*"
    under = f" under {conditions}" if conditions else ""
    return f"{statement.sid or 'a statement'}: {whom} may {actions} on {resources}{under}"


def _endpoints(some: list[VpcEndpoint]) -> str:
    services = listed(one.service for one in some)
    return f"the endpoint for {services} lets" if len(some) == 1 else f"the endpoints for {services} let"


RULES: tuple[Rule, ...] = (NoPolicy(), OpenPolicy(), NoLayers(), AnyBucket())
