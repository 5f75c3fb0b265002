import numpy as np

from tests.voice.engines.sounds import dbfs, floats
from thunderbox.voice.engines.sound import ClauseSound, gain_for


def word(seconds: float = 0.5, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(np.arange(int(16000 * seconds)) * 0.3)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(16000 * seconds), np.float32)


def clause(*parts: np.ndarray, gain: float = 1.0) -> np.ndarray:
    sound = ClauseSound(16000, gain)
    return floats(b"".join([*(sound.push(part) for part in parts), sound.end()]))


def test_silence_before_and_after_the_words_goes() -> None:
    out = clause(silence(0.3), word(0.5), silence(0.4))
    assert 0.5 <= len(out) / 16000 <= 0.52


def test_silence_between_words_stays() -> None:
    out = clause(word(0.5), silence(0.3), word(0.5))
    assert abs(len(out) / 16000 - 1.3) < 0.01


def test_ends_are_faded() -> None:
    out = clause(word())
    assert abs(out[0]) < 0.001
    assert abs(out[-1]) < 0.001


def test_peaks_stay_below_full_scale() -> None:
    out = clause(word(level=0.9), gain=4.0)
    assert 0.9 < np.abs(out).max() <= 1.0


def test_gain_brings_a_voice_to_the_level() -> None:
    spoken = np.concatenate([word(level=0.02), silence(1.0)])
    out = clause(word(level=0.02), gain=gain_for(spoken, 16000))
    assert abs(dbfs(out) + 20) < 1


def test_nothing_but_silence_is_nothing() -> None:
    assert len(clause(silence(1.0))) == 0
