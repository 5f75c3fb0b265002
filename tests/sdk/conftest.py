"""The official client against a running server: real HTTP, a real database, engines that answer
at once.

    async def test_it(sdk: Official):
        listed = await sdk(agents_list)

`sdk` is the module of an operation of the client, called as its `asyncio_detailed`. An answer whose
status the client does not know, or that it cannot read, is an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from litestar import Litestar
from thunderphone.generated.client import AuthenticatedClient

from tests.api.conftest import Tenant, app, db, other, outside, routes, tenant
from tests.api.people import Person, make_member
from tests.served import served

__all__ = ["app", "db", "other", "outside", "routes", "tenant"]


class Official:
    """The official client with one key or token."""

    def __init__(self, url: str, token: str, **headers: str) -> None:
        self.url = url
        self.client = AuthenticatedClient(
            base_url=url,
            token=token,
            headers={"X-ThunderPhone-Client": "sdk-python/0.2.0", **headers},
            timeout=httpx.Timeout(30),
            raise_on_unexpected_status=True,
            httpx_args={"trust_env": False},
        )

    async def __call__(self, operation: ModuleType, *args: Any, **kwargs: Any) -> Any:
        """What the client makes of a successful answer; None for one without a body."""
        response = await operation.asyncio_detailed(*args, client=self.client, **kwargs)
        assert response.status_code < 300, response.content
        assert response.parsed is not None or not response.content, response.content
        return response.parsed

    async def status(self, operation: ModuleType, *args: Any, **kwargs: Any) -> int:
        """The status of an answer, whatever it is."""
        self.client.raise_on_unexpected_status = False
        try:
            response = await operation.asyncio_detailed(*args, client=self.client, **kwargs)
        finally:
            self.client.raise_on_unexpected_status = True
        return int(response.status_code)

    def as_(self, token: str, **headers: str) -> Official:
        """The client with another key or token."""
        return Official(self.url, token, **headers)


@pytest.fixture
async def url(app: Litestar) -> AsyncIterator[str]:
    """Where the server listens."""
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}"
    await app.state.usage.drain()


@pytest.fixture
async def sdk(url: str, tenant: Tenant) -> AsyncIterator[Official]:
    """The client with the key of an owner."""
    official = Official(url, tenant.key)
    yield official
    await official.client.get_async_httpx_client().aclose()


@pytest.fixture
async def member(db: Any, tenant: Tenant) -> tuple[Person, int]:
    """A member of the owner's organization, and the id of the membership."""
    return await make_member(db, tenant.org_id, "member", "member@acme.example")
