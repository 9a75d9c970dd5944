"""A sensor that waits for an object in S3 without a worker, and without aiobotocore."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout

from airlock_operators.object_triggers import ObjectTrigger
from airlock_operators.objects import S3Objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

AFTERWARDS = 60  # seconds after its own time in which a trigger that lives has fired


class ObjectSensor(BaseSensorOperator):
    """Wait until there is `key` in `bucket` (both templated); return {"key", "size" (bytes), "etag"}.

    Use it as any sensor: `timeout`, `poke_interval` (seconds; the longest pause between two looks), `soft_fail`.
    With `deferrable` (the default) it waits in the triggerer. The amazon provider's S3KeySensor waits there, too,
    but with aiobotocore, which our lock does not have: it pins one version of botocore.

        ObjectSensor(task_id="wait", bucket="airlock-lab-data", key="in/{{ ds }}.csv", timeout=3600)
    """

    template_fields: Sequence[str] = ("bucket", "key")
    ui_color = "#cfe2f3"

    def __init__(
        self, *, bucket: str, key: str, region: str | None = None, deferrable: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.key = key
        self.region = region
        self.deferrable = deferrable

    def poke(self, context: Context) -> PokeReturnValue:  # noqa: ARG002 - Airflow's signature
        """Look once."""
        about = S3Objects(self.bucket, self.region).about(self.key)
        value = about and {"key": self.key, "size": about.size, "etag": about.etag}
        return PokeReturnValue(is_done=about is not None, xcom_value=value)

    def execute(self, context: Context) -> Any:
        """Look once, then wait in the triggerer; or poke, as any sensor."""
        if not self.deferrable:
            return super().execute(context)
        found = self.poke(context)
        if found.is_done:
            return found.xcom_value
        trigger = ObjectTrigger(
            bucket=self.bucket,
            key=self.key,
            until=time.time() + self.timeout,
            longest=self.poke_interval,
            region=self.region,
        )
        return self.defer(trigger=trigger, method_name="found", timeout=self.timeout + AFTERWARDS)

    def found(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what the trigger found. Raises AirflowSensorTimeout where it found nothing."""
        status = event.pop("status")
        if status == "found":
            return event
        where = f"s3://{self.bucket}/{self.key}"
        if status == "late":
            raise AirflowSensorTimeout(f"{where} was not there within {self.timeout:g} s: {event['reason']}")
        raise AirflowException(event["reason"])
