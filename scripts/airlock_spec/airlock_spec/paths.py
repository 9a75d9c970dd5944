"""Where things are in the image."""

from __future__ import annotations

VENV = "/opt/venv"  # every wheel of the lock; not under AIRFLOW_HOME, which may be a volume
AIRFLOW_HOME = "/opt/airflow"
IDENTITY = "/opt/airlock/identity.json"
