"""What browsers meet: rooms of the box itself, with the signalling to join them, or of a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from thunderbox.calls.ports import Clock, Rooms
from thunderbox.data_dir import DataDir
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.rooms import BoxRooms
from thunderbox.rtc.server import SignalServer
from thunderbox.settings import Settings


class ClosableRooms(Rooms, Protocol):
    """Rooms that know when the box stops."""

    async def close(self) -> None:
        """Send everybody away."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """The rooms, and what clients join them by; None where that is another server's."""

    rooms: ClosableRooms
    signalling: SignalServer | None


def web_parts(settings: Settings, data: DataDir, clock: Clock) -> WebParts:
    """The parts that the settings ask for."""
    join_s, rejoin_s = settings.web.join_seconds, settings.rtc.rejoin_seconds
    server = settings.livekit
    if server.url:
        # LiveKit's client takes 9 MB and a tenth of the start: only for boxes that use it.
        from thunderbox.rtc.external_rooms import ExternalRooms
        from thunderbox.rtc.external_server import ExternalServer

        there = ExternalServer(server.url, server.api_key, server.api_secret, clock)
        return WebParts(ExternalRooms(there, join_s=join_s, rejoin_s=rejoin_s), None)
    rooms = BoxRooms(
        settings.rtc, settings.api.host, data.room_secret(), clock, MediaClock(), join_s
    )
    return WebParts(rooms, SignalServer(rooms))
