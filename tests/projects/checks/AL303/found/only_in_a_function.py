"""The DAG stays inside a function's own names."""

# expect-file: AL303
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG


def build(name):
    dag = DAG(name, schedule=None)
    EmptyOperator(task_id="start", dag=dag)
    return dag


if __name__ == "__main__":
    build("al303_only_in_a_function").test()
