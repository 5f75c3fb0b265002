"""The remote language model, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import KEY, WORDS
from tests.peers.process import until
from thunderbox.errors import EngineError, RefusedError
from thunderbox.voice.clauses import Clause, ClauseStream, ToolCall
from thunderbox.voice.engine import Message, Sampling
from thunderbox.voice.engines.openai_chat import OpenAIChat, openai_message
from thunderbox.voice.engines.remote import RemoteServer

TALK: list[Message] = [
    {"role": "system", "content": "You are a test."},
    {"role": "user", "content": "Are you open?"},
]
TOOL = {"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}


@asynccontextmanager
async def chat(server: RemoteServer) -> AsyncIterator[OpenAIChat]:
    engine = OpenAIChat(server)
    try:
        yield engine
    finally:
        engine.close()
        await asyncio.sleep(0)


async def reply(engine: OpenAIChat) -> list[str]:
    return [piece async for piece in engine.generate("a", TALK) if piece]


async def test_words_come_as_they_are_made(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat")) as engine:
        assert await reply(engine) == WORDS


async def test_the_server_is_asked_in_openais_form(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat")) as engine:
        pieces = engine.generate("a", TALK, [TOOL], Sampling(0.5, 64, '{"type": "object"}'))
        assert [piece async for piece in pieces]
    asked = openai_server.seen()[-1]
    assert asked["authorization"] == f"Bearer {KEY}"
    assert asked["body"] == {
        "model": "words",
        "messages": TALK,
        "tools": [TOOL],
        "max_tokens": 64,
        "temperature": 0.5,
        "stream": True,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}},
        },
    }


async def test_tool_calls_come_within_the_text(openai_server: OpenAIServer) -> None:
    stream = ClauseStream()
    async with chat(openai_server.settings("chat", "tools")) as engine:
        parts = [part for piece in await reply(engine) for part in stream.feed(piece)]
    assert [*parts, *stream.finish()] == [
        Clause("One moment."),
        ToolCall("book", {"day": "Monday", "note": "</tool_call>"}),
        ToolCall("end_call", {}),
    ]


async def test_a_tool_call_that_grows_is_not_late(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "slow-tool", timeout_s=0.5)) as engine:
        (text,) = await reply(engine)
    assert text == '<tool_call>{"name": "book", "arguments": {"day": "Monday"}}</tool_call>'


async def test_the_prompt_can_be_read_ahead(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat")) as engine:
        assert await engine.warm(TALK[:1]) == 0
    assert openai_server.seen()[-1]["body"]["max_tokens"] == 1


async def test_closing_the_reply_cuts_the_connection(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "endless")) as engine:
        async with aclosing(engine.generate("a", TALK)) as pieces:
            assert await anext(pieces) == "word "
        await until(lambda: openai_server.seen()[-1].get("ended"), 5)


async def test_cancelling_the_reply_cuts_the_connection(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "endless")) as engine:
        task = asyncio.create_task(reply(engine))
        await until(lambda: openai_server.seen()[-1].get("ended") is False, 5)
        task.cancel()
        await until(lambda: openai_server.seen()[-1]["ended"], 5)
    assert task.cancelled()


async def test_cancelled_replies_leave_no_connection_behind(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "hang")) as engine:
        for number in range(40):
            task = asyncio.create_task(reply(engine))
            await asyncio.sleep(0.002 * (number % 10))
            task.cancel()
            await asyncio.wait({task})
        async with asyncio.TaskGroup() as group:
            for _ in range(16):
                group.create_task(engine.warm(TALK))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("500", r"failed \(status 500\)\. Look at its log"),
        ("401", r"refuses the key \(401\)\. Set remote_chat\.api_key"),
        ("404", r"Check remote_chat\.base_url.* and remote_chat\.model"),
        ("429", "too much to do"),
        ("redirect", "redirect"),
        ("malformed", "cannot be used: Input data was truncated"),
        ("not-events", "none of a stream of events"),
        ("no-stream", "not streamed"),
        ("error", "an error in the middle"),
        ("giant", "sent more than 2097152 bytes"),
        ("giant-line", "an event of more than"),
        ("cut", "broke off"),
        ("unfinished", "cannot be used"),
        ("silent", "without a word"),
    ],
)
async def test_a_failure_is_a_sentence_without_the_key(
    openai_server: OpenAIServer, model: str, words: str
) -> None:
    async with chat(openai_server.settings("chat", model)) as engine:
        with pytest.raises(EngineError, match=words) as caught:
            await reply(engine)
    assert openai_server.url in str(caught.value)
    assert KEY not in str(caught.value)
    assert KEY not in repr(openai_server.settings("chat"))


@pytest.mark.parametrize("model", ["hang", "late", "stall"])
async def test_a_late_answer_is_a_sentence(openai_server: OpenAIServer, model: str) -> None:
    async with chat(openai_server.settings("chat", model, timeout_s=0.3)) as engine:
        with pytest.raises(EngineError, match=r"did not answer in 0\.3 s.*timeout_seconds"):
            await reply(engine)


async def test_one_refused_request_is_told_from_a_failure(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "400")) as engine:
        with pytest.raises(RefusedError, match="refuses this request"):
            await reply(engine)


async def test_nobody_there_is_a_sentence(free_port: Callable[[], int]) -> None:
    nowhere = RemoteServer("chat", f"http://127.0.0.1:{free_port()}/v1", "words")
    async with chat(nowhere) as engine:
        with pytest.raises(EngineError, match=r"cannot be reached.*remote_chat\.base_url"):
            await reply(engine)


async def test_a_closed_engine_says_so(openai_server: OpenAIServer) -> None:
    async with chat(openai_server.settings("chat", "stall")) as engine:
        pieces = engine.generate("a", TALK)
        assert await anext(pieces) == WORDS[0]
        assert await anext(pieces) == WORDS[1]
        engine.close()
        assert not engine.ready
        with pytest.raises(EngineError, match="is closed"):
            await anext(pieces)
        with pytest.raises(EngineError, match="is closed"):
            await reply(engine)


async def test_it_can_be_closed_on_another_thread(openai_server: OpenAIServer) -> None:
    engine = OpenAIChat(openai_server.settings("chat"))
    assert await reply(engine)
    await asyncio.to_thread(engine.close)
    engine.close()


def test_results_of_tools_are_in_openais_form() -> None:
    function = {"name": "book", "arguments": {"day": "Monday"}}
    call = {"id": "call_1", "type": "function", "function": function}
    asked = openai_message({"role": "assistant", "content": "", "tool_calls": [call]})
    given = asked["tool_calls"][0]["function"]["arguments"]
    assert json.loads(given) == {"day": "Monday"}
    result = {"role": "tool", "tool_call_id": "call_1", "name": "book", "content": "ok"}
    assert openai_message(result) == {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
    complaint = {"role": "tool", "content": "What?"}
    assert openai_message(complaint) == {"role": "user", "content": "What?"}
