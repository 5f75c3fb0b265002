"""Calls that a webhook configures, over SIP, with the webhook in a process of its own.

What the agent says comes from a scripted model: the prompt that it was told is what it says.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from thunderphone.webhooks import verify_signature

from tests.box import Box, words_of
from tests.e2e.line import calling
from tests.peers.openai import script
from tests.peers.receiver import ReceiverProcess
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]
VOICE = "en-US-James1"
OWN = "This is the agent of the number."
LONG_AGO_S = 300


@pytest.fixture
async def receiver() -> AsyncIterator[ReceiverProcess]:
    """A receiver that answers `{}`."""
    async with ReceiverProcess() as running:
        yield running


@pytest.fixture
async def endpoint(scripted: Box, receiver: ReceiverProcess) -> AsyncIterator[dict[str, Any]]:
    """The box asks the receiver about calls; its own agent says OWN."""
    await scripted.change_agent(prompt=script({"say": OWN}))
    body = {"label": "crm", "url": receiver.url, "events": ["telephony.incoming"]}
    made = await scripted.api.post("/v1/developer/webhook-endpoints", json=body)
    assert made.status_code == 201, made.text
    yield made.json()
    await scripted.api.delete(f"/v1/developer/webhook-endpoints/{made.json()['id']}")


async def greeting(box: Box) -> tuple[dict[str, Any], str, float]:
    """Call the box: the call, what its agent says first, and the seconds until it picks up."""
    begun = time.monotonic()
    async with calling(box):
        seconds = time.monotonic() - begun
        said = words_of(await box.transcript_of(1), "assistant")
    return await box.ended_call(), said, seconds


def is_signed(request: dict[str, Any], secret: str) -> bool:
    """Whether a request verifies as the official client does it."""
    return verify_signature(
        request["headers"]["x-thunderphone-signature-v2"],
        secret=secret,
        method="POST",
        path=request["path"],
        body=request["body"],
        tolerance=LONG_AGO_S,
    )


async def test_the_webhook_says_who_answers_and_the_call_keeps_it(
    scripted: Box, receiver: ReceiverProcess, endpoint: dict[str, Any]
) -> None:
    prompt = script({"say": "Good morning, Jane, this is your concierge."})
    await receiver.says({"prompt": prompt, "voice": VOICE, "product": "bolt"}, after=0.2)
    call, said, _ = await greeting(scripted)
    assert said == "good morning, jane, this is your concierge."
    [asked] = receiver.heard
    event = json.loads(asked["body"])
    assert event["type"] == "telephony.incoming"
    assert event["data"]["call_id"] == call["call_id"]
    assert (event["data"]["to_number"], event["data"]["from_number"]) == (
        call["to_number"],
        call["from_number"],
    )
    assert is_signed(asked, endpoint["secret"])
    assert (call["status"], call["agent_id"]) == ("completed", None)
    assert (call["prompt"], call["product"], call["voice"]) == (prompt, "bolt", VOICE)
    assert call["billing_total_cents"] == 10


async def test_a_tool_of_the_answer_is_signed_with_the_endpoints_secret(
    scripted: Box, receiver: ReceiverProcess, endpoint: dict[str, Any]
) -> None:
    tool = {
        "type": "function",
        "function": {"name": "look_up", "parameters": {"type": "object"}},
        "endpoint": {"url": receiver.url},
    }
    prompt = script({"calls": [["look_up", {"order": 7}]]}, {"say": "It is on its way."})
    await receiver.says({"prompt": prompt, "voice": VOICE, "tools": [tool]})
    async with calling(scripted):
        used = await receiver.hears(2)
    assert json.loads(used["body"]) == {"order": 7}
    assert is_signed(used, endpoint["secret"])


async def test_a_webhook_that_never_answers_costs_two_seconds_of_ringing(
    scripted: Box, receiver: ReceiverProcess, endpoint: dict[str, Any]
) -> None:
    await receiver.says({}, after=None)
    call, said, seconds = await greeting(scripted)
    assert said == OWN.lower()
    assert 2.0 <= seconds < 5.0
    assert (call["status"], call["agent_id"] is None) == ("completed", False)


@pytest.mark.parametrize("answer", ["{", {"prompt": "x", "voice": VOICE, "unknown": 1}])
async def test_an_answer_that_is_not_valid_leaves_the_call_to_its_agent(
    scripted: Box, receiver: ReceiverProcess, endpoint: dict[str, Any], answer: object
) -> None:
    await receiver.says(answer)
    _, said, _ = await greeting(scripted)
    assert said == OWN.lower()
    assert len(receiver.heard) == 1


async def test_a_numbers_own_webhook_is_asked_in_place_of_the_endpoint(
    scripted: Box, receiver: ReceiverProcess, endpoint: dict[str, Any]
) -> None:
    async with ReceiverProcess() as own:
        await own.says({"prompt": script({"say": "The number's own."}), "voice": VOICE})
        number = await scripted.api.patch("/v1/phone-numbers/1", json={"webhook_url": own.url})
        assert number.status_code == 200, number.text
        _, said, _ = await greeting(scripted)
        await scripted.api.patch("/v1/phone-numbers/1", json={"webhook_url": None})
        assert said == "the number's own."
        [asked] = own.heard
        assert json.loads(asked["body"])["type"] == "call.incoming"
        assert is_signed(asked, number.json()["webhook_signing_secret"])
    assert receiver.heard == []


async def test_a_caller_who_hangs_up_while_it_is_asked_leaves_a_cancelled_call(
    scripted: Box,
    receiver: ReceiverProcess,
    endpoint: dict[str, Any],
    tmp_path: Path,
    free_port: Ports,
) -> None:
    await receiver.says({}, after=None)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(
        tmp_path / "caller", "cancel", port=free_port(), remote=remote, pause_ms=300
    )
    score = await sipp.score()
    assert score.successful == 1, score.messages
    call = await scripted.ended_call()
    assert (call["status"], call["end_reason"]) == ("failed", "cancelled")
    assert call["sip_status"] == 487
    await receiver.says({})
    _, said, _ = await greeting(scripted)
    assert said == OWN.lower()


async def test_four_callers_at_once_are_asked_about_one_by_one(
    scripted: Box,
    receiver: ReceiverProcess,
    endpoint: dict[str, Any],
    tmp_path: Path,
    free_port: Ports,
) -> None:
    prompt = script({"say": "One of four."})
    await receiver.says({"prompt": prompt, "voice": VOICE}, after=0.2)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(
        tmp_path / "callers", "uac", port=free_port(), remote=remote, calls=4, at_once=4
    )
    score = await sipp.score()
    assert score.successful == 4, score.messages
    await scripted.idle()
    page = await scripted.get("/v1/calls", limit=4)
    assert [call["prompt"] for call in page["results"]] == [prompt] * 4
    asked = {json.loads(heard["body"])["data"]["call_id"] for heard in receiver.heard}
    assert asked == {call["call_id"] for call in page["results"]}


async def test_the_caller_hears_it_ring_while_it_is_asked(
    scripted: Box,
    receiver: ReceiverProcess,
    endpoint: dict[str, Any],
    tmp_path: Path,
    free_port: Ports,
) -> None:
    await receiver.says({}, after=0.5)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(tmp_path / "caller", "uac", port=free_port(), remote=remote)
    await receiver.hears()
    assert "180 Ringing" in sipp.messages
    assert "200 OK" not in sipp.messages
    assert (await sipp.score()).successful == 1
