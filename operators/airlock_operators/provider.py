"""What Airflow's providers manager lists this distribution as."""

from __future__ import annotations


def provider_info() -> dict[str, object]:
    """Return the metadata that Airflow's provider_info.schema.json asks for."""
    return {
        "package-name": "airlock-operators",
        "name": "Airlock",
        "description": "Operators for a network with no way out.",
        "integrations": [{"integration-name": "Airlock"}],
        "operators": [
            {"integration-name": "Airlock", "python-modules": ["airlock_operators.preflight"]},
        ],
    }
