"""What `make bench-sync` measures against: the S3 that all share, the folder they bring, and the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import dag_tree, sync_page
from benchmarks.double import Cost
from benchmarks.inside.bundle import digest
from benchmarks.sync import with_network
from benchmarks.sync_page import BUNDLE, CASES, Case, Costs, report
from s3_double_api import Answer, Buckets, Request

if TYPE_CHECKING:
    from pathlib import Path


def ask(buckets: Buckets, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    return buckets.answer(
        Request.of(method, target, {key.replace("_", "-"): value for key, value in headers.items()}), body
    )


@pytest.fixture
def buckets() -> Buckets:
    made = Buckets()
    for key in ("dags/a.py", "dags/b c.py", "dags/in/c.py", "dags/in/d.py", "other"):
        ask(made, "PUT", f"/bench/{key.replace(' ', '%20')}", key.encode())
    return made


def test_an_object_is_written_only_where_its_condition_holds(buckets: Buckets) -> None:
    etag = ask(buckets, "HEAD", "/bench/other").headers["ETag"]

    assert ask(buckets, "PUT", "/bench/other", b"1", if_none_match="*").status == 412
    assert ask(buckets, "PUT", "/bench/other", b"2", if_match='"another"').status == 412
    assert ask(buckets, "PUT", "/bench/absent", b"3", if_match=etag).status == 404
    assert ask(buckets, "GET", "/bench/other").body == b"other"
    assert ask(buckets, "PUT", "/bench/other", b"4", if_match=etag).status == 200
    assert ask(buckets, "GET", "/bench/other").body == b"4"


def test_an_unchanged_object_has_no_content(buckets: Buckets) -> None:
    etag = ask(buckets, "GET", "/bench/other").headers["ETag"]

    assert ask(buckets, "GET", "/bench/other", if_none_match=etag)[:2] == (304, b"")


def test_a_range_ends_with_the_object(buckets: Buckets) -> None:
    answer = ask(buckets, "GET", "/bench/other", range="bytes=2-99")

    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, b"her", "bytes 2-4/5")
    assert ask(buckets, "GET", "/bench/other", range="bytes=5-6").status == 416


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_listing_goes_on_where_its_page_ended(buckets: Buckets, version: str) -> None:
    after = {"1": "marker", "2": "continuation-token"}[version]
    first = ask(buckets, "GET", f"/bench?list-type={version}&prefix=dags/&max-keys=3").body.decode()
    second = ask(
        buckets, "GET", f"/bench?list-type={version}&prefix=dags/&{after}=dags/in/c.py"
    ).body.decode()

    assert [f"<Key>{key}</Key>" in first for key in ("dags/a.py", "dags/b c.py", "dags/in/c.py")] == [
        True
    ] * 3
    assert "<IsTruncated>true</IsTruncated>" in first
    assert "Token>dags/in/c.py</Next" in first or "Marker>dags/in/c.py</Next" in first
    assert second.count("<Key>") == 1
    assert "<IsTruncated>false</IsTruncated>" in second


def test_a_delimiter_shows_folders_in_place_of_what_is_in_them(buckets: Buckets) -> None:
    listing = ask(buckets, "GET", "/bench?list-type=2&prefix=dags/&delimiter=/").body.decode()

    assert "<CommonPrefixes><Prefix>dags/in/</Prefix></CommonPrefixes>" in listing
    assert listing.count("<Key>") == 2


def test_content_that_was_signed_in_pieces_is_put_together(buckets: Buckets) -> None:
    body = b"3;chunk-signature=1\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    ask(buckets, "PUT", "/bench/pieces", body, content_encoding="aws-chunked")

    assert ask(buckets, "GET", "/bench/pieces").body == b"abcde"


def test_deleted_objects_are_gone(buckets: Buckets) -> None:
    ask(buckets, "POST", "/bench?delete", b"<Delete><Object><Key>dags/a.py</Key></Object></Delete>")

    assert ask(buckets, "GET", "/bench/dags/a.py").status == 404


@pytest.mark.parametrize("target", ["/bench?versioning", "/bench/other?acl", "/bench/other?uploads"])
def test_what_is_not_known_is_refused(buckets: Buckets, target: str) -> None:
    assert ask(buckets, "GET", target).status == 501


def test_the_same_number_of_files_is_the_same_folder_and_an_edit_changes_one(tmp_path: Path) -> None:
    for name in ("one", "other"):
        dag_tree.write(tmp_path / name, 120)
    before = {path: path.read_bytes() for path in (tmp_path / "one").rglob("*.*")}
    assert digest(tmp_path / "one") == digest(tmp_path / "other")

    dag_tree.edit(tmp_path / "one", 120, 1)

    changed = [path for path, data in before.items() if path.read_bytes() != data]
    assert [len(before), len(changed)] == [120, 1]
    assert changed[0].stat().st_size != len(before[changed[0]])
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


def test_files_have_realistic_sizes_and_python_compiles() -> None:
    sources = {dag_tree.name(number): dag_tree.source(number) for number in range(200)}
    python = {name: text for name, text in sources.items() if name.endswith(".py")}

    assert {name.rpartition(".")[2] for name in sources} == {"py", "sql", "yaml"}
    assert all(900 < len(text) < 6500 for text in python.values())
    for name, text in python.items():
        compile(text, name, "exec")


def test_the_sandbox_of_a_bundle_has_the_network_and_nothing_else_more() -> None:
    assert with_network(["bwrap", "--unshare-all", "--", "sh"]) == [
        "bwrap", "--unshare-all", "--share-net", "--", "sh",
    ]  # fmt: skip


def cost(seconds: float, requests: int = 1) -> Cost:
    return Cost(seconds, seconds / 2, requests, 0.5)


def test_every_case_has_a_target_for_each_peer() -> None:
    targets = {(target.case, target.peer): target.at_least for target in sync_page.TARGETS}

    assert targets["publish.one.10000.15ms", "s3cmd"] == 5
    assert targets["publish.one.400.15ms", "s3cmd"] == 1
    assert targets["bundle.cold.400.15ms", BUNDLE] == 20
    assert len(targets) == len(CASES) * 4 - 12 * 3 + 1


def test_the_page_names_the_peers_of_a_missed_target() -> None:
    of = {"airlock": [cost(2), cost(1), cost(3)], "rclone": [cost(1)], "s3cmd": [cost(60)]}
    costs: Costs = {Case("read", "idle", 400, 15): of}

    page = report(costs, (1, 1)).page()

    assert "| 400 | `idle` | 15 ms | 2.00 |  | 60.0 | 1.00 |  | 0.5 | ≥ 1 | **no**: rclone |" in page
    assert "| 400 | `read.idle` | 1 · 1.00 s · 0.50 MB |" in page


@pytest.mark.parametrize(("requests", "said"), [(1, "it is."), (2, "it is 2, **not met**.")])
def test_an_idle_look_is_to_be_one_request(requests: int, said: str) -> None:
    of = {"airlock": [cost(1, requests)], BUNDLE: [cost(2, 9)]}

    assert f"one request: {said}" in report({Case("bundle", "idle", 400, 15): of}, (1, 1)).page()
