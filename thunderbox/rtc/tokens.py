"""Access tokens: who may join which room, signed as LiveKit's clients expect (JWT, HS256)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from thunderbox.calls.ports import Clock
from thunderbox.errors import UnauthorizedError

ISSUER = "thunderbox"
ALGORITHM = "HS256"
TOKEN_S = 300
"""A token opens its room for so long; a visitor who is in may come back with it later, too."""
EARLY_S = 10
"""A token holds from a little before it was made, for clocks that another program compares."""
LONGEST = 4096
"""Characters of a token; ours have about 400."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows."""

    room: str
    identity: str
    token_id: str
    hears_only: bool
    """Whether it is a supervisor's: unseen, and nothing may be sent."""
    expires_ms: int


class AccessTokens:
    """Makes and checks tokens of one secret."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def mint(self, room: str, identity: str, *, hears_only: bool = False) -> str:
        """A token with which `identity` joins `room`."""
        now = self._clock.now_ms() // 1000
        return jwt.encode(
            {
                "iss": ISSUER,
                "sub": identity,
                "nbf": now - EARLY_S,
                "exp": now + TOKEN_S,
                "jti": secrets.token_urlsafe(12),
                "video": {
                    "room": room,
                    "roomJoin": True,
                    "canPublish": not hears_only,
                    "canPublishSources": [] if hears_only else ["microphone"],
                    "canPublishData": not hears_only,
                    "canSubscribe": True,
                    "hidden": hears_only,
                },
            },
            self._secret,
            algorithm=ALGORITHM,
        )

    def read(self, token: str) -> Grant:
        """What a token allows, which may have expired since. Raises UnauthorizedError."""
        if not token:
            raise UnauthorizedError("No access token was given.")
        if len(token) > LONGEST:
            raise UnauthorizedError("The access token is too long to be one of this box.")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={
                    "require": ["iss", "sub", "nbf", "exp", "jti"],
                    "verify_aud": False,
                    # Against the box's own clock, and the room knows whether an old token counts.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.InvalidTokenError, ValueError):
            raise UnauthorizedError(
                "The access token was not made by this box, or it is damaged."
            ) from None
        return self._grant(claims)

    def has_expired(self, grant: Grant) -> bool:
        """Whether the time in which a token opens its room is over."""
        return self._clock.now_ms() >= grant.expires_ms

    def _grant(self, claims: dict[str, Any]) -> Grant:
        video, not_before, expires = claims.get("video"), claims["nbf"], claims["exp"]
        if not isinstance(not_before, int) or not isinstance(expires, int):
            raise UnauthorizedError("The access token's times are no numbers.")
        if self._clock.now_ms() < not_before * 1000:
            raise UnauthorizedError("The access token is not valid yet.")
        room = video.get("room") if isinstance(video, dict) else None
        if not isinstance(video, dict) or video.get("roomJoin") is not True or not room:
            raise UnauthorizedError("The access token does not allow to join a room.")
        return Grant(
            room=str(room),
            identity=str(claims["sub"]),
            token_id=str(claims["jti"]),
            hears_only=video.get("hidden") is True,
            expires_ms=expires * 1000,
        )
