"""A spoken call in which the agent looks up an order and books an appointment.

The tools are a program of their own, which believes nothing that is not signed; the models are
the starter models, and the caller is a telephone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak
from tests.e2e.line import call, calling, follow
from tests.peers.openai import script
from tests.peers.tools import ToolsServer

pytestmark = pytest.mark.e2e

PROMPT = (
    "You are the receptionist of Corner Bikes. Answer callers briefly and kindly. "
    "We are open Monday to Friday from 9 am to 5 pm. We are at 12 Harbor Street."
)


def function(name: str, *parameters: str) -> dict[str, Any]:
    """A function of texts, all of them needed."""
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": "",
            "parameters": {
                "type": "object",
                "properties": {parameter: {"type": "string"} for parameter in parameters},
                "required": list(parameters),
            },
        },
    }


async def test_an_order_is_looked_up_and_an_appointment_booked_at_a_signed_tool_server(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    secret = (await box.api.put("/v1/webhook", json={"url": ""})).json()["secret"]
    with ToolsServer(secret) as server:
        lookup = await box.api.post(
            "/v1/integrations",
            json={
                "display_name": "Orders",
                "spec": function("track_order", "order_number"),
                "endpoint_url": f"{server.url}/orders",
                "endpoint_method": "GET",
            },
        )
        booking = function("book_appointment", "day", "time")
        booking["endpoint"] = {"url": f"{server.url}/appointments"}
        await box.change_agent(
            prompt=PROMPT, tools=[booking], integration_ids=[lookup.json()["id"]]
        )
        words = speak(
            5.0,
            "Where is my order four two seven one?",
            6.0,
            "I would like to book an appointment for Tuesday at ten a.m.",
            8.0,
        )
        ended = await call(box, tmp_path / "phone", free_port(), words)
        seen = server.seen()

    assert ended["status"] == "completed"
    call_id = ended["call_id"]
    rows = await box.transcript(call_id)
    assert [request["signed"] for request in seen["requests"]] == [True, True], rows
    first, second = seen["requests"]
    assert (first["method"], first["path"]) == ("GET", "/orders")
    assert parse_qsl(first["query"]) == [("order_number", "4271")]
    assert first["body"] == ""
    assert (second["method"], second["path"]) == ("POST", "/appointments")
    assert json.loads(second["body"]) == seen["booked"][0]
    assert set(seen["booked"][0]) == {"day", "time"}
    assert {request["call_id"] for request in seen["requests"]} == {str(call_id)}

    said = words_of(rows, "assistant")
    assert "shipped" in said
    assert "confirmed" in said
    used = [(row["content"]["name"]) for row in rows if row["role"] == "tool_call"]
    assert used == ["track_order", "book_appointment"]
    answers = [row["content"] for row in rows if row["role"] == "tool_response"]
    assert answers == [{"status": "shipped"}, {"status": "confirmed"}]


async def test_a_model_that_gives_wrong_arguments_corrects_itself_and_the_tool_is_asked_once(
    scripted: Box,
) -> None:
    booking = function("book_appointment", "day", "time")
    booking["function"]["parameters"]["properties"]["day"]["enum"] = ["Monday", "Tuesday"]
    replies = [
        {"calls": [["book_appointment", {"day": "Sunday", "time": "ten"}]]},
        {"calls": [["book_appointment", {"day": "Tuesday", "time": "ten"}]]},
        {"say": "You are booked. Goodbye!", "calls": [["end_call", {}]]},
    ]
    secret = (await scripted.api.put("/v1/webhook", json={"url": ""})).json()["secret"]
    with ToolsServer(secret) as server:
        booking["endpoint"] = {"url": f"{server.url}/appointments"}
        await scripted.change_agent(prompt=script(*replies), tools=[booking])
        async with calling(scripted) as leg:
            await follow(leg, 20)
        seen = server.seen()
    assert seen["booked"] == [{"day": "Tuesday", "time": "ten"}]
    assert len(seen["requests"]) == 1
    rows = await scripted.transcript((await scripted.ended_call())["call_id"])
    wrong, right = [row["content"] for row in rows if row["role"] == "tool_response"]
    assert "Correct the arguments" in wrong["error"]
    assert right == {"status": "confirmed"}
