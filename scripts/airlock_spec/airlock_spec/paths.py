"""Where things are in the image."""

from __future__ import annotations

VENV = "/opt/venv"  # every wheel of the lock; not under AIRFLOW_HOME, which may be a volume
AIRFLOW_HOME = "/opt/airflow"
IDENTITY = "/opt/airlock/identity.json"
LIBRARY = "/opt/airlock/lib"  # modules that run without the virtual environment: entrypoint, health checks
