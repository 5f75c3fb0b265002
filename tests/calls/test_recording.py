"""Stereo MP3: both sides in their channels, playable at any moment and after a crash."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import numpy as np

from thunderbox.calls.recording import Recorder, make_playable
from thunderbox.voice.leg import FRAME_SAMPLES, SAMPLE_RATE, SILENCE


def tone(hertz: int, frames: int) -> list[bytes]:
    """A tone in frames of 20 ms."""
    at = np.arange(frames * FRAME_SAMPLES) / SAMPLE_RATE
    sound = (np.sin(2 * np.pi * hertz * at) * 12_000).astype(np.int16)
    return [part.tobytes() for part in np.split(sound, frames)]


def decode(path: Path) -> np.ndarray:
    """Both channels as floats, shape (2, samples)."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        planar = container.streams.audio[0].codec_context.format.is_planar
    sound = np.concatenate(frames, axis=1)
    return sound.astype(np.float64) if planar else sound.reshape(-1, 2).T.astype(np.float64)


def strongest(channel: np.ndarray) -> float:
    """The strongest frequency of a channel, in Hz."""
    spectrum = np.abs(np.fft.rfft(channel))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(channel))


async def record(directory: Path, seconds: int, *, close: bool = True) -> Path:
    """The caller as 400 Hz, the agent as 900 Hz."""
    recorder = Recorder(directory)
    recording = recorder.start(7)
    frames = seconds * 50
    for far, near in zip(tone(400, frames), tone(900, frames), strict=True):
        recording.add(far, near)
    if close:
        await recording.close()
    await asyncio.to_thread(recorder.close)
    return recording.path


async def test_the_caller_is_left_and_the_agent_right(tmp_path: Path) -> None:
    left, right = decode(await record(tmp_path, 2))
    assert abs(strongest(left) - 400) < 5
    assert abs(strongest(right) - 900) < 5


async def test_the_recording_is_as_long_as_the_call(tmp_path: Path) -> None:
    sound = decode(await record(tmp_path, 3))
    assert abs(sound.shape[1] / SAMPLE_RATE - 3) < 0.2


async def test_an_unclosed_recording_lacks_at_most_two_seconds(tmp_path: Path) -> None:
    path = await record(tmp_path, 5, close=False)
    assert make_playable(path)
    assert decode(path).shape[1] / SAMPLE_RATE > 3


async def test_half_a_frame_at_the_end_is_cut_off(tmp_path: Path) -> None:
    path = await record(tmp_path, 2)
    whole = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(whole - 17)
    assert make_playable(path)
    assert path.stat().st_size < whole - 17
    assert abs(decode(path).shape[1] / SAMPLE_RATE - 2) < 0.2


def test_a_recording_without_a_whole_frame_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "1.mp3").write_bytes(b"\xff\xf3")
    assert not make_playable(tmp_path / "1.mp3")
    assert not make_playable(tmp_path / "missing.mp3")


async def test_silence_is_recorded_too(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recording = recorder.start(1)
    for _ in range(50):
        recording.add(SILENCE, SILENCE)
    await recording.close()
    await asyncio.to_thread(recorder.close)
    assert abs(decode(recording.path).shape[1] / SAMPLE_RATE - 1) < 0.2
