"""A function makes a DAG, and nobody calls it."""

# expect-file: AL303
from airflow.sdk import dag, task


@dag(schedule=None)
def al303_not_called():
    @task
    def count() -> int:
        return 1

    count()
