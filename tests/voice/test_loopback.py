"""Two legs joined in memory: transfer."""

from __future__ import annotations

from thunderbox.voice.ambient_leg import AmbientLeg
from thunderbox.voice.leg import FRAME_BYTES, EndCause, Ended
from thunderbox.voice.loopback import Loopback


async def test_a_transfer_cuts_both_ends_and_keeps_the_target() -> None:
    line = Loopback("test")
    await AmbientLeg(line.near, bytes(FRAME_BYTES)).transfer("+15550111")
    assert (line.near.transferred_to, line.far.transferred_to) == ("", "+15550111")
    for leg in (line.near, line.far):
        assert leg.events.get_nowait() == Ended(EndCause.TRANSFERRED)
        assert await leg.tick() is None


async def test_a_line_that_is_cut_is_not_transferred() -> None:
    line = Loopback("test")
    await line.far.hang_up()
    await line.near.transfer("+15550111")
    assert line.far.transferred_to == ""
