"""Acknowledgements: what agents say while they think, where they do not say it themselves."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read_optional


class Acknowledgement(Struct, kw_only=True, frozen=True):
    """The phrase of an agent in a language, and the model that was asked for it."""

    agent_id: int
    language: str
    text: str
    model: str
    used_fallback: bool


async def get(db: Source, agent_id: int, language: str) -> Acknowledgement | None:
    """The phrase that is kept."""
    row = await db.fetch_one(
        "SELECT * FROM acknowledgements WHERE agent_id = ? AND language = ?", (agent_id, language)
    )
    return read_optional(Acknowledgement, row)


async def keep(tx: Transaction, new: Acknowledgement) -> None:
    """Keep a phrase instead of an earlier one; nothing when its agent is gone meanwhile."""
    await tx.execute(
        "INSERT OR REPLACE INTO acknowledgements "
        "(agent_id, language, text, model, used_fallback, created_at) "
        "SELECT id, ?, ?, ?, ?, ? FROM agents WHERE id = ?",
        (new.language, new.text, new.model, new.used_fallback, now_ms(), new.agent_id),
    )
