"""`airlock check` with the real image: what is kept between runs, without a sandbox, in a container, by pytest."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import process
from airlock.places import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image runs on Linux: use one")

REPOSITORY = Path(__file__).parents[2]
# In a namespace of its own a user may do what it likes there; so nobody below may have one.
WITHOUT_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)
GOOD = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from helper import NAME

with DAG("{id}", schedule=None, tags=["a"]):
    EmptyOperator(task_id=NAME)
"""
BAD = "import urllib.request\nfrom airflow.sdk import DAG\nurllib.request.urlopen('http://127.0.0.1:9')\n"


@pytest.fixture(scope="module")
def layout() -> Path:
    """Give the layout named by AIRLOCK_TEST_LAYOUT, or compose this repository's."""
    if named := os.environ.get("AIRLOCK_TEST_LAYOUT"):
        return Path(named)
    process.run([sys.executable, "-m", "airlock", "--project", REPOSITORY, "image"])
    return REPOSITORY / "build" / "image"


@dataclass
class Checking:
    """A folder of DAGs without any configuration, and `airlock check` in it."""

    folder: Path
    layout: Path
    cache: Path
    talk: str = ""
    seconds: float = 0.0

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(text)

    def check(self, *arguments: str | Path, under: tuple[str, ...] = (), image: str = "") -> dict[str, Any]:
        options = ("check", "--project", self.folder, "--image", image or self.layout, "--json", *arguments)
        env = {**os.environ, "AIRLOCK_CACHE": str(self.cache)}
        begun = time.monotonic()
        done = process.run([*under, sys.executable, "-m", "airlock", *options], env=env, check=False)
        self.seconds = time.monotonic() - begun
        self.talk = done.stderr.decode()
        assert done.returncode in {0, 1}, self.talk
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document


@pytest.fixture
def checking(layout: Path, tmp_path: Path) -> Iterator[Checking]:
    """Give two DAGs with a helper; trees are those of the machine, what is kept of files is not."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "trees").symlink_to(places().trees)
    folder = tmp_path / "plain"
    folder.mkdir()
    made = Checking(folder, layout, cache)
    made.write(one=GOOD.format(id="one"), two=GOOD.format(id="two"), helper="NAME = 'start'\n")
    yield made
    shutil.rmtree(cache / "cache", ignore_errors=True)


def codes(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["path"], one["code"], one["line"]) for one in document["findings"]]


def test_a_plain_folder_of_dags_is_checked_without_a_network(checking: Checking) -> None:
    checking.write(three=BAD)
    document = checking.check()
    assert document["isolation"] == {"namespace": True, "seccomp": True, "notified": True}
    assert document["summary"]["dags"] == 2
    assert ("three.py", "AL201", 3) in codes(document)
    assert {path for path, _, _ in codes(document)} == {"three.py"}


def test_a_folder_without_a_dag_file_has_no_findings(checking: Checking) -> None:
    for name in ("one", "two"):
        (checking.folder / f"{name}.py").unlink()
    document = checking.check()
    assert (document["summary"]["files"], document["findings"]) == (0, [])


def test_a_pipe_that_is_named_as_a_dag_file_keeps_nobody_waiting(checking: Checking) -> None:
    os.mkfifo(checking.folder / "pipe.py")
    assert checking.check()["summary"]["dags"] > 0
    (checking.folder / "pipe.py").unlink()


def test_what_links_lead_to_outside_of_the_bundle_is_checked(checking: Checking, tmp_path: Path) -> None:
    (tmp_path / "linked.py").write_text(BAD)
    (checking.folder / "three.py").symlink_to("../linked.py")
    document = checking.check()
    assert document["summary"]["files"] == 3
    assert "three.py" in {path for path, _, _ in codes(document)}


def test_an_unchanged_bundle_starts_nothing(checking: Checking) -> None:
    first = checking.check()
    again = checking.check("--timings")
    assert again["findings"] == first["findings"]
    assert again["summary"]["dags"] == 2
    assert "probe" not in checking.talk


def test_a_change_of_a_helper_is_seen_through_the_cache(checking: Checking) -> None:
    assert checking.check()["findings"] == []
    checking.write(helper="NAME = 'not a task id!'\n")
    assert {path for path, _, _ in codes(checking.check())} == {"one.py", "two.py"}
    checking.write(helper="NAME = 'start'\n")
    assert checking.check()["findings"] == []


def test_a_file_of_data_is_seen_through_the_cache_whoever_reads_it(checking: Checking) -> None:
    reading = GOOD.format(id="three") + "\nimport ctypes, os\nlibc = ctypes.CDLL(None)\n"
    reading += "path = os.path.join(os.path.dirname(__file__), 'data.txt').encode()\n"
    reading += "file = libc.open(path, 0); data = ctypes.create_string_buffer(9)\n"
    reading += "libc.read(file, data, 8); assert data.value == b'good'\n"
    (checking.folder / "data.txt").write_text("good")
    checking.write(three=reading)
    assert checking.check()["findings"] == []
    (checking.folder / "data.txt").write_text("evil")
    assert [(path, code) for path, code, _ in codes(checking.check())] == [("three.py", "AL101")]


def test_a_module_that_was_looked_for_in_vain_is_seen_through_the_cache(checking: Checking) -> None:
    checking.write(
        three="try:\n    import local\nexcept ImportError:\n    local = None\n" + GOOD.format(id="three")
    )
    assert checking.check()["findings"] == []
    checking.write(local="1 / 0\n")
    assert [(path, code) for path, code, _ in codes(checking.check())] == [("local.py", "AL101")]


def test_without_a_sandbox_the_filter_alone_refuses(checking: Checking) -> None:
    checking.write(three=BAD)
    document = checking.check(under=WITHOUT_NAMESPACES)
    assert document["isolation"] == {"namespace": False, "seccomp": True, "notified": True}
    assert "no sandbox can be made here" in checking.talk
    assert ("three.py", "AL201", 3) in codes(document)
    assert sorted(path.name for path in checking.folder.iterdir()) == [
        "helper.py",
        "one.py",
        "three.py",
        "two.py",
    ]


def test_what_a_file_writes_stays_in_the_sandbox(checking: Checking) -> None:
    writing = "import pathlib\npathlib.Path(__file__).with_name('new.txt').write_text('x')\n"
    checking.write(three=GOOD.format(id="three") + writing)
    assert [(path, code) for path, code, _ in codes(checking.check())] == [("three.py", "AL101")]
    assert not (checking.folder / "new.txt").exists()


@pytest.mark.docker
def test_an_image_of_an_engine_is_checked_with_in_a_container(checking: Checking, image: Image) -> None:
    checking.write(three=BAD)
    document = checking.check(image=image.reference)
    assert document["isolation"] == {"namespace": True, "seccomp": True, "notified": True}
    assert ("three.py", "AL201", 3) in codes(document)
    listed = image.engine.run("ps", "--all", "--quiet", "--filter", "name=airlock-check-")
    assert listed.stdout.strip() == b""


def test_pytest_has_a_test_for_each_dag_file(checking: Checking) -> None:
    checking.write(three=BAD)
    env = {**os.environ, "AIRLOCK_CACHE": str(checking.cache)}
    options = ("--airlock-check", f"--airlock-image={checking.layout}", "-p", "no:cacheprovider", "-q")
    done = process.run([sys.executable, "-m", "pytest", *options], env=env, cwd=checking.folder, check=False)
    said = done.stdout.decode()
    assert "1 failed, 2 passed" in said, said
    assert "three.py:3: " in said
    assert "Traceback (most recent call last)" not in said.partition("AL201")[0]
