"""The fields of an agent that say how patient its calls are."""

from __future__ import annotations

import pytest

from tests.api.conftest import AGENT

PATIENCE = {
    "max_call_duration_seconds": 600,
    "ring_duration_seconds": 20,
    "silence_checkins_enabled": False,
    "silence_interval_seconds": 8,
    "silence_max_checkins": 2,
    "silence_hangup_seconds": 5,
}


async def test_how_patient_an_agent_is_is_kept_shown_and_copied(client):
    made = (await client.post("/v1/agents", json=AGENT | PATIENCE)).json()
    copy = (await client.post(f"/v1/agents/{made['id']}/duplicate", json={})).json()
    changed = {"silence_max_checkins": None, "silence_checkins_enabled": True}
    patched = (await client.patch(f"/v1/agents/{made['id']}", json=changed)).json()
    for found, expected in ((made, PATIENCE), (copy, PATIENCE), (patched, PATIENCE | changed)):
        assert {name: found[name] for name in PATIENCE} == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_call_duration_seconds", 0),
        ("ring_duration_seconds", 4),
        ("silence_checkins_enabled", "yes"),
        ("silence_interval_seconds", 1),
        ("silence_max_checkins", 11),
        ("silence_hangup_seconds", 601),
    ],
)
async def test_a_patience_that_is_none_is_refused(client, field, value):
    response = await client.post("/v1/agents", json=AGENT | {field: value})
    assert (response.status_code, list(response.json())) == (400, [field])
