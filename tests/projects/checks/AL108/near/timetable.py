"""A timetable of Airflow's."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

with DAG("al108_timetable_known", schedule=CronTriggerTimetable("0 18 L * *", timezone="UTC")):
    EmptyOperator(task_id="start")
