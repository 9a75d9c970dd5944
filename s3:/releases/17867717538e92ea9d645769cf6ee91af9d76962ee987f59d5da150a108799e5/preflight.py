"""Tell whether what this deployment needs can be reached from where tasks run.

What it needs is what its configuration says (remote logs, secrets backends, executors, bundles; in ECS, what
every Fargate task pulls its image with). Name further services and endpoints when you trigger it. It runs each
morning before the day's work, and should be run after every change of the network.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from airlock_operators.preflight import PreflightOperator
from airlock_spec.endpoints import BY_SERVICE

with DAG(
    "preflight",
    schedule="0 5 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["airlock", "network"],
    doc_md=__doc__,
    # Parameters, not the environment: what is parsed must not depend on where it is parsed.
    params={
        "region": Param(
            "us-east-1", type="string", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="where endpoints are"
        ),
        "account": Param(
            "000000000000", type="string", pattern=r"^\d{12}$", description="whose registry to reach"
        ),
        "services": Param(
            ["ecr.api", "ecr.dkr", "s3"],
            type="array",
            items={"type": "string", "enum": list(BY_SERVICE)},
            description="VPC endpoints to check besides those that the configuration asks for",
        ),
        "endpoints": Param(
            [],
            type=["array", "null"],
            items={"type": "string"},
            description="hosts to check, too: host or host:port",
        ),
    },
    render_template_as_native_obj=True,  # lists stay lists
):
    PreflightOperator(
        task_id="endpoints",
        region="{{ params.region }}",
        # Quoted: as a native object it would be a number, without its zeros.
        account="'{{ params.account }}'",
        services="{{ params.services }}",
        endpoints="{{ params.endpoints or [] }}",
    )
