"""What Airflow's providers manager lists this distribution as."""

from __future__ import annotations

NAME = "Airlock"


def get_provider_info() -> dict[str, object]:
    """Return the metadata that Airflow's provider_info.schema.json asks for."""
    return {
        "package-name": "airlock-operators",
        "name": NAME,
        "description": "Operators for a network with no way out: outbox, preflight, a wait for objects in S3.",
        "integrations": [{"integration-name": NAME, "tags": ["service"]}],
        "operators": [
            {
                "integration-name": NAME,
                "python-modules": ["airlock_operators.outbox", "airlock_operators.preflight"],
            }
        ],
        "sensors": [{"integration-name": NAME, "python-modules": ["airlock_operators.object_sensor"]}],
        "triggers": [{"integration-name": NAME, "python-modules": ["airlock_operators.object_triggers"]}],
        "extra-links": ["airlock_operators.links.OutboxRequestsLink"],
    }
