"""POST /v1/mic-session: let somebody talk to an agent in a browser or an app of your own."""

from __future__ import annotations

from litestar import post
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.fields import Id
from thunderbox.api.request import ApiRequest
from thunderbox.api.tickets import access
from thunderbox.calls.requests import OpenMic


class MicSessionWrite(Struct, kw_only=True):
    """The body."""

    agent_id: Id


class MicSessionView(Struct, kw_only=True):
    """What a client of LiveKit needs to join the room in which the agent waits."""

    call_id: int
    token: str
    room_name: str
    server_url: str


@post(
    "/v1/mic-session",
    guards=[require_key],
    dto=Body[MicSessionWrite],
    return_dto=None,
    tags=["Sessions"],
    summary="Begin a session with an agent",
    errors=(402, 404, 502),
)
async def create_mic_session(
    request: ApiRequest, data: JSONBody[MicSessionWrite]
) -> MicSessionView:
    """The agent waits in the room `mic-<call_id>`; the token opens it for a short time."""
    wanted = OpenMic(org_id=request.org_id, agent_id=data.agent_id)
    session = await request.parts.open_mic(wanted)
    opened = access(request, session.ticket)
    return MicSessionView(
        call_id=session.call_id,
        token=opened.token,
        room_name=opened.room_name,
        server_url=opened.server_url,
    )
