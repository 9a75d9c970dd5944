"""The toolchain: composes Airflow images from locks, and never imports Airflow."""
