"""Releases of DAGs: their format in S3 (docs/release-format.md), and how they become folders."""
