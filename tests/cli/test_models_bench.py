"""`thunderbox models bench` as a person types it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.test_commands import Run
from thunderbox.cli import models_bench
from thunderbox.errors import ModelError
from thunderbox.settings import Settings, VoiceSettings
from thunderbox.voice.benchmark import Speed, Subject
from thunderbox.voice.models import STARTER
from thunderbox.voice.shelf import Shelf

SPEEDS = {
    "speech": Speed(60.0, utterance_ms=40.0, real_time_factor=0.01),
    "language": Speed(18.0, read_tokens_per_second=5000.0, write_tokens_per_second=400.0),
    "voice": Speed(4.0, first_audio_ms=8.0, real_time_factor=0.02),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Run(capsys)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is measured; each kind is as quick as SPEEDS says."""
    names: list[str] = []

    def measure(subject: Subject, threads: int) -> Speed:
        names.append(subject.name)
        if subject.name == "broken":
            raise ModelError("broken cannot run here: it is no model.")
        return SPEEDS[subject.kind]

    monkeypatch.setattr(models_bench, "measure", measure)
    return names


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A speech model, two language models and a voice."""
    shelf = Shelf(tmp_path / "data" / "models")
    shutil.copytree(STARTER / "asr", shelf.root / "base")
    for name, file in (
        ("qwen", "q.gguf"),
        ("broken", "b.gguf"),
        ("amy", "en_US-amy-medium.onnx"),
        ("amy", "en_US-amy-medium.onnx.json"),
    ):
        (shelf.root / name).mkdir(exist_ok=True)
        (shelf.root / name / file).write_bytes(b"GGUF" + bytes(20_000))
    for large in (shelf.root / "qwen" / "q.gguf", shelf.root / "base" / "model.bin"):
        os.truncate(large, 200_000_000)  # a hole takes no room on the disk
    return shelf


@pytest.mark.e2e
def test_the_starter_models_are_measured_for_real(run: Run) -> None:
    assert run("models", "bench", "--json") == 0
    found = json.loads(run.out)
    assert [model["kind"] for model in found["models"]] == ["speech", "language", "voice"]
    assert all(model["memory_mb"] > 0 for model in found["models"])
    assert found["failed"] == {}
    assert found["recommended"][0]["language"] == "starter"


def test_every_installed_model_is_measured(run: Run, shelf: Shelf, measured: list[str]) -> None:
    assert run("models", "bench") == 0
    assert measured == ["starter", "starter", "amy", "base", "broken", "qwen", "espeak-ng"]


def test_a_set_is_recommended_for_each_product(run: Run, shelf: Shelf, measured: list[str]) -> None:
    run("models", "bench")
    rows = [line.split() for line in run.out.splitlines() if line.startswith("storm-extra ")]
    assert rows == [["storm-extra", "qwen", "base", "amy", "0.35", "s"]]


def test_a_model_that_cannot_run_is_left_out_with_the_reason(
    run: Run, shelf: Shelf, measured: list[str]
) -> None:
    assert run("models", "bench", "--json") == 0
    found = json.loads(run.out)
    assert found["failed"] == {"broken": "broken cannot run here: it is no model."}
    assert all(one["language"] != "broken" for one in found["recommended"])


def test_a_busy_machine_is_mentioned(
    run: Run, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_bench.os, "getloadavg", lambda: (99.0, 0.0, 0.0))
    run("models", "bench")
    assert "busy" in run.err


def test_models_that_the_settings_name_by_path_are_measured_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF" + bytes(20_000))
    settings = Settings(voice=VoiceSettings(language_model=str(path)))
    found = list(models_bench.subjects(settings, Shelf(tmp_path / "models")))
    assert [one.name for one in found] == ["starter", "starter", "mine", "espeak-ng"]
