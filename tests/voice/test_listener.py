"""When a voice begins and pauses, and what sound is kept of it."""

from __future__ import annotations

from thunderbox.voice.leg import FRAME_BYTES
from thunderbox.voice.listener import MAX_TURN, PRE_ROLL, STOP_FRAMES, Listener
from thunderbox.voice.turn_events import SpeechStarted, SpeechStopped

VOICE = b"\x01" * FRAME_BYTES
QUIET = bytes(FRAME_BYTES)


class Late:
    """Says "voice" for so many frames after the voice has gone, as real detectors do."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._left = 0

    def probability(self, frame: bytes) -> float:
        """1.0 from a loud frame on."""
        self._left = self._frames if max(frame) == 0x20 else max(0, self._left - 1)
        return 1.0 if self._left else 0.0


class Marked:
    """A frame is a voice when it is not silent."""

    def probability(self, frame: bytes) -> float:
        """1.0 for the marked frames."""
        return 1.0 if frame == VOICE else 0.0


def hear(listener: Listener, *frames: bytes) -> list[SpeechStarted | SpeechStopped]:
    """What the listener says to these frames."""
    return [event for frame in frames if (event := listener.hear(frame)) is not None]


def test_a_voice_starts_where_its_first_frame_was() -> None:
    listener = Listener(Marked())
    assert hear(listener, *[QUIET] * 10, *[VOICE] * 5) == [SpeechStarted(200)]


def test_a_click_is_not_a_voice() -> None:
    assert hear(Listener(Marked()), QUIET, VOICE, VOICE, QUIET, VOICE, QUIET) == []


def test_a_pause_is_dated_to_the_last_voiced_frame() -> None:
    listener = Listener(Marked())
    events = hear(listener, *[VOICE] * 10, *[QUIET] * STOP_FRAMES)
    assert events == [SpeechStarted(0), SpeechStopped(200)]


def test_a_short_gap_within_a_word_is_not_a_pause() -> None:
    listener = Listener(Marked())
    events = hear(listener, *[VOICE] * 5, *[QUIET] * (STOP_FRAMES - 1), *[VOICE] * 5)
    assert events == [SpeechStarted(0)]


def test_the_sound_begins_a_little_before_the_voice() -> None:
    listener = Listener(Marked())
    hear(listener, *[QUIET] * 50, *[VOICE] * 3)
    assert listener.sound() == QUIET * (PRE_ROLL - 3) + VOICE * 3


def test_a_turn_holds_all_its_stretches_of_voice() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * 5, *[QUIET] * 20, *[VOICE] * 5)
    assert listener.sound().count(VOICE) >= 10


def test_dropping_the_turn_forgets_its_sound() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * 5)
    listener.drop()
    assert listener.sound() == b""


def test_a_voice_that_goes_on_after_the_drop_opens_a_new_turn() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * 5)
    listener.drop()
    assert len(hear(listener, *[VOICE] * 3)) == 1


def test_a_detector_that_lags_does_not_move_the_end_of_a_voice() -> None:
    loud = b"\x20" * FRAME_BYTES
    listener = Listener(Late(5))
    events = hear(listener, *[QUIET] * 20, *[loud] * 10, *[QUIET] * STOP_FRAMES)
    assert events == [SpeechStarted(400), SpeechStopped(600)]


def test_in_loud_noise_the_detector_decides_alone() -> None:
    loud, noise = b"\x20" * FRAME_BYTES, b"\x08" * FRAME_BYTES
    listener = Listener(Late(5))
    events = hear(listener, *[noise] * 20, *[loud] * 10, *[noise] * (4 + STOP_FRAMES))
    assert events == [SpeechStarted(400), SpeechStopped(680)]


def test_a_quiet_end_of_a_word_is_still_voice() -> None:
    loud, soft = b"\x20" * FRAME_BYTES, b"\x02" * FRAME_BYTES
    listener = Listener(Late(5))
    events = hear(listener, *[QUIET] * 20, *[loud] * 10, *[soft] * 4, *[QUIET] * STOP_FRAMES)
    assert events == [SpeechStarted(400), SpeechStopped(680)]


def test_the_silence_within_a_voice_is_measured() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * 5, QUIET, QUIET)
    assert listener.quiet_ms == 40
    hear(listener, VOICE)
    assert listener.quiet_ms == 0


def test_an_echo_is_no_voice() -> None:
    listener = Listener(Marked())
    assert [listener.hear(VOICE, echo=True) for _ in range(10)] == [None] * 10
    assert hear(listener, *[VOICE] * 3) == [SpeechStarted(200)]


def test_sound_can_be_asked_for_from_a_place_on() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * 10)
    assert listener.length == 10 * FRAME_BYTES
    assert listener.sound(7 * FRAME_BYTES) == VOICE * 3


def test_places_count_what_is_not_kept_any_more() -> None:
    listener = Listener(Marked())
    hear(listener, *[VOICE] * (MAX_TURN + 5))
    assert listener.length == (MAX_TURN + 5) * FRAME_BYTES
    assert len(listener.sound()) == MAX_TURN * FRAME_BYTES
    assert listener.sound(MAX_TURN * FRAME_BYTES) == VOICE * 5
    listener.drop()
    assert listener.length == 0
