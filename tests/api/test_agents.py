"""/v1/agents."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from tests.api.conftest import AGENT
from thunderbox.store import agents, users

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
TOOL = {
    "type": "function",
    "function": {"name": "book", "parameters": {"type": "object", "properties": {}}},
    "endpoint": {"url": "/demo/appointments", "method": "POST", "headers": {"X-Key": "v"}},
}


async def test_an_agent_is_created_with_the_defaults(client):
    response = await client.post("/v1/agents", json=AGENT)
    assert response.status_code == 201
    agent = response.json()
    contract = {name: agent[name] for name in list(agent)[:15]}
    assert contract.pop("created_at") == contract.pop("updated_at")
    assert contract == {
        "id": agent["id"],
        "name": "Front desk",
        "prompt": "Be brief.",
        "voice": "en-US-James1",
        "product": "spark",
        "thinking_level": "base",
        "background_track": None,
        "acknowledgement_prompt_mode": "auto",
        "acknowledgement_prompt": "",
        "inbound_speak_order": "agent_first",
        "outbound_speak_order": "caller_first",
        "integrations": [],
        "widget_enabled": True,
    }


async def test_times_are_iso_with_milliseconds_and_z(agent):
    assert datetime.strptime(agent["created_at"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert agent["created_at"].endswith("Z")
    assert len(agent["created_at"]) == len("2026-04-20T18:24:10.113Z")


async def test_what_the_newer_client_insists_on_is_there(agent):
    neutral = {
        "consent_disabled_reason": "",
        "draft_additional_languages": [],
        "draft_handoffs": None,
        "draft_max_call_duration_seconds": None,
        "draft_ring_duration_seconds": None,
        "draft_steps": None,
        "draft_updated_at": None,
        "has_draft": False,
        "knowledge_bases": [],
        "knowledge_documents": [],
        "mcp_servers": [],
        "reusable_instructions": [],
        "tool_collision_warnings": [],
    }
    assert {name: agent[name] for name in neutral} == neutral


async def test_tools_and_hold_time_are_stored_but_not_shown(client, db, tenant):
    body = AGENT | {"tools": [TOOL], "max_hold_seconds": 30}
    made = (await client.post("/v1/agents", json=body)).json()
    assert not {"tools", "max_hold_seconds"} & made.keys()
    stored = await agents.get(db, tenant.org_id, made["id"])
    assert (stored.tools, stored.max_hold_seconds) == ([TOOL], 30)


async def test_a_flat_tool_is_stored_in_the_usual_form(client, db, tenant):
    flat = {"name": "book", "parameters": {"type": "object"}, "url": "https://a.example/x"}
    made = (await client.post("/v1/agents", json=AGENT | {"tools": [flat]})).json()
    [tool] = (await agents.get(db, tenant.org_id, made["id"])).tools
    assert tool == {
        "type": "function",
        "function": {"name": "book", "parameters": {"type": "object"}},
        "endpoint": {"url": "https://a.example/x"},
    }


async def test_destinations_and_voicemail_are_kept_and_shown(client):
    known = [
        {"name": "Sales", "number": "+15550123"},
        {"name": "Desk", "number": "sip:2@a.example"},
    ]
    given = {
        "transfer_destinations": [{**one, "platform_ok": True} for one in known],
        "voicemail_action": "message",
        "voicemail_message": "Please call us back.",
    }
    made = (await client.post("/v1/agents", json=AGENT | given)).json()
    shown = [{**one, "platform_ok": None} for one in known]
    assert {name: made[name] for name in given} == given | {"transfer_destinations": shown}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"transfer_destinations": [{"name": "", "number": "200"}]}, "transfer_destinations"),
        ({"transfer_destinations": [{"name": "A", "number": "x"}]}, "transfer_destinations"),
        (
            {"transfer_destinations": [{"name": n, "number": "200"} for n in ("A", "a")]},
            "transfer_destinations",
        ),
        ({"voicemail_action": "wait"}, "voicemail_action"),
        ({"voicemail_action": "message"}, "voicemail_message"),
    ],
)
async def test_wrong_destinations_and_voicemail_are_refused(client, given, field):
    response = await client.post("/v1/agents", json=AGENT | given)
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_agents_are_listed_newest_first(client):
    made = [(await client.post("/v1/agents", json=AGENT)).json()["id"] for _ in range(3)]
    listed = (await client.get("/v1/agents")).json()
    assert [agent["id"] for agent in listed] == made[::-1]


async def test_an_agent_is_read_as_it_was_answered(client, agent):
    assert (await client.get(f"/v1/agents/{agent['id']}")).json() == agent


async def test_patch_changes_what_is_sent(client, agent):
    response = await client.patch(f"/v1/agents/{agent['id']}", json={"prompt": "Be kind."})
    assert response.status_code == 200
    changed = response.json()
    assert changed.pop("updated_at") > agent.pop("updated_at")
    assert changed == agent | {"prompt": "Be kind."}


async def test_put_replaces_the_rest_with_defaults(client, agent):
    url = f"/v1/agents/{agent['id']}"
    await client.patch(url, json={"product": "bolt", "widget_enabled": False})
    replaced = (await client.put(url, json=AGENT | {"name": "New"})).json()
    assert (replaced["name"], replaced["product"], replaced["widget_enabled"]) == (
        "New",
        "spark",
        True,
    )


async def test_put_of_what_was_read_keeps_what_is_not_shown(client, db, tenant):
    body = AGENT | {"tools": [TOOL], "max_hold_seconds": 30}
    made = (await client.post("/v1/agents", json=body)).json()
    assert (await client.put(f"/v1/agents/{made['id']}", json=made)).status_code == 200
    stored = await agents.get(db, tenant.org_id, made["id"])
    assert (stored.tools, stored.max_hold_seconds) == ([TOOL], 30)


async def test_put_needs_every_required_field(client, agent):
    response = await client.put(f"/v1/agents/{agent['id']}", json={"prompt": "Only this."})
    assert response.status_code == 400
    assert sorted(response.json()) == ["name", "voice"]


@pytest.mark.parametrize(
    ("product", "level"),
    [
        ("storm-base", "base"),
        ("storm-base-with-ack", "base"),
        ("storm-extra", "extra"),
        ("storm-extra-with-ack", "extra"),
    ],
)
async def test_storm_decides_its_thinking_level(client, product, level):
    other = "extra" if level == "base" else "base"
    body = AGENT | {"product": product, "thinking_level": other}
    assert (await client.post("/v1/agents", json=body)).json()["thinking_level"] == level


async def test_spark_takes_the_thinking_level_that_is_sent(client):
    body = AGENT | {"thinking_level": "extra"}
    assert (await client.post("/v1/agents", json=body)).json()["thinking_level"] == "extra"


async def test_a_voice_may_be_named_by_id_or_alias(client):
    for voice in ("espeak-en-us", "en-US-James1"):
        made = await client.post("/v1/agents", json=AGENT | {"voice": voice})
        assert (made.status_code, made.json()["voice"]) == (201, voice)


async def test_a_manual_acknowledgement_needs_its_text(client, agent):
    url = f"/v1/agents/{agent['id']}"
    refused = await client.patch(url, json={"acknowledgement_prompt_mode": "manual"})
    assert (refused.status_code, list(refused.json())) == (400, ["acknowledgement_prompt"])
    both = {"acknowledgement_prompt_mode": "manual", "acknowledgement_prompt": "One moment."}
    assert (await client.patch(url, json=both)).status_code == 200


async def test_an_integration_that_is_not_there_is_refused(client):
    body = AGENT | {"integration_ids": ["0f8fad5b-d9cb-469f-a165-70867728950e"]}
    response = await client.post("/v1/agents", json=body)
    assert (response.status_code, list(response.json())) == (400, ["integration_ids"])


async def test_unknown_keys_are_ignored(client):
    body = AGENT | {"draft_prompt": "x", "timezone": "UTC", "anything": [1]}
    assert (await client.post("/v1/agents", json=body)).status_code == 201


async def test_deleting_an_agent_clears_its_numbers(client, agent):
    body = {"inbound_agent_id": agent["id"]}
    number = (await client.post("/v1/phone-numbers", json=body)).json()
    deleted = await client.delete(f"/v1/agents/{agent['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get(f"/v1/agents/{agent['id']}")).status_code == 404
    left = (await client.get(f"/v1/phone-numbers/{number['id']}")).json()
    assert left["inbound_agent_id"] is None


@pytest.mark.parametrize(
    "form",
    [
        lambda at: at,
        lambda at: at.replace("Z", "000+00:00"),
        lambda at: at.replace("Z", "+00:00"),
        lambda at: datetime.fromisoformat(at).astimezone().isoformat(),
    ],
)
async def test_if_updated_at_is_compared_as_an_instant(client, agent, form):
    body = {"prompt": "New.", "if_updated_at": form(agent["updated_at"])}
    assert (await client.patch(f"/v1/agents/{agent['id']}", json=body)).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_write_for_an_older_state_conflicts(client, agent, method):
    url = f"/v1/agents/{agent['id']}"
    await client.patch(url, json={"prompt": "Faster."})
    body = AGENT | {"prompt": "Slower.", "if_updated_at": agent["updated_at"]}
    response = await client.request(method, url, json=body)
    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert (await client.get(url)).json()["prompt"] == "Faster."


async def test_if_updated_at_must_be_a_time(client, agent):
    response = await client.patch(f"/v1/agents/{agent['id']}", json={"if_updated_at": "noon"})
    assert (response.status_code, list(response.json())) == (400, ["if_updated_at"])


async def test_only_the_sdk_means_a_condition_by_updated_at(client, agent):
    url = f"/v1/agents/{agent['id']}"
    await client.patch(url, json={"prompt": "Faster."})
    body = {"prompt": "Slower.", "updated_at": agent["updated_at"]}
    assert (await client.patch(url, json=body, headers=SDK)).status_code == 409
    assert (await client.patch(url, json=body)).status_code == 200


async def test_of_many_conditional_patches_one_wins(client, agent):
    url = f"/v1/agents/{agent['id']}"
    for _ in range(3):
        seen = (await client.get(url)).json()["updated_at"]
        body = {"prompt": "Mine.", "if_updated_at": seen}
        answers = await asyncio.gather(*(client.patch(url, json=body) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


async def test_versions_are_counted_and_listed_newest_first(client, agent):
    url = f"/v1/agents/{agent['id']}"
    changed = (await client.patch(url, json={"prompt": "Be kind.", "name": "Desk"})).json()
    page = (await client.get(f"{url}/versions")).json()
    assert page["count"] == 2
    newest, oldest = page["results"]
    assert (newest["revision"], newest["created_by"]) == (2, "acme@example.com")
    assert sorted(newest["changed_fields"]) == ["name", "prompt"]
    assert newest["snapshot"] == changed
    assert (oldest["snapshot"], oldest["changed_fields"]) == (agent, [])


async def test_versions_are_limited(client, agent):
    url = f"/v1/agents/{agent['id']}"
    for number in range(3):
        await client.patch(url, json={"prompt": f"{number}"})
    page = (await client.get(f"{url}/versions?limit=2")).json()
    assert (page["count"], [item["revision"] for item in page["results"]]) == (4, [4, 3])


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_the_limit_of_versions_is_checked(client, agent, limit):
    response = await client.get(f"/v1/agents/{agent['id']}/versions?limit={limit}")
    assert (response.status_code, list(response.json())) == (400, ["limit"])


async def test_a_duplicate_has_the_core_of_its_original(client, db, tenant):
    core = {
        "product": "bolt",
        "thinking_level": "extra",
        "background_track": "CAFE",
        "acknowledgement_prompt_mode": "manual",
        "acknowledgement_prompt": "Well.",
        "widget_enabled": False,
        "primary_language": "de",
        "voicemail_action": "hangup",
    }
    own = {
        "inbound_speak_order": "caller_first",
        "outbound_speak_order": "agent_first",
        "max_hold_seconds": 30,
        "tools": [TOOL],
    }
    made = (await client.post("/v1/agents", json=AGENT | core | own)).json()
    response = await client.post(f"/v1/agents/{made['id']}/duplicate")
    assert response.status_code == 201
    twin = response.json()
    assert twin["id"] != made["id"]
    assert twin["name"] == "Front desk (copy)"
    assert {name: twin[name] for name in core} == core
    stored = await agents.get(db, tenant.org_id, twin["id"])
    assert (stored.inbound_speak_order, stored.outbound_speak_order) == (
        "agent_first",
        "caller_first",
    )
    assert (stored.max_hold_seconds, stored.tools) == (None, [])


async def test_a_duplicate_may_be_named(client, agent):
    url = f"/v1/agents/{agent['id']}/duplicate"
    assert (await client.post(url, json={"name": "Twin"})).json()["name"] == "Twin"
    assert (await client.post(url, json={"name": None})).json()["name"] == "Front desk (copy)"
    refused = await client.post(url, json={"name": ""})
    assert (refused.status_code, list(refused.json())) == (400, ["name"])


async def test_the_name_of_a_duplicate_is_never_too_long(client):
    made = (await client.post("/v1/agents", json=AGENT | {"name": "x" * 255})).json()
    twin = (await client.post(f"/v1/agents/{made['id']}/duplicate")).json()
    assert (len(twin["name"]), twin["name"][-7:]) == (255, " (copy)")


@pytest.mark.parametrize(("mode", "status"), [("copy", 201), ("move", 200)])
async def test_an_agent_is_transferred(client, db, tenant, other, mode, status):
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "admin")
    made = (await client.post("/v1/agents", json=AGENT | {"tools": [TOOL]})).json()
    number = (await client.post("/v1/phone-numbers", json={"inbound_agent_id": made["id"]})).json()
    url = f"/v1/agents/{made['id']}"
    body = {"target_org_id": other.org_id, "mode": mode}
    response = await client.post(f"{url}/transfer", json=body)
    assert response.status_code == status
    answer = response.json()
    theirs = answer.pop("agent")
    assert answer == {
        "mode": mode,
        "source_org_id": tenant.org_id,
        "target_org_id": other.org_id,
    }
    assert (await client.get("/v1/agents", headers=other.headers)).json() == [theirs]
    assert (theirs["name"], theirs["integrations"]) == ("Front desk", [])
    assert (await agents.get(db, other.org_id, theirs["id"])).tools == [TOOL]
    moved = mode == "move"
    assert (await client.get(url)).status_code == (404 if moved else 200)
    left = (await client.get(f"/v1/phone-numbers/{number['id']}")).json()
    assert left["inbound_agent_id"] == (None if moved else made["id"])


async def test_where_an_agent_may_go_is_checked(client, db, tenant, agent, other):
    url = f"/v1/agents/{agent['id']}/transfer"

    async def refused(**body) -> tuple[int, list[str]]:
        response = await client.post(url, json=body)
        return response.status_code, list(response.json())

    assert await refused() == (400, ["target_org_id"])
    assert await refused(target_org_id=tenant.org_id) == (400, ["target_org_id"])
    assert await refused(target_org_id=other.org_id) == (404, ["detail"])
    assert await refused(target_org_id=10**9) == (404, ["detail"])
    assert await refused(target_org_id=other.org_id, mode="lend") == (400, ["mode"])
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "member")
    assert await refused(target_org_id=other.org_id) == (403, ["detail"])


@pytest.mark.parametrize("action", ["deploy", "discard-draft"])
async def test_drafts_have_nothing_to_do(client, agent, action):
    response = await client.post(f"/v1/agents/{agent['id']}/{action}")
    assert (response.status_code, response.json()) == (200, agent)
