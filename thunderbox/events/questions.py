"""Questions: keeps what servers were asked before a call, and how they have answered.

They stand in the log of deliveries, and an endpoint that has not answered for a day is failing
by them, too. Nobody is asked again: the call goes on without the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from thunderbox.events.schedule import GIVE_UP_MS
from thunderbox.store import webhook_endpoints, webhook_questions
from thunderbox.store.database import Database
from thunderbox.store.webhook_questions import Asked, NewQuestion

log = logging.getLogger(__name__)


async def keep(db: Database, new: NewQuestion, asked: Sequence[Asked]) -> None:
    """Write a question and what became of it. Raises StoreError."""
    async with db.transaction() as tx:
        await webhook_questions.insert(tx, new, asked)
        for one in asked:
            if one.endpoint_id is None:
                continue
            if one.heard:
                await webhook_endpoints.note_success(tx, one.endpoint_id)
            elif await webhook_endpoints.note_failure(tx, one.endpoint_id, one.at, GIVE_UP_MS):
                log.warning("Webhook endpoint %s is failing: nothing arrived", one.endpoint_id)
