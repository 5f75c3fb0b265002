"""Tickets to rooms as clients of LiveKit are given them."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.api.request import ApiRequest
from thunderbox.calls.ports import Ticket


class RoomAccess(Struct, kw_only=True):
    """What a client of LiveKit needs to join a room."""

    server_url: str
    token: str
    room_name: str


def access(request: ApiRequest, ticket: Ticket) -> RoomAccess:
    """A ticket as whoever asks can use it."""
    return RoomAccess(
        server_url=ticket.server_url or own_server(request),
        token=ticket.token,
        room_name=ticket.room_name,
    )


def own_server(request: ApiRequest) -> str:
    """`ws(s)://host[:port]` under which the client reaches this box."""
    return "ws" + request.address.removeprefix("http")
