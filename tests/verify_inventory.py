"""An inventory of a deployment that keeps ADR-001, and ways to spoil it: for tests of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import verify_network as net
import verify_services as run
from airlock.verify.inventory import Inventory, Source
from airlock.verify.rule import Subject
from airlock_spec.check.settings import Network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.rule import Rule, Violation


def clean() -> Inventory:
    """Return a whole deployment: three zones, no way out, the ECS executor, endpoints for what it needs."""
    kept: dict[str, Any] = run.kept()
    runs: dict[str, Any] = run.runs()
    return Inventory(
        Source.TERRAFORM,
        net.REGION,
        net.ACCOUNT,
        vpcs=net.vpcs(),
        subnets=net.subnets(),
        route_tables=net.route_tables(),
        endpoints=net.endpoints(),
        security_groups=net.security_groups(),
        prefix_lists=net.prefix_lists(),
        flow_logs=net.flow_logs(),
        load_balancers=net.load_balancers(),
        keys=run.keys(),
        **kept,
        **runs,
    )


def changed(kind: str, key: str, inventory: Inventory | None = None, **values: Any) -> Inventory:
    """Return an inventory (the clean one) in which one resource has other values.

    `kind` is a field of Inventory; `key` is the resource's id, name, service or family.
    """
    whole = inventory or clean()
    found = [one for one in getattr(whole, kind) if key in _names(one)]
    assert len(found) == 1, f"{len(found)} of {kind} are called {key}"
    others = (replace(one, **values) if one is found[0] else one for one in getattr(whole, kind))
    return _with(whole, kind, others)


def without(kind: str, key: str, inventory: Inventory | None = None) -> Inventory:
    """Return an inventory (the clean one) that lacks one resource."""
    whole = inventory or clean()
    left = tuple(one for one in getattr(whole, kind) if key not in _names(one))
    assert len(left) == len(getattr(whole, kind)) - 1
    return _with(whole, kind, left)


def added(kind: str, *resources: object, inventory: Inventory | None = None) -> Inventory:
    """Return an inventory (the clean one) that has more resources."""
    whole = inventory or clean()
    return _with(whole, kind, (*getattr(whole, kind), *resources))


def named(kind: str, key: str, inventory: Inventory | None = None) -> Any:
    """Return one resource of an inventory (the clean one)."""
    return next(one for one in getattr(inventory or clean(), kind) if key in _names(one))


def found(rule: Rule, inventory: Inventory, *needs: str, network: Network | None = None) -> list[Violation]:
    """Return what a rule finds in an inventory; `needs` are services that DAGs need."""
    return list(rule.find(Subject(inventory, network or Network(), dict.fromkeys(needs, "S3ListOperator"))))


def _with(inventory: Inventory, kind: str, resources: Iterable[object]) -> Inventory:
    values: dict[str, Any] = {kind: tuple(resources)}
    return replace(inventory, **values)


def _names(resource: object) -> tuple[Any, ...]:
    names = (getattr(resource, one, "") for one in ("id", "name", "family", "service", "arn", "names"))
    return tuple(one for name in names for one in (name if isinstance(name, tuple) else (name,)))
