"""The shelf: the models under `models/` of the data directory, one directory each.

A model comes as a whole directory by one rename out of `.partial/`, with a `model.json` that says
where it came from; a directory that somebody copied here by hand counts as well.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from thunderbox.errors import ModelError
from thunderbox.voice.catalogue import NAME, Kind

RECORD = "model.json"
PARTIAL = ".partial"


class FileRecord(Struct, frozen=True):
    """A file as it was when it was installed."""

    size: int
    sha256: str


class Record(Struct, frozen=True):
    """model.json: what a model is and where it came from."""

    kind: Kind
    source: str
    licence: str = "unknown"
    languages: list[str] = msgspec.field(default_factory=list)
    memory: int | None = None
    files: dict[str, FileRecord] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on the shelf; `record` is None where somebody copied it by hand."""

    name: str
    kind: Kind
    path: Path
    size: int
    record: Record | None


class Shelf:
    """The models of one box."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def installed(self) -> list[Installed]:
        """Every model that is here, by name."""
        if not self.root.is_dir():
            return []
        found = (self.find(path.name) for path in sorted(self.root.iterdir()))
        return [model for model in found if model is not None]

    def find(self, name: str) -> Installed | None:
        """The model of this name, or None; never looks outside the shelf."""
        path = self.root / name
        if not re.fullmatch(NAME, name) or not path.is_dir():
            return None
        record = _read_record(path / RECORD)
        kind = record.kind if record else kind_of(path)
        if kind is None:
            return None
        size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
        return Installed(name, kind, path, size, record)

    def voices(self) -> list[Path]:
        """Directories of the Piper voices that are here."""
        return [model.path for model in self.installed() if model.kind == "voice"]

    def staging(self, name: str) -> Path:
        """Where a model is gathered until it is whole."""
        return self.root / PARTIAL / name

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other commands from changing the shelf meanwhile. Raises ModelError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.root, os.O_RDONLY)
        except OSError as error:
            raise ModelError(
                f"The directory {self.root} cannot be used ({error.strerror}). Name another data "
                "directory with --data, or give this user the right to write there."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise ModelError(
                f"Another `thunderbox models` command works on {self.root}: wait until it is done."
            ) from error
        try:
            yield
        finally:
            os.close(lock)

    def put(self, name: str, staged: Path, record: Record) -> Installed:
        """Move a whole model onto the shelf, all or nothing, safe against a power cut."""
        self.refuse_taken(name)
        (staged / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        for file in staged.iterdir():
            _sync(file)
        _sync(staged)
        staged.rename(self.root / name)
        _sync(self.root)
        return Installed(
            name, record.kind, self.root / name, sum(f.size for f in record.files.values()), record
        )

    def refuse_taken(self, name: str) -> None:
        """Raises ModelError when the name cannot be given to a new model."""
        if not re.fullmatch(NAME, name):
            raise ModelError(
                f'"{name}" cannot be the name of a model: use letters, digits, ".", "_" and "-", '
                "at most 80, and begin with a letter or a digit. --name gives another."
            )
        if name == "starter":
            raise ModelError('"starter" is the model that the box comes with: use another --name.')
        if (self.root / name).exists():
            if self.find(name) is None:
                raise ModelError(
                    f"{self.root / name} is there already and is no model. Move it away, or use "
                    "another --name."
                )
            raise ModelError(
                f"{self.root / name} is there already. Remove it first (`thunderbox models remove "
                f"{name}`), or import it under another --name."
            )

    def remove(self, name: str) -> None:
        """Take a model off the shelf, or what a pull left half done."""
        path = self.root / name
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            # Renamed first: a removal that is cut short leaves no half model under the name.
            gone = self.root / PARTIAL / f".removed-{name}"
            shutil.rmtree(gone, ignore_errors=True)
            gone.parent.mkdir(exist_ok=True)
            path.rename(gone)
            shutil.rmtree(gone)
        shutil.rmtree(self.staging(name), ignore_errors=True)


def kind_of(directory: Path) -> Kind | None:
    """What kind of model these files are, or None."""
    names = {path.name for path in directory.iterdir() if path.is_file()}
    onnx = [name for name in names if name.endswith(".onnx")]
    if "model.bin" in names and "config.json" in names:
        return "speech"
    if any(name.endswith(".gguf") for name in names):
        return "language"
    if any(f"{name}.json" in names for name in onnx):
        return "voice"
    return "turn" if onnx else None


def gguf(directory: Path) -> Path | None:
    """The weights of a language model; of several files the first."""
    return min(directory.glob("*.gguf"), default=None)


def _read_record(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
