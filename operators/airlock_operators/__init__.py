"""Airflow operators for a network with no way out.

Imports nothing, so that what does not need Airflow can be used without it.
"""
