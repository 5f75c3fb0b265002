"""A supervisor follows a visitor's call unseen, hears both sides, and tells the agent something."""

from __future__ import annotations

import json

import pytest

from tests.box import Box
from tests.e2e.conftest import Speak
from tests.e2e.sound import transcribe
from tests.e2e.web import mic_session, rows_of
from tests.peers.openai import OpenAIServer, script
from tests.peers.web_client import WebClient

pytestmark = pytest.mark.e2e


async def test_a_supervisor_hears_both_sides_unseen_and_whispers_to_the_agent(
    scripted: Box, script_server: OpenAIServer, speak: Speak
) -> None:
    prompt = script(
        {"say": "Hello."}, {"say": "We are open from nine to five."}, {"say": "You are welcome."}
    )
    session = await mic_session(scripted, await scripted.change_agent(prompt=prompt))
    url = f"/v1/calls/{session.call_id}"
    async with WebClient(session.url, session.token) as visitor:
        await visitor.voice_after(0)
        await visitor.quiet()
        seat = (await scripted.api.post(f"{url}/listen")).raise_for_status().json()
        async with WebClient(seat["server_url"], seat["token"], speaks=False) as supervisor:
            await visitor.voice_after(await visitor.say(speak("What are your opening hours?")))
            await rows_of(scripted, session.call_id, 3)
            await visitor.quiet()
            heard = await transcribe(supervisor.sound())
            note = {"text": "They are a friend of the house."}
            (await scripted.api.post(f"{url}/whisper", json=note)).raise_for_status()
            await visitor.type("Thank you.")
            await rows_of(scripted, session.call_id, 5)
    assert "opening hours" in heard
    assert "nine" in heard
    assert note["text"] in json.dumps(script_server.asked(prompt)["messages"])
    assert not [event for event in visitor.seen.events if event.startswith("participant")]
