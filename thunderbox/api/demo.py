"""/demo/appointments: the appointment book of the agent that a fresh box starts with.

The box's own tool calls reach it over the loopback address without a key; whoever else wants to
book needs one.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import DuplicateError
from thunderbox.store import demo_appointments

AnyConnection = ASGIConnection[Any, Any, Any, Any]
TAKEN = ResponseSpec(dict[str, str], description="The slot is taken", generate_examples=False)
Words = Annotated[
    str,
    Meta(min_length=1, max_length=80, pattern=r"\S", description="a text of 1 to 80 characters"),
]


class AppointmentWrite(Struct, kw_only=True):
    """The body of a booking, as the tool of the agent sends it."""

    day: Words
    time: Words
    name: Annotated[str, Meta(max_length=200)] | None = None


class AppointmentView(Struct, kw_only=True):
    """A booked slot."""

    id: int
    day: str
    time: str
    name: str
    created_at: Timestamp


async def _require_key_elsewhere(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard: let requests of this machine pass, and holders of a valid key."""
    if not _is_this_box(connection):
        await require_key(connection, handler)


def _is_this_box(request: AnyConnection) -> bool:
    """Whether a request was made on this machine, by neither a proxy nor a web page."""
    if "x-forwarded-for" in request.headers or "origin" in request.headers:
        return False
    if request.client is None:
        return False
    server = request.scope.get("server")
    if server is not None and request.client.host == server[0]:
        return True
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class DemoController(Controller):
    """Book and list appointments."""

    path = "/demo/appointments"
    tags = ("Demo",)

    @post(
        guards=[_require_key_elsewhere],
        dto=Body[AppointmentWrite],
        return_dto=None,
        summary="Book a slot",
        responses={409: TAKEN},
    )
    async def book(
        self, request: ApiRequest, data: JSONBody[AppointmentWrite]
    ) -> Response[dict[str, Any]]:
        """201 when the slot was free, 409 when it is taken; both are for the agent to read."""
        day, time = " ".join(data.day.split()), " ".join(data.time.split())
        try:
            async with request.db.transaction() as tx:
                booked = await demo_appointments.insert(tx, day, time, data.name or "")
        except DuplicateError:
            return Response({"error": "slot taken"}, status_code=409)
        body = {"status": "confirmed", "id": booked.id, "day": booked.day, "time": booked.time}
        return Response(body, status_code=201)

    @get(guards=[require_key], summary="List booked slots")
    async def list_slots(self, request: ApiRequest) -> list[AppointmentView]:
        """Every booked slot, in the order of booking; needs a key."""
        return [
            AppointmentView(
                id=slot.id,
                day=slot.day,
                time=slot.time,
                name=slot.name,
                created_at=iso(slot.created_at),
            )
            for slot in await demo_appointments.page(request.db)
        ]
