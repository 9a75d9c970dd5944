"""What a plan does not know yet, told by what the configuration refers to: a value becomes the address it is of.

In a plan for something that is not there, every id is unknown. Which resource names which is in `configuration`:
`expressions` of arguments with their `references`, through the variables of modules and their outputs.
https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.verify.terraform.modules import without_indices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.terraform.state import Resource

_STEP = re.compile(r"module\.[\w-]+(?:\[[^\]]*\])?")
_WHOLE = re.compile(r"\[[^\]]*\]$")
_KEYED = ("each.key", "each.value", "count.index")
_NAMING = {"id", "arn"}
_BESIDE = {"default_security_group_id", "main_route_table_id", "default_route_table_id", "prefix_list_id"}
_DEPTH = 30  # variables of modules in modules; a cycle is no configuration


@dataclass(frozen=True)
class Scope:
    """Where a reference is read: in a module of some address, for one instance of a resource in it."""

    module: str = ""
    index: str | int | None = None


@dataclass(frozen=True)
class References:
    """The configuration of a plan, and the addresses that it makes."""

    configuration: Mapping[str, Any]
    resources: tuple[Resource, ...]
    _by_block: dict[str, list[Resource]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.resources:
            self._by_block.setdefault(without_indices(one.address), []).append(one)

    def arguments(self, one: Resource) -> Mapping[str, Any]:
        """Return the expressions of a resource's arguments."""
        found: Mapping[str, Any] = self._block(one).get("expressions", {})
        return found

    def _block(self, one: Resource) -> Mapping[str, Any]:
        wanted = ("data" if one.data else "managed", one.type, one.name)
        for each in self._module(one.module).get("resources", ()):
            if (each["mode"], each["type"], each["name"]) == wanted:
                found: Mapping[str, Any] = each
                return found
        return {}

    def named_by(self, one: Resource, expression: Any) -> list[str]:
        """Return the addresses of all resources that a resource's expression names, each once, in its order.

        What `each.value` is, is what the resource is made for each of.
        """
        found = _references(expression)
        for value in [name for name in found if name.startswith("each.value")]:
            for each in _references(self._block(one).get("for_each_expression", {})):
                of_module = re.fullmatch(r"module\.[\w-]+", each)
                found.append(
                    f"{each}[{json.dumps(one.index)}]{value.removeprefix('each.value')}"
                    if of_module
                    else each
                )
        return list(dict.fromkeys(self._named(found, Scope(one.module, one.index), _DEPTH)))

    def _module(self, address: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.configuration.get("root_module", {})
        for step in _STEP.findall(address):
            calls = found.get("module_calls", {})
            found = calls.get(without_indices(step).removeprefix("module."), {}).get("module", {})
        return found

    def _named(self, references: Iterable[str], scope: Scope, depth: int) -> Iterator[str]:
        listed = [one for one in _most_precise(references) if depth]
        keyed = any(one.startswith(_KEYED) for one in listed)
        for one in listed:
            if one.startswith("var."):
                yield from self._of_variable(one.split(".")[1], scope, depth - 1)
            elif one.startswith("module."):
                yield from self._of_output(one, scope, depth - 1)
            else:
                yield from self._of_resource(one, scope, keyed=keyed)

    def _of_variable(self, name: str, scope: Scope, depth: int) -> Iterator[str]:
        steps = _STEP.findall(scope.module)
        if not steps:
            return
        outer = ".".join(steps[:-1])
        call = (
            self._module(outer)
            .get("module_calls", {})
            .get(without_indices(steps[-1]).removeprefix("module."), {})
        )
        expression = call.get("expressions", {}).get(name.split("[", maxsplit=1)[0], {})
        yield from self._named(_references(expression), Scope(outer, _key(steps[-1])), depth)

    def _of_output(self, reference: str, scope: Scope, depth: int) -> Iterator[str]:
        step = _STEP.match(reference)
        parts = reference[step.end() :].lstrip(".").split(".") if step else []
        if not step or not parts[0]:
            return
        module = f"{scope.module}.{step[0]}" if scope.module else step[0]
        output = self._module(module).get("outputs", {}).get(_WHOLE.sub("", parts[0]), {})
        found = list(self._named(_references(output.get("expression", {})), Scope(module), depth))
        asked = _key(parts[0])  # of a map of instances by key, as outputs have them
        yield from [one for one in found if asked is not None and _key(one) == asked] or found

    def _of_resource(self, reference: str, scope: Scope, *, keyed: bool) -> Iterator[str]:
        prefix = f"{scope.module}." if scope.module else ""
        words = re.match(r"(?:data\.)?[\w-]+\.[\w-]+(?:\[[^\]]*\])?", reference)
        if not words:
            return
        instances = self._by_block.get(without_indices(prefix + words[0]), [])
        here = [one for one in instances if _is_within(one.module, scope.module)]
        exact = [one for one in here if one.address.endswith(words[0])] if words[0].endswith("]") else []
        same = [one for one in here if keyed and one.index is not None and one.index == scope.index]
        attribute = reference[words.end() :].lstrip(".").split(".")[0]
        for one in exact or same or here:
            yield self.own(one, attribute) or one.address

    def own(self, one: Resource, attribute: str) -> str:
        """Return what stands for an unknown attribute of a resource that may name it, or something it came with."""
        if attribute in _NAMING:
            return one.address
        return f"{one.address}.{attribute}" if attribute in _BESIDE else ""


def _references(expression: Any) -> list[str]:
    """Return all references of an expression, those of blocks in it too."""
    if isinstance(expression, list):
        return [name for one in expression for name in _references(one)]
    if not isinstance(expression, dict):
        return []
    own = [str(one) for one in expression.get("references", ())]
    return own + [name for key, one in expression.items() if key != "references" for name in _references(one)]


def _most_precise(references: Iterable[str]) -> list[str]:
    """Leave out what a plan lists besides: of `a.b.id` also `a.b`, and of `module.m.out` also `module.m`."""
    listed = list(dict.fromkeys(references))
    return [one for one in listed if not any(other.startswith((one + ".", one + "[")) for other in listed)]


def _is_within(module: str, scope: str) -> bool:
    """Tell whether a resource's module is that of a scope; a scope without indices is of any instance."""
    return module == scope or without_indices(module) == scope


def _key(step: str) -> str | int | None:
    """Return the key or number that an address or a reference ends with."""
    found = re.search(r"\[(?:\"([^\"]*)\"|(\d+))\]$", step)
    if not found:
        return None
    return found[1] if found[1] is not None else int(found[2])
