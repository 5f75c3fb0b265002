"""Whisper input: what the model is given for an utterance: features, a prompt, a limit."""

from __future__ import annotations

import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from tokenizers import Tokenizer

from thunderbox.errors import StartError
from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.leg import SAMPLE_RATE

HOP = 160
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
_MAX_LENGTH = 448


class Prompts:
    """The tokens that a transcript starts with, as the model's vocabulary wants them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._start = self._token("<|startoftranscript|>")
        self._plain = self._token("<|notimestamps|>")
        self.end = self._token("<|endoftext|>")

    def for_language(self, language: str) -> list[int]:
        """A vocabulary without language tokens knows one language only and takes no task."""
        of_language = self._tokenizer.token_to_id(f"<|{language.split('-')[0].lower()}|>")
        if of_language is None:
            of_language = self._tokenizer.token_to_id("<|en|>")
        if of_language is None:
            return [self._start, self._plain]
        return [self._start, of_language, self._token("<|transcribe|>"), self._plain]

    def _token(self, text: str) -> int:
        token = self._tokenizer.token_to_id(text)
        if token is None:
            raise StartError(f"The speech model's tokenizer has no {text}: it is no Whisper model.")
        return int(token)


def most_tokens(seconds: float) -> int:
    """Of a transcript of so much sound: about six a second are quick speech, more is a loop."""
    return 12 + int(8 * seconds)


def max_length(prompt: int, most: int) -> int:
    """CTranslate2's limit for a transcript of so many tokens, behind a prompt of so many.

    The library takes off the prompt and allows half of what it is told, whichever is less.
    """
    return min(max(prompt + most, 2 * most), _MAX_LENGTH)


def padded_features(model: WhisperModel, samples: Samples, frames: int) -> NDArray[np.float32]:
    """Log-mel features of the samples, filled up with zeros, shape (1, mels, frames).

    Zeros in the features, not silence in the samples: that is what faster-whisper does and what
    the starter model was trained on.
    """
    heard = model.feature_extractor(samples)[:, :frames]
    features = np.zeros((1, heard.shape[0], frames), np.float32)
    features[0, :, : heard.shape[1]] = heard
    return features


def cut(samples: Samples, window: int) -> list[Samples]:
    """Parts of at most `window` samples, cut at the quietest place of each window's second half."""
    parts: list[Samples] = []
    size = SAMPLE_RATE // 20
    while len(samples) > window:
        half = samples[window // 2 : window]
        power = np.add.reduceat(half**2, np.arange(0, len(half) - size + 1, size))
        at = window // 2 + int(power.argmin()) * size + size // 2
        parts.append(samples[:at])
        samples = samples[at:]
    parts.append(samples)
    return parts
