from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from airlock.cache import Cache
from airlock.debian import libraries

if TYPE_CHECKING:
    from airlock.places import Places

CONTENTS = b"""\
bin/sh                                                  shells/dash
usr/lib/i386-linux-gnu/libpq.so.5                       libs/libpq5-i386
usr/lib/x86_64-linux-gnu/libGL.so.1                     libs/libgl1
usr/lib/x86_64-linux-gnu/libpq.so.5                     libs/libpq5
usr/lib/x86_64-linux-gnu/libpq.so.5.17                  libs/libpq5
usr/lib/x86_64-linux-gnu/sub/libffi.so.8                libs/inner
lib/x86_64-linux-gnu/libz.so.1                          contrib/libs/zlib1g-patched,libs/zlib1g
usr/lib/x86_64-linux-gnu/libother.so.1                  libs/libother1
"""
FOUND = (("libGL.so.1", "libgl1"), ("libpq.so.5", "libpq5"), ("libz.so.1", "zlib1g"))


def test_libraries_are_found_in_the_multiarch_folder_alone() -> None:
    assert libraries.from_contents([CONTENTS], "x86_64-linux-gnu") == FOUND
    assert libraries.from_contents([CONTENTS], "aarch64-linux-gnu") == ()


def test_pieces_may_end_within_a_line() -> None:
    for size in (1, 7, 64, 300):
        pieces = [CONTENTS[start : start + size] for start in range(0, len(CONTENTS), size)]
        assert libraries.from_contents(pieces, "x86_64-linux-gnu") == FOUND


def test_an_index_is_scanned_once(places: Places) -> None:
    reads = []

    def read() -> bytes:
        reads.append(1)
        return gzip.compress(CONTENTS)

    found = [libraries.cached(Cache(places.cache), "0" * 64, "x86_64-linux-gnu", read) for _ in range(2)]
    assert found == [FOUND, FOUND]
    assert len(reads) == 1


def test_names_follow_debians_policy_and_its_exceptions() -> None:
    names = {
        "libaio1t64", "libc6", "libcurl3t64-gnutls", "libgssapi-krb5-2", "libpq5", "libssl3t64", "libstdc++6",
        "libx11-6", "zlib1g", "libxslt1", "bash",
    }  # fmt: skip
    found = dict(libraries.from_names(names))
    assert found == dict.fromkeys(
        (
            "libanl.so.1", "libc.so.6", "libdl.so.2", "libm.so.6", "libmvec.so.1", "libnsl.so.1", "libpthread.so.0",
            "libresolv.so.2", "librt.so.1", "libutil.so.1",
        ),
        "libc6",
    ) | {
        "libX11.so.6": "libx11-6", "libaio.so.1t64": "libaio1t64", "libcrypto.so.3": "libssl3t64",
        "libcurl-gnutls.so.4": "libcurl3t64-gnutls", "libgssapi_krb5.so.2": "libgssapi-krb5-2",
        "libpq.so.5": "libpq5", "libssl.so.3": "libssl3t64", "libstdc++.so.6": "libstdc++6", "libz.so.1": "zlib1g",
    }  # fmt: skip
