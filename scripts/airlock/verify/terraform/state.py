"""What Terraform says it has, or would have: resources and their values, as `terraform show -json` writes them.

https://developer.hashicorp.com/terraform/internals/json-format#values-representation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Values:
    """The values of a resource, or of a block in it; what is not there is "", 0, False or nothing."""

    content: Mapping[str, Any]

    def text(self, key: str) -> str:
        value = self.content.get(key)
        return "" if value is None or isinstance(value, list | dict) else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key) or ()
        return (value,) if isinstance(value, str) else tuple(str(one) for one in value if one is not None)

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.content.get(key)
        return default if value is None else value in (True, "true", "enabled", "ENABLED", "Enabled")

    def number(self, key: str, default: int = 0) -> int:
        value = self.content.get(key)
        try:
            return default if value is None else int(value)
        except (TypeError, ValueError):  # not known yet
            return default

    def words(self, key: str) -> dict[str, str]:
        value = self.content.get(key)
        return {str(name): str(one) for name, one in value.items()} if isinstance(value, dict) else {}

    def blocks(self, key: str) -> tuple[Values, ...]:
        value = self.content.get(key) or ()
        listed = [value] if isinstance(value, dict) else value
        return tuple(Values(one) for one in listed if isinstance(one, dict))

    def block(self, key: str) -> Values:
        """Return the only block of its name; an empty one where there is none."""
        return next(iter(self.blocks(key)), Values({}))

    def __bool__(self) -> bool:
        return bool(self.content)


@dataclass(frozen=True)
class Resource(Values):
    """A resource, or what was looked up of one (`data`)."""

    address: str
    type: str
    name: str
    data: bool = False
    index: str | int | None = None
    module: str = ""

    def called(self, *keys: str) -> str:
        """Return the first of these values that is there; else the address."""
        return next((value for key in keys if (value := self.text(key))), self.address)


def resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    """Give all resources of a module's values, and of the modules in it."""
    for one in module.get("resources", ()):
        yield Resource(
            one.get("values") or {},
            str(one["address"]),
            str(one["type"]),
            str(one["name"]),
            one.get("mode") == "data",
            one.get("index"),
            str(module.get("address", "")),
        )
    for child in module.get("child_modules", ()):
        yield from resources(child)
