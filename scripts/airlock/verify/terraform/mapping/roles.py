"""Roles of IAM with all their policies, wherever these are attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import services as run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.policy import Policy
    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource

_KIND = "roles"


def roles(model: Model) -> Iterator[run.Role]:
    for one in model.of("aws_iam_role"):
        attached = list(dict.fromkeys(_attached(model, one)))
        own = [found for arn in attached if (found := model.named(arn, "aws_iam_policy")) and not found.data]
        ours = {name for found in own for name in (found.text("arn"), found.text("id"), found.address)}
        place = model.place(one)
        yield run.Role(
            place,
            one.called("arn"),
            one.called("name"),
            model.policy(place, "assume_role_policy", one.text("assume_role_policy"), _KIND),
            tuple(_policies(model, one, own)),
            tuple(arn for arn in attached if arn not in ours),
        )


def _policies(model: Model, role: Resource, attached: list[Resource]) -> Iterator[Policy]:
    place = model.place(role)
    inline = [(place, each.text("name"), each.text("policy")) for each in role.blocks("inline_policy")]
    apart = [
        (model.place(each), each.called("name"), each.text("policy"))
        for each in (*model.beside(role, "aws_iam_role_policy", "role"), *attached)
    ]
    found = [model.policy(*each, _KIND) for each in (*inline, *apart)]
    return (one for one in found if one)


def _attached(model: Model, role: Resource) -> Iterator[str]:
    """Give the ARNs of all policies that are attached to a role."""
    yield from role.texts("managed_policy_arns")
    for one in model.beside(role, "aws_iam_role_policy_attachment", "role"):
        yield one.text("policy_arn")
    for one in model.of("aws_iam_policy_attachment"):
        if any(model.named(name, "aws_iam_role") is role for name in one.texts("roles")):
            yield one.text("policy_arn")
    for one in model.beside(role, "aws_iam_role_policy_attachments_exclusive", "role_name"):
        yield from one.texts("policy_arns")


def analyzers(model: Model) -> Iterator[run.Analyzer]:
    for one in model.of("aws_accessanalyzer_analyzer"):
        yield run.Analyzer(model.place(one), one.called("analyzer_name"))
