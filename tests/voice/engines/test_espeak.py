import asyncio
import time

import numpy as np
import pytest

from tests.voice.engines.sounds import collect, dbfs, floats, same
from thunderbox.errors import EngineError
from thunderbox.voice.engines.espeak import VOICES, Espeak

SENTENCE = "We are open from nine to five, Monday to Friday."


@pytest.mark.parametrize("voice", [entry.voice.id for entry in VOICES])
async def test_every_voice_speaks_at_the_level_of_a_call(espeak: Espeak, voice: str) -> None:
    samples = floats(await collect(espeak.speak(SENTENCE, voice)))
    assert 2.0 < len(samples) / 16000 < 5.5
    assert -23.5 < dbfs(samples) < -18.5
    assert np.abs(samples).max() < 1.0


async def test_words_begin_and_end_close_to_the_ends(espeak: Espeak) -> None:
    samples = np.abs(floats(await collect(espeak.speak("Good morning.", "en-US-James1"))))
    loud = np.flatnonzero(samples > 0.01)
    assert loud[0] < 0.02 * 16000
    assert len(samples) - loud[-1] < 0.04 * 16000


async def test_sound_comes_in_pieces(espeak: Espeak) -> None:
    pieces = [piece async for piece in espeak.speak(SENTENCE, "en-US-James1")]
    assert len(pieces) > 20
    assert all(pieces)
    assert all(len(piece) % 2 == 0 for piece in pieces)


async def test_the_same_words_sound_the_same(espeak: Espeak) -> None:
    first = await collect(espeak.speak(SENTENCE, "en-GB-Alice1"))
    await collect(espeak.speak("Guten Tag.", "de-DE-Karl1"))
    assert same(await collect(espeak.speak(SENTENCE, "en-GB-Alice1")), first)


async def test_two_at_once_do_not_mix(espeak: Espeak) -> None:
    alone = [await collect(espeak.speak(f"Number {n}.", "en-US-Emma1")) for n in (1, 2)]
    together = await asyncio.gather(
        *(collect(espeak.speak(f"Number {n}.", "en-US-Emma1")) for n in (1, 2))
    )
    assert all(map(same, together, alone))


async def test_a_closed_stream_frees_the_engine_at_once(espeak: Espeak) -> None:
    long = espeak.speak("This goes on and on. " * 400, "en-US-James1")
    await anext(long)
    await long.aclose()
    started = time.perf_counter()
    await collect(espeak.speak("Hello.", "en-US-James1"))
    assert time.perf_counter() - started < 0.5


async def test_an_unknown_voice_is_an_error(espeak: Espeak) -> None:
    with pytest.raises(EngineError, match="no voice"):
        await collect(espeak.speak("Hello.", "nobody"))


@pytest.mark.parametrize("text", ["", "...", "\0", "\ud800", "🙂"])
async def test_nothing_to_say_is_no_error(espeak: Espeak, text: str) -> None:
    await collect(espeak.speak(text, "en-US-James1"))


async def test_a_closed_engine_says_so() -> None:
    engine = Espeak()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        await collect(engine.speak("Hello.", "en-US-James1"))
