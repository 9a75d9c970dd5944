"""What nobody wrote and nobody names: values that a mocked run made up for what was left to AWS."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.verify.terraform.blocks import Block
    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.state import Resource

_RANDOM = re.compile(r"[a-z0-9]{8}")
Schemas = dict[str, set[str]]  # type → attributes that may be written, and are made up where they are not


def schemas(found: Mapping[str, Any]) -> Schemas:
    """Return which attributes are optional and computed, of all providers' resources."""
    return {
        kind: {
            name
            for name, attribute in schema["block"].get("attributes", {}).items()
            if attribute.get("optional") and attribute.get("computed") and name != "id"
        }
        for provider in found.values()
        for kind, schema in provider.get("resource_schemas", {}).items()
    }


def forgotten(found: Iterable[Resource], modules: Modules, optional: Schemas) -> list[Resource]:
    """Return the resources without what was made up for attributes that are not written, and that nobody names."""
    listed = list(found)
    times = Counter(word for one in listed for word in _RANDOM.findall(json.dumps(one.content)))
    return [_without(one, modules.block(one.address), optional.get(one.type, set()), times) for one in listed]


def _without(one: Resource, block: Block | None, optional: set[str], times: Counter[str]) -> Resource:
    """Leave out what was made up, where the block is at hand to tell that it was."""
    if not block:
        return one

    def left(key: str, value: Any) -> Any:
        made_up = _alone(value, times) and not re.search(rf"\b{key}\b", block.text)
        return None if made_up else value

    def inside(value: Any) -> Any:
        """Of blocks in the resource it is not asked what may be written: what may not be is no loss."""
        if not isinstance(value, list):
            return value
        return [
            {key: inside(left(key, text)) for key, text in each.items()} if isinstance(each, dict) else each
            for each in value
        ]

    content = {
        key: left(key, value) if key in optional else inside(value) for key, value in one.content.items()
    }
    return replace(one, content=content)


def _alone(value: Any, times: Counter[str]) -> bool:
    return isinstance(value, str) and bool(_RANDOM.fullmatch(value)) and times[value] == 1
