"""What IAM Access Analyzer says (live)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.inventory import Source
from airlock.verify.kept import could_read
from airlock.verify.network import Place
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject

_SHOWN = 5


class Reported(Rule):
    """IAM Access Analyzer has active findings on the deployment (live).

    In production, AWS itself has proved from the policies that somebody from outside of the account or organization
    gets in.

    Found: an analyzer with active findings.

    Not found: findings that are archived or resolved.

    Mend: narrow the policy, or archive the finding where that access is wanted.
    """

    code = "AL895"
    title = "findings of Access Analyzer"
    severity = Severity.ERROR
    fix = "narrow the policy that lets them in, or archive the finding where it is wanted"
    reads = ("analyzers",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.analyzers:
            if one.active:
                more = len(one.active) - _SHOWN
                yield Violation(
                    one.place,
                    f"the analyzer {one.name} has {len(one.active)} active findings",
                    "; ".join(one.active[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""),
                )


class NoAnalyzer(Rule):
    """No IAM Access Analyzer looks at the region (live).

    In production, nobody proves that no policy lets others in: rules as these look at a deployment's own resources,
    an analyzer at all of an account.

    Found: an account without an analyzer in the region.

    Not found: Terraform, where an analyzer is the account's business rather than a deployment's; an account whose
    analyzers could not be listed.

    Mend: `aws accessanalyzer create-analyzer --analyzer-name account --type ACCOUNT`: one of external access costs
    nothing.
    """

    code = "AL896"
    title = "no Access Analyzer"
    severity = Severity.WARNING
    fix = "aws accessanalyzer create-analyzer --analyzer-name account --type ACCOUNT"
    reads = ("analyzers",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if inventory.source is Source.AWS and not inventory.analyzers and could_read(inventory, "analyzers"):
            place = Place(f"arn:aws:access-analyzer:{inventory.region}:{inventory.account}:analyzer")
            yield Violation(place, f"no Access Analyzer looks at {inventory.region}", "analyzers: none")


RULES: tuple[Rule, ...] = (Reported(), NoAnalyzer())
