from collections.abc import Sequence
from typing import Any

import pytest

from thunderbox.errors import EngineError
from thunderbox.voice.engine import Message
from thunderbox.voice.engines.context_window import fit, nearly_full, shorter, window


def read(messages: Sequence[Message]) -> list[int]:
    """A token a letter, and one for each message."""
    return [ord(letter) for message in messages for letter in f"{message['content']}|"]


def text(tokens: list[int]) -> str:
    return "".join(map(chr, tokens))


def talk(*contents: str) -> list[dict[str, Any]]:
    """user, assistant, user, ... after a prompt."""
    roles = ["user", "assistant"]
    turns = [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]
    return [{"role": "system", "content": "PROMPT"}, *turns]


def test_what_fits_stays_whole() -> None:
    tokens, dropped = fit(talk("a", "b", "c"), read, 50)
    assert (text(tokens), dropped) == ("PROMPT|a|b|c|", 0)


def test_the_oldest_turns_go_and_more_than_must() -> None:
    messages = talk(*(letter * 4 for letter in "abcdefghi"))
    tokens, dropped = fit(messages, read, 37)
    assert (text(tokens), dropped) == ("PROMPT|gggg|hhhh|iiii|", 6)


def test_the_same_turns_are_dropped_the_next_time() -> None:
    messages = talk(*(letter * 4 for letter in "abcdefghi"), "jjjj", "kkkk")
    tokens, dropped = fit(messages, read, 37, dropped=6)
    assert (text(tokens), dropped) == ("PROMPT|gggg|hhhh|iiii|jjjj|kkkk|", 6)


def test_what_was_dropped_before_does_not_matter_to_a_shorter_talk() -> None:
    assert fit(talk("a"), read, 37, dropped=6) == (read(talk("a")), 0)


def test_a_tool_result_is_not_left_without_its_call() -> None:
    messages = [
        *talk("a" * 10, "b" * 10),
        {"role": "tool", "content": "c" * 10},
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": "e"},
    ]
    tokens, _ = fit(messages, read, 25)
    assert text(tokens) == "PROMPT|e|"


def test_a_single_turn_that_is_too_long_loses_its_beginning() -> None:
    tokens, _ = fit(talk("x" * 100 + "the end"), read, 25)
    assert len(tokens) <= 25
    assert text(tokens).startswith("PROMPT|")
    assert text(tokens).endswith("the end|")


def test_a_prompt_that_is_too_long_is_a_sentence() -> None:
    with pytest.raises(EngineError, match=r"prompt and tools are 7 tokens long.*read 5"):
        fit(talk("a"), read, 5)


@pytest.mark.parametrize(
    ("budget", "followed", "prompt", "tokens"),
    [
        (1792, None, 200, 1792),
        (1792, 768, 200, 768),
        (1792, 768, 700, 892),  # a long prompt still has room for some turns
        (1792, 768, 1700, 1792),
        (512, 768, 200, 512),
    ],
)
def test_a_conversation_has_no_more_tokens_than_the_model_can_follow(
    budget: int, followed: int | None, prompt: int, tokens: int
) -> None:
    assert window(budget, followed, prompt) == tokens


def test_a_talk_that_is_shortened_ahead_of_time_is_not_nearly_full_any_more() -> None:
    messages = talk(*(letter * 4 for letter in "abcdefghi"))
    assert nearly_full(len(read(messages)), 60)
    tokens, dropped = fit(messages, read, shorter(60))
    assert dropped
    assert not nearly_full(len(tokens), 60)
