"""Patience: how long a call of an agent waits for what, by its fields and the box's settings."""

from __future__ import annotations

from thunderbox.settings import Settings
from thunderbox.store.agents import NewAgent
from thunderbox.voice.pace import LEAD_MS, Pace

ACKNOWLEDGE_MS = 400
"""An answer that has no word so long after the turn was decided is bridged, where the product says
so."""


def pace_of(
    agent: NewAgent, settings: Settings, *, agent_first: bool, outbound: bool, acknowledges: bool
) -> Pace:
    """The pace of one call: what the agent does not say, the settings do.

    An agent's calls may be shorter than the box allows, but never longer.
    """
    limits, voice = settings.calls, settings.voice
    longest = min(limits.max_seconds, agent.max_call_duration_seconds or limits.max_seconds)
    asks = agent.silence_max_checkins if agent.silence_max_checkins is not None else 1
    return Pace(
        agent_first=agent_first,
        pause_ms=voice.pause_ms,
        shortest_pause_ms=voice.shortest_pause_ms,
        longest_pause_ms=voice.longest_pause_ms,
        lead_ms=LEAD_MS,
        interrupt_ms=voice.interrupt_ms,
        silence_ms=1000 * (agent.silence_interval_seconds or limits.silence_seconds),
        check_ins=asks if agent.silence_checkins_enabled else 0,
        silence_end_ms=1000 * (agent.silence_hangup_seconds or limits.silence_hangup_seconds),
        max_ms=1000 * longest,
        max_hold_ms=1000 * agent.max_hold_seconds if agent.max_hold_seconds else None,
        voicemail=agent.voicemail_action if outbound else None,
        acknowledge_ms=ACKNOWLEDGE_MS if acknowledges else None,
    )
