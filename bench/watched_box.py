"""Watched box: `thunderbox serve`, with a note of the time when each engine begins and answers.

    python bench/watched_box.py FOLDER starter|real-size|instant|instant-level TONE-SECONDS

The product is the same; this program wraps the engines' public methods before it starts it. With
"instant" the engines answer at once with fixed words and a tone, so that only the box itself
takes time; with "instant-level" the voice detector answers at once, too. Notes go to
FOLDER/notes.jsonl as they come, the event loop's lag to FOLDER/lag.json at the end. Times are
nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import numpy as np

from thunderbox.appliance import Appliance
from thunderbox.cli.main import main as run_cli
from thunderbox.voice.engine import Recognition
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.engines.silero import SileroVoiceActivity
from thunderbox.voice.engines.voices import Voices
from thunderbox.voice.leg import SAMPLE_RATE
from thunderbox.voice.speaker import Speaker

LAG_EVERY = 0.01
BUCKETS = 20_000
"""Of 0.1 ms each: 2 s, and what is longer counts as that."""
HEARD = "What are your opening hours?"
ANSWER = "We are open from nine in the morning until five in the afternoon."
VOICE = 300
"""Samples above this amplitude are voice for the detector that answers at once."""


class Notes:
    """What happened when, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def add(self, what: str, at: int | None = None) -> None:
        """Note that something happens, now or at another time."""
        at = time.monotonic_ns() if at is None else at
        self._file.write(json.dumps({"at": at, "what": what}) + "\n")


class Lag:
    """How late a timer of the event loop is, every 10 ms, as a histogram."""

    def __init__(self) -> None:
        self.counts = np.zeros(BUCKETS, np.int64)

    def start(self) -> None:
        """Measure on the running loop until it ends."""
        self._loop = asyncio.get_running_loop()
        self._next()

    def _next(self) -> None:
        self._due = time.monotonic() + LAG_EVERY
        self._loop.call_later(LAG_EVERY, self._due_now)

    def _due_now(self) -> None:
        late = max(0.0, time.monotonic() - self._due)
        self.counts[min(int(late * 10_000), BUCKETS - 1)] += 1
        self._next()

    def summary(self) -> dict[str, Any]:
        """Percentiles in ms."""
        total = int(self.counts.sum())
        if not total:
            return {"count": 0}
        up_to = np.cumsum(self.counts) / total
        found = {
            f"p{name}": round((int(np.searchsorted(up_to, share)) + 1) / 10, 1)
            for name, share in (("50", 0.5), ("95", 0.95), ("99", 0.99), ("99.9", 0.999))
        }
        return {"count": total, **found, "max": (int(np.flatnonzero(self.counts)[-1]) + 1) / 10}


def watch(notes: Notes) -> None:
    """Wrap the engines, so that each leaves a note."""
    _wrap_call(FasterWhisper, "transcribe", notes)
    _wrap_early(notes)
    _wrap_stream(LlamaCpp, "generate", notes)
    _wrap_stream(Voices, "speak", notes)
    release = Speaker.release

    @functools.wraps(release)
    def noted(self: Speaker, reply: int) -> None:
        notes.add("released")
        release(self, reply)

    # Wrapped from outside: the box itself has no hook for benches.
    Speaker.release = noted  # type: ignore[method-assign]


def make_instant(tone_seconds: float) -> None:
    """Let the engines answer at once."""
    wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(SAMPLE_RATE * tone_seconds) / SAMPLE_RATE)
    tone = wave.astype("<i2").tobytes()

    async def transcribe(_self: object, _pcm: bytes, *_: object, **__: object) -> Recognition:
        return Recognition(HEARD, 0.0)

    async def glimpse(_self: object, *_: object, **__: object) -> None:
        return None

    async def generate(_self: object, *_: object, **__: object) -> AsyncGenerator[str, None]:
        yield ANSWER

    async def speak(_self: object, *_: object, **__: object) -> AsyncGenerator[bytes, None]:
        yield tone

    FasterWhisper.transcribe = transcribe  # type: ignore[method-assign]
    FasterWhisper.glimpse = glimpse  # type: ignore[assignment]
    LlamaCpp.generate = generate  # type: ignore[method-assign]
    Voices.speak = speak  # type: ignore[method-assign]


def make_level() -> None:
    """Let the voice detector look at nothing but the level."""

    def probability(_self: object, frame: bytes) -> float:
        return float(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max() > VOICE)

    SileroVoiceActivity.probability = probability  # type: ignore[method-assign]


def forget_sound() -> None:
    """Let no sound of a greeting be kept: the model of real size says the same again in each
    answer, and a voice that never had to speak it would be measured."""

    def keep(_self: object, *_: object) -> None:
        return None

    Voices.keep = keep  # type: ignore[method-assign]


def _wrap_call(kind: type, name: str, notes: Notes) -> None:
    original = getattr(kind, name)

    @functools.wraps(original)
    async def noted(*values: Any, **named: Any) -> Any:
        notes.add(f"{name} begins")
        result = await original(*values, **named)
        notes.add(f"{name} ends")
        return result

    setattr(kind, name, noted)


def _wrap_early(notes: Notes) -> None:
    """A transcription that is begun before the pause is sure counts as one."""
    glimpse = FasterWhisper.glimpse

    @functools.wraps(glimpse)
    async def noted(*values: Any, paused: bool = False, **named: Any) -> Any:
        begun = time.monotonic_ns()
        found = await glimpse(*values, paused=paused, **named)
        if paused and found is not None:
            notes.add("transcribe begins", begun)
            notes.add("transcribe ends")
        return found

    FasterWhisper.glimpse = noted  # type: ignore[method-assign]


def _wrap_stream(kind: type, name: str, notes: Notes) -> None:
    original: Callable[..., AsyncGenerator[Any, None]] = getattr(kind, name)

    @functools.wraps(original)
    async def noted(*values: Any, **named: Any) -> AsyncGenerator[Any, None]:
        notes.add(f"{name} begins")
        first = True
        stream = original(*values, **named)
        try:
            async for piece in stream:
                if first and piece:
                    notes.add(f"{name} first")
                    first = False
                yield piece
        finally:
            await stream.aclose()

    setattr(kind, name, noted)


def main() -> None:
    """Serve until SIGINT."""
    folder, models = Path(sys.argv[1]), sys.argv[2]
    lag = Lag()
    start = Appliance.start

    async def started(box: Appliance) -> None:
        await start(box)
        lag.start()

    Appliance.start = started  # type: ignore[method-assign]
    if models.startswith("instant"):
        make_instant(float(sys.argv[3]))
    if models == "instant-level":
        make_level()
    if models == "real-size":
        forget_sound()
    watch(Notes(folder / "notes.jsonl"))
    sys.argv = ["thunderbox", "serve"]
    try:
        run_cli()
    finally:
        (folder / "lag.json").write_text(json.dumps(lag.summary()), encoding="utf-8")


if __name__ == "__main__":
    main()
