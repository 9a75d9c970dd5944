"""The whole of Airflow on this machine: `airlock up` and `airlock down` (docs/lab.md)."""
