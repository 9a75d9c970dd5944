"""Queries that DAGs share."""
