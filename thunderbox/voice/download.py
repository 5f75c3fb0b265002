"""Download: brings a catalogue's model from a Hugging Face hub onto the shelf.

What is half done stays in `models/.partial/NAME/` and the next try goes on from there. transfer.py
decides; here it is done.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import httpx
import msgspec
from msgspec import Struct

from thunderbox.errors import ModelError, StartError
from thunderbox.voice import models, transfer
from thunderbox.voice.catalogue import Recommended, RemoteFile
from thunderbox.voice.shelf import FileRecord, Installed, Record, Shelf
from thunderbox.voice.transfer import Promise

DEFAULT_ENDPOINT = "https://huggingface.co"
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
RESERVE = 200_000_000
"""Bytes that stay free on the disk: the box needs room for its database and recordings."""
_NOTES = "download.json"
_REDIRECTS = 5
_TRIES = 6
_TRIES_UNREACHABLE = 3
_TRIES_IN_ALL = 200
_PIECE = 1 << 18
_UNANNOUNCED = 64_000_000
"""The most that is taken of a file whose size nobody says."""

Progress = Callable[[str, int, int | None], None]
"""File, bytes of it that are here, bytes that it has."""


class Notes(Struct):
    """download.json: what was promised of parts, what is done, and the commit all belong to."""

    commit: str | None = None
    promised: dict[str, Promise] = msgspec.field(default_factory=dict)
    done: dict[str, FileRecord] = msgspec.field(default_factory=dict)


class _PassingError(Exception):
    """A failure that may be over at the next try; `tries` of them in a row are enough."""

    def __init__(self, sentence: str, tries: int = _TRIES, retry_after: str | None = None) -> None:
        super().__init__(sentence)
        self.tries = tries
        self.retry_after = retry_after


def pull(model: Recommended, shelf: Shelf, downloader: Downloader) -> Installed:
    """Fetch a model and put it on the shelf. Raises ModelError."""
    with shelf.held():
        shelf.refuse_taken(model.name)
        staging = shelf.staging(model.name)
        files, commit = downloader.fetch(model, staging)
        try:
            models.check(model.kind, staging)
        except StartError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise ModelError(f"What came is no whole model, so it was deleted: {error}") from error
        (staging / _NOTES).unlink(missing_ok=True)
        record = Record(
            model.kind,
            f"{downloader.endpoint}/{model.repo}@{commit or model.revision}",
            model.licence,
            model.languages,
            model.memory,
            files,
        )
        return shelf.put(model.name, staging, record)


class Downloader:
    """Fetches files over HTTP; `client` must not follow redirects by itself."""

    def __init__(
        self,
        client: httpx.Client,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        token: str | None = None,
        progress: Progress = lambda name, have, size: None,
        sleep: Callable[[float], None] = time.sleep,
        free_space: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        if not transfer.is_address(self.endpoint):
            raise ModelError(
                f'HF_ENDPOINT is "{endpoint}", but must be the address of a hub, such as '
                f"{DEFAULT_ENDPOINT}."
            )
        self.unvouched: list[str] = []
        """Files for which neither the catalogue nor the hub gave a hash."""
        self._client = client
        self._token = token
        self._progress = progress
        self._sleep = sleep
        self._free_space = free_space

    def fetch(self, model: Recommended, staging: Path) -> tuple[dict[str, FileRecord], str | None]:
        """Bring every file into `staging`; returns them and the commit. Raises ModelError."""
        try:
            staging.mkdir(parents=True, exist_ok=True)
            here = sum(path.stat().st_size for path in staging.iterdir())
            self._make_sure_of_room(staging, model.size - here)
            notes = _read_notes(staging / _NOTES)
            for file in model.files:
                self._fetch_file(model, file, staging, notes)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise ModelError(
                    f"The disk of {staging} is full. Make room, then run the same command: it "
                    "goes on from here."
                ) from error
            raise ModelError(
                f"{error.filename or staging} cannot be written ({error.strerror}). Give this "
                "user the right to, or name another data directory with --data."
            ) from error
        return notes.done, notes.commit

    def _fetch_file(
        self, model: Recommended, file: RemoteFile, staging: Path, notes: Notes
    ) -> None:
        final, part = staging / file.name, staging / f"{file.name}.part"
        done = notes.done.get(file.name)
        if done is not None and _size(final) == done.size:
            return
        failures = 0
        for _ in range(_TRIES_IN_ALL):
            before = _size(part)
            try:
                promised = self._try_once(model, file, part, notes)
                break
            except _PassingError as problem:
                failures = 1 if _size(part) > before else failures + 1
                if failures >= problem.tries:
                    raise ModelError(str(problem)) from problem
                self._sleep(transfer.wait_seconds(failures, problem.retry_after))
        else:
            raise ModelError(f"{file.name} never came whole. Try again at another time.")
        record = self._verified(model, file, promised, part, notes)
        part.rename(final)
        notes.done[file.name] = record
        notes.promised.pop(file.name, None)
        _write_notes(staging / _NOTES, notes)

    def _try_once(self, model: Recommended, file: RemoteFile, part: Path, notes: Notes) -> Promise:
        """Bring what is missing of a file. Raises _PassingError, ModelError or OSError."""
        kept = notes.promised.get(file.name)
        have = _size(part) if kept else 0
        if kept is not None and have and kept.size == have:
            return kept
        asked = transfer.range_headers(have, kept)
        revision = quote(notes.commit or model.revision, safe="")
        url = f"{self.endpoint}/{model.repo}/resolve/{revision}/{file.path}"
        try:
            with self._open(url, asked) as (response, promised):
                if response.status_code == 200:
                    have = 0
                elif not (
                    kept
                    and response.status_code == 206
                    and transfer.range_start(response.headers) == have
                    and kept.same_file(promised)
                ):
                    self._forget(file, part, notes)
                    raise _PassingError(f"{file.name} changes on the hub all the time.")
                _compare(model, file, promised)
                notes.commit = notes.commit or promised.commit
                notes.promised[file.name] = promised
                _write_notes(part.with_name(_NOTES), notes)
                self._save(response, part, have, promised.size or file.size)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _PassingError(self._no_internet(model, error), _TRIES_UNREACHABLE) from error
        except (httpx.InvalidURL, ValueError) as error:
            raise ModelError(
                f"{self.endpoint} leads to an address that is none ({error}). Set HF_ENDPOINT to "
                "another hub."
            ) from error
        except httpx.HTTPError as error:
            raise _PassingError(
                f"{file.name} was cut off again and again ({type(error).__name__}). Run the same "
                "command later: it goes on from here."
            ) from error
        return promised

    def _save(self, response: httpx.Response, part: Path, have: int, size: int | None) -> None:
        self._make_sure_of_room(part.parent, (size or 0) - have)
        limit = _UNANNOUNCED if size is None else size
        name = part.name.removesuffix(".part")
        with part.open("ab" if have else "wb") as out:
            self._progress(name, have, size)
            for piece in response.iter_raw():
                have += len(piece)
                if have > limit:
                    raise ModelError(
                        f"{name} is larger than announced ({limit} bytes), so it was left. Get a "
                        "newer ThunderBox, or set HF_ENDPOINT to another hub."
                    )
                out.write(piece)
                self._progress(name, have, size)
        if size is not None and have < size:
            raise _PassingError(
                f"{name} was cut off again and again. Run the same command later: it goes on from "
                "here."
            )

    @contextmanager
    def _open(self, url: str, headers: dict[str, str]) -> Iterator[tuple[httpx.Response, Promise]]:
        """The answer that brings the bytes, and what it and the hub promise."""
        hub: dict[str, str] = {}
        for _ in range(_REDIRECTS + 1):
            sent = {"Accept-Encoding": "identity", **headers}
            at_home = transfer.same_origin(url, self.endpoint)
            if self._token and at_home:
                sent["Authorization"] = f"Bearer {self._token}"
            response = self._client.send(
                self._client.build_request("GET", url, headers=sent),
                stream=True,
                follow_redirects=False,
            )
            try:
                answer = {name.lower(): value for name, value in response.headers.items()}
                if response.has_redirect_location:
                    hub = {**answer, **hub} if at_home else hub
                    there = urljoin(url, answer["location"])
                    if not transfer.may_follow(self.endpoint, there):
                        raise ModelError(
                            f"{urlsplit(url).hostname} leads to {there.partition('?')[0]}, which "
                            "is neither https nor the same host, so it was not followed. Set "
                            "HF_ENDPOINT to a hub over https."
                        )
                    url = there
                    continue
                self._refuse(response, url)
                yield (
                    response,
                    transfer.promise(hub, answer, response.status_code, last_is_hub=at_home),
                )
                return
            finally:
                response.close()
        raise ModelError(f"{self.endpoint} leads in circles. Set HF_ENDPOINT to another hub.")

    def _refuse(self, response: httpx.Response, url: str) -> None:
        """Turn an answer that brings no bytes into what to do about it."""
        status, host = response.status_code, urlsplit(url).hostname
        if status in transfer.PASSING:
            meaning = "asks for patience" if status == 429 else "has trouble"
            raise _PassingError(
                f"{host} {meaning} (HTTP {status}). Run the same command later: it goes on from "
                "here.",
                retry_after=response.headers.get("retry-after"),
            )
        if status in (401, 403):
            raise ModelError(
                f"{host} does not let us have {url} (HTTP {status}). Accept the model's terms "
                "there and set HF_TOKEN to a token of yours, or set HF_ENDPOINT to another hub."
            )
        if status in (404, 410):
            raise ModelError(
                f"{host} has no {url} (HTTP {status}). Get a newer ThunderBox, for this "
                "catalogue is older than the hub, or fetch the model elsewhere and run "
                "`thunderbox models import`."
            )
        if status not in (200, 206, 416):
            raise ModelError(f"{host} answered HTTP {status} for {url}. Try again later.")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ModelError(f"{host} packs what it sends. Set HF_ENDPOINT to another hub.")

    def _verified(
        self, model: Recommended, file: RemoteFile, promised: Promise, part: Path, notes: Notes
    ) -> FileRecord:
        """Read the file once more from the disk and compare. Raises ModelError."""
        size = _size(part)
        sha256, git_sha1 = _hashes(part, size)
        expected = file.sha256 or promised.sha256
        wrong = expected is not None and sha256 != expected
        if expected is None and promised.git_sha1 is not None:
            wrong = git_sha1 != promised.git_sha1
        elif expected is None:
            self.unvouched.append(file.name)
        if wrong or (file.size or size) != size:
            self._forget(file, part, notes)
            raise ModelError(
                f"{file.name} of {model.name} came with the wrong content (SHA-256 {sha256}), so "
                "it was deleted. Run the same command again; when it happens again, something on "
                "the way changes files: set HF_ENDPOINT to another hub, or run `thunderbox models "
                "import`."
            )
        return FileRecord(size, sha256)

    def _forget(self, file: RemoteFile, part: Path, notes: Notes) -> None:
        part.unlink(missing_ok=True)
        notes.promised.pop(file.name, None)
        _write_notes(part.with_name(_NOTES), notes)

    def _make_sure_of_room(self, directory: Path, needed: int) -> None:
        free = self._free_space(directory)
        if needed > 0 and free < needed + RESERVE:
            raise ModelError(
                f"The disk of {directory} has {free / 1e6:.0f} MB free, but {needed / 1e6:.0f} MB "
                f"and {RESERVE / 1e6:.0f} MB to spare are needed. Make room, or name a data "
                "directory on another disk with --data."
            )

    def _no_internet(self, model: Recommended, error: httpx.RequestError) -> str:
        files = ", ".join(file.path for file in model.files)
        return (
            f"{error.request.url.host} cannot be reached ({error}). If this box has no Internet: "
            f"fetch {files} from {self.endpoint}/{model.repo} on another machine, put them into a "
            f"directory named {model.name}, copy it here and run `thunderbox models import "
            f"{model.name}`."
        )


def _compare(model: Recommended, file: RemoteFile, promised: Promise) -> None:
    """Whether the hub offers what the catalogue describes, before a byte of it is taken."""
    pairs = ((file.size, promised.size), (file.sha256, promised.sha256))
    if any(ours and theirs and ours != theirs for ours, theirs in pairs):
        raise ModelError(
            f"The hub's {file.name} of {model.name} is not the one that the catalogue describes. "
            "Get a newer ThunderBox, or set HF_ENDPOINT to another hub."
        )


def _hashes(path: Path, size: int) -> tuple[str, str]:
    """SHA-256, and the hash that git gives the same content."""
    sha256 = hashlib.sha256()
    git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            sha256.update(piece)
            git.update(piece)
    return sha256.hexdigest(), git.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _read_notes(path: Path) -> Notes:
    """What an earlier try noted; notes that cannot be read are no notes."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notes)
    except (OSError, msgspec.MsgspecError):
        return Notes()


def _write_notes(path: Path, notes: Notes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(notes))
    new.replace(path)
