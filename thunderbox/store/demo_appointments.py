"""The appointment book of the agent that a fresh box starts with."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all


class Appointment(Struct, frozen=True):
    """A booked slot."""

    id: int
    day: str
    time: str
    name: str
    created_at: int


async def insert(tx: Transaction, day: str, time: str, name: str) -> Appointment:
    """Book a slot. Raises DuplicateError when it is taken; upper and lower case are the same."""
    row = await tx.fetch_one(
        "INSERT INTO demo_appointments (day, time, name, created_at) "
        "VALUES (?, ?, ?, ?) RETURNING *",
        (day, time, name, now_ms()),
    )
    assert row is not None
    return read(Appointment, row)


async def page(db: Source) -> list[Appointment]:
    """Every booked slot, in the order of booking."""
    return read_all(Appointment, await db.fetch_all("SELECT * FROM demo_appointments ORDER BY id"))
