"""Silero: tells speech from other sound with the small ONNX model that faster-whisper brings.

The model (version 6) reads 512 new samples and the 64 before them, and carries an LSTM state;
frames of 20 ms hold 320, so it runs on five frames out of eight.
"""

from __future__ import annotations

from pathlib import Path

import faster_whisper
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from thunderbox.errors import StartError

_WINDOW = 512
_CONTEXT = 64


class SileroModel:
    """The weights, loaded once and shared by all calls."""

    def __init__(self) -> None:
        path = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise StartError(
                f"The voice detector {path} cannot be loaded ({error}). Reinstall faster-whisper."
            ) from error

    def stream(self) -> SileroVoiceActivity:
        """A detector for one call."""
        return SileroVoiceActivity(self._session)

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of speech in each 32 ms of an utterance, in one run."""
        count = -(-len(samples) // _WINDOW)
        windows = np.zeros((count, _CONTEXT + _WINDOW), np.float32)
        padded = np.zeros(_CONTEXT + count * _WINDOW, np.float32)
        padded[_CONTEXT : _CONTEXT + len(samples)] = samples
        windows[:, _CONTEXT:] = padded[_CONTEXT:].reshape(count, _WINDOW)
        windows[:, :_CONTEXT] = padded[: count * _WINDOW].reshape(count, _WINDOW)[:, :_CONTEXT]
        state = np.zeros((1, 1, 128), np.float32)
        found, _h, _c = self._session.run(None, {"input": windows, "h": state, "c": state})
        result: NDArray[np.float32] = found.reshape(-1)
        return result


class SileroVoiceActivity:
    """One call's stream of frames."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._input = np.zeros((1, _CONTEXT + _WINDOW), np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._waiting = np.zeros(0, np.float32)
        self._newest = 0.0

    def probability(self, frame: bytes) -> float:
        """Probability that the newest 20 ms frame of the stream is speech, 0.0 to 1.0."""
        samples = np.frombuffer(frame, "<i2").astype(np.float32) / 32768.0
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= _WINDOW:
            self._input[0, :_CONTEXT] = self._input[0, -_CONTEXT:]
            self._input[0, _CONTEXT:] = self._waiting[:_WINDOW]
            self._waiting = self._waiting[_WINDOW:]
            found, self._h, self._c = self._session.run(
                None, {"input": self._input, "h": self._h, "c": self._c}
            )
            self._newest = float(found.reshape(-1)[0])
        return self._newest
