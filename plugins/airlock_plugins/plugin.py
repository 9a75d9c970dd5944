"""The plugin that Airflow finds by the entry point `airflow.plugins`."""

from __future__ import annotations

from airflow.sdk.plugins_manager import AirflowPlugin  # the SDK's: a worker need not import Airflow's core

from airlock_plugins.macros import image_identity
from airlock_plugins.ui import PREFIX, Assets, NoOtherHost


class AirlockPlugin(AirflowPlugin):
    """Adds `macros.airlock` to templates, and keeps the UI from asking other hosts."""

    name = "airlock"
    # Airflow declares them as an instance's attributes.
    macros = [image_identity]  # noqa: RUF012
    fastapi_apps = [{"name": "airlock-assets", "app": Assets(), "url_prefix": PREFIX}]  # noqa: RUF012
    fastapi_root_middlewares = [{"name": "airlock-no-other-host", "middleware": NoOtherHost}]  # noqa: RUF012
