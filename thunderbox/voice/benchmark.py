"""Benchmark: how quick each installed model is on this machine, and how much memory it takes.

Each model is measured in a child process of its own: its memory is seen alone, and one that
cannot run here ends the child and not the command.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from thunderbox.errors import ModelError
from thunderbox.voice.engine import Synthesizer
from thunderbox.voice.leg import SAMPLE_RATE

Kind = Literal["speech", "language", "voice"]

ROUNDS = 3
"""Of so many measurements the middle one counts."""
READ_TOKENS = 256
WRITE_TOKENS = 24
SECONDS = 300.0
"""A model that takes longer is of no use on this machine."""
UTTERANCE = "I would like to book an appointment for Tuesday at ten in the morning."
CLAUSE = "We are open from Monday to Friday,"
SPEAKER = "en-US-Michael1"
TURN_TOKENS = 20
"""What a caller's turn adds to what the language model has read already."""
CLAUSE_TOKENS = 8
"""Tokens of an answer's first clause: with them the voice can begin."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to be measured; `path` is a file, a directory, or empty for espeak-ng."""

    name: str
    kind: Kind
    path: str
    size: int
    """Bytes on disk; of two models the larger one is taken to be the better."""


class Speed(Struct, frozen=True, omit_defaults=True):
    """What was measured of a model; what does not apply to its kind is None."""

    memory_mb: float
    real_time_factor: float | None = None
    """Seconds of work for a second of sound, heard or spoken."""

    utterance_ms: float | None = None
    """To transcribe an utterance of four seconds."""

    read_tokens_per_second: float | None = None
    write_tokens_per_second: float | None = None
    first_audio_ms: float | None = None
    """From a clause to its first sound."""

    @property
    def first_clause_ms(self) -> float:
        """From a caller's words to the first clause of the answer."""
        read, write = self.read_tokens_per_second, self.write_tokens_per_second
        return 1000 * (TURN_TOKENS / (read or 1e-3) + CLAUSE_TOKENS / (write or 1e-3))


def measure(subject: Subject, threads: int) -> Speed:
    """Measure one model in a child process. Raises ModelError, which says what to do."""
    command = [sys.executable, "-m", __name__, subject.kind, subject.path, str(threads)]
    try:
        run = subprocess.run(  # noqa: S603 - our own module, and a path from our own shelf
            command, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"{subject.name} was not measured within {SECONDS:.0f} s: it is too slow for this "
            "machine, or the machine is busy."
        ) from None
    if run.returncode == 0:
        return msgspec.json.decode(run.stdout.splitlines()[-1], type=Speed)
    said = run.stderr.decode("utf-8", "replace").strip().splitlines()
    why = said[-1] if said else f"its process ended with status {run.returncode}"
    raise ModelError(f"{subject.name} cannot run here: {why}")


# ------------------------------------------------------------ in the child process


def measure_speech(path: Path, threads: int, sound: bytes) -> Speed:
    """A Whisper model's speed on an utterance of 16 kHz mono s16le PCM."""
    from thunderbox.voice.engines.faster_whisper import FasterWhisper
    from thunderbox.voice.models import STARTER, STARTER_WINDOW_SECONDS

    before = memory_mb()
    window = STARTER_WINDOW_SECONDS if path == STARTER / "asr" else None
    engine = FasterWhisper(path, threads=threads, window_seconds=window)
    try:
        engine.warm()
        seconds = _middle(lambda: asyncio.run(engine.transcribe(sound)).seconds)
        memory = memory_mb() - before
    finally:
        engine.close()
    length = len(sound) / 2 / SAMPLE_RATE
    return Speed(
        round(memory, 1),
        real_time_factor=round(seconds / length, 3),
        utterance_ms=round(1000 * seconds, 1),
    )


def measure_language(path: Path, threads: int) -> Speed:
    """A GGUF model's speed of reading a prompt and of writing an answer."""
    from thunderbox.voice.engines.llama_library import Entry, LlamaLibrary

    before = memory_mb()
    library = LlamaLibrary(
        path, sequences=1, context_tokens=512, threads=threads, batch=READ_TOKENS
    )
    try:
        tokens = (library.tokenize(f"{UTTERANCE} {CLAUSE} " * 40))[:READ_TOKENS]
        last = len(tokens) - 1

        def read() -> float:
            library.clear()
            entries = [Entry(token, at, 0, at == last) for at, token in enumerate(tokens)]
            return _seconds(lambda: library.decode(entries))

        def write() -> float:
            started = time.perf_counter()
            for step in range(WRITE_TOKENS):
                library.decode([Entry(tokens[step], last + 1 + step, 0, True)])
            return time.perf_counter() - started

        read()
        reading = _middle(read)
        writing = write()
        memory = memory_mb() - before
    finally:
        library.close()
    return Speed(
        round(memory, 1),
        read_tokens_per_second=round(len(tokens) / reading, 1),
        write_tokens_per_second=round(WRITE_TOKENS / writing, 1),
    )


def measure_voice(path: Path | None, threads: int) -> Speed:
    """How soon a voice begins to speak a clause, and how quickly it goes on; None: espeak-ng."""
    from thunderbox.voice.engines.espeak import Espeak
    from thunderbox.voice.engines.piper import Piper

    before = memory_mb()
    engine: Synthesizer = Espeak() if path is None else Piper(path, threads=threads)
    try:
        voice = SPEAKER if path is None else engine.voices()[0].id

        def speak() -> tuple[float, float, int]:
            return asyncio.run(_speak(engine, voice))

        speak()
        runs = [speak() for _ in range(ROUNDS)]
        memory = memory_mb() - before
    finally:
        engine.close()
    first = statistics.median(first for first, _, _ in runs)
    factor = statistics.median(whole / (size / 2 / SAMPLE_RATE) for _, whole, size in runs)
    return Speed(
        round(memory, 1), real_time_factor=round(factor, 3), first_audio_ms=round(1000 * first, 1)
    )


def memory_mb() -> float:
    """Memory that this process holds now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return 0.0


async def _speak(engine: Synthesizer, voice: str) -> tuple[float, float, int]:
    """Seconds to the first sound and to the last, and the bytes."""
    started, first, size = time.perf_counter(), 0.0, 0
    async with aclosing(engine.speak(CLAUSE, voice)) as pieces:
        async for piece in pieces:
            first = first or time.perf_counter() - started
            size += len(piece)
    return first, time.perf_counter() - started, max(size, 2)


async def _utterance() -> bytes:
    from thunderbox.voice.engines.espeak import Espeak

    engine = Espeak()
    try:
        return b"".join([piece async for piece in engine.speak(UTTERANCE, SPEAKER)])
    finally:
        engine.close()


def _middle(once: Callable[[], float]) -> float:
    return statistics.median(once() for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _main(kind: str, path: str, threads: int) -> int:
    """Print the Speed of one model as JSON; the reason why not goes to standard error."""
    try:
        match kind:
            case "speech":
                speed = measure_speech(Path(path), threads, asyncio.run(_utterance()))
            case "language":
                speed = measure_language(Path(path), threads)
            case _:
                speed = measure_voice(Path(path) if path else None, threads)
    except Exception as error:  # whatever it is, the parent says it
        sys.stderr.write(f"{error or type(error).__name__}\n")
        return 1
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(speed) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
