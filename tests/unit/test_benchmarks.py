"""What the benchmarks' figures rest on: the changes they make, the peers they build, what they write."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from installer.sources import WheelFile

from airlock.locks import airflow
from benchmarks import changes, measuring, variants
from benchmarks.results import Report, Result, Target
from project import Project
from small_project import HERE, SmallProject

if TYPE_CHECKING:
    from airlock.locks.airflow import AirflowLock

DOCKERFILE = (Path(__file__).parents[2] / "image" / "Dockerfile").read_text()
REPORT = Report(
    "small",
    "Something small",
    "About it.",
    (
        Result("fast", "peer", 2, 10, "s"),
        Result("slow", "peer", 8, 10, "s"),
        Result("unknown", "peer", 700, None, "MB"),
        Result("fast", "other", 20, 10, "s"),
    ),
    (
        Target("fast", "peer", at_least=5),
        Target("slow", "peer", at_least=1.5),
        Target("unknown", "peer", at_most=1000),
    ),
)


def test_a_ratio_says_how_many_times_ours_theirs_is() -> None:
    assert [result.ratio for result in REPORT.results] == [5, 1.25, None, 0.5]


def test_the_json_holds_every_result_and_the_page_a_row_for_each(tmp_path: Path) -> None:
    found, shown = REPORT.write(tmp_path)

    assert found == tmp_path / "build/bench/small.json"
    assert json.loads(found.read_text())[0] == {
        "case": "fast", "peer": "peer", "ours": 2, "theirs": 10, "unit": "s", "ratio": 5,
    }  # fmt: skip
    assert shown == tmp_path / "docs/benchmarks/small.md"
    assert "| `slow` | peer | 8.00 | 10.00 | s | 1.25 | ratio ≥ 1.5 | **no** |" in shown.read_text()
    assert "| `unknown` | peer | 700.0 | unknown | MB |  | ours ≤ 1000 | yes |" in shown.read_text()


def test_a_target_is_missed_by_its_own_peer_alone() -> None:
    assert REPORT.missed() == [REPORT.results[1]]


def test_a_moved_provider_is_a_whole_wheel_of_another_version(tmp_path: Path) -> None:
    small = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    small.lock_wheels(
        {"apache-airflow": {"airflow/__init__.py": ""}, changes.PROVIDER: {"amazon.py": "x = 1\n"}}
    )
    project = Project(small.folder, small.places.root)
    before = provider(project.airflow_lock)
    changes.move_provider(project)
    changes.move_provider(project)

    version, filename, content = provider(airflow.read(project.folder / "constraints/airflow.lock"), project)
    assert (version, filename) == (f"{before[0]}.post2", before[1].replace(before[0], f"{before[0]}.post2"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.filename = filename
        wheel = WheelFile(archive)
        wheel.validate_record()
        assert f"\nVersion: {version}\n" in wheel.read_dist_info("METADATA")
        assert archive.read("amazon.py") == f"x = 1\n# {before[0]}.post1\n# {version}\n".encode()


def provider(lock: AirflowLock, project: Project | None = None) -> tuple[str, str, bytes]:
    package = next(package for package in lock.packages if package.name == changes.PROVIDER)
    file = package.file(HERE)
    assert file
    content = project.stored(changes.PROVIDER).read_bytes() if project else b""
    return package.version, file.filename, content


def test_the_linked_dockerfile_has_a_stage_and_a_copy_for_each_folder_of_wheels() -> None:
    text = variants.linked(DOCKERFILE, ["python-01", "providers-02"])

    for name in ("python-01", "providers-02"):
        assert text.count(f"FROM python AS {name}\n") == 1
        assert text.count(f"source=wheels/{name},") == 1
        assert text.count(f"COPY --link --from={name} /opt/venv /opt/venv\n") == 1
    assert "FROM packages" not in text
    assert text.count("RUN --network=none") == text.count(" -r /wheels/requirements.txt ") == 3
    assert "wheels/libraries" not in text


def test_the_dockerfile_of_one_step_has_all_wheels_in_it() -> None:
    text = variants.one_step(DOCKERFILE)

    assert re.findall(r"source=wheels/([a-z]+),", text) == ["packages", "own"]
    assert text.count("RUN --network=none") == 2
    assert "FROM packages\n" in text


def test_the_memory_of_children_counts() -> None:
    child = "x = bytearray(60_000_000); import time; time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    assert measuring.peak_memory([sys.executable, "-c", parent], {}) > 60_000_000
