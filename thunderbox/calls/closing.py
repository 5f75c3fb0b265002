"""Closing: what happens in the one transaction that ends a call."""

from __future__ import annotations

from thunderbox.calls.billing import Billing
from thunderbox.events import outbox
from thunderbox.store import calls, grades
from thunderbox.store.database import Transaction


class Closing:
    """Ends calls: closes the row, charges, has it graded and tells of it, all or nothing."""

    def __init__(self, billing: Billing, *, graded: bool) -> None:
        self._billing = billing
        self._graded = graded

    async def close(
        self,
        tx: Transaction,
        call_id: int,
        *,
        status: calls.EndStatus,
        end_reason: str,
        sip_status: int | None,
        ended_at: int,
    ) -> bool:
        """End a call that is in progress; False when it is not, and then nothing changes."""
        closed = await calls.finish(
            tx,
            call_id,
            status=status,
            end_reason=end_reason,
            sip_status=sip_status,
            ended_at=ended_at,
        )
        if closed is None:
            return False
        await self._billing.charge(tx, closed)
        if self._graded and closed.answered_at is not None:
            await grades.request(tx, closed.org_id, call_id)
        await outbox.call_ended(tx, call_id)
        return True
