"""The peer of `make bench-runtime`: image/Dockerfile's tree with what the official image does when it starts.

No image can be pulled here, and the official one has other packages, other versions and no bytecode, which each
fresh container compiles anew. So everything is as in ours but the runtime: the entrypoint, Airflow's own
defaults, and the health checks of the official compose file and Helm chart.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.builders import BuildKit

ENTRYPOINT = Path(__file__).with_name("official_entrypoint.sh")
# Ours alone; where there is no airflow.cfg, Airflow writes its own at each start of a container.
OURS = ("opt/airflow", "opt/airlock", "usr/local/bin/airlock-health")
_ENV = re.compile(r"^ENV (?:.*\\\n)*.*\n", re.MULTILINE)
ENV = r"""ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=false \
    DUMB_INIT_SETSID=1 \
    GIT_PYTHON_REFRESH=quiet
"""


@dataclass
class OfficialLike(BuildKit):
    """BuildKit from image/Dockerfile, with the official image's runtime."""

    peer: str = "official-like"

    def prepare(self) -> None:
        """Change the copy of the project, which is not ours any more."""
        rootfs = self.project.folder / "image" / "rootfs"
        for path in (rootfs / name for name in OURS):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        shutil.copy(ENTRYPOINT, rootfs / "entrypoint")
        (rootfs / "entrypoint").chmod(0o755)
        self._write_dockerfile(with_official_variables(self._original()))


def with_official_variables(dockerfile: str) -> str:
    """Return image/Dockerfile with what the official image's ENV says."""
    text, times = _ENV.subn(lambda _: ENV, dockerfile)
    assert times == 1, "image/Dockerfile has one ENV"
    return text
