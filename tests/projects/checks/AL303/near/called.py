"""The function is called."""

from airflow.sdk import dag, task


@dag(schedule=None)
def al303_called():
    @task
    def count() -> int:
        return 1

    count()


al303_called()
