"""An OpenAI-compatible server, run as a program: `python -m tests.peers.openai_server`.

The request's `model` says how it behaves; `GET /seen` tells what it was asked, and whether the
client left before the end. It prints its port.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
import wave
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.response import Stream

WORDS = ["We are ", "open ", "today. ", "Anything else?"]
KEY = "sk-loopback-1234"
PHRASE = "One second, I am checking."
"""What the scripted model writes when it is asked for an acknowledgement."""

seen: list[dict[str, Any]] = []

Answer = Response[Any]


def failure(model: str) -> Answer | None:
    """What a server says that cannot or will not; it repeats the key, as some do."""
    if model == "redirect":
        return Response("", status_code=307, headers={"Location": "http://127.0.0.1:9/v1"})
    if not model.isdigit():
        return None
    return Response({"error": {"message": f"Wrong key {KEY}"}}, status_code=int(model))


def event(delta: dict[str, Any], finish: str | None = None) -> str:
    """A chunk of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'c', 'choices': [choice]})}\n\n"


def tool_part(index: int, name: str | None, arguments: str) -> str:
    """A piece of a tool call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return event({"tool_calls": [{"index": index, "function": function}]})


def scripted(messages: list[dict[str, Any]]) -> tuple[float, list[str]]:
    """The reply that a prompt holds as JSON, `[{"say": …, "calls": [[name, arguments], …],
    "after": seconds}, …]`, as its delay and its chunks: the first for a conversation without
    words of the agent, the second after one, and so on."""
    prompt = messages[0]["content"]
    if "[{" not in prompt:
        return 0.0, [event({"content": PHRASE})]
    replies = json.loads(prompt[prompt.index("[{") : prompt.rindex("}]") + 2])
    turn = sum(message["role"] == "assistant" for message in messages)
    reply = replies[min(turn, len(replies) - 1)]
    said = [event({"content": reply["say"]})] if reply.get("say") else []
    calls = enumerate(reply.get("calls", []))
    called = [tool_part(at, name, json.dumps(given)) for at, (name, given) in calls]
    return reply.get("after", 0.0), said + called


async def chat_events(
    model: str, note: dict[str, Any], messages: list[dict[str, Any]]
) -> AsyncIterator[str]:
    """A streamed reply, or what a broken server makes of one."""
    yield ": ping\n\n" + event({"role": "assistant", "content": ""})
    match model:
        case "hang":
            await asyncio.sleep(60)
        case "tools":
            yield event({"content": "One moment."})
            yield tool_part(0, "book", '{"day": "Mon')
            yield tool_part(0, None, 'day", "note": "</tool_call>"}')
            yield tool_part(1, "end_call", "")
        case "slow-tool":
            for part in ('{"day"', ": ", '"Mon', 'day"', "}"):
                yield tool_part(0, "book" if part.startswith("{") else None, part)
                await asyncio.sleep(0.15)
        case "script":
            delay, parts = scripted(messages)
            await asyncio.sleep(delay)
            for part in parts:
                yield part
        case "malformed":
            yield event({"content": "We "})[:-10] + "\n\n"
        case "not-events":
            yield "<html>It works!</html>\n\n"
        case "error":
            yield 'data: {"error": {"message": "out of memory"}}\n\n'
        case "giant":
            for _ in range(4000):
                yield event({"content": "word " * 200})
        case "giant-line":
            for _ in range(20):
                yield "data: " + "x" * 60_000
        case "silent":
            pass
        case "endless":
            note["ended"] = False
            try:
                while True:
                    yield event({"content": "word "})
                    await asyncio.sleep(0.01)
            finally:
                note["ended"] = True
        case _:
            if model == "slow-start":
                await asyncio.sleep(1.5)
            for word in WORDS:
                yield event({"content": word})
                if model == "cut" and word == WORDS[1]:
                    raise ConnectionError("cut")
                if model == "stall" and word == WORDS[1]:
                    await asyncio.sleep(60)
                if model == "unfinished" and word == WORDS[1]:
                    return
                if model == "slow":
                    await asyncio.sleep(0.05)
    yield event({}, "stop")
    yield "data: [DONE]\n\n"


@post("/v1/chat/completions", status_code=200)
async def chat(request: Request[Any, Any, Any]) -> Answer | Stream:
    """Chat completion, streamed or not."""
    body = await request.json()
    note = {"body": body, "authorization": request.headers.get("authorization")}
    seen.append(note)
    if (failed := failure(body["model"])) is not None:
        return failed
    if body["model"] == "late":
        await asyncio.sleep(60)
    if not body.get("stream") or body["model"] == "no-stream":
        return Response({"choices": [{"message": {"role": "assistant", "content": "We"}}]})
    return Stream(
        chat_events(body["model"], note, body["messages"]), media_type="text/event-stream"
    )


@post("/v1/audio/transcriptions", status_code=200)
async def transcriptions(request: Request[Any, Any, Any]) -> Answer:
    """The words depend on the model; what kind of sound came is kept."""
    form = await request.form()
    model = form["model"]
    file = form["file"]
    with wave.open(io.BytesIO(await file.read())) as sound:
        kind = [sound.getframerate(), sound.getnchannels(), sound.getsampwidth()]
        frames = sound.getnframes()
    fields = {key: value for key, value in form.items() if key != "file"}
    seen.append({"body": fields, "wav": kind, "frames": frames, "name": file.filename})
    if (failed := failure(model)) is not None:
        return failed
    if model in ("hang", "late"):
        await asyncio.sleep(60)
    if model == "not-json":
        return Response("Hello.", media_type="text/plain")
    if model == "giant":
        return Response({"text": "word " * 100_000})
    texts = {"loop": "so I said " * 20, "murmur": " Okay, okay. "}
    return Response({"text": texts.get(str(model), " What are your hours? ")})


def tone(rate: int, seconds: float = 1.0) -> bytes:
    """A sound of 400 Hz."""
    at = np.arange(int(rate * seconds)) / rate
    return np.rint(np.sin(2 * np.pi * 400 * at) * 8000).astype("<i2").tobytes()


def wav(rate: int, channels: int = 1, bits: int = 16) -> bytes:
    """The same as a WAV file whose length is not known yet."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(bits // 8)
        sound.setframerate(rate)
        sound.writeframes(np.repeat(np.frombuffer(tone(rate), "<i2"), channels).tobytes())
    whole = bytearray(file.getvalue())
    whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"
    return bytes(whole)


async def sound_parts(model: str) -> AsyncIterator[bytes]:
    """Sound in odd pieces, or what a broken server makes of it."""
    match model:
        case "wav" | "only-wav":
            sound = wav(22_050, channels=2)
        case "wav8":
            sound = wav(16_000, bits=8)
        case "quiet":
            sound = bytes(48_000)
        case "nothing":
            sound = b""
        case "giant":
            sound = tone(24_000) * 50
        case _:
            sound = tone(24_000)
    if model in ("hang", "late"):
        await asyncio.sleep(60)
    size = 65_537 if model == "giant" else 4_001
    for at in range(0, len(sound), size):
        yield sound[at : at + size]
        if model == "cut" and at > 20_000:
            raise ConnectionError("cut")


@post("/v1/audio/speech", status_code=200)
async def speech(request: Request[Any, Any, Any]) -> Answer | Stream:
    """A tone for every text."""
    body = await request.json()
    seen.append({"body": body})
    model = body["model"]
    if (failed := failure(model)) is not None:
        return failed
    if model == "only-wav" and body["response_format"] != "wav":
        return Response({"error": {"message": "unknown format"}}, status_code=422)
    if model == "text":
        return Response({"error": "no voice"})
    return Stream(sound_parts(model), media_type="audio/pcm")


@get("/seen")
async def told() -> list[dict[str, Any]]:
    """What was asked so far, oldest first."""
    return seen


def main() -> None:
    """Serve on a free port of loopback until the process is ended."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = Litestar([chat, transcriptions, speech, told], openapi_config=None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
