"""Faults that are put into infra/, one at a time: what `airlock verify` must find in each, and in nothing else."""

from __future__ import annotations

from seeded import endpoints, groups, keeping, tasks, ways_out

FAULTS = (*ways_out.FAULTS, *endpoints.FAULTS, *groups.FAULTS, *keeping.FAULTS, *tasks.FAULTS)
