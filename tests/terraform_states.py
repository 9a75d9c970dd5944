"""States of Terraform, made by hand for tests of what is read from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airlock.verify.terraform.mapping.model import Model
from airlock.verify.terraform.modules import Modules
from airlock.verify.terraform.state import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping


def resource(address: str, values: Mapping[str, Any] | None = None) -> Resource:
    """Return a resource; its id is its address where nothing else is said."""
    module = ".".join(re.findall(r"module\.[\w-]+(?:\[[^\]]*\])?", address))
    own = address.removeprefix(module).lstrip(".")
    data = own.startswith("data.")
    kind, _, name = own.removeprefix("data.").partition(".")
    word, _, index = name.partition("[")
    key = index.rstrip("]").strip('"')
    found = int(key) if key.isdigit() else key or None
    return Resource({"id": address, **(values or {})}, address, kind, word, data, found, module)


def model(**resources: Mapping[str, Any]) -> Model:
    """Return a model of resources by `type__name`, data with `data__` before it."""
    made = []
    for key, values in resources.items():
        data, _, rest = key.partition("data__")
        kind, _, name = (rest or data).partition("__")
        made.append(resource(f"{'data.' if rest else ''}{kind}.{name}", values))
    return Model(tuple(made), Modules())
