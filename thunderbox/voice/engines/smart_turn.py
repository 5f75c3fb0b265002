"""SmartTurn: hears from the tone of voice whether a caller has finished (Smart Turn v3, ONNX).

The model reads the log-mel features of Whisper over the last 8 seconds, the sound at their end,
and answers with a probability.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from thunderbox.errors import StartError
from thunderbox.voice.engines.worker import Worker
from thunderbox.voice.leg import SAMPLE_RATE

SECONDS = 8
MELS = 80
FRAMES = SECONDS * 100
FINISHED = 0.5
"""Probability from which somebody has finished: what the model was trained for."""

_INPUT = "input_features"
_VARIANCE_FLOOR = 1e-7
_extractor = FeatureExtractor(feature_size=MELS, chunk_length=SECONDS)


class SmartTurn:
    """One model for all calls, on a thread of its own."""

    name = "smart-turn"

    def __init__(self, path: Path) -> None:
        """Load the model. Raises StartError."""
        options = onnxruntime.SessionOptions()
        # One thread: it runs beside the recognizer, which has the words that are waited for.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
            self._probability(np.zeros(0, np.float32))
        except Exception as error:
            raise StartError(
                f"The turn model {path} cannot be used ({type(error).__name__}): it is damaged or "
                f"no Smart Turn v3. Run `thunderbox models remove {path.parent.name}`, then pull "
                "or import it again."
            ) from error
        self._worker = Worker("turn-end")

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to answer."""
        return self._worker.alive

    async def finished(self, pcm: bytes) -> bool:
        """Whether somebody who has just paused has finished. Raises EngineError."""
        return await self.probability(pcm) >= FINISHED

    async def probability(self, pcm: bytes) -> float:
        """How likely it is that somebody has finished, 0.0 to 1.0. Raises EngineError."""
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768.0
        return await self._worker.run(lambda: self._probability(samples))

    def close(self) -> None:
        """Stop the engine's thread and free the model."""
        self._worker.close()

    def _probability(self, samples: NDArray[np.float32]) -> float:
        found = self._session.run(None, {_INPUT: features(samples)[np.newaxis]})[0]
        return float(np.asarray(found).reshape(-1)[0])


def features(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-mel features of the last 8 seconds, shape (80, 800); what is shorter is preceded by
    silence. The sound is brought to mean 0 and variance 1 first, the silence included."""
    window = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    if len(last := samples[-len(window) :]):
        window[-len(last) :] = last
    window = (window - window.mean()) / np.sqrt(window.var() + _VARIANCE_FLOOR)
    found: NDArray[np.float32] = _extractor(window, padding=0).astype(np.float32)
    return found
