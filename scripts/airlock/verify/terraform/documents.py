"""What `aws_iam_policy_document` would write, which a mocked provider does not: from its statements, resolved.

The rules of merging are those of its documentation: sources, own statements, overrides by Sid.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airlock.verify.terraform.mocked import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airlock.verify.terraform.state import Resource, Values

KIND = "aws_iam_policy_document"
_LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def written(found: Iterable[Resource]) -> dict[str, str]:
    """Return what each document of policies is, by what the mocked run had in its place."""
    documents = {one.text("json"): one for one in found if one.data and one.type == KIND}

    def content(stand_in: str) -> Mapping[str, Any]:
        return _document(documents[stand_in], content) if stand_in in documents else _parsed(stand_in)

    return {stand_in: json.dumps(content(stand_in)) for stand_in in documents if TOKEN.search(stand_in)}


def _document(one: Resource, content: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Put a document together: sources first, its own, then those that override by Sid."""
    sources = [one.text("source_json"), *one.texts("source_policy_documents")]
    overriding = [one.text("override_json"), *one.texts("override_policy_documents")]
    own = [_statement(each) for each in one.blocks("statement")]
    statements = [*_of(sources, content), *own]
    for new in _of(overriding, content):
        statements = [old for old in statements if not new.get("Sid") or old.get("Sid") != new["Sid"]]
        statements.append(new)
    return {"Version": one.text("version") or "2012-10-17", "Statement": statements}


def _of(texts: Iterable[str], content: Callable[[str], Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [statement for text in texts if text for statement in content(text).get("Statement", [])]


def _statement(one: Values) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": one.text("effect") or "Allow"}
    if one.text("sid"):
        made["Sid"] = one.text("sid")
    for key, name in _LISTS.items():
        if one.texts(key):
            made[name] = list(one.texts(key))
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if one.blocks(key):
            made[name] = _principals(one.blocks(key))
    conditions: dict[str, dict[str, list[str]]] = {}
    for each in one.blocks("condition"):
        by_key = conditions.setdefault(each.text("test"), {})
        by_key.setdefault(each.text("variable"), []).extend(each.texts("values"))
    return made | ({"Condition": conditions} if conditions else {})


def _principals(found: Iterable[Values]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for one in found:
        kind = one.text("type")
        made.setdefault("AWS" if kind == "*" else kind, []).extend(one.texts("identifiers"))
    return made


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
