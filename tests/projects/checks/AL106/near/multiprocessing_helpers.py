"""What Python starts for itself, and ends with the process that it is for, is nobody's leftover."""

import multiprocessing

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with multiprocessing.get_context("spawn").Pool(1) as pool:
    sizes = pool.map(len, ["ab", "abc"])

with DAG("al106_multiprocessing", schedule=None, tags=[f"sizes-{sum(sizes)}"]):
    EmptyOperator(task_id="start")
