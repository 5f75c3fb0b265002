import json
from typing import Any

import llama_cpp
import pytest

from thunderbox.voice.engine import Sampling
from thunderbox.voice.engines.llama_library import LlamaLibrary, Sampler, free_sampler
from thunderbox.voice.engines.tool_grammar import tool_grammar
from thunderbox.voice.models import STARTER
from thunderbox.voice.tools import END_CALL_TOOL, SEND_DIGITS_TOOL


def tool(name: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


BOOK = tool(
    "book",
    type="object",
    properties={
        "day": {"type": "string"},
        "people": {"type": "integer"},
        "room": {"type": "string", "enum": ["inside", "garden"]},
    },
    required=["day"],
)
TOOLS = [BOOK, END_CALL_TOOL]


@pytest.fixture(scope="module")
def library():
    library = LlamaLibrary(
        STARTER / "lm" / "starter.gguf", sequences=1, context_tokens=256, threads=1, batch=64
    )
    yield library
    library.close()


def held(library: LlamaLibrary, tools: Any, text: str) -> str:
    """As much of the text as the grammar lets a model write."""
    sampler = library.make_sampler(Sampling(), 1, tools)
    try:
        return _written(library, sampler, text)
    finally:
        free_sampler(sampler)


def _written(library: LlamaLibrary, sampler: Sampler, text: str) -> str:
    written = b""
    for token in library.tokenize(text, start=False):
        if not library._allowed(sampler.grammar, token):
            break
        llama_cpp.llama_sampler_accept(sampler.grammar, token)
        written += library.piece(token)
    return written.decode()


def call(name: str, arguments: Any) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


@pytest.mark.parametrize(
    "text",
    [
        "Just words, and no call.",
        call("book", {"day": "Monday"}),
        call("book", {"day": "Monday", "people": 4, "room": "garden"}),
        call("end_call", {}),
        "Goodbye!" + call("end_call", {}),
        call("book", {"day": "Monday"}) + call("end_call", {}),
        '<tool_call>\n{"name": "book", "arguments": {"day": "Monday"}}\n</tool_call>',
        call("book", {"day": 'a "quoted" day\nand a line'}),
    ],
)
def test_a_call_to_a_listed_tool_can_be_written(library: LlamaLibrary, text: str) -> None:
    assert held(library, TOOLS, text) == text


@pytest.mark.parametrize(
    "text",
    [
        call("invented", {"day": "Monday"}),
        call("book", {"when": "Monday"}),
        call("book", {}),
        call("book", {"day": 7}),
        call("book", {"day": "Monday", "room": "cellar"}),
        call("end_call", {"reason": "bored"}),
        '<tool_call>{"name": "book", "arguments": {"day": "a\nline"}}</tool_call>',
        call("end_call", {}) + " And more words.",
    ],
)
def test_any_other_call_cannot(library: LlamaLibrary, text: str) -> None:
    written = held(library, TOOLS, text)
    assert text.startswith(written)
    assert len(written) < len(text)


def test_parameters_without_a_grammar_leave_the_arguments_free(library: LlamaLibrary) -> None:
    odd = tool("odd", type="object", properties={"a": {"$ref": "#/nowhere"}})
    text = call("odd", {"anything": [1, {"b": None}]})
    assert held(library, [odd], text) == text
    assert held(library, [odd], call("even", {})) != call("even", {})


def test_parameters_keep_their_order(library: LlamaLibrary) -> None:
    unordered = tool(
        "x", type="object", properties={"z": {"type": "string"}, "a": {"type": "string"}}
    )
    text = call("x", {"z": "1", "a": "2"})
    assert held(library, [unordered], text) == text


def test_without_tools_there_is_no_grammar(library: LlamaLibrary) -> None:
    assert tool_grammar([]) == ""
    sampler = library.make_sampler(Sampling(), 1, [])
    assert sampler.grammar is None
    free_sampler(sampler)


def test_many_tools_make_one_grammar(library: LlamaLibrary) -> None:
    many = [tool(f"tool_{n}", **BOOK["function"]["parameters"]) for n in range(64)]
    text = call("tool_63", {"day": "Monday"})
    assert held(library, [*many, SEND_DIGITS_TOOL], text) == text
