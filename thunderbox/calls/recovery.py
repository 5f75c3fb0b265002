"""Recovery: closes calls that a crash or a power cut left in progress."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from thunderbox.calls.closing import Closing
from thunderbox.calls.ports import Clock
from thunderbox.calls.recording import make_playable
from thunderbox.store import calls, turns
from thunderbox.store.database import Database

log = logging.getLogger(__name__)


async def close_interrupted(db: Database, recordings: Path, clock: Clock, closing: Closing) -> int:
    """Close every call in progress as failed and interrupted; returns how many there were.

    A call ends with the last thing known of it: its last turn, or its recording's last change.
    """
    left = await calls.in_progress(db)
    for call in left:
        spoken = await turns.of_call(db, call.id)
        ended_at = call.started_at + max((turn.end_ms for turn in spoken), default=0)
        if call.recording_file is not None:
            path = recordings / call.recording_file
            changed_at = await asyncio.to_thread(_changed_at, path)
            # Cutting the file changes its time, so that is read before.
            if await asyncio.to_thread(make_playable, path):
                ended_at = max(ended_at, changed_at)
        async with db.transaction() as tx:
            await closing.close(
                tx,
                call.id,
                status="failed",
                end_reason="interrupted",
                sip_status=None,
                ended_at=min(ended_at, clock.now_ms()),
            )
        log.warning("Call %s was interrupted when the box last stopped", call.id)
    return len(left)


def _changed_at(path: Path) -> int:
    """When a file was last written to, in ms; 0 when there is none."""
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return 0
