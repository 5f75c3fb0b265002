"""Call lists: pages of calls, newest first, whatever the filters and however many calls there are.

A list without a number among its filters is put together from the calls of each kind (direction,
status, test or not), each of which is one stretch of an index; its total comes from counts that
triggers keep by day. A list of a number reads that number's own stretch, or those of the kinds
where these are shorter, and its total is counted no further than COUNTED beyond the page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import product
from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.store.calls import Call, CallFilter
from thunderbox.store.database import Source
from thunderbox.store.rows import read_all

COUNTED = 5_000
"""A total of a number's calls is exact up to so many beyond the page, and then a lower bound."""
DIRECTIONS = ("inbound", "outbound", "mic", "widget")
STATUSES = ("in_progress", "completed", "failed")
DAY_MS = 86_400_000
DEEP = 2_000
"""Beyond so many calls it is quicker to read a stretch of the newest than to merge the kinds."""

MANY = 1_000
"""A number with fewer calls than this is looked under, whatever else is asked."""
FEW = 20_000
"""So many calls of a kind are read one by one for a number with many calls."""

Params = tuple[Any, ...]
Side = tuple[str, str, Params]
"""An index, what is looked for in it, and the values of that."""


class Place(Struct, frozen=True):
    """Where in a list a call is: the next page begins after it."""

    started_at: int
    id: int


async def page(
    db: Source, org_id: int, wanted: CallFilter, limit: int, offset: int
) -> tuple[int, list[Call]]:
    """How many calls match, and one page of them, newest first."""
    if _numbers(wanted):
        total, ids = await _ids_of_numbers(
            db, org_id, wanted, limit, offset, most=offset + limit + COUNTED
        )
        return total, await _read(db, ids)
    total = await count(db, org_id, wanted)
    if offset >= total:
        return total, []
    return total, await _read(db, await _ids(db, org_id, wanted, limit, offset))


async def after(
    db: Source, org_id: int, wanted: CallFilter, limit: int, place: Place | None
) -> list[Call]:
    """The next calls after a place in a list; its beginning for None."""
    if _numbers(wanted):
        _, found = await _ids_of_numbers(db, org_id, wanted, limit, 0, most=limit, place=place)
    else:
        found = await _ids(db, org_id, wanted, limit, 0, place)
    return await _read(db, found)


async def count(db: Source, org_id: int, wanted: CallFilter) -> int:
    """How many calls match; of a filter by number at most COUNTED."""
    if _numbers(wanted):
        return (await _ids_of_numbers(db, org_id, wanted, 0, 0, most=COUNTED))[0]
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


def _numbers(wanted: CallFilter) -> bool:
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
    """The calls of a page: the newest of each kind, merged."""
    times, time_params = _times(wanted, place)
    agent, agent_params = _agent(wanted)
    plain = not agent and wanted.is_test_call is None
    if offset > DEEP or (plain and not wanted.directions and wanted.status is None):
        condition, params = _kinds_condition(wanted)
        sql = (
            "SELECT id FROM calls INDEXED BY calls_by_start "  # noqa: S608 - fixed fragments
            f"WHERE org_id = ?{agent}{condition}{times} "
            "ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?"
        )
        rows = await db.fetch_all(
            sql, (org_id, *agent_params, *params, *time_params, limit, offset)
        )
        return [row[0] for row in rows]
    index = "calls_by_agent" if agent else "calls_by_kind"
    part = (
        f"SELECT * FROM (SELECT id, started_at FROM calls INDEXED BY {index} "  # noqa: S608 - fixed fragments
        f"WHERE org_id = ?{agent} AND direction = ? AND status = ? AND is_test_call = ?{times} "
        "ORDER BY started_at DESC, id DESC LIMIT ?)"
    )
    merged: Params = ()
    kinds = _kinds(wanted)
    for kind in kinds:
        merged += (org_id, *agent_params, *kind, *time_params, limit + offset)
    rows = await db.fetch_all(
        f"SELECT id FROM ({' UNION ALL '.join([part] * len(kinds))}) "  # noqa: S608 - fixed fragments
        "ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
        (*merged, limit, offset),
    )
    return [row[0] for row in rows]


async def _ids_of_numbers(
    db: Source,
    org_id: int,
    wanted: CallFilter,
    limit: int,
    offset: int,
    *,
    most: int,
    place: Place | None = None,
) -> tuple[int, list[int]]:
    """How many calls match, at most `most`, and a page of them from the numbers' stretches."""
    times, time_params = _times(wanted, place)
    agent, agent_params = _agent(wanted)
    kinds, kind_params = _kinds_condition(wanted)
    sides, rare = await _sides(db, org_id, wanted)
    if not sides:
        return 0, []
    parts: list[str] = []
    params: Params = ()
    others = msgspec.structs.replace(wanted, from_number=None, to_number=None, phone_number=None)
    if not rare and await count(db, org_id, others) <= FEW:
        # Of a number with many calls, few are of these kinds: they are read in stretches of kinds.
        index = "calls_by_agent" if agent else "calls_by_kind"
        either = " OR ".join(f"({condition})" for _, condition, _ in sides)
        values = tuple(value for _, _, found in sides for value in found)
        for kind in _kinds(wanted):
            parts.append(
                f"SELECT * FROM (SELECT id, started_at FROM calls INDEXED BY {index} "  # noqa: S608 - fixed fragments
                f"WHERE org_id = ?{agent} AND direction = ? AND status = ? AND is_test_call = ?"
                f"{times} AND ({either}) ORDER BY started_at DESC, id DESC LIMIT ?)"
            )
            params += (org_id, *agent_params, *kind, *time_params, *values, most)
    else:
        for index, condition, values in sides:
            parts.append(
                f"SELECT * FROM (SELECT id, started_at FROM calls INDEXED BY {index} "  # noqa: S608 - fixed fragments
                f"WHERE org_id = ? AND {condition}{agent}{kinds}{times} "
                "ORDER BY started_at DESC, id DESC LIMIT ?)"
            )
            params += (org_id, *values, *agent_params, *kind_params, *time_params, most)
    source = " UNION ALL ".join(parts)
    if len(parts) > 1:
        source = f"SELECT * FROM ({source}) ORDER BY started_at DESC, id DESC LIMIT ?"  # noqa: S608 - fixed fragments
        params += (most,)
    # The total is a row of its own, so that only the page leaves SQLite.
    rows = await db.fetch_all(
        f"WITH found AS MATERIALIZED ({source}) "  # noqa: S608 - fixed fragments
        "SELECT count(*) AS id FROM found UNION ALL SELECT * FROM ("
        "SELECT id FROM found ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?)",
        (*params, limit, offset),
    )
    total, *ids = (int(row[0]) for row in rows)
    return total, ids


async def _sides(db: Source, org_id: int, wanted: CallFilter) -> tuple[list[Side], bool]:
    """The stretches that hold the calls of the numbers of a filter; True when they are short."""
    caller, called, either = wanted.from_number, wanted.to_number, wanted.phone_number
    if either is not None and either not in (caller, called):
        if caller is None and called is None:
            rare = await _is_rare(db, org_id, "from", either)
            rare = rare and await _is_rare(db, org_id, "to", either)
            return [
                ("calls_by_from", "from_number = ?", (either,)),
                # A call from a number to itself is in the first stretch.
                ("calls_by_to", "to_number = ? AND from_number <> ?", (either, either)),
            ], rare
        if caller is not None and called is not None:
            return [], True
        caller, called = caller or either, called or either
    if caller is None:
        side = ("calls_by_to", "to_number = ?", (called,))
        return [side], await _is_rare(db, org_id, "to", called)
    if called is None:
        side = ("calls_by_from", "from_number = ?", (caller,))
        return [side], await _is_rare(db, org_id, "from", caller)
    both, pair = "from_number = ? AND to_number = ?", (caller, called)
    if await _is_rare(db, org_id, "to", called):
        return [("calls_by_to", both, pair)], True
    return [("calls_by_from", both, pair)], await _is_rare(db, org_id, "from", caller)


async def _is_rare(db: Source, org_id: int, side: str, number: str | None) -> bool:
    """Whether a number has few calls on this side."""
    rows = await db.fetch_all(
        f"SELECT 1 FROM calls INDEXED BY calls_by_{side} "  # noqa: S608 - fixed words
        f"WHERE org_id = ? AND {side}_number = ? LIMIT ?",
        (org_id, number, MANY),
    )
    return len(rows) < MANY


async def _count_days(
    db: Source, org_id: int, wanted: CallFilter, first: int | None, last: int | None
) -> int:
    """Calls of whole days, from the counts."""
    condition, params = _kinds_condition(wanted)
    if wanted.agent_id is not None:
        condition, params = f" AND agent_id = ?{condition}", (wanted.agent_id, *params)
    for bound, text in ((first, " AND day >= ?"), (last, " AND day <= ?")):
        if bound is not None:
            condition, params = condition + text, (*params, bound)
    row = await db.fetch_one(
        f"SELECT coalesce(sum(calls), 0) FROM call_counts WHERE org_id = ?{condition}",  # noqa: S608 - fixed fragments
        (org_id, *params),
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
