from airflow.exceptions import AirflowClusterPolicyViolation


def dag_policy(dag):
    """Refuse DAGs that nobody answers for."""
    if not dag.tags:
        raise AirflowClusterPolicyViolation(f"{dag.dag_id} has no tag")
