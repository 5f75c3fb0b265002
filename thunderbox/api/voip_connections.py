"""/v1/voip-connections: trunks and accounts at providers, for numbers of one's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.fields import Id
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.api.voip_views import (
    AvailableNumberView,
    ConnectionTestView,
    ConnectionView,
    ImportedNumbersView,
    NameView,
    NumberSummary,
    SipHostView,
    connection_view,
    test_view,
)
from thunderbox.calls import voip_logins
from thunderbox.calls.voip_logins import Login
from thunderbox.errors import InvalidError
from thunderbox.settings import E164
from thunderbox.store import voip_connections
from thunderbox.store.voip_connections import Provider

MOST_NUMBERS = 100
METHODS = {
    "manual": ("manual",),
    "twilio": ("api_key",),
    "telnyx": ("api_key", "guided_telnyx"),
    "signalwire": ("api_key",),
    "vonage": ("api_key",),
}

ProviderName = Annotated[
    Provider,
    Meta(description='one of "manual", "signalwire", "telnyx", "twilio", "vonage"'),
]
Name = Annotated[str, Meta(max_length=255, description="a text of at most 255 characters")]
Object = Annotated[dict[str, Any], Meta(description="an object")]
EvidenceId = Annotated[
    str, Meta(min_length=1, max_length=64, description="the id of a test that passed")
]
Number = Annotated[str, Meta(pattern=f"^{E164}$", description="a number such as +15550100 (E.164)")]
Method = Literal["api_key", "guided_telnyx", "manual", "twilio_subaccount"]


class ConnectionWrite(Struct, kw_only=True):
    """The body of a create."""

    provider: ProviderName
    verification_evidence_id: EvidenceId
    name: Name = ""
    setup_method: Method | None = None
    credentials: Object | None = None
    sip_config: Object | None = None


class ConnectionChange(Struct, kw_only=True):
    """The body of a PATCH."""

    name: (
        Annotated[
            str, Meta(min_length=1, max_length=255, description="a text of 1 to 255 characters")
        ]
        | None
    ) = None
    credentials: Object | None = None
    sip_config: Object | None = None
    verification_evidence_id: EvidenceId | None = None


class ConnectionTry(Struct, kw_only=True):
    """The body of a test; what it leaves out is that of `connection_id`."""

    provider: ProviderName
    credentials: Object | None = None
    sip_config: Object | None = None
    connection_id: Id | None = None


class NameWish(Struct, kw_only=True):
    """The body of a question for a name."""

    provider: ProviderName | None = None
    credentials: Object | None = None
    connection_id: Id | None = None


class NumbersWrite(Struct, kw_only=True):
    """The body of an import."""

    numbers: Annotated[
        list[Number],
        Meta(min_length=1, max_length=MOST_NUMBERS, description="a list of 1 to 100 E.164 numbers"),
    ]


class VoipConnectionsController(Controller):
    """List, try, make, change and delete connections; writing is for owners and admins."""

    path = "/v1/voip-connections"
    guards = (require_key,)
    tags = ("VoIP connections",)

    @get(summary="List connections, newest first")
    async def list_connections(self, request: ApiRequest) -> list[ConnectionView]:
        """Every connection of the organization, with how it stands."""
        counts = await voip_connections.counts(request.db, request.org_id)
        return [
            connection_view(one, request.parts.connections, counts.get(one.id, (0, 0)))
            for one in await voip_connections.page(request.db, request.org_id)
        ]

    @post(
        dto=Body[ConnectionWrite],
        return_dto=None,
        guards=[require_admin],
        summary="Make a connection",
        errors=(403, 503),
    )
    async def create_connection(
        self, request: ApiRequest, data: JSONBody[ConnectionWrite]
    ) -> ConnectionView:
        """Keep what a test has passed; a SIP account is registered from now on."""
        connections = request.parts.connections
        given = {"credentials": data.credentials, "sip_config": data.sip_config}
        login = await connections.read(request.org_id, data.provider, given)
        made = await connections.create(
            request.org_id, login, data.name.strip(), _method(data), data.verification_evidence_id
        )
        return connection_view(made, connections, (0, 0))

    @post(
        "/test",
        dto=Body[ConnectionTry],
        return_dto=None,
        guards=[require_admin],
        summary="Try a connection",
        errors=(404,),
    )
    async def test_connection(
        self, request: ApiRequest, data: JSONBody[ConnectionTry]
    ) -> ConnectionTestView:
        """Ask the provider, register once where there is a SIP account, and keep what it showed."""
        connections = request.parts.connections
        given = {"credentials": data.credentials, "sip_config": data.sip_config}
        login = await connections.read(request.org_id, data.provider, given, data.connection_id)
        tried = await connections.test(request.org_id, login)
        return test_view(tried)

    @post(
        "/suggest-name",
        dto=Body[NameWish],
        return_dto=None,
        status_code=200,
        summary="Suggest a connection's name",
        errors=(404,),
    )
    async def suggest_name(self, request: ApiRequest, data: JSONBody[NameWish]) -> NameView:
        """A name that says whose connection it is; nobody is asked."""
        connections = request.parts.connections
        if data.connection_id is not None:
            known = await connections.find(request.org_id, data.connection_id)
            return NameView(suggested_connection_name=_suggested(connections.login(known)))
        provider = data.provider or "manual"
        credentials = {
            key: value for key, value in (data.credentials or {}).items() if isinstance(value, str)
        }
        return NameView(suggested_connection_name=_suggested(Login(provider, credentials, {})))

    @get("/sip-host", summary="Where trunks send calls")
    async def read_sip_host(self, request: ApiRequest) -> SipHostView:
        """`address:port` of the phone; null while `sip.public_address` is not set."""
        host = request.parts.connections.host
        return SipHostView(sip_host=str(host) if host.address else None)

    @get("/{connection_id:int}", summary="Read a connection")
    async def read_connection(self, request: ApiRequest, connection_id: PathId) -> ConnectionView:
        """One connection, with how it stands."""
        return await _view(request, connection_id)

    @patch(
        "/{connection_id:int}",
        dto=Given[ConnectionChange],
        return_dto=None,
        guards=[require_admin],
        summary="Change a connection",
        errors=(403, 409, 503),
    )
    async def change_connection(
        self, request: ApiRequest, connection_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> ConnectionView:
        """Rename it, or change what opens it, which needs a test that passed."""
        connections, org_id = request.parts.connections, request.org_id
        login = None
        if data.get("credentials") is not None or data.get("sip_config") is not None:
            provider = (await connections.find(org_id, connection_id)).provider
            login = await connections.read(org_id, provider, data, connection_id)
        await connections.change(
            org_id, connection_id, login, data.get("name"), data.get("verification_evidence_id")
        )
        return await _view(request, connection_id)

    @delete("/{connection_id:int}", guards=[require_admin], summary="Delete a connection")
    async def delete_connection(self, request: ApiRequest, connection_id: PathId) -> None:
        """Unregister it, release its numbers, and forget its credentials."""
        await request.parts.connections.delete(request.org_id, connection_id)

    @get("/{connection_id:int}/available-numbers", summary="List numbers to import", errors=(502,))
    async def list_available(
        self, request: ApiRequest, connection_id: PathId
    ) -> list[AvailableNumberView]:
        """The account's numbers that no organization of this box holds; none of a trunk."""
        found = await request.parts.voip_numbers.available(request.org_id, connection_id)
        return [
            AvailableNumberView(
                phone_number=one.number, friendly_name=one.name, capabilities=list(one.capabilities)
            )
            for one in found
        ]

    @post(
        "/{connection_id:int}/import-numbers",
        dto=Body[NumbersWrite],
        return_dto=None,
        guards=[require_admin],
        summary="Import numbers",
        errors=(502,),
    )
    async def import_numbers(
        self, request: ApiRequest, connection_id: PathId, data: JSONBody[NumbersWrite]
    ) -> Response[ImportedNumbersView]:
        """Take numbers over, unverified; all of them, or none where one cannot be."""
        made = await request.parts.voip_numbers.import_numbers(
            request.org_id, connection_id, data.numbers, request.author
        )
        results = [NumberSummary(id=one.id, number=one.number, status=one.status) for one in made]
        return Response(ImportedNumbersView(imported_count=len(made), results=results))


async def _view(request: ApiRequest, connection_id: int) -> ConnectionView:
    connections = request.parts.connections
    found = await connections.find(request.org_id, connection_id)
    counts = await voip_connections.counts(request.db, request.org_id)
    return connection_view(found, connections, counts.get(found.id, (0, 0)))


def _method(data: ConnectionWrite) -> str:
    """How it is set up. Raises InvalidError."""
    possible = METHODS[data.provider]
    # The newer client sends `api_key` when it was given nothing.
    if data.setup_method is None or (data.provider == "manual" and data.setup_method == "api_key"):
        return possible[0]
    if data.setup_method not in possible:
        allowed = " or ".join(f'"{one}"' for one in possible)
        raise InvalidError(
            {
                "setup_method": [
                    f'setup_method is "{data.setup_method}", but must be {allowed} for '
                    f"{data.provider}."
                ]
            }
        )
    return data.setup_method


def _suggested(login: Login) -> str:
    return voip_logins.suggested_name(login)
