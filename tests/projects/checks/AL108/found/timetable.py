"""A timetable of its own, which no plugin registers."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable


class MonthEnd(CronTriggerTimetable):
    """At the end of each month."""

    def __init__(self):
        super().__init__("0 18 L * *", timezone="UTC")


with DAG("al108_timetable", schedule=MonthEnd()):  # expect: AL108
    EmptyOperator(task_id="start")
