"""A pattern that takes for ever, in C, where no exception of Python's gets in."""

import re

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

if re.fullmatch(r"(\w+\s?)+:", "all the words of a comment that does not end with a colon but goes on"):  # expect: AL102
    NAME = "titled"
else:
    NAME = "plain"

with DAG("al102_busy_in_c", schedule=None):
    EmptyOperator(task_id=NAME)
