"""A setup, what needs it, and a teardown that runs in any case."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("al107_setup_near", schedule="0 23 * * *"):
    make = EmptyOperator(task_id="make_cluster").as_setup()
    end = EmptyOperator(task_id="end_cluster").as_teardown(setups=make)
    make >> EmptyOperator(task_id="load") >> end
