"""Links of tasks to what they wrote; apart from the operators, for the api-server loads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink

from airlock_spec.outbox.layout import Layout, Origin

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


class OutboxRequestsLink(BaseOperatorLink):
    """The requests of a task instance in the S3 console (of whose way there the reader's browser takes care)."""

    name = "Outbox requests"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        map_index = -1 if ti_key.map_index is None else ti_key.map_index
        origin = Origin(ti_key.dag_id, ti_key.run_id, ti_key.task_id, map_index)
        folder = Layout(operator.prefix).request(origin.base(operator.key)).removesuffix(".json")
        query = {"prefix": f"{folder}-", **({"region": operator.region} if operator.region else {})}
        return f"https://console.aws.amazon.com/s3/buckets/{operator.bucket}?{urlencode(query)}"
