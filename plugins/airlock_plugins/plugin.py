"""The plugin that Airflow finds by the entry point `airflow.plugins`."""

from __future__ import annotations

import logging

from airflow.listeners import hookimpl
from airflow.sdk.plugins_manager import AirflowPlugin  # the SDK's: a worker need not import Airflow's core

from airlock_plugins.macros import image_identity
from airlock_plugins.ui import PREFIX, Assets, NoOtherHost
from airlock_plugins.unreached import said

log = logging.getLogger(__name__)


class NamesTheEndpoint:
    """A listener, which Airflow asks in a task's own process when its try has failed, after it logged the error.

    What it logs is part of the task's log
    (https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/listeners.html).
    """

    @hookimpl  # type: ignore[untyped-decorator]  # Airflow is not here
    def on_task_instance_failed(self, error: BaseException | str | None) -> None:
        """Name the VPC endpoint that is missing, where that is why."""
        for line in said(error):
            log.error("%s", line)


class AirlockPlugin(AirflowPlugin):
    """Adds `macros.airlock` to templates, keeps the UI from other hosts, names endpoints that are missing."""

    name = "airlock"
    # Airflow declares them as an instance's attributes.
    macros = [image_identity]  # noqa: RUF012
    listeners = [NamesTheEndpoint()]  # noqa: RUF012
    fastapi_apps = [{"name": "airlock-assets", "app": Assets(), "url_prefix": PREFIX}]  # noqa: RUF012
    fastapi_root_middlewares = [{"name": "airlock-no-other-host", "middleware": NoOtherHost}]  # noqa: RUF012
