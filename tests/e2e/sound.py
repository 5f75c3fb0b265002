"""What was said in a recording: its channels, its utterances, its words."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.leg import SAMPLE_RATE
from thunderbox.voice.models import STARTER_WINDOW_SECONDS, speech_card


async def transcribe(sound: np.ndarray) -> str:
    """The words in one channel of a recording, sentence by sentence as they were spoken."""
    card = speech_card("starter")
    engine = FasterWhisper(
        Path(card.path), name="check", threads=2, window_seconds=STARTER_WINDOW_SECONDS
    )
    try:
        found = [await engine.transcribe(part.tobytes()) for part in utterances(sound)]
    finally:
        engine.close()
    return " ".join(part.text for part in found).lower()


def utterances(sound: np.ndarray) -> list[np.ndarray]:
    """The stretches of sound between silences of half a second, with a little silence around."""
    samples = sound.astype(np.int16)
    frames = np.abs(samples[: len(samples) // 320 * 320].astype(int)).reshape(-1, 320).max(axis=1)
    loud = np.flatnonzero(frames > 300)
    if not loud.size:
        return []
    parts = np.split(loud, np.flatnonzero(np.diff(loud) > 25) + 1)
    return [samples[max(0, part[0] - 10) * 320 : (part[-1] + 11) * 320] for part in parts]


def channels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Left and right of a recording as 16-bit samples: the far end, the agent."""
    resampler = av.AudioResampler(format="s16p", layout="stereo", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        parts = [
            part.to_ndarray()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    left, right = np.concatenate(parts, axis=1)
    return left, right
