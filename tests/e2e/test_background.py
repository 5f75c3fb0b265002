"""The sound under an agent's voice: heard while nobody speaks, lowered while the agent does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.box import Box
from tests.e2e.line import calling, follow, samples_of
from tests.e2e.sound import channels
from tests.peers.openai import script
from thunderbox.voice import ambience
from thunderbox.voice.ambient_leg import DUCKED
from thunderbox.voice.leg import SAMPLE_RATE

pytestmark = pytest.mark.e2e

QUIET_S = 3
"""How long the caller listens on when the agent has said everything."""


async def test_a_caller_who_is_to_speak_first_hears_the_background_and_nobody(box: Box) -> None:
    await box.change_agent(inbound_speak_order="caller_first", background_track="CALL_CENTER")
    async with calling(box) as leg:
        heard = samples_of(await follow(leg, 4)).reshape(-1, 320)
    assert np.mean(np.abs(heard[-50:]).max(axis=1) > 30) > 0.8, "there is no background"
    ended = await box.ended_call()
    assert await box.transcript(ended["call_id"]) == []


def loudness(sound: np.ndarray) -> np.ndarray:
    """The level of every 20 ms of a sound (RMS)."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    return np.sqrt(np.mean(frames**2, axis=1))


def beneath(sound: np.ndarray) -> np.ndarray:
    """The background at every moment of a sound that ends with two seconds of it alone."""
    track = np.frombuffer(ambience.track("CALL_CENTER"), "<i2").astype(float)
    end = np.zeros(len(track))
    end[: 2 * SAMPLE_RATE] = sound[-2 * SAMPLE_RATE :]
    # The track is a loop: the sound stands in it where its end fits best.
    fit = np.fft.irfft(np.fft.rfft(track) * np.conj(np.fft.rfft(end)), len(track))
    start = int(np.argmax(fit)) - (len(sound) - 2 * SAMPLE_RATE)
    return np.take(track, np.arange(len(sound)) + start, mode="wrap")


async def test_the_background_is_lowered_while_the_agent_speaks_and_comes_back(
    scripted: Box, tmp_path: Path
) -> None:
    words = "We are open Monday to Friday from nine to five, and on Saturday from ten to two."
    await scripted.change_agent(prompt=script({"say": words}), background_track="CALL_CENTER")
    async with calling(scripted) as leg:
        call = await scripted.newest_call()
        spoken = 0
        while not spoken:
            await follow(leg, 0.5)
            spoken = len(await scripted.transcript(call["call_id"]))
        await follow(leg, QUIET_S)
    await scripted.ended_call()
    [turn] = await scripted.get(f"/v1/calls/{call['call_id']}/history")
    path = await scripted.recording(call["call_id"], tmp_path / "call.mp3")
    agent = channels(path)[1].astype(float)

    begin, end = (turn[key] // 20 for key in ("start_ms", "end_ms"))
    assert end - begin > 3 * 50
    gain = loudness(agent) / loudness(beneath(agent))
    assert np.median(gain[-100:]) == pytest.approx(1.0, abs=0.15)
    # Between two words only the background is left; a box without time to spare sends nothing.
    under = gain[begin + 25 : end - 10]
    assert np.percentile(under[under > 0.05], 3) == pytest.approx(DUCKED, abs=0.15)
