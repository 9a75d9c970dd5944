"""Which packages share a layer: a plan that a change of one package disturbs as little as possible.

Stable layers come first. Bins go by the hash of a package's name, so that the plan needs no history and a
package stays in its bin; providers have bins of their own, for they move most often.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from airlock.compose.layer import LayerPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.compose.fragments import FragmentSpec
    from airlock.compose.image_file import LayerRules

_PROVIDER = "apache-airflow-providers-"


def python_layers(wheels: Sequence[FragmentSpec], rules: LayerRules) -> list[LayerPlan]:
    """Return the layers of the locked wheels: the rest in bins, the big ones alone, the providers in bins."""
    big = [spec for spec in wheels if spec.weight > rules.alone_over_megabytes * 1e6]
    small = [spec for spec in wheels if spec not in big]
    providers = [spec for spec in small if spec.package.startswith(_PROVIDER)]
    others = [spec for spec in small if not spec.package.startswith(_PROVIDER)]
    alone = [LayerPlan(spec.package, (spec,)) for spec in sorted(big, key=lambda spec: spec.package)]
    return [
        *_bins("python", others, rules.other_bins),
        *alone,
        *_bins("providers", providers, rules.provider_bins),
    ]


def _bins(name: str, specs: Sequence[FragmentSpec], count: int) -> list[LayerPlan]:
    bins: list[list[FragmentSpec]] = [[] for _ in range(count)]
    for spec in sorted(specs, key=lambda spec: spec.package):
        digest = hashlib.sha256(spec.package.encode()).digest()
        bins[int.from_bytes(digest[:8], "big") % count].append(spec)
    return [
        LayerPlan(f"{name}-{number:02}", tuple(chosen)) for number, chosen in enumerate(bins, 1) if chosen
    ]
