from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import LockError
from airlock.locks.target import Target, best, target, wheel_name
from airlock.platforms import AMD64, ARM64

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.locks.debian import DebianLock

IMAGE = Target("3.13.5", "2.41")


def test_python_and_glibc_are_those_of_the_debian_packages(debs: Callable[..., DebianLock]) -> None:
    assert target(debs()) == IMAGE
    assert target(debs("1:3.13.7~rc1-1", "2.42+b1-3")) == Target("3.13.7", "2.42")


def test_an_image_without_python_is_refused(debs: Callable[..., DebianLock]) -> None:
    with pytest.raises(LockError) as caught:
        target(debs(debs=()))
    assert "debian.in" in caught.value.remedy


@pytest.mark.parametrize(
    ("glibc", "name"),
    [("2.41", "x86_64-manylinux_2_40"), ("2.36", "x86_64-manylinux_2_36"), ("2.30", "x86_64-manylinux_2_28")],
)
def test_uv_gets_the_newest_platform_it_knows_that_the_image_satisfies(glibc: str, name: str) -> None:
    assert Target("3.13.5", glibc).uv_platform(AMD64) == name


@pytest.mark.parametrize(
    ("chosen", "others"),
    [
        (
            "a-1-cp313-cp313-manylinux_2_28_x86_64.whl",
            ["a-1-cp313-cp313-manylinux2014_x86_64.whl", "a-1-py3-none-any.whl"],
        ),
        (
            "a-1-cp39-abi3-manylinux_2_34_x86_64.whl",
            ["a-1-cp39-abi3-manylinux_2_28_x86_64.whl", "a-1-py3-none-any.whl"],
        ),
        ("a-1-cp311-abi3-manylinux2014_x86_64.whl", ["a-1-cp39-abi3-manylinux_2_34_x86_64.whl"]),
        (
            "a-1-cp313-cp313-linux_x86_64.whl",
            ["a-1-cp313-cp313t-manylinux_2_28_x86_64.whl", "a-1-py3-none-any.whl"],
        ),
        (
            "a-1-py3-none-manylinux1_x86_64.whl",
            ["a-1-py3-none-manylinux_2_42_x86_64.whl", "a-1-py3-none-any.whl"],
        ),
        ("a-1-2-py3-none-any.whl", ["a-1-1-py3-none-any.whl", "a-1-py3-none-any.whl", "nonsense.whl"]),
    ],
)
def test_the_wheel_is_the_one_pip_would_take(chosen: str, others: list[str]) -> None:
    for order in ([chosen, *others], [*others, chosen]):
        assert best(order, IMAGE.tags(AMD64)) == chosen


def test_no_wheel_of_another_machine_python_or_glibc_fits() -> None:
    names = [
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp313-cp313-manylinux_2_42_aarch64",
    ]
    assert best([f"a-1-{name}.whl" for name in names], IMAGE.tags(ARM64)) is None
    assert best(["a-1-py3-none-manylinux1_aarch64.whl"], IMAGE.tags(ARM64)) is None  # never existed


def test_a_wheels_name_is_the_end_of_its_url_unquoted() -> None:
    assert wheel_name("https://files.example.invalid/a/torch-1%2Bcpu-py3-none-any.whl#sha256=0") == (
        "torch-1+cpu-py3-none-any.whl"
    )
