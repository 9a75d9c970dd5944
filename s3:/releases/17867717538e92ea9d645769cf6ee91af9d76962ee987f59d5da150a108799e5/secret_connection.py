"""Use a connection from Secrets Manager, and keep its password out of the log and of XCom.

`airflow/connections/lab_api` is read by the secrets backend when the task asks, by way of the endpoint; nothing of
it is in Airflow's database. What is returned is made with the password, and does not tell it: a signature.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import UTC, datetime

from airflow.sdk import Connection, Param, dag, task

log = logging.getLogger(__name__)


@task
def sign(conn_id: str, message: str) -> dict[str, str]:
    """Sign a message as an API may ask for, with the connection's password as the key."""
    connection = Connection.get(conn_id)
    if not connection.password:
        raise ValueError(f"connection {conn_id} has no password")
    signature = hmac.new(connection.password.encode(), message.encode(), hashlib.sha256).hexdigest()
    # Airflow masks the password in this line, should anyone log it; nobody should rely on that.
    log.info("signed a message for %s as %s", connection.host, connection.login)
    return {"host": connection.host or "", "signature": signature}


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["airlock", "secrets"],
    doc_md=__doc__,
    params={"connection": Param("lab_api", type="string", description="its id")},
)
def secret_connection() -> None:
    sign("{{ params.connection }}", "{{ run_id }}")


secret_connection()
