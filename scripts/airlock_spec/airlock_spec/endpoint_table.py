"""The table of endpoints as JSON, for what is not Python: Terraform reads it (infra/modules/endpoints)."""

from __future__ import annotations

import json
import sys

from airlock_spec.endpoint import Need
from airlock_spec.endpoints import ENDPOINTS


def document() -> dict[str, object]:
    """Return for each endpoint its kind and region, and for each need, by its name in lower case, its endpoints."""
    return {
        "endpoints": {
            one.service: {
                "type": "Gateway" if one.gateway else "Interface",
                "only_in": one.only_in,
                "named_cn": one.named_cn,
            }
            for one in ENDPOINTS
        },
        "needs": {
            need.name.lower(): {
                "what": str(need),
                "endpoints": [one.service for one in ENDPOINTS if need in one.needed_by],
            }
            for need in Need
            if need is not Need.OPERATORS
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2) + "\n")
