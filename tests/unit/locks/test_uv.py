from __future__ import annotations

from airlock.index.indexes import Indexes
from airlock.locks.intent import Asked
from airlock.locks.uv import clean_environment, input_files, shared


def test_settings_that_could_change_a_resolution_stay_outside() -> None:
    given = {
        "PATH": "/bin",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_CACHE_DIR": "/cache",
        "UV_HTTP_TIMEOUT": "60",
        "UV_PRERELEASE": "allow",
        "UV_RESOLUTION": "lowest",
        "UV_INDEX_STRATEGY": "first-index",
        "PIP_PRE": "1",
        "UV_OVERRIDE": "x.txt",
        "UV_CONSTRAINT": "y.txt",
    }
    assert clean_environment(given) == {
        "PATH": "/bin",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_CACHE_DIR": "/cache",
        "UV_HTTP_TIMEOUT": "60",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
    }


def test_folders_of_this_machine_take_no_part_in_what_is_locked_for_all() -> None:
    indexes = Indexes(
        "https://a.example.invalid/simple",
        ("file:///srv/simple", "https://b.example.invalid/simple"),
        ("/srv/wheels",),
    )
    assert shared(indexes).urls == ("https://b.example.invalid/simple", "https://a.example.invalid/simple")
    assert shared(indexes).find_links == ()


def test_each_source_is_a_file_of_its_own() -> None:
    asked = [Asked("a.in", 1, "x"), Asked("b/pyproject.toml", 3, "y"), Asked("a.in", 2, "z")]
    assert input_files(asked) == {"0.in": "x\nz\n", "1.in": "y\n"}
