"""Airflow plugins of images that airlock composed."""
