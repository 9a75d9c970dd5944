"""Source distributions, built with real parts: the locked Debian packages, a sandbox, uv, the user's index."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from typing import TYPE_CHECKING

import pytest

from airlock.config import load
from airlock.errors import BuildError
from airlock.kept_trees import KeptTrees
from airlock.locks import airflow, debian
from airlock.locks.uv import Question, UvProgram
from airlock.places import Places, places
from airlock.platforms import native
from airlock.sdists.build import Builder
from airlock.store import Store, StoreFile
from archives import make_wheel, member
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.real
PYPROJECT = '[build-system]\nrequires = ["helper"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
PKG_INFO = "Metadata-Version: 2.1\nName: demo\nVersion: 1\n"
MARK = "open('MARK', 'w').close()\n"
# Writes into its wheel all that could differ from one build to the next, or lead out of the sandbox.
BACKEND = """\
import helper, os, shutil, socket, subprocess, sys, tempfile, time, zipfile

def attempt():
    try:
        socket.create_connection(("192.0.2.1", 80), 2)
    except OSError as error:
        return str(error)

def build_wheel(folder, settings=None, metadata=None):
    print("building")
    facts = {
        "python": sys.version,
        "environment": sorted(os.environ.items()),
        "files": sorted(os.listdir(".")),
        "home": sorted(os.listdir("/")),
        "hash": hash("a"),
        "helper": subprocess.run(["helper"], capture_output=True, text=True).stdout,
        "modes": [oct(os.stat(name).st_mode) for name in (".", "docs", "pyproject.toml")],
        "network": attempt(),
        "times": {os.stat(name).st_mtime for name in (".", "docs", "docs/index.rst", "pyproject.toml")},
        "umask": oct(os.umask(0)),
        "user": (os.getuid(), os.getgid(), os.path.expanduser("~")),
        "zone": time.tzname,
        "writable": os.access(helper.__file__, os.W_OK) or os.access("/usr/bin", os.W_OK),
    }
    name = "demo-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in {
            "demo.py": f"facts = {facts!r}",
            "demo-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: demo\\nVersion: 1\\n",
            "demo-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "demo-1.dist-info/RECORD": "",
        }.items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return name
"""


def sdist(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in files.items():
            info = member(f"demo-1/{name}", mode=0o600)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(stream.getvalue(), mtime=0)


def source(backend: str = BACKEND) -> bytes:
    return sdist({"pyproject.toml": PYPROJECT, "backend.py": backend, "docs/index.rst": ""})


class World:
    """A store with the locked Debian packages, a cache of its own, and one builder."""

    def __init__(self, folder: Path) -> None:
        config = load(REPOSITORY)
        self.debs = debian.read(config.debian_lock).for_platform(native())
        self.places = Places(folder)
        folder.mkdir()
        (folder / "store").symlink_to(places().store)
        self.store = Store(self.places.store)
        self.builder = Builder(self.debs, "3.13", self.store, self.places)

    def keep(self, filename: str, content: bytes) -> StoreFile:
        file = StoreFile(filename, len(content), hashlib.sha256(content).hexdigest())
        self.store.add(file, [content], "the test")
        return file

    def ask(self, backend: str) -> tuple[str, ...]:
        return self.builder.more_requires(self.keep("demo-1.tar.gz", source(backend)), [])

    def build(self, backend: str = BACKEND) -> bytes:
        helper = make_wheel(
            {"helper.py": "def main():\n    print('helped')\n"},
            name="helper",
            entry_points="[console_scripts]\nhelper = helper:main\n",
        )
        requires = [self.keep("helper-1.0-py3-none-any.whl", helper)]
        return self.builder.wheel(self.keep("demo-1.tar.gz", source(backend)), requires).content


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("sdists") / "world")
    if made.store.missing(one.file for one in made.debs):
        pytest.skip("the store is not sealed: make fetch, then: make integration")
    with made.builder:
        yield made


def facts(wheel: bytes) -> dict[str, object]:
    import zipfile  # noqa: PLC0415

    names: dict[str, dict[str, object]] = {}
    exec(zipfile.ZipFile(io.BytesIO(wheel)).read("demo.py"), names)  # noqa: S102 - what the test itself wrote
    return names["facts"]


def test_a_build_sees_its_source_its_requirements_and_nothing_of_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "1")
    found = facts(world.build())
    assert found["helper"] == "helped\n"
    assert found["network"] == "[Errno 101] Network is unreachable"
    assert found["user"] == (50000, 0, "/tmp")  # noqa: S108
    assert found["modes"] == ["0o40755", "0o40755", "0o100644"]
    assert found["times"] == {315532800}
    assert found["writable"] is False
    names = dict(found["environment"])  # type: ignore[call-overload]
    assert names["PATH"] == "/opt/build/bin:/usr/bin:/bin"
    assert names["SOURCE_DATE_EPOCH"] == "315532800"
    assert "SECRET_OF_THIS_MACHINE" not in names
    assert str(found["python"]).startswith("3.13.")
    assert "work" not in found["home"]  # type: ignore[operator]


def test_the_same_source_gives_the_same_bytes_in_another_world(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.build()
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("LC_ALL", "C")
    old = os.umask(0o077)
    try:
        other = World(tmp_path / "elsewhere")
        with other.builder:
            second = other.build()
    finally:
        os.umask(old)
    assert second == first


def test_a_builder_leaves_no_folder_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (temporary := tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    other = World(tmp_path / "world")
    with other.builder:
        assert other.build() == world.build()
        assert not list(temporary.iterdir()), "what a killed build leaves is where pruning looks"
        assert len(KeptTrees(other.places.trees).leftovers()) == 0, "in use"
    assert [path.name for path in other.places.trees.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": MARK},
        {"pyproject.toml": PYPROJECT.replace('["helper"]', "[]"), "backend.py": MARK},
        # words of uv's own script, which alone may run
        {
            "pyproject.toml": PYPROJECT.replace('["helper"]', "[]").replace(
                '"backend"', '"get_interpreter_info"'
            ),
            "get_interpreter_info.py": MARK,
        },
        {
            "pyproject.toml": PYPROJECT.replace('["helper"]', "[]").replace(
                '"."', '"python.get_interpreter_info import main; main()"'
            ),
            "python.get_interpreter_info import main; main()/backend.py": MARK,
        },
    ],
)
def test_resolving_runs_nothing_of_a_source(files: dict[str, str], tmp_path: Path) -> None:
    page, mark = tmp_path / "index" / "demo", tmp_path / "mark"
    page.mkdir(parents=True)
    content = sdist(
        {name: text.replace("MARK", str(mark)) for name, text in files.items()} | {"PKG-INFO": PKG_INFO}
    )
    (page / "demo-1.tar.gz").write_bytes(content)
    (page / "index.html").write_text('<a href="demo-1.tar.gz">demo-1.tar.gz</a>')
    uv = UvProgram({"UV_DEFAULT_INDEX": page.parent.as_uri(), "UV_NO_CACHE": "1"}, tmp_path / "trees")
    answer = uv.compile(
        Question({"0.in": "demo\n"}, ("--format", "pylock.toml"), "pylock.toml", sources=True)
    )
    assert not mark.exists()
    assert answer.text is None
    assert "Failed to build `demo==1`" in answer.messages


NAMED = """\
def build_wheel(folder, *_):
    import os, pathlib
    name = {name!r}
    pathlib.Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(folder, name).write_text("x")
    return name
"""


@pytest.mark.parametrize(
    "name",
    ["demo-1-py3-none-any/x.whl", "demo-1-py3-none-a b.whl", "demo-1-py3-none-\x1b[1m.whl", "demo.whl"],
)
def test_a_file_that_is_not_named_as_a_wheel_is_refused(world: World, name: str) -> None:
    with pytest.raises(BuildError, match=r"demo-1\.tar\.gz was built into b"):
        world.build(NAMED.format(name=name))


@pytest.mark.parametrize("more", ["--index-url=https://example.invalid", "x @ file:///etc/passwd", "", None])
def test_a_backend_may_ask_for_packages_of_an_index_alone(world: World, more: str | None) -> None:
    backend = f"def get_requires_for_build_wheel(*_):\n    return [{more!r}]\n"
    with pytest.raises(BuildError, match=r"what demo-1\.tar\.gz asks to be built with cannot be used"):
        world.ask(backend)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("raise SystemExit('no compiler here')", "no compiler here"),
        ("def build_wheel(*_):\n    import absent_module", "No module named 'absent_module'"),
        ("", "has no attribute 'build_wheel'"),
    ],
)
def test_a_backend_that_fails_is_quoted(world: World, backend: str, said: str) -> None:
    with pytest.raises(BuildError) as refused:
        world.build(backend)
    assert "demo-1.tar.gz cannot be built into a wheel" in str(refused.value)
    assert said in refused.value.cause
    assert "constraints/debian-build.in" in refused.value.remedy


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give this repository's project with two packages more that have no wheel; one of them is compiled."""
    environment = {"AIRLOCK_LOCK_PLATFORMS": "", "AIRLOCK_PLATFORMS": native().name}
    project = Project.copy(tmp_path_factory.mktemp("sdists") / "project", places().root, **environment)
    project.append("constraints/airflow.in", "pydruid\nmysqlclient\n")
    project.append("constraints/debian.in", "libmariadb3\n")
    (project.folder / "constraints/debian-build.in").write_text(
        "gcc\nlibc6-dev\npython3-dev\npkgconf\ndefault-libmysqlclient-dev\n"
    )
    (project.folder / "constraints/build.in").write_text("setuptools<82 # the constraint must hold\n")
    project.run("lock")
    return project


def test_lock_names_the_wheels_hash_its_source_and_what_it_was_built_with(locked: Project) -> None:
    packages = {one.name: one for one in locked.airflow_lock.packages}
    assert {name for name, one in packages.items() if one.source} == {"pydruid", "mysqlclient"}
    assert [name for name, _ in packages["pydruid"].files] == ["any"]
    assert [name for name, _ in packages["mysqlclient"].files] == [native().name]
    for name in ("pydruid", "mysqlclient"):
        source = packages[name].source
        assert source
        assert source.sdist.filename.startswith(f"{name}-")
        assert any(pin.startswith("setuptools==") and pin < "setuptools==82" for pin in source.requires)
    assert "gcc" in (locked.folder / "constraints/debian-build.lock").read_text()
    assert "gcc" not in {deb.package for deb in locked.debian_lock.debs}


def test_the_locks_are_current_and_locking_again_changes_nothing(locked: Project) -> None:
    before = {path.name: path.read_bytes() for path in (locked.folder / "constraints").iterdir()}
    locked.run("lock", "--check")
    done = locked.run("lock")
    assert b"built from source" not in done.stderr
    assert {path.name: path.read_bytes() for path in (locked.folder / "constraints").iterdir()} == before


def test_fetch_on_a_machine_that_has_none_of_it_builds_the_very_wheels_that_the_lock_names(
    locked: Project, tmp_path: Path
) -> None:
    fresh = Project(locked.folder, tmp_path / "cache", locked.environment)
    (tmp_path / "cache").mkdir()
    store = tmp_path / "cache" / "store"
    store.mkdir()
    sources = [one.source.sdist for one in locked.airflow_lock.packages if one.source]
    built = [one.files[0][1] for one in locked.airflow_lock.packages if one.source]
    for path in places().store.iterdir():
        if path.name not in {one.sha256 for one in (*built, *sources)}:
            (store / path.name).symlink_to(path)
    done = fresh.run("fetch", "--json")
    said = done.stderr.decode()
    assert json.loads(done.stdout)["fetched"] == len(sources)
    assert all(f"built {one.filename} from source" in said for one in built)
    assert all(Store(store).holds(one) for one in built)


def test_the_image_imports_what_was_built(locked: Project) -> None:
    locked.image()
    script = "import MySQLdb, pydruid.db; print(MySQLdb.get_client_info() != '')"
    assert locked.run("run", "--", "python", "-c", script).stdout == b"True\n"


def test_an_edited_constraint_of_builds_makes_the_locks_stale(locked: Project) -> None:
    path = locked.folder / "constraints/build.in"
    before = path.read_text()
    path.write_text("setuptools<81\n")
    try:
        said = locked.refused("lock", "--check", code=4)
    finally:
        path.write_text(before)
    assert "build.lock: constraints/build.in: + setuptools<81" in said


def test_a_source_that_needs_a_compiler_says_so_where_there_is_none(locked: Project, tmp_path: Path) -> None:
    bare = Project.copy(tmp_path / "bare", locked.cache, **locked.environment)
    bare.append("constraints/airflow.in", "mysqlclient\n")
    done = bare.run("lock", check=False)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (14, b"")
    assert "cannot be built into a wheel" in said
    assert "constraints/debian-build.in" in said
    assert airflow.read(bare.folder / "constraints/airflow.lock") == airflow.read(
        REPOSITORY / "constraints/airflow.lock"
    )
