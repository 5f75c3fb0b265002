"""Server: LiveKit's signalling as an ASGI application, `/rtc` and what lies below.

The access token is what lets a client in; pages of any origin may ask whether theirs is good.
"""

from __future__ import annotations

import logging

from livekit.protocol import models, rtc

from thunderbox.errors import RequestError
from thunderbox.rtc import dialects, messages
from thunderbox.rtc.dialects import Dialect
from thunderbox.rtc.rooms import BoxRooms
from thunderbox.rtc.websocket import Receive, Scope, Send, WebSocket, refuse, respond

log = logging.getLogger(__name__)


class SignalServer:
    """Lets clients into rooms."""

    def __init__(self, rooms: BoxRooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        found = dialects.dialect_of(scope["path"])
        if scope["type"] == "http":
            await self._serve_http(scope, send, found)
        elif scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send, found)

    async def _serve_http(
        self, scope: Scope, send: Send, found: tuple[Dialect, bool] | None
    ) -> None:
        if found is None:
            await respond(send, 404, "There is nothing here.")
            return
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            await respond(send, 405, "Ask with GET.")
            return
        _, asks = found
        if not asks:
            await respond(send, 426, "Connect here with a WebSocket.")
            return
        try:
            parameters = dialects.parameters_of(scope["query_string"])
            self._rooms.admit(dialects.token_of(scope["headers"], parameters), None)
        except RequestError as error:
            await respond(send, error.status, str(error))
        else:
            await respond(send, 200, "success")

    async def _serve_socket(
        self, scope: Scope, receive: Receive, send: Send, found: tuple[Dialect, bool] | None
    ) -> None:
        if found is None or found[1]:
            await refuse(receive, send, scope, 404, "There is nothing here.")
            return
        try:
            parameters = dialects.parameters_of(scope["query_string"])
            join = dialects.read_join(found[0], parameters)
            room = self._rooms.admit(dialects.token_of(scope["headers"], parameters), join)
        except RequestError as error:
            log.info("A client was turned away: %s", error)
            await refuse(receive, send, scope, error.status, str(error))
            return
        socket = WebSocket(scope, receive, send)
        if not await socket.accept():
            return
        if join.resumes:
            await room.free_place()
            await _send_back(socket)
            return
        await room.enter(self._rooms.new_session(room, socket, join))


async def _send_back(socket: WebSocket) -> None:
    """Have a client that would go on with a broken connection make a new one.

    Its own connections to the box are gone with the socket: there is nothing to go on with.
    """
    again = messages.leave(models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
    socket.post(again.SerializeToString())
    await socket.close()
