"""A phone for a command of its own: on a free port, it takes no calls."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from thunderbox.calls.ports import Invitation
from thunderbox.errors import StartError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip.endpoint import Phone
from thunderbox.voice.leg import Leg

TRIES = 5


@asynccontextmanager
async def own_phone(host: str = "127.0.0.1") -> AsyncIterator[Phone]:
    """A phone that runs for as long as the block. Raises StartError."""
    for _ in range(TRIES):
        rtp_port = min(_free_port() // 2 * 2, 64000)
        settings = SipSettings(
            host=host, port=_free_port(), rtp_port=rtp_port, separate_process=False
        )
        phone = Phone(settings, TrunkSettings(), _refuse)
        with suppress(StartError):
            await phone.start()
            break
        await phone.stop()
    else:
        raise StartError("PJSIP does not start on any free port; `thunderbox doctor` says more.")
    try:
        yield phone
    finally:
        await phone.stop()


async def _refuse(leg: Leg, invitation: Invitation) -> None:
    await leg.refuse(603, "This phone takes no calls")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
