"""Fails where it is not the one that has the name of its helper: another file made a module `leaked`, too."""

import importlib.util

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

if importlib.util.find_spec("leaked"):
    raise RuntimeError("another file's module is found here")

with DAG("al101_leak_c", schedule=None):
    EmptyOperator(task_id="start")
