"""FakeTrunks: the phone's trunks as far as connections see them, and its outbound calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from thunderbox.calls.ports import Destination, Registration, TrunkState
from thunderbox.errors import LegError
from thunderbox.settings import TrunkSettings
from thunderbox.voice.leg import Leg
from thunderbox.voice.loopback import Loopback

REGISTERED = TrunkState(Registration.REGISTERED, 200, "OK")
WRONG_PASSWORD = TrunkState(Registration.FAILED, 403, "Forbidden")


class FakeTrunks:
    """Every login registers whose password is not `wrong`."""

    def __init__(self, room: int = 7) -> None:
        self.open: dict[int, TrunkSettings] = {}
        self.states: dict[int, TrunkState] = {}
        self.tried: list[TrunkSettings] = []
        self.dialled: list[Destination] = []
        self.on_dial: Callable[[Loopback], Awaitable[None]] | None = None
        self._room = room

    async def open_trunk(self, number: int, settings: TrunkSettings) -> None:
        if number not in self.open and len(self.open) >= self._room:
            raise LegError("The phone has room for 7 trunks, and they are all in use.")
        self.open[number] = settings
        self.states[number] = await self.try_trunk(settings)

    async def close_trunk(self, number: int) -> None:
        self.open.pop(number, None)
        self.states.pop(number, None)

    def trunk_state(self, number: int) -> TrunkState | None:
        return self.states.get(number)

    async def try_trunk(self, settings: TrunkSettings) -> TrunkState:
        self.tried.append(settings)
        if not settings.register:
            return TrunkState(Registration.NOT_NEEDED)
        return WRONG_PASSWORD if settings.password == "wrong" else REGISTERED

    def can_call(self, trunk: int) -> bool:
        return trunk in self.open

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        self.dialled.append(destination)
        line = Loopback("out")
        if self.on_dial is not None:
            await self.on_dial(line)
        return line.near
