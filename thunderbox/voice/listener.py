"""Listener: finds the caller's voice in the stream of frames and keeps the sound of the turn.

Fed with one 20 ms frame at a time; says when voice starts and stops. It reads no clock: time is
the number of frames it was fed.
"""

from __future__ import annotations

from collections import deque

from thunderbox.voice.engine import VoiceActivity
from thunderbox.voice.leg import FRAME_BYTES, FRAME_MS
from thunderbox.voice.stillness import Stillness
from thunderbox.voice.turn_events import SpeechStarted, SpeechStopped

START = 0.5
"""Probability from which a frame counts as voice."""
STOP = 0.35
"""Probability under which a frame counts as silence once voice has begun."""
START_FRAMES = 3
"""So many voiced frames in a row are a voice and not a click."""
STOP_FRAMES = 6
"""So many silent frames in a row are a pause and not the closure of a consonant (120 ms)."""
PRE_ROLL = 300 // FRAME_MS
"""Frames kept from before the voice was noticed, so that no first consonant is lost."""
MAX_TURN = 60_000 // FRAME_MS
"""A turn keeps its last minute; what is older is dropped."""


class Listener:
    """Voice detection for one call."""

    def __init__(self, activity: VoiceActivity) -> None:
        self._activity = activity
        self._stillness = Stillness()
        self._frames = 0
        self._pre_roll: deque[bytes] = deque(maxlen=PRE_ROLL)
        self._turn: deque[bytes] = deque(maxlen=MAX_TURN)
        self._dropped = 0
        self._open = False
        self._speaking = False
        self._run = 0
        self._last_voiced = 0

    @property
    def speaking(self) -> bool:
        """Whether the caller's voice is heard now."""
        return self._speaking

    @property
    def quiet_ms(self) -> int:
        """How long a voice that is taken to go on has been silent."""
        return self._run * FRAME_MS if self._speaking else 0

    def hear(self, frame: bytes, *, echo: bool = False) -> SpeechStarted | SpeechStopped | None:
        """Take the caller's next 20 ms; say whether a voice began or paused. Echo is no voice."""
        probability = self._activity.probability(frame)
        still = self._stillness.hear(frame, voiced=echo or probability >= STOP)
        if echo or still:
            probability = 0.0
        self._frames += 1
        now = self._frames * FRAME_MS
        if self._open:
            self._dropped += len(self._turn) == MAX_TURN
            self._turn.append(frame)
        else:
            self._pre_roll.append(frame)
        if not self._speaking:
            self._run = self._run + 1 if probability >= START else 0
            if self._run < START_FRAMES:
                return None
            self._speaking, self._run, self._last_voiced = True, 0, now
            self._stillness.begin()
            if not self._open:
                self._open = True
                self._turn.extend(self._pre_roll)
                self._pre_roll.clear()
            return SpeechStarted(now - START_FRAMES * FRAME_MS)
        if probability >= STOP:
            self._run, self._last_voiced = 0, now
            return None
        self._run += 1
        if self._run < STOP_FRAMES:
            return None
        self._speaking, self._run = False, 0
        return SpeechStopped(self._last_voiced)

    @property
    def length(self) -> int:
        """Bytes of the turn's sound so far, those that are not kept any more included."""
        return (self._dropped + len(self._turn)) * FRAME_BYTES

    def sound(self, start: int = 0) -> bytes:
        """The turn's sound so far, from byte `start` of it on, as far as it is kept: 16 kHz mono
        s16le PCM, with a little silence around it."""
        return b"".join(self._turn)[max(0, start - self._dropped * FRAME_BYTES) :]

    def drop(self) -> None:
        """The turn is over: forget its sound. A voice still speaking opens a new turn."""
        self._pre_roll.extend(list(self._turn)[-PRE_ROLL:])
        self._turn.clear()
        self._dropped = 0
        self._open = False
        if self._speaking:
            self._speaking, self._run = False, 0
