"""What the language model writes for people who write agents, and what is done when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.fakes.engines import FakeModel, FakeTranslator
from thunderbox.errors import EngineError
from thunderbox.voice import prompt_writer
from thunderbox.voice.acknowledgement import FIXED, is_fit
from thunderbox.voice.engine import Message
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.models import STARTER
from thunderbox.voice.prompt_writer import PROBES, PromptWriter, Written

SPANISH = "Hola, gracias por llamar a la clínica. Sea breve y amable con {{name}}."
ENGLISH = "Hello, thank you for calling the clinic. Be brief and kind to {{name}}."


def _writer(answer: str | Exception) -> PromptWriter:
    return PromptWriter(FakeTranslator(lambda _: answer))


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ('"Let me look that up."', Written("Let me look that up.", False)),
        ("<think>Short.</think>\nOne moment, please.", Written("One moment, please.", False)),
        ("<think>It never ends", Written(FIXED["en"], True)),
        ("We are closed.", Written(FIXED["en"], True)),
        ("", Written(FIXED["en"], True)),
        (EngineError("Broken."), Written(FIXED["en"], True)),
    ],
)
async def test_an_acknowledgement(answer: str | Exception, written: Written) -> None:
    assert await _writer(answer).acknowledgement("You are a desk.", "en") == written


async def test_the_model_is_told_language_and_prompt() -> None:
    model = FakeModel(lambda _: "Un instant.")
    await PromptWriter(model).acknowledgement("Tu es la réception." * 500, "fr")
    system, user = (message["content"] for message in model.asked[0])
    assert "French" in system
    assert FIXED["fr"] in system
    assert len(user) < 2_100


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        (ENGLISH, Written(ENGLISH, False)),
        (SPANISH, Written(SPANISH, True)),
        ("Hello, thank you for calling the clinic. Be brief and kind.", Written(SPANISH, True)),
        ("Hallo, danke für Ihren Anruf in der Praxis, {{name}}.", Written(SPANISH, True)),
        ("Yes.", Written(SPANISH, True)),
        ("", Written(SPANISH, True)),
        (ENGLISH * 9, Written(SPANISH, True)),
        (EngineError("Broken."), Written(SPANISH, True)),
    ],
)
async def test_a_translation(answer: str | Exception, written: Written) -> None:
    assert await _writer(answer).translate(SPANISH, "es", "en") == written


async def test_a_model_that_cannot_translate_is_asked_once_and_believed_in_nothing() -> None:
    model = FakeModel(lambda _: ENGLISH)
    writer = PromptWriter(model)
    for _ in range(2):
        assert await writer.translate(SPANISH, "es", "en") == Written(SPANISH, True)
    assert [asked[-1]["content"] for asked in model.asked] == [text for text, _ in PROBES]


async def test_a_prompt_in_the_wanted_language_stays_as_it_is() -> None:
    model = FakeModel(lambda _: "Nobody asks.")
    assert await PromptWriter(model).translate(ENGLISH, "en", "en") == Written(ENGLISH, False)
    assert model.asked == []


async def test_a_long_prompt_is_translated_in_pieces() -> None:
    asked: list[str] = []

    def answer(messages: Sequence[Message]) -> str:
        asked.append(messages[-1]["content"])
        return ENGLISH * (len(asked[-1]) // len(SPANISH))

    long = "\n".join([SPANISH] * 15 + [" ".join([SPANISH] * 15)])
    written = await PromptWriter(FakeTranslator(answer)).translate(long, "es", "en")
    assert len(asked) > 2
    assert max(map(len, asked)) <= 900
    assert not written.used_fallback
    assert written.text.count("clinic") == 30


async def test_a_model_that_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompt_writer, "PHRASE_S", 0.01)
    monkeypatch.setattr(prompt_writer, "TRANSLATION_S", 0.01)
    model = FakeModel(lambda _: "")
    model.stuck = True
    writer = PromptWriter(model)
    assert (await writer.acknowledgement("Be brief.", "en")).used_fallback
    assert (await writer.translate(SPANISH, "es", "en")).used_fallback


async def test_one_thing_is_written_at_a_time() -> None:
    model = FakeModel(lambda _: "One moment.")
    model.gate = asyncio.Event()
    writer = PromptWriter(model)
    both = [asyncio.create_task(writer.acknowledgement("Be brief.", "en")) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(model.asked) == 1
    model.gate.set()
    assert [written.used_fallback for written in await asyncio.gather(*both)] == [False, False]


async def test_what_the_starter_model_cannot_is_said() -> None:
    model = LlamaCpp(STARTER / "lm" / "starter.gguf", conversations=2)
    try:
        writer = PromptWriter(model)
        phrase = await writer.acknowledgement("You are the desk of Sunrise Dental.", "en")
        assert is_fit(phrase.text, "en")
        assert phrase.used_fallback == (phrase.text == FIXED["en"])
        for prompt in (SPANISH, "Hola, gracias por llamar..."):
            assert await writer.translate(prompt, "es", "en") == Written(prompt, True)
    finally:
        model.close()
