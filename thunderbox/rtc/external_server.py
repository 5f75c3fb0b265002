"""External server: an existing LiveKit server, as far as the box tells it what to do.

Rooms are made and closed over its Twirp API (RoomService), and tokens are signed with its API key.
"""

from __future__ import annotations

import secrets

import httpx
import jwt
from google.protobuf.message import Message
from livekit.protocol import room

from thunderbox.calls.ports import Clock
from thunderbox.errors import LegError

ANSWER_S = 5.0
"""How long the server may take for one request."""
TOKEN_S = 300
"""A token opens its room for so long."""
AGENT_TOKEN_S = 24 * 3600
"""The agent's own: the server renews those of whoever is in a room, but not every server does."""
EARLY_S = 10
EMPTY_S = 60
"""The server closes a room so long after the last one has left it, should the box have died."""
VISITORS = 16
"""Participants at most: the agent, the visitor, and a margin for who reconnects."""


class ExternalServer:
    """One LiveKit server, by the URL, key and secret of the settings."""

    def __init__(self, url: str, api_key: str, api_secret: str, clock: Clock) -> None:
        """`url` is `ws(s)://host[:port]`, as clients use it, or `http(s)://`."""
        self.url = url.rstrip("/")
        if self.url.startswith("http"):
            self.url = self.url.replace("http", "ws", 1)
        self._key = api_key
        self._secret = api_secret
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=self.url.replace("ws", "http", 1), timeout=ANSWER_S, trust_env=False
        )

    async def create(self, name: str) -> None:
        """Make a room. Raises LegError, with a sentence."""
        request = room.CreateRoomRequest(
            name=name, empty_timeout=EMPTY_S, departure_timeout=EMPTY_S, max_participants=VISITORS
        )
        await self._ask("CreateRoom", request)

    async def delete(self, name: str) -> None:
        """Close a room and send everybody in it away. Raises LegError."""
        await self._ask("DeleteRoom", room.DeleteRoomRequest(room=name))

    def visitor_token(self, name: str, identity: str) -> str:
        """Lets a visitor into one room, with a microphone and what they type."""
        return self._token(
            identity,
            TOKEN_S,
            room=name,
            roomJoin=True,
            canPublish=True,
            canPublishSources=["microphone"],
            canPublishData=True,
            canSubscribe=True,
        )

    def supervisor_token(self, name: str, identity: str) -> str:
        """Lets a supervisor into one room, to listen.

        Not hidden: in a room of its own nobody else can see them, and the box must see them leave.
        """
        return self._token(
            identity,
            TOKEN_S,
            room=name,
            roomJoin=True,
            canPublish=False,
            canPublishData=False,
            canSubscribe=True,
        )

    def agent_token(self, name: str, identity: str, shown_as: str) -> str:
        """Lets the box itself into one room."""
        return self._token(
            identity,
            AGENT_TOKEN_S,
            shown_as,
            room=name,
            roomJoin=True,
            agent=True,
            canPublish=True,
            canPublishData=True,
            canSubscribe=True,
            canUpdateOwnMetadata=True,
        )

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._client.aclose()

    def _token(self, identity: str, seconds: int, shown_as: str = "", **video: object) -> str:
        now = self._clock.now_ms() // 1000
        claims = {
            "iss": self._key,
            "sub": identity,
            "name": shown_as,
            "nbf": now - EARLY_S,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(12),
            "video": video,
        }
        if video.get("agent"):
            claims["kind"] = "agent"
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def _ask(self, method: str, request: Message) -> None:
        token = self._token("thunderbox", TOKEN_S, roomCreate=True, roomList=True)
        try:
            response = await self._client.post(
                f"/twirp/livekit.RoomService/{method}",
                content=request.SerializeToString(),
                headers={
                    "Content-Type": "application/protobuf",
                    "Authorization": f"Bearer {token}",
                },
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LegError(
                f"The LiveKit server at {self.url} cannot be reached ({type(error).__name__}). "
                "Check livekit.url and whether the server runs."
            ) from error
        if response.status_code in (401, 403):
            raise LegError(
                f"The LiveKit server at {self.url} does not accept livekit.api_key and "
                "livekit.api_secret. Compare them with the server's keys."
            )
        if response.is_error:
            raise LegError(
                f"The LiveKit server at {self.url} answered {method} with {response.status_code}: "
                f"{response.text[:200]}"
            )
