"""Speech guards: what keeps words that nobody said out of a transcript."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.leg import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps invented words out."""

    shortest_ms: int = 120
    quietest_dbfs: float = -55.0
    """RMS of the loudest 200 ms; below it there was no voice on the line."""

    quiet_dbfs: float = -42.0
    """Below this, an unsure transcript is not believed."""

    unsure: float = -1.0
    """Average log probability per token; below it a transcript is unsure."""

    hopeless: float = -1.8
    """Below this it is not believed at any loudness."""

    voice: float = 0.4
    """Probability from which the voice detector's window of 32 ms counts as voice."""

    voiced_windows: int = 3
    """So many such windows make an utterance."""

    no_speech: float = 0.6
    """Probability of the no-speech token from which an unsure transcript is dropped."""

    def believe(self, text: str, score: float, no_speech: float, loudness: float) -> bool:
        """Whether these words were said: `score` is their log probability per token, `no_speech`
        that of the no-speech token, `loudness` that of the loudest 200 ms in dBFS."""
        if score < self.hopeless or is_loop(text) or not re.search(r"\w", text):
            return False
        return score >= self.unsure or (loudness >= self.quiet_dbfs and no_speech <= self.no_speech)


USUAL = Guards()


def loudest_dbfs(samples: Samples) -> float:
    """RMS of the loudest 200 ms, in dB below full scale."""
    size = min(SAMPLE_RATE // 5, len(samples))
    if not size:
        return -120.0
    energy = np.cumsum(np.square(samples, dtype=np.float64))
    energy[size:] -= energy[:-size]
    return float(10 * np.log10(max(energy[size - 1 :].max() / size, 1e-12)))


def is_loop(text: str) -> bool:
    """The same words again and again: what a lost decoder says.

    Digits may repeat as often as they like, words five times ("no no no"), phrases three times.
    """
    words = re.findall(r"[\w']+", text.lower())
    for size in range(1, 9):
        times = 6 if size == 1 else 4
        if len(words) < size * times:
            break
        for start in range(len(words) - size * times + 1):
            unit = words[start : start + size]
            if all(
                words[start + size * n : start + size * (n + 1)] == unit for n in range(1, times)
            ) and not all(map(_is_digit, unit)):
                return True
    return False


def _is_digit(word: str) -> bool:
    return word.isdigit() or word in _DIGITS


_DIGITS = frozenset(
    ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)
