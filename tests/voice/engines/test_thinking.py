"""A model that thinks before it answers: for how long, and that nobody is told what.

The starter model does not think, so its words are put into its mouth; everything else is real.
"""

from __future__ import annotations

import pytest

from thunderbox.voice.clauses import Clause, ClauseStream
from thunderbox.voice.engine import Sampling
from thunderbox.voice.engines.chat_template import CHATML, ChatTemplate
from thunderbox.voice.engines.llama_cpp import LlamaCpp

ASKING = CHATML.replace(
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}",
)
"""As Qwen3's: the thought is over before it begins, unless thinking is enabled."""
ALWAYS = CHATML.replace("assistant\\n' }}{%- endif", "assistant\\n<think>\\n' }}{%- endif")
"""As DeepSeek-R1's: it opens the thought in any case."""

TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Are you open?"}]


def _scripted(
    llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch, template: str, *parts: str
) -> list[list[int]]:
    """Let the model say these parts, the end of its message after each; what it has read."""
    monkeypatch.setattr(llama._prompts, "_template", ChatTemplate(template))
    library, read = llama._library, list[list[int]]()
    (end,) = library.tokenize("<|im_end|>", start=False)
    tokens = [token for part in parts for token in [*library.tokenize(part, start=False), end]]
    monkeypatch.setattr(library, "sample", lambda *_, **__: tokens.pop(0) if tokens else end)
    decode = library.decode

    def remember(entries) -> None:
        read.append([entry.token for entry in entries])
        decode(entries)

    monkeypatch.setattr(library, "decode", remember)
    return read


async def _answer(llama: LlamaCpp, **sampling: int) -> str:
    stream = llama.generate("a", TALK, (), Sampling(**sampling))
    return "".join([piece async for piece in stream])


def _spoken(text: str) -> str:
    stream = ClauseStream()
    parts = [*stream.feed(text), *stream.finish()]
    return " ".join(part.text for part in parts if isinstance(part, Clause))


@pytest.mark.parametrize(
    ("template", "said", "sampling"),
    [
        (ASKING, ["<think>Hmm, hours.</think>\n\nYes, we are."], {"thinking_tokens": 50}),
        (ALWAYS, ["Hmm, hours.</think>\n\nYes, we are."], {"thinking_tokens": 50}),
        (ASKING, ["Yes, we are."], {"thinking_tokens": 50}),
        (ASKING, ["Yes, we are."], {}),
        (ALWAYS, ["Yes, we are."], {}),
        (CHATML, ["Yes, we are."], {"thinking_tokens": 50}),
        # Nothing but thoughts is no answer; the end of the message ends the thought alone.
        (ASKING, ["<think>Hmm, hours.", "Yes, we are."], {"thinking_tokens": 50}),
        # Words count for themselves: the thought does not use up what may be said.
        (ASKING, ["<think>Hmm, hours.</think>Yes, we are."], {"thinking_tokens": 50}),
    ],
)
async def test_a_thought_is_never_spoken(
    llama: LlamaCpp,
    monkeypatch: pytest.MonkeyPatch,
    template: str,
    said: list[str],
    sampling: dict[str, int],
) -> None:
    _scripted(llama, monkeypatch, template, *said)
    assert _spoken(await _answer(llama, **sampling)) == "Yes, we are."


async def test_a_thought_that_takes_too_long_is_ended(
    llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _scripted(llama, monkeypatch, ASKING, "<think>" + "Well, well. " * 40)
    text = await _answer(llama, thinking_tokens=12, max_tokens=9)
    closing = llama._library.tokenize("\n</think>\n\n", start=False)
    (place,) = [at for at, tokens in enumerate(read) if tokens[-len(closing) :] == closing]
    opening = len(llama._library.tokenize("<think>", start=False))
    assert place - opening <= 12 + 1
    assert text.count("</think>") == 1
    # After it the model has its tokens for words, and no more.
    assert len(_spoken(text)) > 5
    assert llama.tokens_generated - (place + 1) <= 9


async def test_without_a_budget_a_model_that_thinks_all_the_same_is_stopped_at_once(
    llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _scripted(llama, monkeypatch, CHATML, "<think>Yes, we are.")
    assert _spoken(await _answer(llama)).replace(" ", "").endswith("weare.")


async def test_a_thought_leaves_room_for_words_in_the_context(
    llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _scripted(llama, monkeypatch, ASKING, "<think>" + "Well. " * 200)
    llama.context_tokens = 160
    text = await _answer(llama, thinking_tokens=4000)
    assert "</think>" in text
    assert _spoken(text)


async def test_the_starter_model_answers_as_it_does_without(llama: LlamaCpp) -> None:
    assert await _answer(llama, thinking_tokens=100) == await _answer(llama)
