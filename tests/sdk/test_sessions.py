"""Sessions in browsers with the official client."""

from __future__ import annotations

from typing import Any

from thunderphone.generated.api.calls import calls_list
from thunderphone.generated.api.mic_session import mic_session_create
from thunderphone.generated.api.publishable_key import publishable_key_create
from thunderphone.generated.api.widget import widget_session_create
from thunderphone.generated.models.call_direction_enum import CallDirectionEnum
from thunderphone.generated.models.mic_session_request_request import MicSessionRequestRequest
from thunderphone.generated.models.publishable_key_create_request import PublishableKeyCreateRequest
from thunderphone.generated.models.widget_session_request_request import (
    WidgetSessionRequestRequest,
)

from tests.api.conftest import Outside, Tenant, make_call
from tests.sdk.conftest import Official
from thunderbox.calls.requests import OpenWidget


async def test_a_mic_session(sdk: Official):
    session = await sdk(mic_session_create, body=MicSessionRequestRequest(agent_id=1))
    assert (session.call_id, session.room_name, session.token) == (7001, "room-7001", "a token")
    assert session.server_url == sdk.url.replace("http", "ws")


async def test_a_widget_session(sdk: Official, outside: Outside):
    key = await sdk(
        publishable_key_create,
        body=PublishableKeyCreateRequest.from_dict(
            {
                "name": "Site",
                "mode": "webhook",
                "webhook_url": "https://hooks.example.com/agent",
                "allowed_domains": ["example.com"],
            }
        ),
    )
    visitor = sdk.as_(key.key)
    fields = {"variables": {"name": "Ann"}, "context": "On /cart.", "analytics_distinct_id": "x"}
    session = await visitor(
        widget_session_create, body=WidgetSessionRequestRequest.from_dict(fields)
    )
    assert (session.call_id, session.agent_name) == (7001, "Front desk")
    wanted = outside.opened[-1]
    assert isinstance(wanted, OpenWidget)
    assert (wanted.variables, wanted.context) == ({"name": "Ann"}, "On /cart.")


async def test_sessions_are_calls_of_the_web(sdk: Official, db: Any, tenant: Tenant):
    for direction in ("mic", "widget"):
        await make_call(db, tenant.org_id, direction=direction, from_number="web", to_number="")
    await make_call(db, tenant.org_id)
    page = await sdk(calls_list, direction="web")
    assert [call.direction for call in page.results] == [CallDirectionEnum.WEB] * 2
    assert {call.livekit_room_name for call in page.results} == {
        f"{kind}-{call_id}"
        for kind, call_id in zip(
            ("widget", "mic"), [call.call_id for call in page.results], strict=True
        )
    }
