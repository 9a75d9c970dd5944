"""The plugin that Airflow finds by the entry point `airflow.plugins`."""

from __future__ import annotations

from airflow.sdk.plugins_manager import AirflowPlugin  # the SDK's: a worker need not import Airflow's core

from airlock_plugins.macros import image_identity


class AirlockPlugin(AirflowPlugin):
    """Adds `macros.airlock` to templates."""

    name = "airlock"
    macros = [image_identity]  # noqa: RUF012 - Airflow declares it as an instance's attribute
