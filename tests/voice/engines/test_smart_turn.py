"""Whether a caller has finished, by a model of Smart Turn's input and output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.tools.make_turn_model import make_turn_model
from tests.voice.engines.sounds import pcm
from tests.voice.stage import Stage, say
from thunderbox.errors import EngineError, StartError
from thunderbox.voice import intake
from thunderbox.voice.engine_room import load_engines
from thunderbox.voice.engines.smart_turn import SmartTurn, features
from thunderbox.voice.shelf import Shelf

PAUSE = bytes(6_400)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_turn_model(tmp_path / "smart-turn.onnx")


@pytest.fixture
def smart_turn(model: Path) -> Iterator[SmartTurn]:
    engine = SmartTurn(model)
    yield engine
    engine.close()


def tone(hertz: float, seconds: float = 1.0) -> bytes:
    at = np.arange(int(16_000 * seconds)) / 16_000
    return pcm((0.2 * np.sin(2 * np.pi * hertz * at)).astype(np.float32))


@pytest.mark.parametrize(
    ("sound", "finished"),
    [
        (tone(300), True),
        (tone(4000), False),
        # The end counts, of whatever is longer than the model's window, too.
        (tone(4000) + tone(300), True),
        (tone(300, 20) + tone(4000), False),
        (tone(300, 0.5), True),
    ],
)
async def test_the_end_of_the_sound_tells(
    smart_turn: SmartTurn, sound: bytes, finished: bool
) -> None:
    assert await smart_turn.finished(sound + PAUSE) is finished
    assert 0.0 <= await smart_turn.probability(sound + PAUSE) <= 1.0


# Numbers of the feature extractor that Smart Turn was trained with (WhisperFeatureExtractor with
# chunk_length=8 and do_normalize=True, silence in front of what is short) for the same sound.
REFERENCE = {
    40000: {
        (0, 0): -0.12603,
        (5, 560): 1.7763,
        (10, 600): 0.99878,
        (20, 700): -0.12603,
        (40, 750): -0.01849,
        (79, 799): -0.12603,
    },
    128000: {
        (0, 0): 0.31,
        (5, 560): -0.25232,
        (10, 600): -0.25232,
        (20, 700): -0.25232,
        (40, 750): -0.25232,
        (79, 799): -0.25232,
    },
    150000: {
        (0, 0): 0.80911,
        (5, 560): -0.26506,
        (10, 600): -0.26506,
        (20, 700): -0.26506,
        (40, 750): -0.26506,
        (79, 799): 0.17388,
    },
}


@pytest.mark.parametrize("samples", REFERENCE)
def test_features_are_those_of_the_training(samples: int) -> None:
    at = np.arange(samples) / 16_000
    sound = 0.3 * np.sin(2 * np.pi * (200 + 300 * at) * at) * np.sin(2 * np.pi * 3 * at)
    found = features(sound.astype(np.float32))
    assert found.shape == (80, 800)
    assert found.dtype == np.float32
    for (mel, frame), value in REFERENCE[samples].items():
        assert found[mel, frame] == pytest.approx(value, abs=1e-4)


async def test_odd_bytes_and_nothing_have_an_answer(smart_turn: SmartTurn) -> None:
    for sound in (b"", b"\0", bytes(3)):
        assert 0.0 <= await smart_turn.probability(sound) <= 1.0


async def test_a_closed_engine_is_a_sentence(smart_turn: SmartTurn) -> None:
    assert smart_turn.ready
    smart_turn.close()
    assert not smart_turn.ready
    with pytest.raises(EngineError, match="closed"):
        await smart_turn.finished(PAUSE)


@pytest.mark.parametrize("damaged", [True, False])
def test_another_model_is_a_sentence(tmp_path: Path, damaged: bool) -> None:
    path = tmp_path / "my-turn" / "x.onnx"
    make_turn_model(path, frames=900)
    if damaged:
        path.write_bytes(b"nonsense" * 200)
    with pytest.raises(StartError, match=r"no Smart Turn v3\. Run `thunderbox models remove my-t"):
        SmartTurn(path)


async def test_an_installed_turn_model_is_used(tmp_path: Path, model: Path) -> None:
    shelf = Shelf(tmp_path / "models")
    intake.bring(model, shelf)
    engines = await load_engines(cache_dir=shelf.root, models_dir=shelf.root)
    try:
        assert ("smart-turn", "smart-turn") in [(c.name, c.engine) for c in engines.cards]
        assert engines.turn_end is not None
        assert engines.ready
        assert await engines.turn_end.finished(tone(300) + PAUSE)
    finally:
        engines.close()
    assert not engines.ready


async def test_a_conversation_asks_it_at_a_pause(
    smart_turn: SmartTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a line whose clock waits for the model: 300 ms after a low tone the turn is taken,
    1.3 s after a high one it is not."""
    monkeypatch.setattr("thunderbox.voice.hearing.JUDGE_S", 10.0)
    for hertz, answered in ((300, True), (4000, False)):
        stage = Stage(say("Yes."), "Are you open?", turn_end=smart_turn)
        async with stage.open():
            stage.line.far.play(tone(hertz))
            await stage.pass_ms(1000 + 180)
            await smart_turn.probability(b"")
            await stage.pass_ms(120 if answered else 1100)
            assert [row[0] for row in stage.journal.rows[:1]] == ["user"] * answered
