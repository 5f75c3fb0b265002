import asyncio
import json
import os
import threading
import time
from pathlib import Path
from random import Random

import llama_cpp
import pytest

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engine import Sampling
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.models import STARTER

PROMPT = (
    "You are the receptionist of Sunrise Dental. We are open Monday to Friday from 9 am to 5 pm. "
    "Parking is behind the building. A cleaning costs 80 dollars."
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "book_appointment",
            "description": "Book an appointment.",
            "parameters": {
                "type": "object",
                "properties": {"day": {"type": "string"}, "time": {"type": "string"}},
                "required": ["day", "time"],
            },
        },
    },
    {"type": "function", "function": {"name": "end_call", "parameters": {"type": "object"}}},
]


def test_hearing_and_speaking_go_before_thinking() -> None:
    model = LlamaCpp(STARTER / "lm" / "starter.gguf", threads=1)
    try:
        asyncio.run(model.warm(talk("Hello.")))
        own = os.getpriority(os.PRIO_PROCESS, 0)
        thread = model._thread.native_id
        assert thread is not None
        assert os.getpriority(os.PRIO_PROCESS, thread) > own
    finally:
        model.close()


def talk(*contents: str) -> list[dict[str, str]]:
    """A prompt, then user, assistant, user, ..."""
    roles = ["user", "assistant"]
    turns = [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]
    return [{"role": "system", "content": PROMPT}, *turns]


async def answer(llama: LlamaCpp, conversation: str, *contents: str, tools=()) -> str:
    stream = llama.generate(conversation, talk(*contents), tools)
    return "".join([piece async for piece in stream])


async def test_it_answers_from_the_prompt(llama: LlamaCpp) -> None:
    text = await answer(llama, "a", "What are your opening hours?")
    assert "9 am to 5 pm" in text
    assert "<|" not in text


async def test_the_same_question_has_the_same_answer(llama: LlamaCpp) -> None:
    first = await answer(llama, "a", "Where can I park?")
    assert await answer(llama, "a", "Where can I park?") == first
    assert await answer(llama, "b", "Where can I park?") == first


async def test_only_new_words_are_evaluated(llama: LlamaCpp) -> None:
    question = "What are your opening hours?"
    first = await answer(llama, "a", question)
    whole = llama.prompt_tokens_evaluated
    await answer(llama, "a", question, first, "Where can I park?")
    assert llama.prompt_tokens_evaluated - whole < whole / 2


async def test_a_second_call_shares_the_first_ones_prompt(llama: LlamaCpp) -> None:
    await answer(llama, "a", "What are your opening hours?")
    whole = llama.prompt_tokens_evaluated
    await answer(llama, "b", "Where can I park?")
    assert llama.prompt_tokens_evaluated - whole < 25


async def test_warming_reads_the_prompt_ahead_of_the_first_call(llama: LlamaCpp) -> None:
    read = await llama.warm(talk())
    assert read > 30
    await answer(llama, "a", "Where can I park?")
    assert llama.prompt_tokens_evaluated - read < 25
    assert await llama.warm(talk()) == 1


async def test_a_forgotten_call_leaves_the_prompt_but_not_its_words(llama: LlamaCpp) -> None:
    await answer(llama, "a", "My name is Zebulon. What are your opening hours?")
    await llama.forget("a")
    before = llama.prompt_tokens_evaluated
    await answer(llama, "b", "My name is Zebulon. What are your opening hours?")
    assert 8 < llama.prompt_tokens_evaluated - before < 40


async def test_calls_at_once_answer_as_one_after_the_other(llama: LlamaCpp) -> None:
    questions = [
        "What are your opening hours?",
        "Where can I park?",
        "How much is a cleaning?",
        "Thank you, goodbye.",
    ]
    alone = [await answer(llama, f"alone {q}", q) for q in questions]
    together = await asyncio.gather(*(answer(llama, f"together {q}", q) for q in questions))
    assert list(together) == alone


async def test_more_calls_than_sequences_wait_for_their_turn(llama: LlamaCpp) -> None:
    texts = await asyncio.gather(*(answer(llama, str(n), "Where can I park?") for n in range(12)))
    assert len(set(texts)) == 1


async def test_one_conversation_may_ask_twice_at_once(llama: LlamaCpp) -> None:
    alone = await answer(llama, "b", "Where can I park?")
    both = await asyncio.gather(*(answer(llama, "a", "Where can I park?") for _ in range(2)))
    assert both == [alone, alone]


@pytest.fixture
def endless(llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch) -> LlamaCpp:
    """A model that never ends its message by itself."""
    monkeypatch.setattr(llama._library, "ends", lambda _token: False)
    monkeypatch.setattr(llama._library, "is_control", lambda _token: False)
    return llama


async def test_a_closed_stream_stops_within_a_step(endless: LlamaCpp) -> None:
    stream = endless.generate("a", talk("Hello."), (), Sampling(max_tokens=900))
    await anext(stream)
    await stream.aclose()
    await endless.warm([{"role": "user", "content": "x"}])
    made = endless.tokens_generated
    assert made < 100
    await asyncio.sleep(0.05)
    assert endless.tokens_generated == made


@pytest.mark.parametrize("words", [1, 400], ids=["while it speaks", "while it reads"])
async def test_a_closed_stream_is_in_at_most_one_more_step(
    endless: LlamaCpp, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    late, closed, decode = 0, threading.Event(), endless._library.decode
    begun = threading.Event()

    def counted(entries) -> None:
        nonlocal late
        late += closed.is_set()
        begun.set()
        decode(entries)

    monkeypatch.setattr(endless._library, "decode", counted)
    stream = endless.generate("a", talk("word " * words), (), Sampling(max_tokens=900))
    first = asyncio.create_task(anext(stream))
    await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    await asyncio.wait([first])
    closed.set()
    await endless.forget("a")
    async with asyncio.timeout(10):
        while endless._running or not endless._inbox.empty():
            await asyncio.sleep(0.001)
    assert late <= 1


async def test_layers_for_a_graphics_card_that_is_not_there_are_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("WARNING"):
        engine = LlamaCpp(STARTER / "lm" / "starter.gguf", conversations=1, gpu_layers=99)
    try:
        if not llama_cpp.llama_supports_gpu_offload():
            assert "voice.gpu_layers is 99, but this build of llama.cpp" in caplog.text
        assert await answer(engine, "a", "Where can I park?")
    finally:
        engine.close()


async def test_a_cancelled_task_stops_too(llama: LlamaCpp) -> None:
    task = asyncio.create_task(answer(llama, "a", "Where can I park?"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await answer(llama, "a", "Where can I park?")


async def test_a_tool_call_is_printed(llama: LlamaCpp) -> None:
    messages = talk("I would like to book an appointment for Monday at ten.")
    listed = "\n# Tools\nbook_appointment(day, time)\nend_call()"
    plain = [{**messages[0], "content": PROMPT + listed}, messages[1]]
    texts = [
        "".join([piece async for piece in llama.generate("a", plain)]),
        "".join([piece async for piece in llama.generate("b", messages, TOOLS)]),
    ]
    assert any(
        '<tool_call>{"name": "book_appointment"' in text and "</tool_call>" in text
        for text in texts
    )


async def test_an_endless_conversation_still_gets_answers(llama: LlamaCpp) -> None:
    turns = ["Where can I park?", "You can park behind the building."] * 100
    text = await answer(llama, "a", *turns, "What are your opening hours?")
    assert text
    before = llama.prompt_tokens_evaluated
    again = [*turns, "What are your opening hours?", text, "Where can I park?"]
    assert await answer(llama, "a", *again)
    assert llama.prompt_tokens_evaluated - before < 80


async def test_a_prompt_that_is_too_long_is_a_sentence(llama: LlamaCpp) -> None:
    messages = [{"role": "system", "content": PROMPT * 60}, {"role": "user", "content": "Hi."}]
    with pytest.raises(EngineError, match=r"prompt and tools are .* tokens long"):
        await anext(llama.generate("a", messages))
    assert await answer(llama, "a", "Where can I park?")


async def test_tokens_are_limited(endless: LlamaCpp) -> None:
    stream = endless.generate("a", talk("Where can I park?"), (), Sampling(max_tokens=7))
    async for _ in stream:
        pass
    assert endless.tokens_generated == 7


async def test_the_context_limits_them_too(endless: LlamaCpp) -> None:
    endless.context_tokens = 160
    stream = endless.generate("a", talk("Where can I park?"), (), Sampling(max_tokens=99_999))
    async for _ in stream:
        pass
    assert endless.prompt_tokens_evaluated + endless.tokens_generated == 160


async def test_temperature_draws_other_words_in_whole_letters(endless: LlamaCpp) -> None:
    drawn = set()
    for _ in range(3):
        stream = endless.generate("a", talk("Größe? 東京 🙂"), (), Sampling(5.0, 100))
        pieces = [piece async for piece in stream]
        assert all(pieces)
        drawn.add("".join(pieces))
    assert len(drawn) == 3


SCHEMA = """{"type": "object", "properties": {
    "mood": {"enum": ["good", "bad"]}, "open": {"type": "boolean"}},
    "required": ["mood", "open"], "additionalProperties": false}"""


async def test_an_answer_follows_its_json_schema(llama: LlamaCpp) -> None:
    stream = llama.generate("a", talk("Are you open?"), (), Sampling(json_schema=SCHEMA))
    made = json.loads("".join([piece async for piece in stream]))
    assert made.keys() == {"mood", "open"}
    assert made["mood"] in ("good", "bad")
    assert isinstance(made["open"], bool)


@pytest.mark.parametrize("schema", ["{oops", '{"type": "nonsense"}'])
async def test_a_schema_that_cannot_be_followed_is_a_sentence(llama: LlamaCpp, schema: str) -> None:
    with pytest.raises(EngineError, match="JSON schema"):
        async for _ in llama.generate("a", talk("Hello."), (), Sampling(json_schema=schema)):
            pass
    assert await answer(llama, "a", "Where can I park?")


async def test_a_failed_step_fails_its_replies_and_nothing_more(
    llama: LlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answer(llama, "a", "Where can I park?")

    def broken(_entries: object) -> None:
        raise OSError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr(llama._library, "decode", broken)
        with pytest.raises(EngineError, match="failed: OSError"):
            await answer(llama, "a", "Where can I park?")
        assert llama.ready
        for _ in range(3):
            with pytest.raises(EngineError):
                await answer(llama, "a", "Where can I park?")
        assert not llama.ready
    assert await answer(llama, "a", "Where can I park?")
    assert llama.ready


async def test_a_broken_message_fails_only_its_own_reply(llama: LlamaCpp) -> None:
    other = asyncio.create_task(answer(llama, "b", "Where can I park?"))
    with pytest.raises(EngineError):
        await anext(llama.generate("a", [{"content": "no role"}]))
    with pytest.raises(EngineError, match="empty"):
        await llama.warm([])
    assert await other


async def test_close_ends_what_runs(endless: LlamaCpp) -> None:
    stream = endless.generate("a", talk("Hello."), (), Sampling(max_tokens=900))
    await anext(stream)
    started = time.perf_counter()
    await asyncio.to_thread(endless.close)
    endless.close()
    assert time.perf_counter() - started < 2
    with pytest.raises(EngineError, match="closed"):
        async for _ in stream:
            pass
    with pytest.raises(EngineError, match="closed"):
        await answer(endless, "a", "Hello.")
    await endless.forget("a")


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(20_000))
    with pytest.raises(StartError, match="cannot be loaded"):
        LlamaCpp(path)


async def test_after_many_cancelled_replies_the_cache_still_tells_the_truth(
    llama: LlamaCpp,
) -> None:
    questions = ["What are your opening hours?", "Where can I park?", "How much is a cleaning?"]
    alone = {q: await answer(llama, f"alone {q}", q) for q in questions}
    random = Random(5)

    async def call(name: str) -> None:
        for _ in range(12):
            question = random.choice(questions)
            task = asyncio.create_task(answer(llama, name, question))
            if random.random() < 0.5:
                await asyncio.sleep(random.random() * 0.01)
                task.cancel()
                await asyncio.wait([task])
            else:
                assert await task == alone[question]
            if random.random() < 0.2:
                await llama.forget(name)

    await asyncio.gather(*(call(f"call {n}") for n in range(7)))
    assert llama.ready


async def test_what_a_long_conversation_keeps_is_read_before_the_next_turn(
    llama: LlamaCpp,
) -> None:
    turns: list[str] = []
    most = 0
    await llama.warm(talk("")[:1])
    for _ in range(60):
        turns.append("Where can I park?")
        before = llama.prompt_tokens_evaluated
        text, messages = "", talk(*turns)
        async for piece in llama.generate("a", messages):
            text += piece
        # Nothing but new words stands between a question and its answer.
        most = max(most, llama.prompt_tokens_evaluated - before)
        turns.append("You can park behind the building, right beside the door.")
        await llama.warm(messages[:1])  # comes after what is read ahead
    assert most < 60
    assert len(llama._sequences._all[0].tokens) < 1000
