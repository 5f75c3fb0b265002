"""Real clients of LiveKit visit rooms: sound, words and keys both ways, in both dialects."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.peers.process import until
from tests.peers.web_client import WebClient
from tests.peers.wire import Wire
from tests.rtc.served import Agent, served, tone
from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import Answered, Digit, EndCause, Held, Resumed, Tick, Typed

pytestmark = pytest.mark.e2e

SPOKEN = np.frombuffer(tone(3000, 300), "<i2")


@pytest.mark.parametrize("single", [True, False], ids=["v1", "v0"])
async def test_a_visitor_hears_speaks_reads_types_and_is_sent_away(single: bool) -> None:
    async with served() as box:
        room = await box.rooms.open("mic-1", "Reception")
        agent = Agent(room.leg, lambda: room.leg.play(tone(600)))
        async with WebClient(box.url, room.ticket.token, single=single) as visitor:
            heard = await visitor.voice_after(0)
            assert heard - visitor.joined_at < 1.5
            await visitor.speak(SPOKEN)
            await until(lambda: agent.loudness() > 3000, 5, lambda: str(agent.loudness()))

            room.agent_state(AgentState.SPEAKING)
            room.caption(Caption(Speaks.AGENT, 1, "Good", final=False))
            room.caption(Caption(Speaks.AGENT, 1, "Good morning", final=True))
            room.caption(Caption(Speaks.CALLER, 2, "Hello", final=True))
            await visitor.type("two large pizzas")
            await visitor.press("5#")
            await visitor.sees(lambda seen: len(seen.streams) == 3 and len(seen.captions) == 3)
            for lines in (visitor.seen.captions, visitor.seen.streams):
                assert {(one.speaker, one.segment, one.text, one.final) for one in lines} == {
                    ("agent", "SG_1", "Good", False),
                    ("agent", "SG_1", "Good morning", True),
                    ("visitor", "SG_2", "Hello", True),
                }
            await visitor.sees(lambda seen: seen.states == ["listening", "speaking"])
            wanted = [Answered(), Typed("two large pizzas"), Digit("5"), Digit("#")]
            await until(lambda: agent.events == wanted, 5, lambda: str(agent.events))

            await agent.close()
            await visitor.sees(lambda seen: seen.events == ["disconnected ROOM_DELETED"])
        assert agent.ended is not None
        assert agent.ended.cause is EndCause.AGENT_END


@pytest.mark.parametrize("single", [True, False], ids=["v1", "v0"])
async def test_what_is_said_while_the_line_is_cut_is_heard_afterwards(single: bool) -> None:
    async with served() as box, Wire(box.port) as wire:
        room = await box.rooms.open("mic-1", "Reception")
        agent = Agent(room.leg, lambda: room.leg.play(tone(4000)))
        async with WebClient(wire.url, room.ticket.token, single=single) as visitor:
            await visitor.voice_after(0)
            room.caption(Caption(Speaks.AGENT, 1, "Hello", final=True))
            await visitor.sees(lambda seen: seen.streams)
            wire.cut()
            await until(lambda: Held() in agent.events, 5, lambda: str(agent.events))
            room.caption(Caption(Speaks.AGENT, 2, "Mis", final=False))
            room.caption(Caption(Speaks.AGENT, 2, "Missed", final=True))
            left = room.leg.queued
            assert left > 0
            await until(lambda: Resumed() in agent.events, 8, lambda: str(agent.events))
            assert room.leg.queued >= left - 2 * 640
            again = asyncio.get_running_loop().time()
            await visitor.voice_after(again)
            # While it joins anew the client takes the agent for gone.
            assert visitor.seen.events[:1] + visitor.seen.events[-1:] == [
                "reconnecting",
                "reconnected",
            ]
            room.caption(Caption(Speaks.AGENT, 3, "Welcome back", final=True))
            await visitor.sees(lambda seen: len(seen.streams) == 3 and len(seen.captions) == 3)
            for lines in (visitor.seen.captions, visitor.seen.streams):
                assert [one.text for one in lines] == ["Hello", "Missed", "Welcome back"]
            await visitor.speak(SPOKEN)
            await until(lambda: agent.loudness() > 3000, 5, lambda: str(agent.loudness()))
        await until(lambda: agent.ended, 5, lambda: str(agent.events))
        assert agent.ended is not None
        assert agent.ended.cause is EndCause.CALLER_HANGUP


async def test_a_supervisor_hears_both_sides_unseen() -> None:
    async with served() as box:
        seat = await box.rooms.seat("listen-1")
        near, far = tone(20, 300), tone(20, 700)  # whole periods, so that frames join
        async with WebClient(box.url, seat.ticket.token, speaks=False) as supervisor:
            async with asyncio.timeout(5):
                while len(supervisor.heard) < 60 or supervisor.heard[-25].peak < 8000:
                    seat.sound(Tick(far=far, near=near, spoken=len(near)))
                    await asyncio.sleep(0.02)
            spectrum = np.abs(np.fft.rfft(supervisor.sound()[-8000:].astype(float)))
            assert {300, 700} <= {int(at) * 2 for at in np.argsort(spectrum)[-6:]}
            assert not seat.vacant
        await until(lambda: seat.vacant, 5, lambda: "the seat is taken still")
