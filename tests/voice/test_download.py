"""Downloads against a hub on loopback."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.hub import Hub, Request
from thunderbox.errors import ModelError
from thunderbox.voice.catalogue import Recommended, RemoteFile
from thunderbox.voice.download import Downloader, pull
from thunderbox.voice.shelf import Installed, Shelf

CONTENT = b"GGUF" + bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = "some/repo/deep/weights.gguf"


def model(
    sha256: str | None = SHA256, size: int | None = len(CONTENT), files: tuple[str, ...] = ()
) -> Recommended:
    wanted = [RemoteFile("deep/weights.gguf", size, sha256), *map(RemoteFile, files)]
    return Recommended(
        "some", "language", "To test.", "MIT", ["en"], 10, "some/repo", "main", wanted
    )


class Box:
    """A box that pulls: its shelf, the pauses that it made, its progress."""

    def __init__(self, hub: Hub, root: Path) -> None:
        self.hub = hub
        self.shelf = Shelf(root / "models")
        self.part = self.shelf.staging("some") / "weights.gguf.part"
        self.pauses: list[float] = []
        self.progress: list[tuple[str, int, int | None]] = []
        self.free = 10**12
        self.downloader: Downloader

    def pull(self, wanted: Recommended | None = None, token: str | None = None) -> Installed:
        with httpx.Client(trust_env=False, timeout=5) as client:
            self.downloader = Downloader(
                client,
                self.hub.url,
                token=token,
                progress=lambda *facts: self.progress.append(facts),
                sleep=self.pauses.append,
                free_space=lambda _: self.free,
            )
            return pull(wanted or model(), self.shelf, self.downloader)


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    hub.files[FILE] = CONTENT
    yield hub
    hub.close()


@pytest.fixture
def box(hub: Hub, tmp_path: Path) -> Box:
    return Box(hub, tmp_path)


def cut(bytes_: int) -> object:
    return lambda request: request.serve(cut=bytes_)


def test_a_whole_model_comes_onto_the_shelf(box: Box, hub: Hub) -> None:
    here = box.pull()
    assert (here.path / "weights.gguf").read_bytes() == CONTENT
    assert here.record is not None
    assert here.record.source == f"{hub.url}/some/repo@c0ffee"
    assert here.record.files["weights.gguf"].sha256 == SHA256
    assert box.shelf.find("some") == box.shelf.installed()[0]
    assert sorted(path.name for path in here.path.iterdir()) == ["model.json", "weights.gguf"]
    assert not box.shelf.staging("some").exists()
    assert (box.progress[0], box.progress[-1]) == (
        ("weights.gguf", 0, len(CONTENT)),
        ("weights.gguf", len(CONTENT), len(CONTENT)),
    )
    assert hub.seen[0][0] == "/some/repo/resolve/main/deep/weights.gguf"
    assert box.downloader.unvouched == []


def test_a_cut_line_is_taken_up_where_it_broke(box: Box, hub: Hub) -> None:
    hub.tricks = [cut(300_000), cut(100_000)]
    assert (box.pull().path / "weights.gguf").read_bytes() == CONTENT
    assert [seen.get("range") for _, seen in hub.seen] == [None, "bytes=300000-", "bytes=400000-"]
    assert hub.seen[1][1]["if-range"] == f'"{SHA256[:8]}"'
    assert box.pauses == [1.0, 1.0]


def test_the_next_command_goes_on_where_the_last_one_stopped(box: Box, hub: Hub) -> None:
    hub.tricks = [cut(200_000)] + [lambda request: request.say(503)] * 5
    with pytest.raises(ModelError, match="has trouble"):
        box.pull()
    assert box.part.stat().st_size == 200_000
    hub.seen.clear()
    box.pull()
    assert [seen["range"] for _, seen in hub.seen] == ["bytes=200000-"]


def test_an_interrupted_pull_keeps_what_it_has(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(name: str, have: int, size: int | None) -> None:
        if have:
            raise KeyboardInterrupt

    with httpx.Client(trust_env=False) as client:
        downloader = Downloader(client, box.hub.url, progress=interrupt)
        with pytest.raises(KeyboardInterrupt):
            pull(model(), box.shelf, downloader)
    assert box.part.stat().st_size > 0
    assert box.shelf.installed() == []
    box.pull()
    assert "range" in box.hub.seen[-1][1]


def test_a_file_that_changed_meanwhile_is_begun_anew(box: Box, hub: Hub) -> None:
    hub.tricks = [cut(200_000)]
    hub.files[FILE] = b"GGUF" + bytes(600_000)
    hub.tricks.append(lambda request: (hub.files.update({FILE: CONTENT}), request.serve()))
    assert (box.pull(model(None, None)).path / "weights.gguf").read_bytes() == CONTENT


def test_a_part_of_another_file_is_never_gone_on_with(box: Box, hub: Hub) -> None:
    """A server that ignores If-Range sends the rest of a file that changed."""

    def other_file(request: Request) -> None:
        hub.files[FILE] = CONTENT
        del request.headers["If-Range"]
        request.serve()

    hub.files[FILE] = b"GGUF" + bytes(len(CONTENT) - 4)
    hub.tricks = [cut(200_000), other_file]
    assert (box.pull(model(None, None)).path / "weights.gguf").read_bytes() == CONTENT
    assert hub.seen[2][1].get("range") is None


def test_a_server_without_ranges_sends_all_of_it_again(box: Box, hub: Hub) -> None:
    hub.tricks = [cut(200_000), lambda request: request.serve(ranges=False)]
    assert (box.pull().path / "weights.gguf").read_bytes() == CONTENT


def test_an_impossible_range_begins_anew(box: Box, hub: Hub) -> None:
    hub.tricks = [cut(200_000), lambda request: request.say(416)]
    assert (box.pull().path / "weights.gguf").read_bytes() == CONTENT


def test_wrong_content_is_deleted(box: Box, hub: Hub) -> None:
    wrong = CONTENT[:-1] + b"!"
    hub.hashed = False
    hub.files[FILE] = wrong
    with pytest.raises(ModelError, match=r"wrong content .*deleted.*Run the same command again"):
        box.pull()
    assert not box.part.exists()
    assert box.shelf.installed() == []


def test_another_file_than_the_catalogue_describes_is_not_even_begun(box: Box, hub: Hub) -> None:
    hub.files[FILE] = CONTENT + b"!"
    with pytest.raises(ModelError, match="not the one that the catalogue describes"):
        box.pull()
    assert not box.part.exists()


def test_the_hubs_own_hash_counts_where_the_catalogue_has_none(box: Box, hub: Hub) -> None:
    headers = {"X-Linked-Etag": f'"{"0" * 64}"', "X-Repo-Commit": "c0ffee"}
    hub.tricks = [lambda request: request.say(200, headers, CONTENT)]
    with pytest.raises(ModelError, match="wrong content"):
        box.pull(model(None, None))


@pytest.mark.parametrize("right", [True, False])
def test_small_files_have_gits_hash(box: Box, hub: Hub, right: bool) -> None:
    git = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    headers = {"ETag": f'"{git if right else "0" * 40}"', "X-Repo-Commit": "c0ffee"}
    hub.tricks = [lambda request: request.say(200, headers, CONTENT)]
    if right:
        box.pull(model(None, None))
        assert box.downloader.unvouched == []
    else:
        with pytest.raises(ModelError, match="wrong content"):
            box.pull(model(None, None))


def test_it_says_when_nobody_gave_a_hash(box: Box, hub: Hub) -> None:
    hub.hashed = False
    hub.tricks = [lambda request: request.say(200, {"ETag": '"abc"'}, CONTENT)]
    box.pull(model(None, None))
    assert box.downloader.unvouched == ["weights.gguf"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "has no .*models import"),
        (401, "HF_TOKEN"),
        (403, "HF_TOKEN"),
        (418, "answered HTTP 418"),
    ],
)
def test_answers_that_will_not_get_better(box: Box, hub: Hub, status: int, sentence: str) -> None:
    hub.tricks = [lambda request: request.say(status)]
    with pytest.raises(ModelError, match=sentence):
        box.pull()
    assert box.pauses == []


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([(500, {})], [1.0]),
        ([(500, {}), (502, {}), (503, {}), (504, {})], [1.0, 2.0, 4.0, 8.0]),
        ([(429, {"Retry-After": "7"})], [7.0]),
        ([(429, {"Retry-After": "86400"})], [120.0]),
        ([(429, {"Retry-After": "soon"})], [1.0]),
    ],
)
def test_answers_that_get_better(
    box: Box, hub: Hub, answers: list[tuple[int, dict[str, str]]], pauses: list[float]
) -> None:
    hub.tricks = [lambda request, answer=answer: request.say(*answer) for answer in answers]
    box.pull()
    assert box.pauses == pauses


def test_patience_ends(box: Box, hub: Hub) -> None:
    hub.tricks = [lambda request: request.say(429)] * 6
    with pytest.raises(ModelError, match="asks for patience"):
        box.pull()
    assert len(hub.seen) == 6


def test_a_box_without_internet(box: Box, hub: Hub) -> None:
    hub.close()
    with pytest.raises(
        ModelError, match=r"127\.0\.0\.1 cannot .*no Internet.*another machine.*models import some"
    ):
        box.pull()
    assert box.pauses == [1.0, 2.0]


def test_room_on_the_disk_is_checked_first(box: Box, hub: Hub) -> None:
    box.free = 200_000_000
    with pytest.raises(ModelError, match="Make room"):
        box.pull()
    assert hub.seen == []


def test_room_is_checked_again_when_the_size_is_known(box: Box, hub: Hub) -> None:
    box.free = 200_000_000
    with pytest.raises(ModelError, match="Make room"):
        box.pull(model(None, None))
    assert box.part.exists() is False


def test_more_than_was_announced_is_left(box: Box, hub: Hub) -> None:
    def endless(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(CONTENT + b"!" * 1000)
        request.close_connection = True

    hub.tricks = [endless]
    with pytest.raises(ModelError, match="larger than announced"):
        box.pull()


def test_redirects_on_the_same_host_are_followed(box: Box, hub: Hub) -> None:
    """Hash, size and commit come from the hub, the bytes from where it sends us."""
    cdn = Hub()
    cdn.hashed = False
    cdn.files["cdn/weights"] = CONTENT
    headers = {
        "Location": f"{cdn.url}/cdn/resolve/x/weights",
        "X-Linked-Etag": f'"{SHA256}"',
        "X-Linked-Size": str(len(CONTENT)),
        "X-Repo-Commit": "abc",
    }
    hub.tricks = [lambda request: request.say(302, headers)] * 2
    cdn.tricks = [cut(100_000)]
    try:
        here = box.pull(model(None, None), token="secret")
    finally:
        cdn.close()
    assert (here.path / "weights.gguf").read_bytes() == CONTENT
    assert box.downloader.unvouched == []
    assert [seen.get("range") for _, seen in cdn.seen] == [None, "bytes=100000-"]
    assert [seen.get("authorization") for _, seen in hub.seen] == ["Bearer secret"] * 2
    assert [seen.get("authorization") for _, seen in cdn.seen] == [None] * 2
    assert hub.seen[1][0] == "/some/repo/resolve/abc/deep/weights.gguf"


def test_a_hash_of_whoever_we_are_sent_to_is_not_believed(box: Box, hub: Hub) -> None:
    cdn = Hub()
    cdn.files["cdn/weights"] = CONTENT
    headers = {"Location": f"{cdn.url}/cdn/resolve/x/weights"}
    hub.tricks = [lambda request: request.say(302, headers)]
    try:
        box.pull(model(None, None))
    finally:
        cdn.close()
    assert box.downloader.unvouched == ["weights.gguf"]


def test_redirects_to_another_host_without_https_are_not_followed(box: Box, hub: Hub) -> None:
    hub.tricks = [lambda request: request.say(302, {"Location": "http://localhost:9/?key=x"})]
    with pytest.raises(ModelError, match=r"leads to http://localhost:9/, which is neither https"):
        box.pull()


def test_circles_end(box: Box, hub: Hub) -> None:
    hub.tricks = [lambda request: request.say(302, {"Location": request.path})] * 6
    with pytest.raises(ModelError, match="in circles"):
        box.pull()


def test_what_comes_must_be_a_model(box: Box, hub: Hub) -> None:
    hub.files[FILE] = b"<html>" + bytes(20_000)
    with pytest.raises(ModelError, match=r"no whole model, so it was deleted.*GGUF"):
        box.pull(model(None, None))
    assert not box.shelf.staging("some").exists()


def test_files_that_are_done_are_not_fetched_again(box: Box, hub: Hub) -> None:
    wanted = model(files=("config.json",))
    with pytest.raises(ModelError, match="has no"):
        box.pull(wanted)
    hub.files["some/repo/config.json"] = b"{}"
    hub.seen.clear()
    here = box.pull(wanted)
    assert [path for path, _ in hub.seen] == ["/some/repo/resolve/c0ffee/config.json"]
    assert json.loads((here.path / "model.json").read_text())["files"].keys() == {
        "weights.gguf",
        "config.json",
    }


def test_one_command_at_a_time(box: Box) -> None:
    with box.shelf.held(), pytest.raises(ModelError, match="wait until it is done"):
        box.pull()


@pytest.mark.parametrize("address", ["ftp://example.com", "example.com", "http://", "http://["])
def test_the_address_of_the_hub_must_be_one(address: str) -> None:
    with httpx.Client() as client, pytest.raises(ModelError, match="HF_ENDPOINT"):
        Downloader(client, address)


@pytest.mark.parametrize("location", ["http://[", "http://127.0.0.1:x/"])
def test_redirects_to_what_is_no_address(box: Box, hub: Hub, location: str) -> None:
    hub.tricks = [lambda request: request.say(302, {"Location": location})] * 6
    with pytest.raises(ModelError, match=r"HF_ENDPOINT|later"):
        box.pull()


def test_a_redirect_that_leads_nowhere(box: Box, hub: Hub) -> None:
    hub.tricks = [lambda request: request.say(302)]
    with pytest.raises(ModelError, match="answered HTTP 302"):
        box.pull()


def test_a_disk_that_fills_up_meanwhile(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Downloader, "_save", full)
        with pytest.raises(ModelError, match=r"is full\. Make room"):
            box.pull()
    box.pull()
