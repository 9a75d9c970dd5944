"""A mocked run of `terraform test`: what is written for it, and the resources that it tells of.

A plan in which the mocks answer at once says what an apply would, in half the time; but nothing of what was looked up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.verify.terraform import made_up, mocked
from airlock.verify.terraform.state import Resource, resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airlock.verify.terraform.blocks import Block
    from airlock.verify.terraform.modules import Module, Modules

PLANS = (1, 11)  # the first version whose mocks can answer a plan
_AWS = "hashicorp/aws"
_BUILT_IN = "terraform"  # terraform_data, and the state of others
_AT_ONCE = "  override_during = plan"


@dataclass(frozen=True)
class Run:
    """What the run does; `failing` are addresses of checks that are expected to fail."""

    command: str
    failing: tuple[str, ...] = ()

    def text(self) -> str:
        expected = f"  expect_failures = [{', '.join(self.failing)}]\n" if self.failing else ""
        return f'run "airlock" {{\n  command = {self.command}\n{expected}}}\n'

    @property
    def plans(self) -> bool:
        return self.command == "plan"

    def overrides(self, blocks: Iterable[str]) -> list[str]:
        """Return the blocks as they hold in this run."""
        return [one.replace("{\n", f"{{\n{_AT_ONCE}\n", 1) if self.plans else one for one in blocks]


PLAN, APPLY = Run("plan"), Run("apply")


@dataclass(frozen=True)
class Told:
    """All resources with their values, and what may be left out of those of each type."""

    state: list[Resource]
    schemas: made_up.Schemas


def applied(said: Sequence[Mapping[str, Any]]) -> Told | None:
    """Return what a run that applies tells; None where it tells nothing."""
    for one in said:
        if one.get("type") == "test_state":
            state = one["test_state"]
            found = list(resources(state.get("root_module", {})))
            return Told(found, made_up.schemas(state["provider_schemas"]))
    return None


def planned(said: Sequence[Mapping[str, Any]]) -> Told | None:
    """Return what a run that plans tells; None where it failed, or left a value unknown."""
    if any(one.get("type") == "diagnostic" and one["diagnostic"]["severity"] == "error" for one in said):
        return None
    for one in said:
        if one.get("type") == "test_plan":
            plan = one["test_plan"]
            changes = plan.get("resource_changes", ())
            if any(_unknown(each["change"].get("after_unknown")) for each in changes):
                return None
            return Told([_planned(each) for each in changes], made_up.schemas(plan["provider_schemas"]))
    return None


def _planned(change: Mapping[str, Any]) -> Resource:
    return Resource(
        change["change"]["after"] or {},
        str(change["address"]),
        str(change["type"]),
        str(change["name"]),
        index=change.get("index"),
        module=str(change.get("module_address", "")),
    )


def _unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unknown(one) for one in value.values())
    if isinstance(value, list):
        return any(_unknown(one) for one in value)
    return value is True


def providers(found: Modules, mocks: str, run: Run) -> Iterator[str]:
    """Give the mocks of all providers and aliases that the root module has, or needs without saying so."""
    aliases = {(block.labels[0], block.word("alias")) for _, block in _provider_blocks(found)}
    names = {name for name, _ in aliases} | _needed(found)
    for name, alias in sorted(aliases | {(name, "") for name in names}):
        lines = [f'  alias = "{alias}"'] if alias else []
        lines += [f'  source = "{mocks}"'] if name in _aws(found) else []
        lines += [_AT_ONCE, *_without_defaults(found, name)] if run.plans else []
        yield f'mock_provider "{name}" {{\n' + "".join(f"{line}\n" for line in lines) + "}\n"


def _provider_blocks(found: Modules) -> list[tuple[Module, Block]]:
    return [pair for pair in found.of_kind("provider") if pair[1].labels and not pair[0].address]


def _needed(found: Modules) -> set[str]:
    """Return the names of providers that resources are of: the first word of their types."""
    kinds = {block.labels[0].split("_")[0] for _, block in found.of_kind("resource", "data") if block.labels}
    return (kinds | set(_required(found))) - {_BUILT_IN}


def _aws(found: Modules) -> set[str]:
    named = {name for name, source in _required(found).items() if source.lower().endswith(_AWS)}
    return named | {"aws"}


def _required(found: Modules) -> dict[str, str]:
    """Return the sources of the providers that the root module names itself."""
    text = "\n".join(block.text for block in found.root.blocks if block.kind == "terraform")
    pairs = re.findall(r'([\w-]+)\s*=\s*\{[^{}]*?\bsource\s*=\s*"([^"]+)"', text)
    return dict(pairs)


def _without_defaults(found: Modules, provider: str) -> Iterator[str]:
    """Give a mock of each type that has none: without it, its values would be unknown in a plan."""
    kinds = {block.labels[0] for _, block in found.of_kind("resource") if block.labels}
    for kind in sorted(kinds - mocked.kinds()):
        if kind.split("_")[0] == provider:
            yield f'  mock_resource "{kind}" {{\n    defaults = {{}}\n  {_AT_ONCE}\n  }}'
