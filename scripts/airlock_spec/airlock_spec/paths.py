"""Where things are in the image, and who runs there."""

from __future__ import annotations

VENV = "/opt/venv"  # every wheel of the lock; not under AIRFLOW_HOME, which may be a volume
AIRFLOW_HOME = "/opt/airflow"
AIRFLOW_CFG = "/opt/airflow/airflow.cfg"
DAGS_FOLDER = "/opt/airflow/dags"
IDENTITY = "/opt/airlock/identity.json"
ENTRYPOINT = "/entrypoint"

UID = 50000  # the official image's airflow user
GID = 0  # so that any other uid in the root group may do what UID does
