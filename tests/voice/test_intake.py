"""Models that somebody brings: what is taken, what is refused, and that nothing half stays."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from thunderbox.errors import ModelError
from thunderbox.voice import catalogue, intake
from thunderbox.voice.catalogue import Recommended, RemoteFile
from thunderbox.voice.models import STARTER
from thunderbox.voice.shelf import Installed, Shelf

GGUF = b"GGUF" + bytes(20_000)
ONNX = bytes(2000)
SETTINGS = b'{"audio": {"sample_rate": 22050}}'


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data" / "models")


def nothing_is_left(shelf: Shelf) -> bool:
    return shelf.installed() == [] and not list(shelf.root.glob(".partial/*"))


def pack(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def whisper() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (STARTER / "asr").iterdir()}


def test_a_whisper_directory(shelf: Shelf, tmp_path: Path) -> None:
    source = tmp_path / "faster-whisper-medium"
    shutil.copytree(STARTER / "asr", source / "snapshot" / "faster-whisper-medium")
    (source / "README.md").write_text("hello")
    here = intake.bring(source, shelf)
    assert (here.name, here.kind) == ("medium", "speech")
    assert not (here.path / "README.md").exists()
    assert here.record is not None
    assert here.record.source == "import of faster-whisper-medium"
    assert here.record.files["model.bin"].size == here.path.joinpath("model.bin").stat().st_size
    assert source.is_dir()
    assert not list(shelf.root.glob(".partial/*"))


def test_a_gguf_file(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "my-model.gguf").write_bytes(GGUF)
    here = intake.bring(tmp_path / "my-model.gguf", shelf)
    assert (here.name, here.kind, here.size) == ("my-model", "language", len(GGUF))
    assert intake.bring(tmp_path / "my-model.gguf", shelf, "other").name == "other"


def test_a_voice_is_two_files(shelf: Shelf, tmp_path: Path) -> None:
    voice = tmp_path / "it_IT-paola-medium.onnx"
    voice.write_bytes(ONNX)
    with pytest.raises(ModelError, match=r"lacks it_IT-paola-medium\.onnx\.json"):
        intake.bring(voice, shelf)
    voice.with_name(f"{voice.name}.json").write_bytes(SETTINGS)
    here = intake.bring(voice, shelf)
    assert (here.name, here.kind) == ("it_IT-paola-medium", "voice")
    assert shelf.voices() == [here.path]


def test_smart_turn(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "smart-turn-v3.onnx").write_bytes(ONNX)
    assert intake.bring(tmp_path / "smart-turn-v3.onnx", shelf).kind == "turn"


@pytest.mark.parametrize(("suffix", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w:gz")])
def test_archives(shelf: Shelf, tmp_path: Path, suffix: str, mode: str) -> None:
    for name, files in (
        (f"one.{suffix}", {f"faster-whisper-tiny.en/{name}": c for name, c in whisper().items()}),
        (f"flat.{suffix}", whisper()),
        (f"two.{suffix}", {"./deep/q.gguf": GGUF, "LICENSE": b"MIT"}),
        (f"three.{suffix}", {"x/fr_FR-a-low.onnx": ONNX, "x/fr_FR-a-low.onnx.json": SETTINGS}),
    ):
        intake.bring(pack(tmp_path / name, files, mode), shelf)
    assert {one.name: one.kind for one in shelf.installed()} == {
        "tiny.en": "speech",
        "flat": "speech",
        "q": "language",
        "fr_FR-a-low": "voice",
    }


def _link(kind: bytes, target: str) -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo("x.gguf")
        member.type, member.linkname = kind, target
        archive.addfile(member)

    return add


def _file(name: str) -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(GGUF)
        archive.addfile(member, io.BytesIO(GGUF))

    return add


@pytest.mark.parametrize(
    ("add", "sentence"),
    [
        (_file("../../escaped.gguf"), "leads out of it"),
        (_file("a/../../escaped.gguf"), "leads out of it"),
        (_file("/tmp/escaped.gguf"), "leads out of it"),
        (_file("..\\escaped.gguf"), "leads out of it"),
        (_link(tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
        (_link(tarfile.SYMTYPE, "../../.."), "is a link"),
        (_link(tarfile.LNKTYPE, "/etc/passwd"), "is a link"),
        (_link(tarfile.FIFOTYPE, ""), "no plain file"),
        (_link(tarfile.CHRTYPE, ""), "no plain file"),
    ],
)
def test_archives_that_attack(
    shelf: Shelf, tmp_path: Path, add: Callable[[tarfile.TarFile], None], sentence: str
) -> None:
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        add(archive)
    with pytest.raises(ModelError, match=sentence):
        intake.bring(path, shelf)
    assert nothing_is_left(shelf)
    assert not list(tmp_path.rglob("escaped*"))


def test_a_file_that_is_twice_in_an_archive(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        _file("x.gguf")(archive)
        _file("x.gguf")(archive)
    with pytest.raises(ModelError, match="twice"):
        intake.bring(path, shelf)


@pytest.mark.parametrize("keep", [100, 6000])
@pytest.mark.parametrize(("suffix", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tar.xz", "w:xz")])
def test_archives_that_are_cut_off(
    shelf: Shelf, tmp_path: Path, suffix: str, mode: str, keep: int
) -> None:
    content = GGUF + b"".join(hashlib.sha256(bytes([n % 256, n >> 8])).digest() for n in range(900))
    path = pack(tmp_path / f"cut.{suffix}", {"x.gguf": content}, mode)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match="Copy it again"):
        intake.bring(path, shelf)
    assert nothing_is_left(shelf)


def test_archives_that_are_none(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    with pytest.raises(ModelError, match="no whole archive"):
        intake.bring(tmp_path / "x.tar.gz", shelf)


def test_more_files_than_any_model_has(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    path = pack(tmp_path / "many.tar", {f"{n}": b"" for n in range(4)})
    with pytest.raises(ModelError, match="more than 3 files"):
        intake.bring(path, shelf)


def test_a_disk_without_room(shelf: Shelf, tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar.gz", {"x.gguf": GGUF}, "w:gz")
    with pytest.raises(ModelError, match="Make room"):
        intake.bring(path, shelf, free_space=lambda _: intake.RESERVE + len(GGUF) - 1)
    assert nothing_is_left(shelf)
    intake.bring(path, shelf, free_space=lambda _: intake.RESERVE + len(GGUF))


def test_links_in_a_directory(shelf: Shelf, tmp_path: Path) -> None:
    source = tmp_path / "snapshot"
    source.mkdir()
    (source / "model.gguf").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match=r"is a link.*cp -rL"):
        intake.bring(source, shelf)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"readme.txt": b"hello"}, "No model was found"),
        ({"a.gguf": GGUF, "b.gguf": GGUF}, "one by one"),
        ({"a.gguf": b"PK" + bytes(20_000)}, "no GGUF file"),
        ({"a.gguf": b"GGUF"}, "not copied whole"),
        ({"pytorch_model.bin": GGUF}, "No model was found"),
        ({"model.bin": GGUF}, r"tokenizer\.json cannot be read"),
        ({"a.onnx": ONNX}, "lacks a.onnx.json"),
        ({"a.onnx": ONNX, "a.onnx.json": b"{"}, "settings"),
    ],
)
def test_what_is_no_model(
    shelf: Shelf, tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, content in files.items():
        (source / name).write_bytes(content)
    with pytest.raises(ModelError, match=sentence):
        intake.bring(source, shelf)
    assert nothing_is_left(shelf)


def test_sources_that_cannot_be(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no"):
        intake.bring(tmp_path / "nowhere", shelf)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(ModelError, match="neither a directory nor"):
        intake.bring(tmp_path / "x.zip", shelf)
    (tmp_path / "x.gguf").write_bytes(GGUF)
    with pytest.raises(ModelError, match="cannot be the name"):
        intake.bring(tmp_path / "x.gguf", shelf, "../x")
    intake.bring(tmp_path / "x.gguf", shelf)
    with pytest.raises(ModelError, match="is there already"):
        intake.bring(tmp_path / "x.gguf", shelf)


def test_a_model_of_the_catalogue_gets_its_name_there(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RemoteFile("q4.gguf", None, hashlib.sha256(GGUF).hexdigest())
    known = Recommended("known", "language", "X.", "MIT", ["de"], 7, "a/b", "main", [file])
    monkeypatch.setattr(intake, "catalogue", lambda: {"known": known})
    (tmp_path / "renamed.gguf").write_bytes(GGUF)
    here: Installed = intake.bring(tmp_path / "renamed.gguf", shelf)
    assert here.name == "known"
    assert here.record is not None
    assert (here.record.licence, here.record.languages, here.record.memory) == ("MIT", ["de"], 7)
    assert catalogue.catalogue().get("known") is None
