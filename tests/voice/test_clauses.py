"""Where a stream of words is cut for speaking, and how tool calls are found in it."""

from __future__ import annotations

import pytest

from thunderbox.voice.clauses import Clause, ClauseStream, ToolCall


def cut(text: str, size: int) -> list[Clause | ToolCall]:
    """What comes of a text that is fed in pieces of `size` characters."""
    stream = ClauseStream()
    parts: list[Clause | ToolCall] = []
    for at in range(0, len(text), size):
        parts += stream.feed(text[at : at + size])
    return [*parts, *stream.finish()]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Hello there. How can I help?", ["Hello there.", "How can I help?"]),
        ("Dr. Smith is in.", ["Dr. Smith is in."]),
        ("It is in Apt. 5B on Mt. Hope.", ["It is in Apt. 5B on Mt. Hope."]),
        ("We close on Dec. 24 at noon.", ["We close on Dec. 24 at noon."]),
        ("Ask J. Smith. He knows.", ["Ask J. Smith.", "He knows."]),
        ("From 9 a.m. to 5 p.m. Anything else?", ["From 9 a.m. to 5 p.m.", "Anything else?"]),
        (
            "Sure, I can book that for you on Tuesday, at ten.",
            ["Sure, I can book that for you on Tuesday,", "at ten."],
        ),
        ("Yes, of course.", ["Yes, of course."]),
        ("One\nTwo", ["One", "Two"]),
        ("It costs $4.50 a day.", ["It costs $4.50 a day."]),
        ("<think>They want hours.</think>Nine to five.", ["Nine to five."]),
        ("Is 3 < 4? Yes.", ["Is 3 < 4? Yes."]),
        ("   ", []),
    ],
)
def test_words_are_cut_where_a_speaker_would_breathe(
    text: str, clauses: list[str], size: int
) -> None:
    assert [part.text for part in cut(text, size) if isinstance(part, Clause)] == clauses


def test_the_first_clause_comes_before_the_text_is_complete() -> None:
    stream = ClauseStream()
    assert list(stream.feed("Hello there. How can")) == [Clause("Hello there.")]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_tool_call_is_found_behind_the_words(size: int) -> None:
    text = 'Goodbye!<tool_call>{"name": "end_call", "arguments": {}}</tool_call>'
    assert cut(text, size) == [Clause("Goodbye!"), ToolCall("end_call", {})]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_two_tool_calls_in_one_answer_are_both_found(size: int) -> None:
    text = (
        '<tool_call>{"name": "a", "arguments": {"x": 1}}</tool_call>\n'
        '<tool_call>{"name": "b", "arguments": "{\\"y\\": 2}"}</tool_call>'
    )
    assert cut(text, size) == [ToolCall("a", {"x": 1}), ToolCall("b", {"y": 2})]


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("{oops", ToolCall("", None)),
        ('{"name": "book", "arguments": {"day"', ToolCall("book", None)),
        ('{"name": "book", "arguments": [1]}', ToolCall("book", None)),
        ('{"arguments": {}}', ToolCall("", None)),
        ('"book"', ToolCall("", None)),
    ],
)
def test_a_broken_tool_call_keeps_the_name_that_can_be_read(body: str, call: ToolCall) -> None:
    assert cut(f"<tool_call>{body}</tool_call>", 1000) == [call]


def test_a_tool_call_that_never_closes_is_still_reported() -> None:
    assert cut('<tool_call>{"name": "book", "arguments": {}}', 4) == [ToolCall("book", {})]


def test_a_comma_behind_a_word_ends_the_first_clause_at_once() -> None:
    stream = ClauseStream()
    assert list(stream.feed("We are open Monday to Friday,")) == [
        Clause("We are open Monday to Friday,")
    ]


def test_a_comma_behind_a_digit_may_be_part_of_a_number() -> None:
    stream = ClauseStream()
    assert list(stream.feed("The whole house would cost 9,")) == []
    assert list(stream.feed("000 dollars, no less")) == [
        Clause("The whole house would cost 9,000 dollars,")
    ]
