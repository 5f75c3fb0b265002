"""One thing of each kind that has an id, so that every address can be asked about somebody's.

A new address with an id needs a line in MAKERS for a new kind of id, and one in BODIES where the
body that it takes is not VALID.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.conftest import AGENT, Tenant, make_call
from tests.api.people import Person, make_member
from thunderbox.store import grades
from thunderbox.store.database import Database

SIGNED = "/v1/recordings/{file_name}", "/v1/receipts/{file_name}"
"""Addresses that open by a signed link instead of a key."""
INVITES = (
    "/v1/invites/{token}",
    "/v1/invites/{token}/accept",
    "/v1/invites/{token}/decline",
    "/v1/invites/{token}/request-access",
)
"""Addresses that are there for people of other organizations; the token is what opens them."""
VOICES = ("/v1/voices/{voice_id}/sample",)
"""Addresses of what belongs to nobody."""
WIDGET = "/widget/{version}/widget.js", "/widget/{version}/style.css"
"""Addresses of files that every page may load."""
OPEN = {*SIGNED, *INVITES, *VOICES, *WIDGET}
PERSONAL = {"/v1/auth/tokens/{token_id}"}
"""Addresses of what belongs to a person, which no key reaches."""

INTEGRATION = {
    "display_name": "Weather",
    "spec": {"type": "function", "function": {"name": "get_weather"}},
}
TRUNK = {"server": "pbx.example.com", "username": "box", "password": "secret"}
VALID: dict[str, Any] = (
    AGENT
    | INTEGRATION
    | {
        "target_org_id": 2,
        "role": "admin",
        "title": "Wrong price",
        "text": "Be brief.",
    }
)
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /v1/issue-reports/{trace_id}": {"status": "resolved"},
    "POST /v1/voip-connections/{connection_id}/import-numbers": {"numbers": ["+4930111"]},
}
"""`METHOD address` with a body that it takes, where VALID is none."""


@dataclass
class Owner:
    """Whose things they are: an organization's owner with a key, and one of its admins."""

    client: httpx.AsyncClient
    db: Database
    tenant: Tenant
    person: Person
    member_id: int

    async def post(self, path: str, **body: Any) -> Any:
        """What a POST with the key makes."""
        response = await self.client.post(path, json=body, headers=self.tenant.headers)
        assert response.is_success, (path, response.text)
        return response.json()

    async def get(self, path: str) -> Any:
        """What a GET with the key answers."""
        response = await self.client.get(path, headers=self.tenant.headers)
        assert response.is_success, (path, response.text)
        return response.json()


Maker = Callable[[Owner], Awaitable[Any]]


async def _token(owner: Owner) -> Any:
    made = await owner.client.post("/v1/auth/tokens", headers=owner.person.headers)
    return made.json()["id"]


async def _organization(owner: Owner) -> Any:
    return owner.tenant.org_id


async def _member(owner: Owner) -> Any:
    return owner.member_id


async def _invite(owner: Owner) -> Any:
    return (await owner.post("/v1/invites", email="new@example.com"))["id"]


async def _key(owner: Owner) -> Any:
    return (await owner.post("/v1/developer/api-keys"))["id"]


async def _agent(owner: Owner) -> Any:
    return (await owner.post("/v1/agents", **AGENT))["id"]


async def _number(owner: Owner) -> Any:
    return (await owner.post("/v1/phone-numbers"))["id"]


async def _label(owner: Owner) -> Any:
    label = {"phone_number": "+14155550100", "label": "x"}
    return (await owner.post("/v1/phone-number-labels", **label))["id"]


async def _connection(owner: Owner) -> Any:
    trunk = {"provider": "manual", "sip_config": TRUNK}
    tried = await owner.post("/v1/voip-connections/test", **trunk)
    evidence = {"verification_evidence_id": tried["verification_evidence_id"]}
    return (await owner.post("/v1/voip-connections", **trunk, **evidence))["id"]


async def _integration(owner: Owner) -> Any:
    return (await owner.post("/v1/integrations", **INTEGRATION))["id"]


async def _publishable_key(owner: Owner) -> Any:
    hook = {"mode": "webhook", "webhook_url": "https://example.com/hook"}
    made = await owner.post(
        "/v1/publishable-key", name="Site", allowed_domains=["example.com"], **hook
    )
    return made["id"]


async def _endpoint(owner: Owner) -> Any:
    hook = {"label": "CRM", "url": "https://example.com/hook"}
    return (await owner.post("/v1/developer/webhook-endpoints", **hook))["id"]


async def _delivery(owner: Owner) -> Any:
    await _endpoint(owner)
    await _report(owner)
    return (await owner.get("/v1/developer/webhook-deliveries"))["results"][0]["id"]


async def _call(owner: Owner) -> Any:
    call_id = await make_call(owner.db, owner.tenant.org_id)
    async with owner.db.transaction() as tx:
        await grades.request(tx, owner.tenant.org_id, call_id)
    return call_id


async def _report(owner: Owner) -> Any:
    path = f"/v1/calls/{await _call(owner)}/issue-reports"
    return (await owner.post(path, title="Wrong price"))["trace_id"]


async def _payment_method(owner: Owner) -> Any:
    return (await owner.get("/v1/billing/payment-methods"))["payment_methods"][0]["id"]


async def _transaction(owner: Owner) -> Any:
    await owner.post("/v1/billing/top-up", amount_cents=500)
    return (await owner.get("/v1/billing/transactions"))["results"][0]["id"]


async def _run(owner: Owner) -> Any:
    return (await owner.post("/v1/test-calls", **_TEST, target_id=await _agent(owner)))["id"]


async def _batch(owner: Owner) -> Any:
    target = await _agent(owner)
    return (await owner.post("/v1/test-call-batches", **_TEST, target_id=target))["id"]


_TEST = {"target_type": "agent", "consent_to_charge": True}

MAKERS: dict[str, Maker] = {
    "token_id": _token,
    "org_id": _organization,
    "run_id": _run,
    "batch_id": _batch,
    "connection_id": _connection,
    "member_id": _member,
    "invite_id": _invite,
    "key_id": _key,
    "agent_id": _agent,
    "number_id": _number,
    "label_id": _label,
    "integration_id": _integration,
    "publishable_key_id": _publishable_key,
    "endpoint_id": _endpoint,
    "delivery_id": _delivery,
    "call_id": _call,
    "trace_id": _report,
    "payment_method_id": _payment_method,
    "transaction_id": _transaction,
}
"""The name of each id in an address, with what makes one."""


async def make_owner(client: httpx.AsyncClient, db: Database, tenant: Tenant) -> Owner:
    """The tenant as an owner of things."""
    person, member_id = await make_member(db, tenant.org_id, "admin", "admin@acme.example")
    return Owner(client, db, tenant, person, member_id)
