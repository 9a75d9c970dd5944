"""Airflow finds this DAG: the word dag stands here, too."""

from factory import build

sales = build("sales")
