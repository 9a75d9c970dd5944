"""What a task sees of its network, without Airflow: `airlock-verify`."""
