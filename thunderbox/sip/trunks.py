"""Trunks: every trunk of the phone, each with the task that keeps it registered."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress

from thunderbox.calls.ports import Registration, TrunkState
from thunderbox.errors import LegError
from thunderbox.settings import TrunkSettings
from thunderbox.sip.accounts import ROOM
from thunderbox.sip.card import Card
from thunderbox.sip.trunk import REGISTER_SECONDS, Trunk

log = logging.getLogger(__name__)

OWN = 0
"""The trunk of the settings."""
TRIALS_FROM = 1 << 40
"""Numbers of trunks that are only tried."""


class Trunks:
    """The trunks of one phone. Everything here runs on the loop."""

    def __init__(self, card: Card, on_lost: Callable[[int, TrunkState], None]) -> None:
        self._card = card
        self._on_lost = on_lost
        self._known: dict[int, Trunk] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._trials = itertools.count(TRIALS_FROM)

    def get(self, number: int) -> Trunk | None:
        """One trunk."""
        return self._known.get(number)

    def add(self, number: int, settings: TrunkSettings) -> Trunk:
        """Keep a trunk registered from now on. Raises LegError."""
        if len(self._known) >= ROOM - 1:
            raise LegError(
                f"The phone has room for {ROOM - 1} trunks, and they are all in use; take one "
                "away first."
            )
        trunk = self._known[number] = Trunk(number, settings, self._card, self._on_lost)
        self._run(trunk)
        return trunk

    async def remove(self, number: int) -> None:
        """Unregister a trunk and forget it."""
        if self._known.pop(number, None) is None:
            return
        await self._stop(number)
        with suppress(LegError):  # a card that is being started again knows no trunk
            await self._card.unregister(number)

    async def try_out(self, settings: TrunkSettings) -> TrunkState:
        """Register once and undo it. Raises LegError."""
        number = next(self._trials)
        trunk = self.add(number, settings)
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                while trunk.state.registration in (Registration.NONE, Registration.REGISTERING):
                    trunk.changed.clear()
                    await trunk.changed.wait()
        except TimeoutError:
            raise LegError("The registrar did not answer in time.") from None
        finally:
            await self.remove(number)
        return trunk.state

    def on_outcome(self, number: int, status: int, text: str, expires: int) -> None:
        """A REGISTER was answered."""
        if (trunk := self._known.get(number)) is not None:
            trunk.on_outcome(status, text, expires)

    def on_card_failed(self) -> None:
        """The card, and every registration with it, is gone."""
        for number, task in list(self._tasks.items()):
            task.cancel()
            del self._tasks[number]
        for trunk in self._known.values():
            trunk.on_card_failed()

    def on_card_restored(self) -> None:
        """The card is back: register everything anew."""
        for trunk in self._known.values():
            self._run(trunk)

    async def close(self) -> None:
        """Stop keeping trunks; the card unregisters them when it is closed."""
        for number in list(self._tasks):
            await self._stop(number)

    def _run(self, trunk: Trunk) -> None:
        task = asyncio.create_task(trunk.run(), name=f"sip-trunk-{trunk.number}")
        task.add_done_callback(_report)
        self._tasks[trunk.number] = task

    async def _stop(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)


def _report(task: asyncio.Task[None]) -> None:
    """Log what ended a task that should never end."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("Keeping a trunk failed: %s.", task.get_name(), exc_info=error)
