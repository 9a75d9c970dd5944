"""What the image runs before and beside Airflow, without importing it: the entrypoint and the health checks.

Python's standard library and libpq alone: importing Airflow takes seconds.
"""
