"""A plan of Terraform, binary or as JSON, and a state as JSON.

A plan says less than a mocked run of its folder: what AWS will answer is unknown, and so is what is made of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import TerraformError
from airlock.verify.inventory import Source
from airlock.verify.terraform import modules, regions, running
from airlock.verify.terraform.mapping.whole import inventory_of
from airlock.verify.terraform.references import References
from airlock.verify.terraform.state import resources
from airlock.verify.terraform.unknowns import Filling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.verify.inventory import Inventory, Unread
    from airlock.verify.terraform.state import Resource


@dataclass(frozen=True)
class Plan:
    """A file that `terraform plan -out` or `terraform show -json` wrote; `folder` is where its files are."""

    path: Path
    project: Path
    folder: Path | None = None
    region: str = ""

    def read(self) -> Inventory:
        """Read it all. Raises TerraformError where it is neither a plan nor a state."""
        shown = self._shown()
        folder = self.folder or self.path.resolve().parent
        found = modules.read(folder, self.project)
        state, unread = planned(shown)
        region = self.region or _region(shown) or regions.of(found.root)
        return inventory_of(state, found, Source.PLAN, region, unread)

    def _shown(self) -> Mapping[str, Any]:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise TerraformError(f"cannot read {self.path}", cause=str(error), remedy=_remedy()) from error
        if not content.lstrip().startswith(b"{"):
            content = self._by_terraform()
        try:
            shown = json.loads(content)
        except ValueError as error:
            raise TerraformError(f"{self.path} is no JSON", cause=str(error), remedy=_remedy()) from error
        if not {"planned_values", "values"} & set(shown):
            cause = "it has neither planned_values nor values"
            raise TerraformError(f"{self.path} is no plan or state", cause=cause, remedy=_remedy())
        read: Mapping[str, Any] = shown
        return read

    def _by_terraform(self) -> bytes:
        """Have Terraform show a binary plan, which needs the providers of the folder that it is of."""
        folder = (self.folder or self.path.parent).resolve()
        done = running.find().run(folder, "show", "-json", "-no-color", self.path.resolve())
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise TerraformError(
                f"terraform cannot show {self.path}",
                cause=said[-2000:],
                remedy=f"where it was made: terraform show -json {self.path.name} > plan.json",
            )
        return done.stdout


def _remedy() -> str:
    return "terraform plan -out=plan && terraform show -json plan > plan.json"


def planned(shown: Mapping[str, Any]) -> tuple[list[Resource], list[Unread]]:
    """Return the resources of a plan or a state, with addresses where it knows no value, and what stays unknown."""
    if "planned_values" not in shown:
        return list(resources(shown["values"].get("root_module", {}))), []
    before = (shown.get("prior_state") or {}).get("values", {}).get("root_module", {})
    looked_up = [one for one in resources(before) if one.data]
    known = [*resources(shown["planned_values"].get("root_module", {})), *looked_up]
    references = References(shown.get("configuration", {}), tuple(known))
    changes = shown.get("resource_changes", ())
    unknown = {one["address"]: (one.get("change") or {}).get("after_unknown") or {} for one in changes}
    unread: list[Unread] = []
    filled = [Filling(one, references, unread).filled(unknown.get(one.address, {})) for one in known]
    return filled, unread


def _region(shown: Mapping[str, Any]) -> str:
    """Return the region of the provider, as the plan has it."""
    configured = (shown.get("configuration") or {}).get("provider_config", {}).get("aws", {})
    region = configured.get("expressions", {}).get("region", {})
    names = [str(one).removeprefix("var.") for one in region.get("references", ())]
    variables = shown.get("variables", {})
    given = (variables.get(name, {}).get("value") for name in names)
    return str(region.get("constant_value") or next((one for one in given if one), ""))
