"""DAG files in any number, as a company's generator writes them: four shapes, each file another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = 100  # files in one folder

_CLASSIC = '''\
"""Loads {table} by commands."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG(
    "{name}",
    schedule="{minute} 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["generated", "{table}"],
    default_args={{"retries": 2, "retry_delay": timedelta(minutes=5)}},
):
    start = EmptyOperator(task_id="start")
    end = EmptyOperator(task_id="end")
    for part in range({parts}):
        load = BashOperator(task_id=f"load_{{part}}", bash_command=f"load {table} {{part}} {{{{{{{{ ds }}}}}}}}")
        start >> load >> end
'''
_TASKFLOW = '''\
"""Counts {table}."""

from datetime import datetime

from airflow.sdk import dag, task


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["generated"])
def {name}():
    @task
    def parts() -> list[int]:
        return list(range({parts}))

    @task(retries=1)
    def count(part: int) -> int:
        return part

    @task
    def total(counts: list[int]) -> int:
        return sum(counts)

    total(count.expand(part=parts()))


{name}()
'''
_GROUPS = '''\
"""Cleans {table} in groups."""

from datetime import datetime

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, TaskGroup, chain


def work(part):
    return part


with DAG("{name}", schedule=None, start_date=datetime(2026, 1, 1), tags=["generated"]):
    groups = []
    for group in ("read", "clean", "write"):
        with TaskGroup(group) as made:
            for part in range({parts}):
                PythonOperator(task_id=f"part_{{part}}", python_callable=work, op_args=[part])
        groups.append(made)
    chain(*groups)
'''
_ASSETS = '''\
"""Writes {table} when it is there."""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset

raw = Asset("s3://raw/{table}/{name}")
clean = Asset("s3://clean/{table}/{name}")

with DAG("{name}", schedule=[raw], start_date=datetime(2026, 1, 1), catchup=False, tags=["generated"]):
    BashOperator(task_id="clean", bash_command="clean {table}", outlets=[clean], env={{"PARTS": "{parts}"}})
'''
_SHAPES = (_CLASSIC, _TASKFLOW, _GROUPS, _ASSETS)
_TABLES = ("orders", "customers", "products", "returns", "stores", "prices", "suppliers")


def write(folder: Path, count: int) -> None:
    """Write so many DAG files, a hundred in each folder of the bundle."""
    for number in range(count):
        inner = folder / f"team_{number // _FOLDER:03}"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"dag_{number:05}.py").write_text(source(number))


def source(number: int) -> str:
    """Return the source of a file; the same number gives the same."""
    return _SHAPES[number % len(_SHAPES)].format(
        name=f"generated_{number:05}",
        table=_TABLES[number % len(_TABLES)],
        minute=number % 60,
        parts=3 + number % 5,
    )
