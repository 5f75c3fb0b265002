"""Acknowledgements: what an agent of a product with acknowledgement says while it thinks.

Written once for each agent and language by the language model, in the background and kept; until
then, and where the model cannot, a fixed phrase is said. No call ever waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from thunderbox.errors import EngineError
from thunderbox.products import acknowledges
from thunderbox.store import acknowledgements
from thunderbox.store.acknowledgements import Acknowledgement
from thunderbox.store.agents import Agent, NewAgent
from thunderbox.store.database import Database
from thunderbox.voice.acknowledgement import fixed
from thunderbox.voice.languages import language_of
from thunderbox.voice.prompt_writer import PromptWriter
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Phrases that wait to be written; more agents than that get theirs at their next call."""

Prepare = Callable[[str, str], Awaitable[object]]
"""Makes the sound of a text in a voice ahead of time."""


class Acknowledgements:
    """The phrases of all agents."""

    def __init__(self, db: Database, writer: PromptWriter, prepare: Prepare) -> None:
        self._db = db
        self._writer = writer
        self._prepare = prepare
        self._tasks = Tasks("acknowledgements")
        self._writing: set[tuple[int, str]] = set()

    async def of(self, agent: NewAgent) -> str:
        """What this agent says in a call that begins now; empty when it says nothing."""
        if not acknowledges(agent.product):
            return ""
        phrase = await self._phrase(agent)
        self._tasks.spawn(self._make_sound(phrase, agent.voice))
        return phrase

    async def close(self) -> None:
        """Stop what is being written."""
        await self._tasks.close()

    async def _phrase(self, agent: NewAgent) -> str:
        if agent.acknowledgement_prompt_mode == "manual":
            return agent.acknowledgement_prompt.strip()
        language = language_of(agent.primary_language)
        if not isinstance(agent, Agent):
            # The config of a single call has no agent to keep anything with.
            return fixed(language)
        kept = await acknowledgements.get(self._db, agent.id, language)
        # Another model may be able to do what an earlier one could not.
        if kept is None or (kept.used_fallback and kept.model != self._writer.name):
            self._begin(agent, language)
        return kept.text if kept is not None else fixed(language)

    def _begin(self, agent: Agent, language: str) -> None:
        key = (agent.id, language)
        if key not in self._writing and len(self._writing) < AT_ONCE:
            self._writing.add(key)
            self._tasks.spawn(self._write(agent, language))

    async def _write(self, agent: Agent, language: str) -> None:
        try:
            written = await self._writer.acknowledgement(agent.prompt, language)
            new = Acknowledgement(
                agent_id=agent.id,
                language=language,
                text=written.text,
                model=self._writer.name,
                used_fallback=written.used_fallback,
            )
            async with self._db.transaction() as tx:
                await acknowledgements.keep(tx, new)
            how = "a fixed phrase" if written.used_fallback else f'"{written.text}"'
            log.info("Agent %s acknowledges with %s", agent.id, how)
        finally:
            self._writing.discard((agent.id, language))

    async def _make_sound(self, phrase: str, voice: str) -> None:
        try:
            await self._prepare(phrase, voice)
        except EngineError as error:
            log.warning("An acknowledgement has no sound yet: %s", error)
