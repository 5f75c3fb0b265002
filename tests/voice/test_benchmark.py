"""How quick a model is, measured in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from thunderbox.errors import ModelError
from thunderbox.voice.benchmark import Speed, Subject, measure
from thunderbox.voice.models import STARTER


@pytest.mark.e2e
def test_a_speech_model_is_measured() -> None:
    speed = measure(Subject("starter", "speech", str(STARTER / "asr"), 1), threads=1)
    assert speed.utterance_ms is not None and speed.utterance_ms > 0
    assert speed.real_time_factor is not None and 0 < speed.real_time_factor < 10
    assert speed.memory_mb > 1
    assert speed.write_tokens_per_second is None


@pytest.mark.e2e
def test_a_language_model_is_measured() -> None:
    path = STARTER / "lm" / "starter.gguf"
    speed = measure(Subject("starter", "language", str(path), 1), threads=1)
    assert speed.read_tokens_per_second is not None and speed.read_tokens_per_second > 1
    assert speed.write_tokens_per_second is not None and speed.write_tokens_per_second > 1
    assert speed.first_clause_ms > 0


@pytest.mark.e2e
def test_the_voice_that_needs_no_model_is_measured() -> None:
    speed = measure(Subject("espeak-ng", "voice", "", 0), threads=1)
    assert speed.first_audio_ms is not None and speed.first_audio_ms > 0


def test_a_model_that_cannot_run_is_named_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="broken cannot run here: The language model"):
        measure(Subject("broken", "language", str(broken), 104), threads=1)


def test_the_first_clause_takes_reading_the_turn_and_writing_eight_tokens() -> None:
    speed = Speed(1.0, read_tokens_per_second=200.0, write_tokens_per_second=40.0)
    assert speed.first_clause_ms == pytest.approx(100 + 200)
