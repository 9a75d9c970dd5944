"""DAG files whose releases can be told from each other: by a tag, and by what their tasks return."""

from __future__ import annotations

CHANGING = '''\
"""Says which release it is of."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("{name}", schedule=None, tags=["{tag}"], doc_md="{tag}"):
    EmptyOperator(task_id="nothing")
'''

HELPED = '''\
"""Says what another module says, which no release changes this file with."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from shared.words import WORD

with DAG("helped", schedule=None, tags=[WORD], doc_md=WORD):
    EmptyOperator(task_id="nothing")
'''

# The first task waits until somebody opens its gate in S3, and reads its code only then: what it imports lazily is
# of the release that the run began with, or of a later one. The second starts after that.
SPANNING = '''\
"""Spans releases."""

import time

import boto3

from airflow.sdk import dag, get_current_context, task

from shared.early import WORD as EARLY

HERE = "{tag}"


def words():
    from shared.late import WORD

    return [HERE, EARLY, WORD]


@dag(schedule=None, tags=["{tag}"], doc_md="{tag}")
def spanning():
    @task
    def first():
        s3 = boto3.client("s3")
        run = get_current_context()["run_id"]
        s3.put_object(Bucket="{bucket}", Key="waits/" + run, Body=b"")
        while not s3.list_objects_v2(Bucket="{bucket}", Prefix="gates/" + run).get("Contents"):
            time.sleep(0.2)
        return words()

    @task
    def second(before):
        return before + words()

    second(first())


spanning()
'''
WORD = 'WORD = "{tag}"\n'


def changing(tag: str, name: str = "changing") -> dict[str, str]:
    return {f"{name}.py": CHANGING.format(name=name, tag=tag)}


def helped(tag: str) -> dict[str, str]:
    """Give a DAG that does not change, and a module of another folder that it gets its tag from."""
    return {"helped.py": HELPED, "shared/__init__.py": "", "shared/words.py": WORD.format(tag=tag)}


def spanning(tag: str, bucket: str) -> dict[str, str]:
    """Give a DAG, and one module that it imports when it is parsed, one that it imports when a task runs."""
    said = WORD.format(tag=tag)
    modules = {"shared/__init__.py": "", "shared/early.py": said, "shared/late.py": said}
    return {"spanning.py": SPANNING.format(tag=tag, bucket=bucket), **modules}


BROKEN = '''\
"""Cannot be imported."""

from airflow.sdk import DAG

import a_module_that_nobody_has
'''
