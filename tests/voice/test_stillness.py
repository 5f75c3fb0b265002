"""When a line counts as still."""

from __future__ import annotations

import numpy as np
import pytest

from thunderbox.voice.leg import FRAME_SAMPLES
from thunderbox.voice.stillness import LAG_FRAMES, SETTLED_FRAMES, Stillness


def frame(level: float) -> bytes:
    """20 ms at a steady level."""
    return np.full(FRAME_SAMPLES, level).astype("<i2").tobytes()


def line(background: float, voice: float) -> Stillness:
    """A line on which somebody spoke after a pause."""
    stillness = Stillness()
    for _ in range(SETTLED_FRAMES * 5):
        stillness.hear(frame(background), voiced=False)
    stillness.begin()
    stillness.hear(frame(voice), voiced=True)
    return stillness


@pytest.mark.parametrize(
    ("background", "voice", "now", "still"),
    [
        (0, 3000, 0, True),
        (0, 3000, 8, True),  # what mu-law makes of silence
        (0, 3000, 60, False),  # the breath at the end of a word
        (100, 3000, 120, True),
        (100, 3000, 290, False),
        (400, 3000, 400, False),  # noise 17 dB below the voice
    ],
)
def test_a_frame_is_still(background: float, voice: float, now: float, still: bool) -> None:
    assert line(background, voice).hear(frame(now), voiced=True) is still


def test_nothing_is_still_before_the_background_is_known() -> None:
    stillness = Stillness()
    stillness.begin()
    stillness.hear(frame(3000), voiced=True)
    assert not stillness.hear(frame(0), voiced=True)


def test_a_background_that_rose_counts_from_the_next_voice_on() -> None:
    stillness = line(0, 3000)
    for _ in range(200):
        stillness.hear(frame(120), voiced=False)
    stillness.begin()
    stillness.hear(frame(3000), voiced=True)
    assert stillness.hear(frame(120), voiced=True)


def test_the_beginning_of_a_voice_that_the_detector_missed_is_no_background() -> None:
    stillness = Stillness()
    for _ in range(50):
        stillness.hear(frame(0), voiced=False)
    for _ in range(LAG_FRAMES):
        stillness.hear(frame(3000), voiced=False)
    stillness.begin()
    stillness.hear(frame(3000), voiced=True)
    assert not stillness.hear(frame(200), voiced=True)
