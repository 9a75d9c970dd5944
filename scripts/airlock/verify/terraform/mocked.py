"""What a mocked run is told to make up, and what is put in its place afterwards.

Terraform makes up random letters for what a provider would answer, which keep resources apart. Where a value must
have a form, mocks/aws.tfmock.hcl gives it one, the same for all resources of a type: each resource's own override
has a token where that has the word `mock`. When the run is over, the token gives way to the resource's name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from airlock.verify.terraform.modules import without_indices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.terraform.modules import Modules
    from airlock.verify.terraform.state import Resource

REGION = "eu-west-1"  # of the mocks
_WORD = re.compile(r"\bmock(?=\b|\d)")
TOKEN = re.compile(r"mock\d{4}x")
_NAMES = (
    "name", "bucket", "family", "identifier", "cluster_identifier", "replication_group_id", "cluster_id",
    "function_name", "service",
)  # fmt: skip


@dataclass
class Mocks:
    """Tokens by address, and what is written about them into the test."""

    region: str = REGION
    tokens: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the mocks as a file for `mock_provider`'s source."""
        return _own_text().replace(REGION, self.region)

    def of_blocks(self, modules: Modules) -> Iterator[str]:
        """Give the overrides of all blocks whose type's mocks hold the word."""
        for module, block in modules.of_kind("resource", "data"):
            if len(block.labels) == 2:  # noqa: PLR2004 - type and name
                prefix = "data." if block.kind == "data" else ""
                yield from self._override(module.inside(prefix + ".".join(block.labels)), block.labels[0])

    def of_instances(self, apart: Mapping[str, str]) -> Iterator[str]:
        """Give the overrides of single instances (type by address), which those of blocks cannot tell apart."""
        for address, kind in list(apart.items()):
            yield from self._override(address, kind)

    def _override(self, address: str, kind: str) -> Iterator[str]:
        data = without_indices(address).split(".")[-3:-2] == ["data"]
        defaults = _defaults()["data" if data else "resource"].get(kind, {})
        if not _WORD.search(json.dumps(defaults)):
            return
        token = self.tokens.setdefault(address, f"mock{len(self.tokens):04d}x")
        values = _WORD.sub(token, json.dumps(defaults)).replace(REGION, self.region)
        yield f"override_{'data' if data else 'resource'} {{\n  target = {address}\n  values = {values}\n}}\n"

    def ambiguous(self, found: Iterable[Resource]) -> list[Resource]:
        """Return instances that share their made-up values, where it matters which of them is meant.

        Those of one block share its token, and others name it; those in modules with several instances have none.
        """
        together: dict[str, list[Resource]] = {}
        users: dict[str, set[str]] = {}
        for one in found:
            block = without_indices(one.address)
            together.setdefault(block, []).append(one)
            for token in TOKEN.findall(json.dumps(one.content)):
                users.setdefault(token, set()).add(block)
        return [
            one
            for block, instances in together.items()
            for one in instances
            if (len(instances) > 1 and users.get(self.tokens.get(block, ""), set()) - {block})
            or (one.address not in self.tokens and _is_plain(one))
        ]

    def named(self, found: Iterable[Resource]) -> dict[str, str]:
        """Return what takes the place of each token: the resource's name, or its address without marks."""
        return {token: _name(one) for one in found if (token := self._token(one))}

    def renamed(self, one: Resource, content: Any, words: Mapping[str, str]) -> Resource:
        """Return a resource with names for tokens, its own where instances of its block share one."""
        own = {token: _name(one)} if (token := self._token(one)) else {}
        return replace(one, content=replaced(content, {**words, **own}))

    def _token(self, one: Resource) -> str:
        return self.tokens.get(one.address) or self.tokens.get(without_indices(one.address)) or ""


def _name(one: Resource) -> str:
    given = next((value for key in _NAMES if _given(value := one.text(key))), "")
    return given or re.sub(r"[^\w./-]+", ".", one.address).strip(".")


def _is_plain(one: Resource) -> bool:
    """Tell whether a resource has what the mocks say of its type, as it is."""
    defaults = _defaults()["data" if one.data else "resource"].get(one.type, {})
    return any(one.content.get(key) == value for key, value in defaults.items() if _WORD.search(str(value)))


def _given(value: str) -> bool:
    return bool(value) and not TOKEN.search(value)


def replaced(value: Any, words: Mapping[str, str]) -> Any:
    """Return JSON with tokens in all its texts replaced."""
    if isinstance(value, str):
        return TOKEN.sub(lambda found: words.get(found[0], found[0]), value) if "mock" in value else value
    if isinstance(value, list):
        return [replaced(one, words) for one in value]
    if isinstance(value, dict):
        return {key: replaced(one, words) for key, one in value.items()}
    return value


def _own_text() -> str:
    return (resources.files("airlock.verify") / "mocks" / "aws.tfmock.hcl").read_text(encoding="utf-8")


def kinds() -> set[str]:
    """Return the types of resources that have mocks."""
    return set(_defaults()["resource"])


@cache
def _defaults() -> Mapping[str, Mapping[str, Any]]:
    """Return the mocks' defaults by kind and type."""
    import hcl2  # noqa: PLC0415 - its grammar takes a while to load
    from hcl2 import SerializationOptions  # noqa: PLC0415 - the same

    plain = SerializationOptions(explicit_blocks=False, strip_string_quotes=True, with_comments=False)
    read = hcl2.loads(_own_text(), serialization_options=plain)
    return {
        kind: {name: body["defaults"] for block in read[f"mock_{kind}"] for name, body in block.items()}
        for kind in ("resource", "data")
    }
