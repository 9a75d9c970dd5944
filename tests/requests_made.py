"""Requests as tests make them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airlock_spec.outbox.body import Body
from airlock_spec.outbox.layout import Origin, identifier
from airlock_spec.outbox.request import Request, Secret

ORIGIN = Origin("orders", "manual__2026-01-01", "ask", 3)
TOKEN = Secret("airflow-outside/api-token", prefix="Bearer ")


def a_request(number: int = 0, **changes: Any) -> Request:
    """Return a request of now, of which some fields are others."""
    now = datetime.now(UTC)
    base = ORIGIN.base()
    request = Request(
        id=identifier(base, number),
        origin=ORIGIN,
        created=now,
        deadline=now + timedelta(seconds=60),
        method="POST",
        url="https://api.example.com/v1/orders?day=2026-01-01",
        headers={"Authorization": TOKEN, "Content-Type": "application/json"},
        body=Body.of(b'{"day":"2026-01-01"}'),
        idempotency_key=base,
        repeatable=False,
        timeout=5.0,
        max_response=1000,
    )
    return replace(request, **changes)
