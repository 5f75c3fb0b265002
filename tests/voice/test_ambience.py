"""Background tracks, and a leg that plays one under the agent's speech."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from thunderbox.api.agent_fields import BackgroundTrack
from thunderbox.errors import LegError
from thunderbox.voice.ambience import SECONDS, TRACKS, track
from thunderbox.voice.ambient_leg import AmbientLeg
from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE
from thunderbox.voice.loopback import Loopback

HUM = b"\x64\x00" * 1600
"""A background of constant samples of 100."""
WORD = b"\xe8\x03" * (FRAME_BYTES * 5 // 2)
"""100 ms of speech: samples of 1000."""


def samples(pcm: bytes) -> np.ndarray:
    """The samples as numbers."""
    return np.frombuffer(pcm, "<i2").astype(float)


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_is_quiet_and_long_enough(name: str) -> None:
    sound = samples(track(name))
    assert len(sound) == SECONDS * SAMPLE_RATE
    assert 20 * np.log10(np.sqrt(np.mean(sound**2)) / 32768) == pytest.approx(-34, abs=0.5)


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_has_no_seam(name: str) -> None:
    sound = samples(track(name))
    steps = np.abs(np.diff(sound))
    assert abs(sound[0] - sound[-1]) <= steps.max()


def test_the_api_offers_every_track() -> None:
    offered = get_args(get_args(get_args(BackgroundTrack)[0])[0])
    assert {name for name in offered if name} == set(TRACKS)


def test_the_tracks_differ() -> None:
    assert len({track(name) for name in TRACKS}) == len(TRACKS) >= 3


async def run(line: Loopback, leg: AmbientLeg, ticks: int) -> tuple[list[int], np.ndarray]:
    """So many ticks: how much speech was sent in each, and all that the far end heard."""
    spoken, heard = [], b""
    for _ in range(ticks):
        line.step()
        tick = await leg.tick()
        far = await line.far.tick()
        assert tick is not None
        assert far is not None
        spoken.append(tick.spoken)
        heard += far.far
    return spoken, samples(heard)


async def test_the_background_is_heard_while_nobody_speaks() -> None:
    line = Loopback("t")
    spoken, heard = await run(line, AmbientLeg(line.near, HUM), 10)
    assert spoken == [0] * 10
    assert set(heard[FRAME_BYTES:]) == {100.0}


async def test_speech_is_heard_above_a_lowered_background() -> None:
    line = Loopback("t")
    leg = AmbientLeg(line.near, HUM)
    leg.play(WORD * 10)
    spoken, heard = await run(line, leg, 60)
    assert sum(spoken) == len(WORD) * 10
    assert heard.max() <= 1100
    assert heard[40 * FRAME_BYTES // 2] == pytest.approx(1040, abs=15)


async def test_only_speech_is_counted_as_queued() -> None:
    line = Loopback("t")
    leg = AmbientLeg(line.near, HUM)
    await run(line, leg, 5)
    assert leg.queued == 0
    leg.play(WORD)
    assert leg.queued == len(WORD)


async def test_a_flush_drops_speech_that_was_not_sent_and_no_more() -> None:
    line = Loopback("t")
    leg = AmbientLeg(line.near, HUM)
    leg.play(WORD * 10)
    spoken, _ = await run(line, leg, 20)
    dropped = leg.flush()
    assert sum(spoken) + dropped == len(WORD) * 10
    after, heard = await run(line, leg, 20)
    assert sum(after) == 0
    assert heard[-1] == pytest.approx(100, abs=15)


async def test_more_than_half_a_minute_of_speech_is_refused() -> None:
    leg = AmbientLeg(Loopback("t").near, HUM)
    with pytest.raises(LegError):
        leg.play(bytes(31 * SAMPLE_RATE * 2))


async def test_a_line_that_is_over_takes_no_background(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Loopback("t")
    given: list[bytes] = []
    monkeypatch.setattr(line.near, "play", given.append)
    line.step()
    await AmbientLeg(line.near, HUM).tick()
    assert len(given) == 3
