"""The sound of fixed sentences, kept on disk."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.engines import FakeSynthesizer
from tests.voice.engines.sounds import collect, same
from tests.voice.stage import Stage
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.piper import Piper
from thunderbox.voice.engines.sound_store import SoundStore
from thunderbox.voice.engines.voices import Voices


class Counting(FakeSynthesizer):
    """Counts what it is asked to say; `model` is its version."""

    def __init__(self, model: str = "1") -> None:
        self.model = model
        self.said: list[str] = []

    def voices(self) -> Sequence[Voice]:
        """One voice."""
        return [replace(voice, made_by=self.model) for voice in super().voices()]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """The words, one by one."""
        self.said.append(text)
        async for piece in super().speak(text, voice):
            yield piece


@pytest.fixture
def store(tmp_path: Path) -> SoundStore:
    return SoundStore(tmp_path / "sounds")


@pytest.fixture
def start(store: SoundStore) -> Iterator[object]:
    """Starts the voices of a box anew: one more after another."""
    started: list[Voices] = []

    def new(engine: Counting) -> Voices:
        stop()
        started.append(Voices([engine], "fake", store=store))
        return started[-1]

    def stop() -> None:
        while started:
            started.pop().close()

    yield new
    stop()


def test_what_was_put_is_there_for_the_same_key_only(store: SoundStore) -> None:
    store.put("piper 1", "amy", "Hello.", b"\1\2")
    assert store.get("piper 1", "amy", "Hello.") == b"\1\2"
    for key in (("piper 2", "amy", "Hello."), ("piper 1", "joe", "Hello."), ("piper 1", "amy", "")):
        assert store.get(*key) is None


def test_a_damaged_file_is_made_again(store: SoundStore, tmp_path: Path) -> None:
    store.put("x", "amy", "Hello.", b"\1\2" * 100)
    (path,) = (tmp_path / "sounds").iterdir()
    path.write_bytes(path.read_bytes()[:-2])
    assert store.get("x", "amy", "Hello.") is None
    assert not path.exists()


def test_the_longest_unused_sounds_go_first(tmp_path: Path) -> None:
    store = SoundStore(tmp_path, most_bytes=300)
    for number, name in enumerate(("a", "b")):
        store.put("x", "amy", name, bytes(100))
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert store.get("x", "amy", "a") is not None
    store.put("x", "amy", "c", bytes(100))
    assert [store.get("x", "amy", name) is not None for name in "abc"] == [True, False, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 300


def test_a_directory_that_cannot_be_written_costs_nothing_but_the_sound(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SoundStore(tmp_path / "file")
    store.put("x", "amy", "Hello.", b"\1\2")
    assert store.get("x", "amy", "Hello.") is None


async def test_a_prepared_sentence_is_there_after_a_restart(start) -> None:
    first, second = Counting(), Counting()
    made = await start(first).prepare("Order 48213.", "fake")
    voices = start(second)
    assert await voices.prepare("Order 48213.", "fake") == made
    assert await collect(voices.speak("Order 48213.", "fake")) == made
    assert (first.said, second.said) == (["Order four eight two one three."], [])


async def test_another_version_of_the_engine_makes_its_own_sound(start) -> None:
    newer = Counting("2")
    await start(Counting("1")).prepare("Hello.", "fake")
    await start(newer).prepare("Hello.", "fake")
    assert newer.said == ["Hello."]


async def test_a_voice_of_unknown_make_is_kept_in_memory_only(start) -> None:
    server = Counting("")
    await start(server).prepare("Hello.", "fake")
    voices = start(server)
    await voices.prepare("Hello.", "fake")
    await voices.prepare("Hello.", "fake")
    assert server.said == ["Hello."] * 2


async def test_real_voices_sound_the_same_from_the_disk(
    store: SoundStore, espeak: Espeak, piper_directory: Path
) -> None:
    made = []
    for _ in range(2):
        voices = Voices([Piper(piper_directory), espeak], "en-US-James1", store=store)
        assert all(voice.made_by for voice in voices.voices())
        assert len({voice.made_by for voice in espeak.voices()}) == len(espeak.voices())
        made.append(await voices.prepare("One moment, please.", "en-US-James1"))
        assert voices._disk is not None
        voices._disk.close()
    assert same(made[0], await collect(espeak.speak("One moment, please.", "en-US-James1")))
    assert made[1] == made[0]


async def test_the_greeting_and_fixed_sentences_are_kept_and_nothing_else() -> None:
    kept: list[str] = []
    answers = iter(["Hello, this is the bakery.", "At nine."])
    stage = Stage(
        lambda _: next(answers), "When do you open?", agent_first=True, keep_sound=kept.append
    )
    async with stage.open():
        await stage.pass_ms(1200)
        await stage.speak(8)
        await stage.pass_ms(1500)
        await stage.pass_ms(31_000)
    assert kept == ["Hello, this is the bakery.", "Are you still there?"]
