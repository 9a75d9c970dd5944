"""Faults that are put into infra/, one at a time: what `airlock verify` must find in each, and in nothing else."""
