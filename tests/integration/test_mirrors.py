"""Locking and fetching, with the real uv, from mirrors that are hard to please."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from airlock.locks import airflow
from airlock.platforms import AMD64
from airlock.store import Store
from mirror import Locker, Mirror
from web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "me:s3cret/of:mine"
IN_A_URL = "me:s3cret%2Fof%3Amine"


def at(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def locker(folder: Path, mirror: Mirror) -> Iterator[Locker]:
    """Give a project that asks for `app`, which requires `base`, of which the mirror has two versions."""
    mirror.add("app", "1.0", "base>=1", uploaded=at(days=30))
    mirror.add("base", "1.0", uploaded=at(days=20))
    mirror.add("base", "2.0", uploaded=at(days=-1))
    with serving(mirror) as port:
        yield Locker.create(folder, port, "app")


def text(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("dated", [True, False], ids=["json", "html"])
@pytest.mark.parametrize("way", ["url", "netrc", "named", "pip"])
def test_a_mirror_with_credentials_is_locked_from_and_fetched_from(
    way: str,
    dated: bool,  # noqa: FBT001 - pytest's
    tmp_path: Path,
) -> None:
    with locker(tmp_path, Mirror(dated=dated, password=USER)) as project:
        variables = {
            "url": {"UV_DEFAULT_INDEX": project.index(IN_A_URL)},
            "netrc": {},
            "named": {
                "UV_DEFAULT_INDEX": f"corp-mirror={project.index()}",
                "UV_INDEX_CORP_MIRROR_USERNAME": "me",
                "UV_INDEX_CORP_MIRROR_PASSWORD": "s3cret/of:mine",
            },
            "pip": {"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": project.index(IN_A_URL)},
        }[way]
        if way == "netrc":
            netrc = tmp_path / ".netrc"
            netrc.write_text("machine 127.0.0.1 login me password s3cret/of:mine\n")
            netrc.chmod(0o600)
        locked = project.run("lock", **variables)
        fetched = project.run("fetch", **variables)
        assert (locked.returncode, fetched.returncode) == (0, 0), (locked.stderr + fetched.stderr).decode()
        assert project.versions == {"app": "1.0", "base": "1.0" if dated else "2.0"}
        Store(project.cache / "store").require_sealed(one.file for one in project.lock.wheels(AMD64))
        said = b"".join((locked.stdout, locked.stderr, fetched.stdout, fetched.stderr)).decode()
        for shown in (said, text(project.constraints), text(project.cache)):
            assert "s3cret" not in shown
            assert "127.0.0.1" not in shown, "locks and store name no index"


@pytest.mark.parametrize("refusal", [401, 403])
@pytest.mark.parametrize("user", ["me:wr0ng", ""], ids=["wrong", "none"])
def test_other_credentials_than_the_mirror_wants_are_told_and_change_nothing(
    user: str, refusal: int, tmp_path: Path
) -> None:
    mirror = Mirror(password=USER, refusal=refusal)
    with locker(tmp_path, mirror) as project:
        assert project.run("lock", user=IN_A_URL).returncode == 0
        fetched = project.run("fetch", user=user)
        project.ask("app", "base<2")
        before = written(project.constraints)
        locked = project.run("lock", user=user)
    for done in (locked, fetched):
        said = done.stderr.decode()
        assert (done.returncode, done.stdout) == (7, b""), said
        assert f"wants other credentials (HTTP {refusal})" in said
        assert "machine 127.0.0.1)" in said
        assert "wr0ng" not in said
        assert "Traceback" not in said
    assert "constraints/airflow.in:1: app" in locked.stderr.decode()
    assert written(project.constraints) == before
    assert not list(project.cache.rglob("*.whl*")), "no wheel, and no half of one"


def test_without_upload_times_the_header_says_so_and_sizes_come_from_the_server(tmp_path: Path) -> None:
    mirror = Mirror()
    with locker(tmp_path, mirror) as project:
        done = project.run("lock")
        assert done.returncode == 0, done.stderr.decode()
        assert "resolved without a date: the index gives no upload times" in done.stderr.decode()
        lock = project.lock
        assert lock.resolved == "without a date: the index gives no upload times"
        assert project.versions == {"app": "1.0", "base": "2.0"}
        sizes = {one.filename: len(one.content) for found in mirror.releases.values() for one in found}
        assert {one.file.filename: one.file.size for one in lock.wheels(AMD64)} == {
            name: sizes[name] for name in ("app-1.0-py3-none-any.whl", "base-2.0-py3-none-any.whl")
        }
        assert ("/files/base-2.0-py3-none-any.whl", "bytes=0-0") in mirror.asked
        mirror.asked.clear()
        assert project.run("lock", "--check").returncode == 0
        assert project.run("lock").returncode == 0
        assert mirror.asked == [], "a lock that answers the intent is kept without asking"


def test_with_upload_times_a_lock_stays_at_its_date_until_it_is_upgraded(tmp_path: Path) -> None:
    mirror = Mirror(dated=True)
    with locker(tmp_path, mirror) as project:
        assert project.run("lock").returncode == 0
        assert project.versions["base"] == "1.0", "2.0 is of tomorrow"
        bound = at(days=15)
        project.path.write_text(airflow.render(replace(project.lock, resolved=f"as of {bound}")))
        mirror.add("base", "1.5", uploaded=at(days=10))
        mirror.add("other", "1.0", uploaded=at(days=18))
        mirror.add("other", "1.1", uploaded=at(days=12))

        project.ask("app", "other")
        assert project.run("lock").returncode == 0
        assert project.lock.resolved == f"as of {bound}"
        assert project.versions == {"app": "1.0", "base": "1.0", "other": "1.0"}

        project.ask("app", "other", "base>=1.5")
        refused = project.run("lock")
        assert refused.returncode == 5
        assert "airlock lock --upgrade base" in refused.stderr.decode()

        assert project.run("lock", "--upgrade", "base").returncode == 0
        assert project.lock.resolved > f"as of {bound}"
        assert project.versions == {"app": "1.0", "base": "1.5", "other": "1.0"}
