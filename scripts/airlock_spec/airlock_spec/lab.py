"""What the lab's AWS is called, for both who makes it and who uses it (docs/lab.md)."""

from __future__ import annotations

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
LOG_GROUP = "airlock-lab"
API_HOST = "api.outside.example"  # of a partner, on the internet
