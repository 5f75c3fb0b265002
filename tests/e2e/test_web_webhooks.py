"""Webhooks of sessions in web pages: the one of a key, endpoints, and the single one.

What the agent says comes from a scripted model: the prompt that it was told is what it says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from thunderphone.webhooks import verify_signature

from tests.box import Box
from tests.e2e.web import PAGE, ended, mic_session, rows_of
from tests.fakes.receiver import Heard, Receiver, receiving
from tests.peers.openai import script
from tests.peers.process import until
from tests.peers.web_client import WebClient

pytestmark = pytest.mark.e2e

ENDPOINTS = "/v1/developer/webhook-endpoints"
VOICE = "en-US-James1"
BOOK = {"name": "book", "parameters": {"type": "object"}}
CONCIERGE = script({"calls": [["book", {"day": "Monday"}]]}, {"say": "Booked, Jane."})


@asynccontextmanager
async def told(box: Box, endpoint: Receiver, single: Receiver) -> AsyncIterator[None]:
    """Both hear of the box."""
    body = {"label": "all", "url": endpoint.url}
    made = (await box.api.post(ENDPOINTS, json=body)).json()
    await box.api.put("/v1/webhook", json={"url": single.url})
    try:
        yield
    finally:
        await box.api.delete(f"{ENDPOINTS}/{made['id']}")
        await box.api.put("/v1/webhook", json={"url": ""})


def names(receiver: Receiver, call_id: int) -> list[str]:
    """What a receiver was told of a call, without what comes long after its end."""
    heard = [one.event for one in receiver.heard if one.event["data"]["call_id"] == call_id]
    return [event["type"] for event in heard if event["type"] != "call.graded"]


def is_signed(heard: Heard, secret: str) -> bool:
    """Whether a request verifies as the official client does it."""
    return verify_signature(
        heard.headers["x-thunderphone-signature-v2"],
        secret=secret,
        method="POST",
        path=heard.path,
        body=heard.body,
    )


async def visit(box: Box, key: dict[str, Any], body: dict[str, Any]) -> int:
    """A visitor of a page comes, hears the agent, and leaves; the call's id."""
    headers = {"Authorization": "", "X-API-Key": key["key"], "Origin": PAGE}
    answer = await box.api.post("/v1/widget/session", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    session = answer.json()
    async with WebClient(session["server_url"], session["token"]) as visitor:
        await visitor.voice_after(0)
        await rows_of(box, session["call_id"], 3)
    await ended(box, session["call_id"])
    return int(session["call_id"])


async def test_the_webhook_of_a_key_is_asked_who_speaks_and_told_what_became_of_it(
    scripted: Box,
) -> None:
    async with (
        receiving() as own,
        receiving() as tools,
        receiving() as endpoint,
        receiving() as single,
        told(scripted, endpoint, single),
    ):
        book = {"type": "function", "function": BOOK, "endpoint": {"url": tools.url}}
        own.says({"prompt": CONCIERGE, "voice": VOICE, "tools": [book]})
        made = await scripted.api.post(
            "/v1/publishable-key",
            json={"mode": "webhook", "webhook_url": own.url, "allowed_domains": ["shop.example"]},
        )
        key = made.json()
        call_id = await visit(scripted, key, {"variables": {"plan": "gold"}})
        await until(lambda: "call.complete" in names(own, call_id), what="the end of the session")
        await until(lambda: "web.complete" in names(endpoint, call_id), what="it there, too")
    assert names(own, call_id) == ["call.incoming", "web.tool", "call.complete"]
    assert names(endpoint, call_id) == ["web.incoming", "web.tool", "web.complete"]
    assert names(single, call_id) == []
    assert own.heard[0].event["data"]["variables"] == {"plan": "gold"}
    assert all(is_signed(heard, key["webhook_secret"]) for heard in own.heard)
    [used] = tools.heard
    assert used.event == {"day": "Monday"}
    assert is_signed(used, key["webhook_secret"])
    [data] = [one.event["data"] for one in own.heard if one.event["type"] == "call.complete"]
    assert (data["direction"], data["from_number"], data["agent_id"]) == ("widget", "web", None)
    assert [row["role"] for row in data["transcripts"]] == [
        "tool_call",
        "tool_response",
        "assistant",
    ]
    assert data["recording_url"].startswith("http")


async def test_a_session_that_names_its_agent_is_told_of_and_not_asked_about(
    scripted: Box,
) -> None:
    async with (
        receiving() as endpoint,
        receiving() as single,
        told(scripted, endpoint, single),
    ):
        endpoint.says({"prompt": script({"say": "I was not asked."}), "voice": VOICE})
        agent_id = await scripted.change_agent(prompt=script({"say": "Good morning."}))
        session = await mic_session(scripted, agent_id)
        async with WebClient(session.url, session.token) as visitor:
            await visitor.voice_after(0)
            rows = await rows_of(scripted, session.call_id, 1)
        call = await ended(scripted, session.call_id)
        await until(
            lambda: all(len(names(one, session.call_id)) == 2 for one in (endpoint, single)),
            what="the end of the session",
        )
    assert rows[0]["content"] == "Good morning."
    assert (call["direction"], call["agent_id"]) == ("mic", agent_id)
    assert names(endpoint, session.call_id) == ["web.incoming", "web.complete"]
    assert names(single, session.call_id) == ["call.incoming", "call.complete"]
