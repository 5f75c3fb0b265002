import logging
from pathlib import Path

import pytest

from tests.voice.engines.sounds import collect, same
from thunderbox.errors import StartError
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.piper import Piper
from thunderbox.voice.engines.voices import Voices


@pytest.fixture
def voices(piper_directory: Path, espeak: Espeak) -> Voices:
    return Voices([Piper(piper_directory), espeak], "en-US-James1")


@pytest.mark.parametrize(
    ("asked", "speaks"),
    [
        ("en-US-James1", "en-US-James1"),
        ("EN-us-james1", "en-US-James1"),
        ("en-GB", "en-GB-Arthur1"),
        ("en-US-Tiny", "en_US-tiny-low"),
        ("en_US-tiny-low", "en_US-tiny-low"),
        ("elevenlabs-Rachel", "en-US-James1"),
    ],
)
def test_a_name_finds_its_voice(voices: Voices, asked: str, speaks: str) -> None:
    assert voices.resolve(asked) == speaks


async def test_a_missing_voice_is_warned_about_once(
    voices: Voices, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert await collect(voices.speak("Hello.", "missing"))
        await collect(voices.speak("Hello.", "missing"))
    assert [record.getMessage() for record in caplog.records] == [
        'voice "missing" is not installed; en-US-James1 speaks instead'
    ]


async def test_numbers_are_spoken_as_people_say_them(voices: Voices, espeak: Espeak) -> None:
    said = await collect(voices.speak("Order 48213", "en-US-James1"))
    wanted = await collect(espeak.speak("Order four eight two one three", "en-US-James1"))
    assert same(said, wanted)


async def test_prepared_sound_comes_at_once_in_one_piece(voices: Voices) -> None:
    made = await voices.prepare("One moment, please.", "en-US-James1")
    pieces = [piece async for piece in voices.speak("One moment, please.", "James")]
    assert pieces == [made]
    assert await voices.prepare("One moment, please.", "en-US") is made


async def test_prepared_sound_is_bounded(espeak: Espeak) -> None:
    voices = Voices([espeak], "en-US-James1", kept_bytes=100_000)
    for number in range(8):
        await voices.prepare(f"This is sentence number {number}.", "en-US-James1")
    assert sum(map(len, voices._kept.values())) <= 100_000
    assert len(voices._kept) >= 1


def test_the_default_voice_must_be_there(espeak: Espeak) -> None:
    with pytest.raises(StartError, match=r'default_voice is "nobody".*en-US-James1'):
        Voices([espeak], "nobody")
