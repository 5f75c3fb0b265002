"""The box tests its own agent: a simulated caller over the box's own phone, with real models."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.box import Box, words_of

pytestmark = pytest.mark.e2e

RUN_S = 60.0


async def run_of(box: Box, **fields: object) -> dict[str, Any]:
    """A test call, once it is over."""
    order = {"target_type": "phone_number", "target_id": 1, "consent_to_charge": True}
    ordered = await box.api.post("/v1/test-calls", json=order | fields)
    assert ordered.status_code == 201
    run: dict[str, Any] = ordered.json()
    async with asyncio.timeout(RUN_S):
        while run["status"] in ("queued", "in_progress"):
            await asyncio.sleep(0.2)
            run = await box.get(f"/v1/test-calls/{run['id']}")
    return run


async def test_the_box_calls_itself_over_sip(box: Box) -> None:
    lines = "- How much does a cleaning cost?\n- Thank you, goodbye."
    run = await run_of(box, mode="sip", scenario_prompt=lines)
    assert (run["status"], run["error_message"]) == ("completed", "")
    assert "cleaning" in words_of(run["transcript"], "user")
    assert "80" in words_of(run["transcript"], "assistant")
    call = await box.get(f"/v1/calls/{run['call_id']}")
    assert (call["direction"], call["is_test_call"]) == ("inbound", True)
    assert call["billing_total_cents"] == 2 * 8
    state = (await box.api.get("/readyz")).json()
    assert state["parts"]["sip"]["lines_used"] == 0
