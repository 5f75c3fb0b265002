"""Generated requests against a running server: whatever is sent, the answer is one that the OpenAPI
document knows, and never a bug.

Requests are made of the document by schemathesis, as it allows them and otherwise, always the same
ones. Most of them name things that are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from litestar import Litestar
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.belongings import BODIES, MAKERS, PERSONAL, TRUNK, VALID, Owner, make_owner
from tests.api.conftest import Outside, Tenant
from tests.api.test_isolation import parameters
from tests.sdk.conftest import url
from thunderbox.api.document import document
from thunderbox.api.limits import Limits
from thunderbox.calls.requests import PlacedCall
from thunderbox.settings import LimitSettings
from thunderbox.store.database import Database

__all__ = ["url"]

EXAMPLES = 6
"""Requests of each kind for each operation."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
RUN = {"target_type": "agent", "target_id": 1, "consent_to_charge": True}
SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
GOOD: dict[str, dict[str, Any]] = {
    "POST /v1/call": {"from_number": "+15550100", "to_number": "+15550101", "agent_id": 1},
    "POST /v1/test-calls": RUN,
    "POST /v1/simulations": RUN,
    "POST /v1/test-call-batches": RUN,
    "POST /v1/simulations/batches": RUN,
    "POST /v1/voip-connections/test": {"provider": "manual", "sip_config": TRUNK},
    "POST /v1/publishable-key": {
        "mode": "webhook",
        "webhook_url": "https://example.com/hook",
        "allowed_domains": ["example.com"],
    },
    "POST /v1/developer/webhook-endpoints": {"label": "CRM", "url": "https://example.com/hook"},
    "POST /v1/integrations/test-request": {"url": "http://127.0.0.1:9/"},
    "POST /v1/auth/sign-in": {"email": "nobody@example.com", "password": "0123456789"},
    **BODIES,
}
"""Bodies that are understood, where VALID is none."""
LAST = ("DELETE", "/v1/leave", "/transfer", "/rotate", "/sign-out")
"""What takes away something that other operations need is asked at the end."""


@pytest.fixture
async def ids(
    app: Litestar, owner: Owner, outside: Outside, db: Database
) -> AsyncIterator[dict[str, Any]]:
    """One thing of each kind, and a server without limits that places no calls."""
    app.state.limits = Limits(LimitSettings(requests_per_minute=0))
    outside.answer = PlacedCall(call_id=5001)
    app.state.parts.grader.start()
    invite = await owner.post("/v1/invites", email="generated@example.com")
    made = {name: await MAKERS[name](owner) for name in sorted(parameters(app))}
    yield made | {"token": invite["token"], "voice_id": "espeak-en-us"}
    await app.state.parts.grader.close()


@pytest.fixture
async def owner(client: Any, db: Database, tenant: Tenant) -> Owner:
    """Who owns the things."""
    return await make_owner(client, db, tenant)


@pytest.mark.e2e
@pytest.mark.timeout(180)
async def test_every_answer_is_documented(
    app: Litestar, url: str, owner: Owner, ids: dict[str, Any]
):
    schema = schemathesis.openapi.from_dict(document(app))
    found = [result.ok() for result in schema.get_all_operations()]
    found.sort(key=lambda one: any(word in f"{one.method.upper()} {one.path}" for word in LAST))
    wrong = [
        failure
        for operation in found
        for failure in await asyncio.to_thread(asked, operation, url, owner, ids)
    ]
    assert not wrong, "\n\n".join(wrong)


def asked(operation: Any, url: str, owner: Owner, ids: dict[str, Any]) -> list[str]:
    """Ask one operation; what was wrong with its answers, each kind once."""
    person = operation.path in PERSONAL or "/v1/auth/" in operation.path
    headers = owner.person.headers if person else owner.tenant.headers
    real = {name: ids[name] for name in ids if f"{{{name}}}" in operation.path}
    good = GOOD.get(f"{operation.method.upper()} {operation.path}", VALID)
    wrong: dict[str, str] = {}

    def ask(case: Case, sdk: bool, whole: bool, session: requests.Session) -> None:
        # Its own idea of who asks gives way to ours.
        case.headers = {}
        if whole and isinstance(case.body, dict):
            case.body |= good
        sent = headers | SDK if sdk else headers
        response = case.call(base_url=url, headers=sent, session=session, timeout=30)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                wrong.setdefault(
                    f"{failure.title} {response.status_code}",
                    f"{case.as_curl_command()}\n{response.status_code} {failure.message}",
                )

    with requests.Session() as session:
        session.trust_env = False
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = operation.as_strategy(mode, path_parameters=real or None)
                run = given(case=cases, sdk=st.booleans(), whole=st.booleans())(
                    lambda case, sdk, whole: ask(case, sdk, whole, session)
                )
                settings(
                    max_examples=EXAMPLES,
                    derandomize=True,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    verbosity=Verbosity.quiet,
                    suppress_health_check=list(HealthCheck),
                )(run)()
            except Unsatisfiable:
                continue  # nothing can be wrong with a request that has no parts
    return list(wrong.values())
