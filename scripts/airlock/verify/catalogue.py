"""All rules, by module, and their documentation as a page."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING

from airlock.verify import rules
from airlock_spec.check.documented import page_of
from airlock_spec.reach.rules import RULES as SEEN

if TYPE_CHECKING:
    from airlock.verify.rule import Rule
    from airlock_spec.check.documented import Documented

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for module in pkgutil.iter_modules(rules.__path__)
            for rule in importlib.import_module(f"{rules.__name__}.{module.name}").RULES
        ),
        key=lambda rule: rule.code,
    )
)
DOCUMENTED: tuple[Documented, ...] = (*RULES, *SEEN)
GROUPS = {
    "AL70": "Ways out",
    "AL71": "Public addresses",
    "AL72": "Endpoints",
    "AL73": "Connections that security groups must let through",
    "AL74": "Security groups",
    "AL75": "The VPC",
    "AL80": "Keys, and what they encrypt",
    "AL81": "Policies and buckets",
    "AL82": "File systems",
    "AL83": "Databases and brokers",
    "AL84": "Images",
    "AL85": "Tasks",
    "AL86": "Services",
    "AL87": "Secrets",
    "AL88": "Roles",
    "AL89": "What is granted too little, and what AWS says of grants",
    "AL9": "What a task sees",
}
_HEAD = """\
# Rules of a deployment

Written by `make docs` from the rules' own docstrings; `airlock explain CODE` shows one. `airlock verify` judges
Terraform before it is applied, an account, and what a task sees, by the same rules (docs/verify.md).

What is so on purpose is accepted with a reason: in a comment in or above a block of Terraform,

```hcl
# airlock: ignore[AL705] the office network is reached over this
resource "aws_ec2_transit_gateway_vpc_attachment" "office" {
```

or in `accept` of `[tool.airlock.verify]`, by the resource's address or ARN. The verdicts on ADR-001's promises are of
what is so, accepted or not.
"""


def page() -> str:
    """Return docs/rules.md."""
    return page_of(_HEAD, GROUPS, DOCUMENTED)


if __name__ == "__main__":
    sys.stdout.write(page())
