"""POST /v1/call."""

from __future__ import annotations

import dataclasses

import pytest

from thunderbox.calls.requests import PlacedCall
from thunderbox.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    LegError,
    NotFoundError,
    PaymentError,
)

NUMBERS = {"from_number": "+15550100", "to_number": "+15550101"}
CONFIG = {"prompt": "Say hello.", "voice": "en-US-James1"}


async def test_a_call_is_placed(client, outside, tenant):
    body = NUMBERS | {
        "agent_id": 12,
        "max_hold_seconds": 30,
        "variables": {"name": "Jane"},
        "idempotency_key": "k1",
        "language": "en-US",
    }
    response = await client.post("/v1/call", json=body)
    assert (response.status_code, response.json()) == (
        201,
        {"call_id": 5001, "status": "initiated", "idempotent_replay": False},
    )
    [placed] = outside.placed
    assert (placed.org_id, placed.from_number, placed.to_number) == (
        tenant.org_id,
        "+15550100",
        "+15550101",
    )
    assert (placed.agent_id, placed.config, placed.max_hold_seconds) == (12, None, 30)
    assert (placed.variables, placed.idempotency_key) == ({"name": "Jane"}, "k1")


async def test_a_replay_is_200(client, outside):
    outside.answer = PlacedCall(call_id=7, status="completed", idempotent_replay=True)
    response = await client.post("/v1/call", json=NUMBERS)
    assert (response.status_code, response.json()) == (
        200,
        {"call_id": 7, "status": "completed", "idempotent_replay": True},
    )


async def test_a_sip_uri_can_be_called(client, outside):
    body = NUMBERS | {"to_number": "sip:200@192.168.1.20:5062;transport=tcp"}
    assert (await client.post("/v1/call", json=body)).status_code == 201


@pytest.mark.parametrize(
    "body", [{}, {"from_number": "+15550100"}, {"to_number": "+1"}, NUMBERS | {"to_number": ""}]
)
async def test_both_numbers_are_required(client, body):
    response = await client.post("/v1/call", json=body)
    assert (response.status_code, response.json()) == (
        400,
        {"detail": "from_number and to_number are required."},
    )


async def test_an_agent_and_a_config_are_too_much(client):
    response = await client.post("/v1/call", json=NUMBERS | {"agent_id": 1, "config": CONFIG})
    assert (response.status_code, response.json()) == (
        400,
        {"detail": "Provide either agent_id or config, not both."},
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_number", "15550100"),
        ("from_number", "sip:me@host"),
        ("to_number", "555-0100"),
        ("to_number", "+0123"),
        ("to_number", "sip:"),
        ("to_number", "sip:a b@host"),
        ("agent_id", "x"),
        ("config", []),
        ("max_hold_seconds", 0),
        ("variables", "x"),
        ("language", "?"),
        ("idempotency_key", "k" * 129),
    ],
)
async def test_wrong_fields_are_named(client, outside, field, value):
    response = await client.post("/v1/call", json=NUMBERS | {field: value})
    assert (response.status_code, list(response.json())) == (400, [field])
    assert outside.placed == []


async def test_a_config_is_handed_on_complete(client, outside):
    config = {
        "prompt": "Say hello.",
        "voice_name": "en-US-James1",
        "product": "storm-extra",
        "agent_name": "ignored",
        "transfer_destinations": [{"name": "Sales", "number": "200", "platform_ok": None}],
        "silence_hangup_seconds": 9,
        "language": "de",
        "variables": {"name": "config", "city": "Ulm"},
    }
    assert (
        await client.post(
            "/v1/call", json=NUMBERS | {"config": config, "variables": {"name": "Jane"}}
        )
    ).status_code == 201
    assert outside.placed[0].variables == {"name": "Jane", "city": "Ulm"}
    assert outside.placed[0].config == {
        "prompt": "Say hello.",
        "voice": "en-US-James1",
        "product": "storm-extra",
        "thinking_level": "extra",
        "background_track": None,
        "acknowledgement_prompt_mode": "auto",
        "acknowledgement_prompt": "",
        "tools": [],
        "primary_language": "de",
        "additional_languages": [],
        "transfer_destinations": [{"name": "Sales", "number": "200"}],
        "voicemail_action": "prompt",
        "voicemail_message": "",
        "max_call_duration_seconds": None,
        "ring_duration_seconds": None,
        "silence_checkins_enabled": True,
        "silence_interval_seconds": None,
        "silence_max_checkins": None,
        "silence_hangup_seconds": 9,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": ""}, "config.prompt"),
        ({"prompt": None}, "config.prompt"),
        ({"voice": "alto"}, "config.voice"),
        ({"product": "zap"}, "config.product"),
        ({"tools": [{}]}, "config.tools"),
        ({"acknowledgement_prompt_mode": "manual"}, "config.acknowledgement_prompt"),
        ({"inbound_speak_order": "agent_first"}, "config.inbound_speak_order"),
        ({"max_hold_seconds": 5}, "config.max_hold_seconds"),
        ({"surprise": 1}, "config.surprise"),
        ({"variables": [1]}, "config.variables"),
        ({"language": "?"}, "config.primary_language"),
    ],
)
async def test_what_is_wrong_with_a_config_is_named(client, change, field):
    response = await client.post("/v1/call", json=NUMBERS | {"config": CONFIG | change})
    assert (response.status_code, list(response.json())) == (400, [field])
    assert response.json()[field][0].startswith("config")


async def test_the_key_may_be_a_header(client, outside):
    headers = {"Idempotency-Key": "k1"}
    for body in (NUMBERS, NUMBERS | {"idempotency_key": "k1"}):
        assert (await client.post("/v1/call", json=body, headers=headers)).status_code == 201
    assert [placed.idempotency_key for placed in outside.placed] == ["k1", "k1"]


@pytest.mark.parametrize("header", ["k2", "k" * 129])
async def test_a_header_that_cannot_be_the_key_is_refused(client, outside, header):
    body = NUMBERS | {"idempotency_key": "k1"}
    response = await client.post("/v1/call", json=body, headers={"Idempotency-Key": header})
    assert (response.status_code, list(response.json())) == (400, ["idempotency_key"])
    assert outside.placed == []


async def test_the_language_of_a_call_is_handed_on(client, outside):
    for body in ({"language": "de"}, {"language": "fr", "primary_language": "de"}):
        await client.post("/v1/call", json=NUMBERS | body)
    assert [placed.primary_language for placed in outside.placed] == ["de", "de"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PaymentError("Insufficient balance."), 402),
        (ForbiddenError("Demo numbers only take calls."), 403),
        (NotFoundError("from_number is not a number of this organization."), 404),
        (LegError("All lines are busy."), 503),
    ],
)
async def test_what_the_box_refuses(client, outside, error, status):
    outside.answer = error
    response = await client.post("/v1/call", json=NUMBERS)
    assert (response.status_code, response.json()) == (status, {"detail": str(error)})


async def test_another_request_with_the_same_key(client, outside):
    outside.answer = ConflictError("Used for another call.", code="idempotency_conflict")
    response = await client.post("/v1/call", json=NUMBERS | {"idempotency_key": "k"})
    assert (response.status_code, response.json()) == (
        409,
        {"detail": "Used for another call.", "code": "idempotency_conflict", "retryable": False},
    )


async def test_the_same_key_twice_at_once_is_asked_again(app, client, outside):
    async def duplicate_once(request):
        outside.placed.append(request)
        if len(outside.placed) == 1:
            raise DuplicateError("There already.")
        return PlacedCall(call_id=7, idempotent_replay=True)

    app.state.parts = dataclasses.replace(app.state.parts, place_call=duplicate_once)
    response = await client.post("/v1/call", json=NUMBERS | {"idempotency_key": "k"})
    assert (response.status_code, response.json()["call_id"]) == (200, 7)
