"""The language of a call: fixed, or told once from the first utterance that is long enough."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes.engines import FakeRecognizer
from thunderbox.errors import EngineError
from thunderbox.voice.call_recognizer import ENOUGH_BYTES, CallRecognizer

SHORT, LONG = bytes(ENOUGH_BYTES - 2), bytes(ENOUGH_BYTES)


@pytest.mark.parametrize(
    ("languages", "sounds", "heard_in"),
    [
        (["es"], [SHORT, LONG], ["es", "es"]),
        (["en", "en"], [LONG, LONG], ["en", "en"]),
        (["en", "es"], [SHORT, SHORT, LONG, SHORT], ["en", "en", "es", "es"]),
        (["en", "de", "es"], [LONG, LONG], ["es", "es"]),
    ],
)
async def test_what_is_heard_in_which_language(
    languages: list[str], sounds: list[bytes], heard_in: list[str]
) -> None:
    fake = FakeRecognizer(*["Yes."] * len(sounds))
    call = CallRecognizer(fake, languages)
    for sound in sounds:
        assert (await call.transcribe(sound, "fr")).text == "Yes."
    assert fake.languages == heard_in
    assert call.language == heard_in[-1]


class _Unsure(FakeRecognizer):
    asked = 0

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        self.asked += 1
        if self.asked == 1:
            raise EngineError("Busy.")
        return "es"


async def test_what_cannot_be_told_now_is_told_later_and_once() -> None:
    fake = _Unsure("Yes.", "Yes.", "Yes.")
    call = CallRecognizer(fake, ["en", "es"])
    for _ in range(3):
        await call.transcribe(LONG)
    assert fake.languages == ["en", "es", "es"]
    assert fake.asked == 2


async def test_words_so_far_wait_for_the_language() -> None:
    fake = FakeRecognizer("Sí.")
    fake.glimpses = ["Hola"]
    call = CallRecognizer(fake, ["en", "es"])
    assert await call.glimpse(bytes(32_000), "en", lambda: True) is None
    await call.transcribe(bytes(ENOUGH_BYTES))
    found = await call.glimpse(bytes(32_000), "en", lambda: True)
    assert found is not None
    assert found.text == "Hola"
