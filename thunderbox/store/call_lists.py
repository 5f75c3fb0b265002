"""Call lists: pages of calls, newest first, whatever the filters and however many calls there are.

A list is put together from the calls of each kind (direction, status, test or not) of what is asked
for: all calls, an agent's, a number's, or an agent's with a number. Each of these is one stretch of
an index, so nothing is read that is not wanted. Totals come from counts that triggers keep by day;
those of a number are counted no further than COUNTED beyond the page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import product
from typing import Any

from msgspec import Struct

from thunderbox.store.calls import Call, CallFilter
from thunderbox.store.database import Source
from thunderbox.store.rows import read_all

COUNTED = 20_000
"""A total of a number's calls is exact up to so many beyond the page, and then a lower bound."""
DIRECTIONS = ("inbound", "outbound", "mic", "widget")
STATUSES = ("in_progress", "completed", "failed")
DAY_MS = 86_400_000
DEEP = 2_000
"""Beyond so many calls it is quicker to read a stretch of the newest than to merge the kinds."""
ALL_AGENTS = -1
"""The agent under which calls are counted whatever their agent."""

Params = tuple[Any, ...]
Stretch = tuple[str, Params]
"""Calls as they lie together in an index: what follows FROM, and its values."""


class Place(Struct, frozen=True):
    """Where in a list a call is: the next page begins after it."""

    started_at: int
    id: int


async def page(
    db: Source, org_id: int, wanted: CallFilter, limit: int, offset: int
) -> tuple[int, list[Call]]:
    """How many calls match, and one page of them, newest first."""
    if _has_number(wanted):
        total = await _count_of_number(db, org_id, wanted, offset + limit + COUNTED)
    else:
        total = await count(db, org_id, wanted)
    if offset >= total:
        return total, []
    return total, await _read(db, await _ids(db, org_id, wanted, limit, offset))


async def after(
    db: Source, org_id: int, wanted: CallFilter, limit: int, place: Place | None
) -> list[Call]:
    """The next calls after a place in a list; its beginning for None."""
    return await _read(db, await _ids(db, org_id, wanted, limit, 0, place))


async def count(db: Source, org_id: int, wanted: CallFilter) -> int:
    """How many calls match; of a filter by number at most COUNTED."""
    if _has_number(wanted):
        return await _count_of_number(db, org_id, wanted, COUNTED)
    start, end = wanted.started_from, wanted.started_to
    first = None if start is None else -(-start // DAY_MS)
    last = None if end is None else (end + 1) // DAY_MS - 1
    if start is not None and end is not None and (first or 0) > (last or 0):
        return await _count_between(db, org_id, wanted, start, end)
    total = await _count_days(db, org_id, wanted, first, last)
    if start is not None and first is not None and start < first * DAY_MS:
        total += await _count_between(db, org_id, wanted, start, first * DAY_MS - 1)
    if end is not None and last is not None and end >= (last + 1) * DAY_MS:
        total += await _count_between(db, org_id, wanted, (last + 1) * DAY_MS, end)
    return total


async def party_numbers(db: Source, org_id: int, digits: str, limit: int) -> list[sqlite3.Row]:
    """Numbers on either side of calls that hold these digits, the latest first."""
    return await db.fetch_all(
        "SELECT number, last_call_at FROM party_numbers "
        "WHERE org_id = ? AND instr(number, ?) > 0 ORDER BY last_call_at DESC, number LIMIT ?",
        (org_id, digits, limit),
    )


def _has_number(wanted: CallFilter) -> bool:
    return not (wanted.from_number is wanted.to_number is wanted.phone_number is None)


async def _read(db: Source, ids: Sequence[int]) -> list[Call]:
    if not ids:
        return []
    marks = ", ".join("?" * len(ids))
    rows = await db.fetch_all(
        f"SELECT * FROM calls WHERE id IN ({marks}) "  # noqa: S608 - question marks only
        "ORDER BY started_at DESC, id DESC",
        ids,
    )
    return read_all(Call, rows)


async def _ids(
    db: Source,
    org_id: int,
    wanted: CallFilter,
    limit: int,
    offset: int,
    place: Place | None = None,
) -> list[int]:
    """The calls of a page: the newest of each stretch, merged."""
    times, time_params = _times(wanted, place)
    agent, agent_params = _agent(wanted)
    condition, params = _kinds_condition(wanted)
    if not _has_number(wanted) and (offset > DEEP or not (agent or condition)):
        rows = await db.fetch_all(
            "SELECT id FROM calls INDEXED BY calls_by_start "  # noqa: S608 - fixed fragments
            f"WHERE org_id = ?{agent}{condition}{times} "
            "ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
            (org_id, *agent_params, *params, *time_params, limit, offset),
        )
        return [row[0] for row in rows]
    parts: list[str] = []
    merged: Params = ()
    for source, params in _stretches(org_id, wanted, place):
        parts.append(
            f"SELECT * FROM (SELECT id, started_at FROM {source} "  # noqa: S608 - fixed fragments
            "ORDER BY started_at DESC, id DESC LIMIT ?)"
        )
        merged += (*params, limit + offset)
    if not parts:
        return []
    rows = await db.fetch_all(
        f"SELECT id FROM ({' UNION ALL '.join(parts)}) "  # noqa: S608 - fixed fragments
        "ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
        (*merged, limit, offset),
    )
    return [row[0] for row in rows]


def _stretches(org_id: int, wanted: CallFilter, place: Place | None = None) -> list[Stretch]:
    """Where the calls of a filter lie; none when no call can match."""
    times, time_params = _times(wanted, place)
    agent, agent_params = _agent(wanted)
    found: list[Stretch] = []
    for index, condition, values in _sides(wanted):
        for kind in _kinds(wanted):
            source = (
                f"calls INDEXED BY {index} WHERE org_id = ?{condition}{agent} "
                f"AND direction = ? AND status = ? AND is_test_call = ?{times}"
            )
            found.append((source, (org_id, *values, *agent_params, *kind, *time_params)))
    return found


def _sides(wanted: CallFilter) -> list[tuple[str, str, Params]]:
    """For each side of the call that is looked at: an index, a condition and its values."""
    caller, called, either = wanted.from_number, wanted.to_number, wanted.phone_number
    agents = "" if wanted.agent_id is None else "_and_agent"
    if either is not None and either not in (caller, called):
        if caller is None and called is None:
            return [
                (f"calls_by_from{agents}", " AND from_number = ?", (either,)),
                # A call from a number to itself is in the first.
                (f"calls_by_to{agents}", " AND to_number = ? AND from_number <> ?", (either,) * 2),
            ]
        if caller is not None and called is not None:
            return []
        caller, called = caller or either, called or either
    if caller is not None and called is not None:
        return [("calls_by_pair", " AND from_number = ? AND to_number = ?", (caller, called))]
    if caller is not None:
        return [(f"calls_by_from{agents}", " AND from_number = ?", (caller,))]
    if called is not None:
        return [(f"calls_by_to{agents}", " AND to_number = ?", (called,))]
    return [("calls_by_kind" if wanted.agent_id is None else "calls_by_agent", "", ())]


async def _count_of_number(db: Source, org_id: int, wanted: CallFilter, most: int) -> int:
    """How many calls match, at most so many."""
    stretches = _stretches(org_id, wanted)
    if not stretches:
        return 0
    parts = " UNION ALL ".join(f"SELECT 1 FROM {source}" for source, _ in stretches)  # noqa: S608 - fixed fragments
    row = await db.fetch_one(
        f"SELECT count(*) FROM ({parts} LIMIT ?)",  # noqa: S608 - fixed fragments
        (*(value for _, params in stretches for value in params), most),
    )
    assert row is not None
    return int(row[0])


async def _count_days(
    db: Source, org_id: int, wanted: CallFilter, first: int | None, last: int | None
) -> int:
    """Calls of whole days, from the counts."""
    condition, params = _kinds_condition(wanted)
    for bound, text in ((first, " AND day >= ?"), (last, " AND day <= ?")):
        if bound is not None:
            condition, params = condition + text, (*params, bound)
    row = await db.fetch_one(
        "SELECT coalesce(sum(calls), 0) FROM call_counts "  # noqa: S608 - fixed fragments
        f"WHERE org_id = ? AND agent_id = ?{condition}",
        (org_id, ALL_AGENTS if wanted.agent_id is None else wanted.agent_id, *params),
    )
    assert row is not None
    return int(row[0])


async def _count_between(db: Source, org_id: int, wanted: CallFilter, start: int, end: int) -> int:
    """Calls of a part of a day, one by one."""
    condition, params = _kinds_condition(wanted)
    agent, agent_params = _agent(wanted)
    row = await db.fetch_one(
        "SELECT count(*) FROM calls INDEXED BY calls_by_start "  # noqa: S608 - fixed fragments
        f"WHERE org_id = ? AND started_at BETWEEN ? AND ?{agent}{condition}",
        (org_id, start, end, *agent_params, *params),
    )
    assert row is not None
    return int(row[0])


def _kinds(wanted: CallFilter) -> list[tuple[str, str, bool]]:
    """Every combination of direction, status and test that matches."""
    return list(
        product(
            dict.fromkeys(wanted.directions or DIRECTIONS),
            STATUSES if wanted.status is None else (wanted.status,),
            (False, True) if wanted.is_test_call is None else (wanted.is_test_call,),
        )
    )


def _kinds_condition(wanted: CallFilter) -> tuple[str, Params]:
    text = ""
    params: Params = ()
    if wanted.directions:
        text += f" AND direction IN ({', '.join('?' * len(wanted.directions))})"
        params += wanted.directions
    if wanted.status is not None:
        text, params = text + " AND status = ?", (*params, wanted.status)
    if wanted.is_test_call is not None:
        text, params = text + " AND is_test_call = ?", (*params, wanted.is_test_call)
    return text, params


def _agent(wanted: CallFilter) -> tuple[str, Params]:
    return ("", ()) if wanted.agent_id is None else (" AND agent_id = ?", (wanted.agent_id,))


def _times(wanted: CallFilter, place: Place | None) -> tuple[str, Params]:
    text = ""
    params: Params = ()
    if wanted.started_from is not None:
        text, params = " AND started_at >= ?", (wanted.started_from,)
    if wanted.started_to is not None:
        text, params = text + " AND started_at <= ?", (*params, wanted.started_to)
    if place is not None:
        text += " AND (started_at, id) < (?, ?)"
        params = (*params, place.started_at, place.id)
    return text, params
