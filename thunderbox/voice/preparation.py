"""Preparation: what an engine can do for a call that has not been answered yet."""

from __future__ import annotations

from collections.abc import Sequence

from thunderbox.voice.engine import LanguageModel, Tool
from thunderbox.voice.history import History
from thunderbox.voice.line_tools import own_tools
from thunderbox.voice.persona import Persona
from thunderbox.voice.thinker import everything, read_ahead


async def prepare(model: LanguageModel, persona: Persona, tools: Sequence[Tool]) -> None:
    """Let the model read what the agent is told, so that its first words need not wait for that.

    Cancelled, it stops within one step of the model, and what was read is not lost.
    """
    own = own_tools(tools, persona.destinations, presses_keys=persona.presses_keys)
    await read_ahead(model, History(persona.prompt), everything([*tools, *own]))
