"""The same call, when the task runs."""

from airflow.sdk import dag, task


@dag(schedule=None)
def al201_in_a_task():
    @task
    def tables() -> list[str]:
        import requests

        return requests.get("http://192.0.2.10:8080/tables.json", timeout=2).json()

    tables()


al201_in_a_task()
