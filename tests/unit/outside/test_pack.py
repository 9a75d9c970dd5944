from __future__ import annotations

import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from airlock import process

REPOSITORY = Path(__file__).parents[3]
PACK = REPOSITORY / "infra" / "outbox" / "pack.py"


def packed(target: Path, **env: str) -> str:
    done = process.run([sys.executable, "-I", PACK, target], env=dict(os.environ) | env)
    return done.stdout.decode().strip()


def test_equal_files_are_packed_into_equal_bytes_and_the_hash_is_said(tmp_path: Path) -> None:
    first = packed(tmp_path / "deep" / "outbox.zip", TZ="Asia/Tokyo")
    second = packed(tmp_path / "again.zip", TZ="UTC", PYTHONHASHSEED="1")

    data = (tmp_path / "again.zip").read_bytes()
    assert first == second == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (tmp_path / "deep" / "outbox.zip").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_everything_that_the_function_imports_is_packed(tmp_path: Path) -> None:
    packed(tmp_path / "outbox.zip")
    # As Lambda has it: the zip, the standard library, and boto3, of which nothing is called.
    code = f"""
import sys, types
sys.path.insert(0, {str(tmp_path / "outbox.zip")!r})
boto3 = sys.modules["boto3"] = types.ModuleType("boto3")
for name in ("botocore", "botocore.config", "botocore.exceptions"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["botocore.config"].Config = lambda **_: None
sys.modules["botocore.exceptions"].ClientError = OSError
import airlock_outbox.function, airlock_outbox.__main__
print(airlock_outbox.function.handler.__name__, airlock_outbox.__file__.count("outbox.zip"))
"""
    done = process.run([sys.executable, "-I", "-S", "-c", code])

    assert done.stdout.decode().split() == ["handler", "1"]


def test_nothing_but_python_is_packed(tmp_path: Path) -> None:
    packed(tmp_path / "outbox.zip")

    with zipfile.ZipFile(io.BytesIO((tmp_path / "outbox.zip").read_bytes())) as archive:
        names = archive.namelist()
    assert "airlock_outbox/function.py" in names
    assert {Path(name).suffix for name in names} == {".py"}
    assert {name.partition("/")[0] for name in names} == {"airlock_outbox", "airlock_spec"}


def test_without_a_target_it_asks_for_one() -> None:
    done = process.run([sys.executable, PACK], check=False)

    assert done.returncode == 1
    assert done.stderr.decode().startswith("which file? python infra/outbox/pack.py")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--loop"], "OUTBOX_POLICY: a policy must be JSON"),
        (["--once", "--policy", "/nowhere.json"], "/nowhere.json: "),
        ([], "one of the arguments --loop --once is required"),
    ],
)
def test_a_loop_that_cannot_begin_says_why(arguments: list[str], said: str) -> None:
    path = f"{REPOSITORY / 'infra' / 'outbox'}:{REPOSITORY / 'scripts' / 'airlock_spec'}"
    done = process.run(
        [sys.executable, "-m", "airlock_outbox", *arguments], env={"PYTHONPATH": path}, check=False
    )

    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
