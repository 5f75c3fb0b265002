"""Intake: puts a model that somebody brought (a directory, a tar, a file) onto the shelf.

Nothing of an archive is trusted: no links, no paths out of it, bounded in number and size.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from thunderbox.errors import ModelError, StartError
from thunderbox.voice import models
from thunderbox.voice.catalogue import Kind, Recommended, catalogue
from thunderbox.voice.download import RESERVE
from thunderbox.voice.shelf import FileRecord, Installed, Record, Shelf

MAX_FILES = 1000
MAX_BYTES = 64_000_000_000
_PIECE = 1 << 20
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
_SPEECH = ("config.json", "tokenizer.json", "preprocessor_config.json")

FreeSpace = Callable[[Path], int]


@dataclass(frozen=True, slots=True)
class Found:
    """A model among files: its kind, a name for it, and the files that belong to it."""

    kind: Kind
    name: str
    files: tuple[str, ...]


def bring(
    source: Path,
    shelf: Shelf,
    name: str | None = None,
    *,
    free_space: FreeSpace = lambda path: shutil.disk_usage(path).free,
) -> Installed:
    """Import a model, all or nothing. Raises ModelError."""
    if not source.exists():
        raise ModelError(
            f"There is no {source}. Name a directory, a tar, a .gguf file or a Piper .onnx file."
        )
    try:
        with shelf.held(), _staging(shelf) as staging:
            if name is not None:
                shelf.refuse_taken(name)
            files = _gather(source, staging / "all", _Budget(staging, free_space))
            found = recognise(files, _stem(source))
            whole = staging / "one"
            record = _take(found, files, whole, source)
            known = _known(record)
            if known is not None:
                record = Record(
                    known.kind,
                    record.source,
                    known.licence,
                    known.languages,
                    known.memory,
                    record.files,
                )
            return shelf.put(name or (known.name if known else found.name), whole, record)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelError(f"The disk of {shelf.root} is full. Make room, try again.") from error
        what = error.filename or source
        raise ModelError(f"{what} cannot be read or written ({error.strerror}).") from error


def recognise(files: Mapping[str, Path], stem: str) -> Found:
    """Which one model a set of files is (their paths as keys). Raises ModelError."""
    weights = [
        path
        for path in files
        if path.endswith((".gguf", ".onnx")) or PurePosixPath(path).name == "model.bin"
    ]
    if not weights:
        raise ModelError(
            "No model was found there. Known are: Whisper for CTranslate2 (model.bin with "
            "config.json, tokenizer.json, vocabulary), GGUF files, Piper voices (.onnx with "
            ".onnx.json) and Smart Turn (.onnx)."
        )
    if len(weights) > 1:
        raise ModelError(
            f"More than one model was found there: {', '.join(sorted(weights)[:4])}. Import them "
            "one by one."
        )
    (weight,) = weights
    inside = PurePosixPath(weight)
    if inside.name == "model.bin":
        beside = [
            path
            for path in files
            if PurePosixPath(path).parent == inside.parent
            and (PurePosixPath(path).name in _SPEECH or _is_vocabulary(path))
        ]
        folder = inside.parent.name or stem
        return Found("speech", folder.removeprefix("faster-whisper-"), (weight, *beside))
    if inside.suffix == ".gguf":
        return Found("language", inside.stem, (weight,))
    if (settings := f"{weight}.json") in files:
        return Found("voice", inside.stem, (weight, settings))
    if "turn" not in inside.stem:
        raise ModelError(
            f"{inside.name} lacks {inside.name}.json, which every Piper voice has beside it. Copy "
            "both files from where the voice came."
        )
    return Found("turn", inside.stem, (weight,))


class _Budget:
    """How much more may be taken."""

    def __init__(self, staging: Path, free_space: FreeSpace) -> None:
        self._files = MAX_FILES
        self._bytes = min(MAX_BYTES, free_space(staging) - RESERVE)

    def take(self, size: int) -> None:
        """Account for one file. Raises ModelError when it is too much."""
        self._files -= 1
        self._bytes -= size
        if self._files < 0:
            raise ModelError(f"There are more than {MAX_FILES} files in there; no model has.")
        if self._bytes < 0:
            raise ModelError(
                "The disk has no room for these files. Make room, or name a data directory on "
                "another disk with --data."
            )


def _gather(source: Path, target: Path, budget: _Budget) -> dict[str, Path]:
    """Files by their path within the source; those of an archive are unpacked to `target`."""
    if source.is_dir():
        return dict(_walk(source, budget))
    lower = source.name.lower()
    if lower.endswith(_TAR):
        try:
            return _unpack(source, target, budget)
        except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise ModelError(f"{source} is no whole archive ({error}). Copy it again.") from error
    if lower.endswith((".gguf", ".onnx")):
        beside = source.with_name(f"{source.name}.json")
        found = [source, *([beside] if beside.is_file() else [])]
        for path in found:
            budget.take(path.stat().st_size)
        return {path.name: path for path in found}
    raise ModelError(
        f"{source} is neither a directory nor one of {', '.join(_TAR)}, .gguf or .onnx. Unpack it, "
        "then import the directory."
    )


def _walk(source: Path, budget: _Budget) -> Iterator[tuple[str, Path]]:
    for path in sorted(source.rglob("*")):
        if path.is_symlink():
            raise ModelError(
                f"{path} is a link. Copy the directory with `cp -rL` first, so that it holds the "
                "files themselves."
            )
        if path.is_file():
            budget.take(path.stat().st_size)
            yield path.relative_to(source).as_posix(), path


def _unpack(source: Path, target: Path, budget: _Budget) -> dict[str, Path]:
    """Unpack the files of a tar under numbers of our own: its paths never touch the disk."""
    target.mkdir()
    found: dict[str, Path] = {}
    with tarfile.open(source) as archive:
        for member in archive:
            if member.isdir():
                continue
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or "\\" in member.name:
                raise ModelError(f'The archive has a file "{member.name}", which leads out of it.')
            if not member.isreg() or member.issparse():
                raise ModelError(
                    f'The archive has "{member.name}", which is a link or no plain file. Pack the '
                    "files themselves (tar --dereference)."
                )
            budget.take(member.size)
            stream = archive.extractfile(member)
            if stream is None or str(path) in found:
                raise ModelError(f'The archive has "{member.name}" twice or broken. Pack it again.')
            unpacked = target / str(len(found))
            with stream, unpacked.open("xb") as out:
                shutil.copyfileobj(stream, out, _PIECE)
            if unpacked.stat().st_size != member.size:
                raise ModelError(f"{source} is not whole. Copy it again.")
            found[str(path)] = unpacked
    return found


def _take(found: Found, files: Mapping[str, Path], target: Path, source: Path) -> Record:
    """Gather the files of a model in `target` and check them. Raises ModelError."""
    target.mkdir()
    records = {}
    for inside in found.files:
        here, there = files[inside], target / PurePosixPath(inside).name
        if target.parent in here.parents:
            here.rename(there)
        else:
            shutil.copyfile(here, there)
        with there.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        records[there.name] = FileRecord(there.stat().st_size, sha256)
    try:
        models.check(found.kind, target)
    except StartError as error:
        raise ModelError(f"{source} holds no whole model. {error}") from error
    return Record(found.kind, f"import of {source.name}", files=records)


def _known(record: Record) -> Recommended | None:
    """The catalogue's model that these files are, by their hashes."""
    hashes = {file.sha256 for file in record.files.values()}
    for model in catalogue().values():
        if all(file.sha256 in hashes for file in model.files):
            return model
    return None


@contextmanager
def _staging(shelf: Shelf) -> Iterator[Path]:
    """A directory of the shelf's disk that is gone afterwards, whatever happens."""
    staging = shelf.staging(".import")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _stem(source: Path) -> str:
    """The name of a source without what says its format."""
    name = source.resolve().name
    for suffix in _TAR:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _is_vocabulary(path: str) -> bool:
    return PurePosixPath(path).name.startswith("vocabulary.")
