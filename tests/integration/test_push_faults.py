"""A registry that fails in every way: a tag names what is complete, or what it named before.

AIRLOCK_TEST_SEED chooses other faults, AIRLOCK_TEST_ROUNDS=10 ten times as many rounds.
"""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import faults
from airlock import process
from airlock.errors import PushError, RegistryError
from airlock.push.sending import Rules
from airlock.registry import transport
from fault_proxy import proxy
from faults import BEGIN, BLOB, MANIFEST, UPLOAD, On, Seeded
from pushing import TAG, Small
from registries import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registries import RunningRegistry

SEED = int(os.environ.get("AIRLOCK_TEST_SEED", "20261126"))
ROUNDS = 20 * int(os.environ.get("AIRLOCK_TEST_ROUNDS", "1"))
SIZES = {"python": 300_000, "airflow": 700_000, "provider": 20_000, "operators": 500, "rootfs": 100}
FAULTS = {
    "refusals": [
        faults.answers(401, {"WWW-Authenticate": 'Basic realm="releases"'}),
        faults.answers(403),
        faults.answers(404),
        faults.answers(404, early=True),
    ],
    "busy": [
        faults.answers(429, {"Retry-After": "1"}),
        faults.answers(500),
        faults.answers(500, early=True),
        faults.answers(502),
        faults.answers(503, early=True),
    ],
    "resets": [
        faults.cuts_request(),
        faults.cuts_request(1),
        faults.cuts_request(400),
        faults.cuts_request(100_000),
        faults.cuts_answer(),
        faults.cuts_answer(10),
        faults.cuts_answer(10, closes=True),
    ],
    "lies": [
        faults.corrupts_request(),
        faults.corrupts_request(90),
        faults.corrupts_answer(),
        faults.corrupts_answer(50),
        faults.SWALLOW,
    ],
    "losses": [faults.LOSS],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small.make(tmp_path_factory.mktemp("image") / "layout", SIZES)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Give another image, which shares a layer with `image`."""
    return Small.make(
        tmp_path_factory.mktemp("before") / "layout", {"python": 300_000, "provider before": 20_000}
    )


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts follow one another at once: what they meet is the same."""
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.002)


def pulled(skopeo: Path, running: RunningRegistry, name: str, folder: Path) -> str:
    """Pull an image with skopeo, which checks every blob; return its digest."""
    source, told = f"docker://{running.host}/{name}", folder / "digest"
    options = ("--quiet", "--src-tls-verify=false", "--digestfile", told)
    process.run([skopeo, "copy", *options, source, f"oci:{folder / 'pulled'}:1"])
    return told.read_text()


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
@pytest.mark.parametrize("kind", [*FAULTS, "all"])
def test_whatever_goes_wrong_the_tag_names_what_is_complete(
    running: RunningRegistry, image: Small, before: Small, patient: None, kind: str, share: float
) -> None:
    harm = FAULTS.get(kind) or [one for listed in FAULTS.values() for one in listed]
    befallen = 0
    for number in range(ROUNDS):
        seed = f"{SEED} {kind} {share} {number}"
        path = f"rounds/{kind}/{int(share * 100)}/{number}"
        chance = random.Random(seed)  # noqa: S311 - to be had again
        if chance.random() < 0.5:
            before.push(running.host, path)
        was = running.whole(path, TAG)
        schedule = Seeded(seed, harm, share, most=chance.choice([1, 3, 1000]))
        with proxy(running.host, schedule) as between:
            try:
                pushed = image.push(between.host, path).digest
            except RegistryError:  # all that it may raise
                pushed = ""
        befallen += len(between.befallen)
        names = running.whole(path, TAG)
        assert names in ({pushed} if pushed else {was, image.digest}), (seed, between.befallen)
        if pushed:
            listed = [one["digest"] for one in running.referrers(path, pushed)]
            assert listed == [one.digest for one in image.outgoing.papers], (seed, between.befallen)
            assert running.whole(path, listed[0]) == listed[0]
        image.push(running.host, path)  # and again, with nothing in the way
        assert running.whole(path, TAG) == image.digest, (seed, between.befallen)
    assert befallen > ROUNDS * share


def test_skopeo_pulls_what_came_through_faults(
    running: RunningRegistry, image: Small, skopeo: Path, patient: None, tmp_path: Path
) -> None:
    harm = [*FAULTS["busy"], *FAULTS["resets"], *FAULTS["losses"]]
    with proxy(running.host, Seeded(SEED, harm, 0.7, most=5)) as between:
        image.push(between.host, "pulled")
    assert len(between.befallen) > 2
    assert pulled(skopeo, running, f"pulled:{TAG}", tmp_path) == image.digest


def test_what_is_there_is_not_sent_again(running: RunningRegistry, image: Small, before: Small) -> None:
    before.push(running.host, "half")
    with proxy(running.host) as between:
        first = image.push(between.host, "half")
        sent = {one.digest: one.size for one in image.outgoing.blobs}
        shared = max(one.size for one in before.outgoing.blobs)
        assert first.sent_bytes == sum(sent.values()) - shared
        between.seen.clear()
        again = image.push(between.host, "half")
        assert (again.sent_bytes, again.set_tags, between.received) == (0, (), 0)
        assert {one.request.method for one in between.seen} == {"HEAD", "GET"}


def test_a_push_that_failed_goes_on_where_it_was(
    running: RunningRegistry, image: Small, patient: None
) -> None:
    """The manifest is refused, after every blob: the next push sends none of them."""
    with proxy(running.host, On(faults.answers(403), MANIFEST, "PUT")) as between:
        with pytest.raises(RegistryError):
            image.push(between.host, "again")
        assert between.received > image.size
    assert running.tags("again") == []
    with proxy(running.host) as between:
        assert image.push(between.host, "again").sent_bytes == 0
        assert sum(one.read for one in between.asked(UPLOAD)) < 200  # of the paper


def test_a_blob_whose_answer_was_lost_is_not_sent_twice(
    running: RunningRegistry, image: Small, patient: None
) -> None:
    with proxy(running.host, On(faults.LOSS, UPLOAD, times=1)) as between:
        image.push(between.host, "lost")
    sent = sum(one.read for one in between.asked(UPLOAD))
    papers = sum(len(one.content) for bill in image.outgoing.papers for one in bill.blobs)
    assert sent == image.size + papers


def test_a_tag_that_may_not_move_is_refused_before_a_byte_is_sent(
    running: RunningRegistry, image: Small, before: Small
) -> None:
    before.push(running.host, "immutable")
    with proxy(running.host) as between:
        with pytest.raises(PushError, match="names another image") as caught:
            image.push(between.host, "immutable", Rules(immutable=lambda _: True))
        assert (between.received, [one for one in between.seen if one.request.changes]) == (0, [])
    assert before.digest in str(caught.value)
    assert running.whole("immutable", TAG) == before.digest
    assert before.push(running.host, "immutable", Rules(immutable=lambda _: True)).set_tags == ()


def test_the_tag_comes_last_and_once(running: RunningRegistry, image: Small) -> None:
    with proxy(running.host) as between:
        image.push(between.host, "order")
    changes = [one for one in between.seen if one.request.changes]
    tagging = [one for one in changes if one.request.path.endswith(f"/manifests/{TAG}")]
    assert tagging == changes[-1:]


def test_a_slow_registry_is_waited_for_while_bytes_flow(
    running: RunningRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """8 MB at 1 MB a second, where nothing may be silent for longer than a second."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(transport, "SEND_SECONDS", 1.0)
    slow = Small.make(tmp_path / "layout", {"big": 8_000_000})
    with proxy(running.host, On(faults.slows(1_000_000), UPLOAD), window=65536) as between:
        start = time.monotonic()
        slow.push(between.host, "slow")
        assert time.monotonic() - start > 7
    assert running.whole("slow", TAG) == slow.digest
    assert between.received < 8_100_000  # in one attempt


@pytest.mark.parametrize("kind", [BEGIN, BLOB, MANIFEST])
def test_a_registry_that_falls_silent_is_given_up(
    running: RunningRegistry, image: Small, patient: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """After two times the silence that is borne, which is a minute for what is no blob."""
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.5)
    silent = On(faults.SILENCE, kind, "" if kind != MANIFEST else "PUT")
    with proxy(running.host, silent) as between:
        start = time.monotonic()
        with pytest.raises(RegistryError, match="does not answer"):
            image.push(between.host, f"silent/{kind}")
        assert time.monotonic() - start < 10
    assert running.tags(f"silent/{kind}") == []


def test_an_upload_that_arrived_and_is_never_answered_is_found_to_be_there(
    running: RunningRegistry, image: Small, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.5)
    with proxy(running.host, On(faults.SILENCE, UPLOAD)) as between:
        image.push(between.host, "unanswered")
        assert len(between.asked(UPLOAD)) == len(between.asked(BEGIN))
    assert running.whole("unanswered", TAG) == image.digest


def test_a_location_on_another_host_is_followed_without_credentials(
    running: RunningRegistry, image: Small
) -> None:
    with (
        proxy(running.host) as elsewhere,
        proxy(running.host, On(faults.moves(f"http://{elsewhere.host}"), BEGIN)) as between,
    ):
        image.push(between.host, "elsewhere")
    assert running.whole("elsewhere", TAG) == image.digest
    assert elsewhere.received >= image.size
    assert not any(one.authorization for one in elsewhere.seen)


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("number", [2, 4])
def test_several_pushes_at_once_leave_one_whole_image(
    running: RunningRegistry, tmp_path: Path, number: int, *, same: bool
) -> None:
    images = [
        Small.make(tmp_path / str(one), {"python": 300_000, f"own {0 if same else one}": 100_000})
        for one in range(number)
    ]
    for turn in range(5):
        path = f"together/{number}/{'same' if same else 'other'}/{turn}"

        def push(image: Small, path: str = path) -> str:
            try:
                return image.push(running.host, path).digest
            except PushError as error:  # somebody else's tag came in between
                assert not same, error  # noqa: PT017 - what may be raised
                return ""

        with ThreadPoolExecutor(number) as pool:
            done = list(pool.map(push, images))
        named = running.whole(path, TAG)
        assert named in {one.digest for one in images}
        assert named in done
        for image in images:
            assert running.whole(path, image.digest) == image.digest
            assert len(running.referrers(path, image.digest)) == 1
