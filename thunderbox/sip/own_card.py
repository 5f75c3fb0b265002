"""OwnCard: PJSIP in this process, on a thread of its own."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from thunderbox.errors import LegError, StartError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip.card import CLOSE_SECONDS, START_SECONDS, CardState, Outgoing, Reports
from thunderbox.sip.leg import SipLeg
from thunderbox.sip.library import Library
from thunderbox.sip.ring import Playout, Ticks
from thunderbox.sip.thread import PjThread

log = logging.getLogger(__name__)


class OwnCard:
    """Four lines. Implements `card.Card`; one can run in a process at a time."""

    def __init__(
        self,
        settings: SipSettings,
        reports: Reports,
        media_lost_seconds: float,
        number_host: str,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reports = reports
        self._number_host = number_host
        self._serials = itertools.count(1)
        self._library = Library(
            settings,
            serials=self._serials,
            tell=self._tell,
            new_leg=self._inbound_leg,
            on_invite=reports.invited,
            on_registration=reports.registration,
            media_lost_seconds=media_lost_seconds,
        )
        self._thread = PjThread(self._library.poll)

    async def open(self) -> None:
        """Bring PJSIP up. Raises StartError, in a sentence."""
        self._thread.start()
        try:
            await self._thread.call(self._bring_up, START_SECONDS)
        except (StartError, LegError) as error:
            await self._thread.stop(CLOSE_SECONDS)
            raise StartError(str(error)) from None

    async def close(self) -> None:
        """Take PJSIP down and end its thread."""
        try:
            await self._thread.call(self._take_down, CLOSE_SECONDS)
        except LegError as error:
            log.error("The phone was not closed in time: %s", error)  # noqa: TRY400 - a sentence
        if not await self._thread.stop(CLOSE_SECONDS):
            log.error("The phone's thread did not end.")

    def state(self) -> CardState:
        """How the card stands."""
        return CardState(self._library.codecs, len(self._library.lines))

    def outbound_leg(self) -> SipLeg:
        """A leg for a call that is to be placed."""
        return self._new_leg(next(self._serials), outbound=True)

    async def place(self, leg: SipLeg, outgoing: Outgoing) -> None:
        """Send a leg's INVITE. Raises LegError."""
        await self._thread.call(partial(self._library.place, leg, leg.serial, outgoing))

    async def register(self, number: int, trunk: TrunkSettings, resolved: str) -> None:
        """Send REGISTER. Raises LegError."""
        await self._thread.call(partial(self._library.register, number, trunk, resolved))

    async def unregister(self, number: int) -> None:
        """Forget a trunk. Raises LegError."""
        await self._thread.call(partial(self._library.unregister, number))

    def pick_up(self, serial: int) -> None:
        """Answer a line."""
        self._thread.post(partial(self._library.pick_up, serial))

    def drop(self, serial: int, status: int, reason: str) -> None:
        """End a line."""
        self._thread.post(partial(self._library.drop, serial, status, reason))

    async def press(self, serial: int, keys: str) -> bool:
        """Press keys on a line."""
        return await self._thread.call(partial(self._library.press, serial, keys))

    async def refer(self, serial: int, target: str) -> bool:
        """Ask a line's far end to call somebody else."""
        work = partial(self._library.refer, serial, target, self._number_host)
        return await self._thread.call(work)

    def _bring_up(self) -> None:
        """On PJSIP's thread."""
        self._library.open()
        self._thread.begin_polling()

    def _take_down(self) -> None:
        """On PJSIP's thread."""
        self._thread.end_polling()
        self._library.close()

    def _inbound_leg(self, serial: int) -> SipLeg:
        return self._new_leg(serial, outbound=False)

    def _new_leg(self, serial: int, *, outbound: bool) -> SipLeg:
        return SipLeg(
            serial,
            outbound=outbound,
            desk=self,
            playout=Playout(),
            ticks=Ticks(self._loop.call_soon_threadsafe),
            on_end=self._reports.ended,
        )

    def _tell(self, target: Callable[..., object], *args: object) -> None:
        """Run something on the loop; from any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(target, *args)
