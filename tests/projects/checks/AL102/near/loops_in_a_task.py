"""What loops for ever is a task, which Airflow ends."""

import time

from airflow.sdk import dag, task


@dag(schedule=None)
def al102_loops_in_a_task():
    @task(execution_timeout=None)
    def wait():
        while True:
            time.sleep(1)

    wait()


al102_loops_in_a_task()
