"""`thunderbox models` as a person types it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import Run
from tests.fakes.hub import Hub
from thunderbox.cli import models
from thunderbox.voice import catalogue as catalogue_module
from thunderbox.voice.catalogue import Recommended, RemoteFile
from thunderbox.voice.models import STARTER
from thunderbox.voice.shelf import Shelf

GGUF = b"GGUF" + bytes(20_000)
SETTINGS = b'{"audio": {"sample_rate": 22050}}'
SHA256 = hashlib.sha256(GGUF).hexdigest()
SMALL = Recommended(
    "small-lm", "language", "To test.", "MIT", ["en", "de", "fr"], 10, "some/repo", "main",
    [RemoteFile("weights.gguf", len(GGUF), SHA256)],
)  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return Run(capsys)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub and a catalogue with one model."""
    hub = Hub()
    hub.files["some/repo/weights.gguf"] = GGUF
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr(models, "catalogue", lambda: {"small-lm": SMALL})
    yield hub
    hub.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A speech model, a language model and a voice."""
    shelf = Shelf(tmp_path / "data" / "models")
    shutil.copytree(STARTER / "asr", shelf.root / "base")
    for name, file, content in (
        ("qwen", "q.gguf", GGUF),
        ("en_US-amy-medium", "en_US-amy-medium.onnx", bytes(2000)),
        ("en_US-amy-medium", "en_US-amy-medium.onnx.json", SETTINGS),
    ):
        (shelf.root / name).mkdir(exist_ok=True)
        (shelf.root / name / file).write_bytes(content)
    return shelf


def test_the_list_of_an_empty_box(run: Run) -> None:
    assert run("models", "list") == 0
    for name in catalogue_module.catalogue():
        assert name in run.out
    assert "installed" not in run.out.replace("not installed", "")
    assert "nearly all" in run.out


def test_the_list_as_json(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[voice]\nspeech_model = "base"\n')
    assert run("models", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(run.out)}
    assert next(iter(rows)) == "tiny"
    assert rows["tiny"]["state"] == "to pull"
    assert rows["tiny"]["path"] is None
    assert rows["base"]["state"] == "installed"
    assert rows["base"]["used_by"] == "voice.speech_model"
    assert rows["base"]["path"] == str(Path("data/models/base"))
    assert rows["qwen"] == {
        "name": "qwen", "kind": "language", "size_bytes": len(GGUF), "memory_mb": None,
        "languages": [], "licence": "unknown", "state": "installed",
        "path": str(Path("data/models/qwen")), "used_by": None, "products": [],
        "source": "copied by hand", "purpose": "",
    }  # fmt: skip


def test_the_list_says_what_each_product_uses(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[product_bolt]\nlanguage_model = "qwen"\n[product_storm_base]\nlanguage_model = "big"\n'
    )
    assert run("models", "list") == 0
    assert "in use: product_bolt.language_model" in run.out
    assert "Products: spark, storm-base, storm-base-with-ack, storm-extra, " in run.out
    assert "bolt: qwen." in run.out
    assert "Until then storm-base uses starter." in run.out
    assert run("models", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(run.out)}
    assert rows["qwen"]["products"] == ["bolt"]
    assert run("models", "remove", "qwen", "--yes") == 1
    assert "product_bolt.language_model names qwen" in run.err


def test_pull_then_list_then_remove(run: Run, hub: Hub) -> None:
    assert run("models", "pull", "small-lm") == 0
    assert "Installed small-lm (language, 20 kB)" in run.out
    assert 'language_model = "small-lm"' in run.out
    assert run("models", "list") == 0
    assert "installed" in run.out.replace("not installed", "")
    hub.seen.clear()
    assert run("models", "pull", "small-lm") == 0
    assert "installed already" in run.out
    assert hub.seen == []
    assert run("models", "remove", "small-lm", "--yes") == 0
    assert run("models", "remove", "small-lm", "--yes") == 1
    assert "No model" in run.err


def test_pull_of_what_the_catalogue_does_not_have(run: Run) -> None:
    assert run("models", "pull", "nobody") == 1
    assert "models list" in run.err


def test_a_pull_that_fails_is_a_sentence(run: Run, hub: Hub) -> None:
    hub.files.clear()
    assert run("models", "pull", "small-lm") == 1
    assert "HTTP 404" in run.err


def test_a_pull_that_is_stopped(run: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(models.download.Downloader, "_save", stop)
        assert run("models", "pull", "small-lm") == 130
    assert "goes on from here" in run.err
    assert Path("data/models/.partial/small-lm").is_dir()
    assert run("models", "remove", "small-lm") == 0
    assert not Path("data/models/.partial/small-lm").exists()


def test_import(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(GGUF)
    assert run("models", "import", "mine.gguf", "--name", "ours", "--data", "elsewhere") == 0
    assert 'language_model = "ours"' in run.out
    assert Path("elsewhere/models/ours/mine.gguf").is_file()
    assert run("models", "import", "nowhere") == 1
    assert "There is no nowhere" in run.err


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("speech_model", "base", "base"),
        ("speech_model", "data/models/base", "base"),
        ("language_model", "qwen", "qwen"),
        ("language_model", "data/models/qwen/q.gguf", "qwen"),
        ("default_voice", "en_US-amy-medium", "en_US-amy-medium"),
        ("default_voice", "en-US-Amy", "en_US-amy-medium"),
        ("piper_voices", "data/models/en_US-amy-medium", "en_US-amy-medium"),
    ],
)
def test_a_model_that_a_setting_names_is_not_removed(
    run: Run, shelf: Shelf, tmp_path: Path, setting: str, value: str, name: str
) -> None:
    (tmp_path / "config.toml").write_text(f'[voice]\n{setting} = "{value}"\n')
    assert run("models", "remove", name, "--yes") == 1
    assert f"voice.{setting} names {name}" in run.err
    assert shelf.find(name) is not None
    for other in {"base", "qwen", "en_US-amy-medium"} - {name}:
        assert run("models", "remove", other, "--yes") == 0


@pytest.mark.parametrize(("answer", "stays"), [("y", False), ("n", True)])
def test_remove_asks(
    run: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, answer: str, stays: bool
) -> None:
    monkeypatch.setattr(models.typer, "confirm", lambda question: answer == "y")
    assert run("models", "remove", "qwen") == int(stays)
    assert (shelf.find("qwen") is not None) is stays


def test_nothing_outside_is_removed(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "data" / "other.gguf").write_bytes(GGUF)
    assert run("models", "remove", "..", "--yes") == 1
    assert run("models", "remove", ".partial", "--yes") == 1
    assert (tmp_path / "data" / "other.gguf").is_file()
