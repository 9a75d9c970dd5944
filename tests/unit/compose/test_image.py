"""The whole story of an image, in miniature."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from airlock.compose.trust import STORE
from airlock.errors import CollisionError, ConfigError, LockError, UnsafeArchiveError
from archives import member
from authorities import Signed
from small_project import HERE, INTERPRETER, Member, SmallProject

if TYPE_CHECKING:
    from pathlib import Path

SITE = "opt/venv/lib/python3.13/site-packages"


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject.create(tmp_path / "project", tmp_path / "cache")


def paths(project: SmallProject) -> dict[str, tarfile.TarInfo]:
    """Return the image's members; a later layer's replaces an earlier one's."""
    found: dict[str, tarfile.TarInfo] = {}
    for layer in project.manifest()["layers"]:
        stream = io.BytesIO(project.blob(layer["digest"]))
        content = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True).read()
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            found |= {item.name: item for item in archive}
    return found


def test_an_image_holds_packages_bytecode_accounts_and_configuration(project: SmallProject) -> None:
    project.compose()
    found = paths(project)
    assert {
        f"{SITE}/airflow/__init__.py",
        f"{SITE}/airflow/__pycache__/__init__.cpython-313.pyc",
        "etc/passwd",
        "var/lib/dpkg/status",
        "opt/venv/pyvenv.cfg",
        "opt/airlock/identity.json",
        "entrypoint",
    } <= set(found)
    assert found["tmp"].mode == 0o1777
    assert {(item.uname, item.mtime) for item in found.values()} == {("", 315532800)}


def test_modules_of_rootfs_have_the_images_bytecode_and_no_other(project: SmallProject) -> None:
    library = project.folder / "image/rootfs/opt/airlock/lib/own"
    (library / "__pycache__").mkdir(parents=True)
    (library / "__init__.py").write_text("x = 1\n")
    (library / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"of this machine's Python")
    project.compose()
    assert sorted(path for path in paths(project) if path.startswith("opt/airlock/lib/own/")) == [
        "opt/airlock/lib/own/__init__.py",
        "opt/airlock/lib/own/__pycache__",
        "opt/airlock/lib/own/__pycache__/__init__.cpython-313.pyc",
    ]


def test_another_folder_and_cache_give_the_same_digest(project: SmallProject, tmp_path: Path) -> None:
    other = SmallProject.create(tmp_path / "elsewhere" / "project", tmp_path / "other cache")
    assert other.compose().digest == project.compose().digest


def test_composing_again_reuses_everything(project: SmallProject) -> None:
    first, second = project.compose(), project.compose()
    assert first.digest == second.digest
    assert all(layer.reused for layer in second.layers)


def test_a_folder_with_a_mode_of_its_own_changes_only_the_layers_it_is_in(project: SmallProject) -> None:
    before = {layer.name: layer.digest for layer in project.compose().layers}
    project.append("image/image.toml", '[directories]\n"/data" = { mode = "0775", uid = 50000 }\n')
    after = {layer.name: layer.digest for layer in project.compose().layers}
    assert {name for name in after if after[name] != before[name]} == {"rootfs"}
    assert paths(project)["data"].mode == 0o775


def test_a_damaged_interpreter_is_unpacked_again(project: SmallProject) -> None:
    project.compose()
    (loader,) = project.places.trees.glob(f"*/usr/lib/{HERE.multiarch}/ld-*")
    loader.write_bytes(b"")
    project.lock_wheels({"apache-airflow": {"airflow/__init__.py": "x = 2\n"}})
    project.compose()
    assert loader.stat().st_size > 0


def test_packages_of_the_interpreter_cannot_write_through_each_others_links(
    project: SmallProject, tmp_path: Path
) -> None:
    debs: dict[str, list[Member]] = {name: [] for name in (*INTERPRETER, "base-files")}
    debs["libc6"] = [
        (member("./a/b/c/one", tarfile.SYMTYPE, target="../../.."), b""),
        (member("./x/two", tarfile.SYMTYPE, target="../a/b/c/one/.."), b""),
    ]
    debs["libexpat1"] = [(member("./x/two/escaped"), b"x")]
    project.lock_debs(debs)
    with pytest.raises(UnsafeArchiveError, match="through a link: /x/two/escaped"):
        project.compose()
    assert not list(tmp_path.rglob("escaped"))


def test_a_path_goes_to_its_configured_owner_with_its_bytecode(project: SmallProject) -> None:
    both = {"apache-airflow": {"shared.py": "mine = 1\n"}, "intruder": {"shared.py": "theirs = 1\n"}}
    project.lock_wheels(both)
    with pytest.raises(CollisionError, match="2 paths"):
        project.compose()
    project.append("image/image.toml", f'[owners]\n"/{SITE}/shared.py" = "apache-airflow"\n')
    project.compose()
    project.lock_wheels({**both, "intruder": {}})
    alone = paths(project)[f"{SITE}/shared.py"].size
    assert alone == len("mine = 1\n")


def test_an_owner_that_does_not_have_the_path_is_refused(project: SmallProject) -> None:
    project.append("image/image.toml", f'[owners]\n"/{SITE}/airflow/__init__.py" = "apache-airflw"\n')
    with pytest.raises(ConfigError, match="do not have the path"):
        project.compose()


def test_a_lock_without_airflow_is_a_clear_error(project: SmallProject) -> None:
    project.lock_wheels({"something-else": {}})
    with pytest.raises(LockError, match="holds no Airflow") as caught:
        project.compose()
    assert "version-of" in caught.value.remedy


def test_an_image_bears_the_version_of_another_package_where_that_is_asked_for(project: SmallProject) -> None:
    project.lock_wheels({"something-else": {}})
    project.append("pyproject.toml", 'version-of = "something-else"\n')
    project.compose()

    manifest = project.manifest()
    identity = json.loads(content(project, "opt/airlock/identity.json"))
    assert manifest["annotations"]["org.opencontainers.image.version"] == "3.3.2"
    assert identity["airflow"] is None


def test_a_package_that_is_not_locked_has_no_version_to_bear(project: SmallProject) -> None:
    project.append("pyproject.toml", 'version-of = "moto"\n')
    with pytest.raises(LockError, match="holds no moto"):
        project.compose()


def content(project: SmallProject, path: str) -> bytes:
    for layer in project.manifest()["layers"]:
        stream = io.BytesIO(project.blob(layer["digest"]))
        layer_tar = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True).read()
        with tarfile.open(fileobj=io.BytesIO(layer_tar)) as archive:
            if path in archive.getnames():
                file = archive.extractfile(path)
                assert file
                return file.read()
    raise AssertionError(path)


def test_a_lock_without_this_machines_interpreter_is_a_clear_error(project: SmallProject) -> None:
    project.lock_debs({name: [] for name in INTERPRETER if name != "libc6"})
    with pytest.raises(LockError, match="this machine"):
        project.compose()


def test_more_layers_than_engines_take_are_refused(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airlock.compose.image.MOST_LAYERS", 2)
    with pytest.raises(ConfigError, match="the image would have 3 layers, and engines take 2"):
        project.compose()


CERTIFI = f"{SITE}/certifi/cacert.pem"


def trust(project: SmallProject, name: str) -> None:
    folder = project.folder / "image/certificates"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.pem").write_text(Signed.authority(name).pem)


def test_the_roots_of_packages_give_way_where_the_image_has_a_trust_store(project: SmallProject) -> None:
    project.lock_wheels({"apache-airflow": {}, "certifi": {"certifi/cacert.pem": "roots"}})
    project.compose()
    assert paths(project)[CERTIFI].isreg()
    assert STORE.lstrip("/") not in paths(project)

    trust(project, "One")
    project.compose()

    assert paths(project)[CERTIFI].linkname == STORE
    assert paths(project)[STORE.lstrip("/")].isreg()
    assert paths(project)["usr/local/share/ca-certificates/One.pem"].isreg()


def test_a_certificate_more_changes_the_layer_of_the_root_file_system_alone(project: SmallProject) -> None:
    project.lock_wheels({"apache-airflow": {}, "certifi": {"certifi/cacert.pem": "roots"}})
    trust(project, "One")
    before = {layer.name: layer.digest for layer in project.compose().layers}
    trust(project, "Other")
    after = {layer.name: layer.digest for layer in project.compose().layers}
    assert {name for name in after if after[name] != before[name]} == {"rootfs"}


def test_what_is_written_around_a_certificate_changes_nothing(project: SmallProject) -> None:
    trust(project, "One")
    before = project.compose().digest
    project.append("image/certificates/One.pem", "# seen on a Monday\n")
    assert project.compose().digest == before


def test_bundles_that_the_configuration_does_not_name_stay(project: SmallProject) -> None:
    project.lock_wheels({"apache-airflow": {}, "certifi": {"certifi/cacert.pem": "roots", "own.pem": "mine"}})
    trust(project, "One")
    project.append("image/image.toml", '[certificates]\nbundles = ["/opt/venv/*/own.pem"]\n')
    project.compose()
    assert paths(project)[CERTIFI].isreg()
    assert paths(project)[f"{SITE}/own.pem"].linkname == STORE


def test_a_trust_store_in_rootfs_besides_is_a_collision(project: SmallProject) -> None:
    trust(project, "One")
    place = project.folder / "image/rootfs" / STORE.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    with pytest.raises(CollisionError) as caught:
        project.compose()
    assert f"{STORE}: rootfs and certificates" in caught.value.cause
