"""Braces that are a template, and braces that are none."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("al113_compiles", schedule=None, user_defined_filters={"shout": str.upper}):
    BashOperator(task_id="show", bash_command="echo {{ ds | shout }} {% raw %}{{ not one {% endraw %} ${HOME} {}")
