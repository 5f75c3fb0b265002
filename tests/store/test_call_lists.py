"""Lists of calls: every filter finds what it should, by an index, and pages fit together."""

from __future__ import annotations

import random
from itertools import product

import pytest

from tests.data import new_call
from thunderbox.store import call_lists, calls, organizations
from thunderbox.store.call_lists import DAY_MS, Place
from thunderbox.store.calls import Call, CallFilter
from thunderbox.store.database import Database


async def add(db: Database, org_id: int, **fields: object) -> int:
    async with db.transaction() as tx:
        return await calls.insert(tx, new_call(org_id, **fields))


async def finish(db: Database, call_id: int, status: str = "completed") -> None:
    async with db.transaction() as tx:
        await calls.finish(
            tx, call_id, status=status, end_reason="agent_end", sip_status=None, ended_at=9_000
        )


FILTERS = [
    (CallFilter(), [4, 3, 2, 1]),
    (CallFilter(agent_id=7), [2]),
    (CallFilter(directions=("outbound",)), [2]),
    (CallFilter(directions=("mic", "widget")), [4, 3]),
    (CallFilter(status="completed"), [1]),
    (CallFilter(from_number="web"), [4, 3]),
    (CallFilter(to_number="+15550100"), [4, 3, 1]),
    (CallFilter(phone_number="+15550100"), [4, 3, 2, 1]),
    (CallFilter(phone_number="+15550199"), [2]),
    (CallFilter(started_from=2_000), [4, 3, 2]),
    (CallFilter(started_to=2_000), [2, 1]),
    (CallFilter(is_test_call=False), [3, 2, 1]),
    (CallFilter(is_test_call=True), [4]),
    (CallFilter(from_number="web", started_to=3_000), [3]),
]


@pytest.mark.parametrize(("wanted", "expected"), FILTERS)
async def test_filters(db: Database, org_id: int, wanted: CallFilter, expected: list[int]):
    await finish(db, await add(db, org_id, started_at=1_000))
    await add(
        db,
        org_id,
        agent_id=7,
        direction="outbound",
        from_number="+15550100",
        to_number="+15550199",
        started_at=2_000,
    )
    await add(db, org_id, direction="mic", from_number="web", started_at=3_000)
    await add(
        db, org_id, direction="widget", from_number="web", started_at=4_000, is_test_call=True
    )
    total, found = await call_lists.page(db, org_id, wanted, 10, 0)
    assert ([call.id for call in found], total) == (expected, len(expected))


async def test_pages_are_cut_from_the_whole(db: Database, org_id: int):
    for number in range(5):
        await add(db, org_id, started_at=number)
    total, found = await call_lists.page(db, org_id, CallFilter(), 2, 3)
    assert (total, [call.started_at for call in found]) == (5, [1, 0])


class Explaining:
    """A source that collects how SQLite would find the rows."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.steps: list[str] = []

    async def fetch_all(self, sql: str, params: tuple = ()) -> list:
        plan = await self.db.fetch_all(f"EXPLAIN QUERY PLAN {sql}", params)
        self.steps += [row["detail"] for row in plan]
        return await self.db.fetch_all(sql, params)

    async def fetch_one(self, sql: str, params: tuple = ()) -> object:
        return (await self.fetch_all(sql, params))[0]


@pytest.mark.parametrize("wanted", [wanted for wanted, _ in FILTERS])
async def test_every_filter_goes_by_an_index(db: Database, org_id: int, wanted: CallFilter):
    explaining = Explaining(db)
    await call_lists.page(explaining, org_id, wanted, 50, 0)
    assert not [step for step in explaining.steps if step.startswith("SCAN calls")]


RARE = [
    CallFilter(phone_number="+1", directions=("outbound",)),
    CallFilter(from_number="+1", agent_id=2),
    CallFilter(to_number="+2", status="failed", agent_id=1),
    CallFilter(from_number="+1", to_number="+3"),
    CallFilter(phone_number="+1", is_test_call=True, started_from=0),
    CallFilter(directions=("outbound",), agent_id=1),
]


@pytest.mark.parametrize("wanted", RARE)
async def test_nothing_is_read_that_is_not_wanted(db: Database, org_id: int, wanted: CallFilter):
    async with db.transaction() as tx:
        for at in range(2_000):
            new = new_call(org_id, agent_id=1, from_number="+1", to_number="+2", started_at=at)
            await calls.insert(tx, new)
    steps: list[int] = []
    for reader in db._readers:
        await reader.set_progress_handler(lambda: steps.append(1), 1)
    assert await call_lists.page(db, org_id, wanted, 50, 0) == (0, [])
    assert len(steps) < 4_000


async def test_a_call_of_a_number_with_itself_counts_once(db: Database, org_id: int):
    await add(db, org_id, from_number="+15550100", to_number="+15550100")
    total, found = await call_lists.page(db, org_id, CallFilter(phone_number="+15550100"), 10, 0)
    assert (total, len(found)) == (1, 1)


async def test_pages_of_a_number_are_cut_from_both_sides(db: Database, org_id: int):
    for number in range(6):
        side = "from_number" if number % 2 else "to_number"
        await add(db, org_id, started_at=number, **{side: "+1999"})
    wanted = CallFilter(phone_number="+1999")
    total, found = await call_lists.page(db, org_id, wanted, 2, 3)
    assert (total, [call.started_at for call in found]) == (6, [2, 1])


NUMBERS = ("+1", "+2", "+3", "web")
MOMENTS = (None, 0, DAY_MS // 2, DAY_MS, 2 * DAY_MS + 7)


def matches(call: Call, wanted: CallFilter) -> bool:
    """What a filter means, said plainly."""
    return (
        wanted.agent_id in (None, call.agent_id)
        and (not wanted.directions or call.direction in wanted.directions)
        and wanted.status in (None, call.status)
        and wanted.from_number in (None, call.from_number)
        and wanted.to_number in (None, call.to_number)
        and wanted.phone_number in (None, call.from_number, call.to_number)
        and (wanted.started_from is None or call.started_at >= wanted.started_from)
        and (wanted.started_to is None or call.started_at <= wanted.started_to)
        and wanted.is_test_call in (None, call.is_test_call)
    )


def some_filter(chance: random.Random) -> CallFilter:
    return CallFilter(
        agent_id=chance.choice((None, None, 1, 2)),
        directions=chance.choice(((), (), ("inbound",), ("mic", "widget"), ("outbound",))),
        status=chance.choice((None, None, "completed", "failed", "in_progress")),
        from_number=chance.choice((None, None, None, *NUMBERS)),
        to_number=chance.choice((None, None, None, *NUMBERS)),
        phone_number=chance.choice((None, None, None, *NUMBERS)),
        started_from=chance.choice((None, *MOMENTS)),
        started_to=chance.choice((None, *MOMENTS)),
        is_test_call=chance.choice((None, None, True, False)),
    )


async def some_calls(db: Database, org_id: int, chance: random.Random, number: int) -> list[Call]:
    """Calls over three days, some of another organization; the organization's, newest first."""
    async with db.transaction() as tx:
        other = (await organizations.insert(tx, "Other")).id
        for _ in range(number):
            new = new_call(
                chance.choice((org_id, org_id, org_id, other)),
                agent_id=chance.choice((None, 1, 2)),
                direction=chance.choice(call_lists.DIRECTIONS),
                from_number=chance.choice(NUMBERS),
                to_number=chance.choice(NUMBERS),
                started_at=chance.randrange(3 * DAY_MS) // 1_000_000 * 1_000_000,
                is_test_call=chance.random() < 0.3,
            )
            call_id = await calls.insert(tx, new)
            if chance.random() < 0.8:
                status = chance.choice(("completed", "failed"))
                await calls.finish(
                    tx, call_id, status=status, end_reason="x", sip_status=None, ended_at=1
                )
    rows = await db.fetch_all("SELECT id FROM calls WHERE org_id = ?", (org_id,))
    found = [await calls.get(db, org_id, row[0]) for row in rows]
    return sorted(found, key=lambda call: (-call.started_at, -call.id))


async def test_any_filter_combination_finds_what_it_means(db: Database, org_id: int):
    chance = random.Random(7)
    every = await some_calls(db, org_id, chance, 200)
    for _ in range(500):
        wanted = some_filter(chance)
        offset = chance.choice((0, 0, 3, 40))
        expected = [call.id for call in every if matches(call, wanted)]
        total, found = await call_lists.page(db, org_id, wanted, 7, offset)
        assert [call.id for call in found] == expected[offset : offset + 7], wanted
        assert total == len(expected) == await call_lists.count(db, org_id, wanted), wanted


async def test_pages_after_a_place_fit_together(db: Database, org_id: int):
    chance = random.Random(8)
    every = await some_calls(db, org_id, chance, 150)
    for wanted in (CallFilter(), *(some_filter(chance) for _ in range(30))):
        place: Place | None = None
        seen: list[int] = []
        while found := await call_lists.after(db, org_id, wanted, 9, place):
            seen += [call.id for call in found]
            place = Place(found[-1].started_at, found[-1].id)
        assert seen == [call.id for call in every if matches(call, wanted)], wanted


async def test_deep_pages_are_read_otherwise_and_are_the_same(
    db: Database, org_id: int, monkeypatch: pytest.MonkeyPatch
):
    chance = random.Random(9)
    await some_calls(db, org_id, chance, 150)
    for status, is_test in product((None, "completed"), (None, True)):
        wanted = CallFilter(status=status, is_test_call=is_test)
        merged = await call_lists.page(db, org_id, wanted, 5, 10)
        monkeypatch.setattr(call_lists, "DEEP", 0)
        assert await call_lists.page(db, org_id, wanted, 5, 10) == merged
        monkeypatch.undo()


async def test_the_total_of_a_number_is_a_lower_bound_that_pages_go_beyond(
    db: Database, org_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(call_lists, "COUNTED", 3)
    for at in range(20):
        await add(db, org_id, from_number="+9", started_at=at)
    wanted, offset, pages = CallFilter(from_number="+9"), 0, []
    while True:
        total, found = await call_lists.page(db, org_id, wanted, 4, offset)
        pages += [call.started_at for call in found]
        offset += 4
        if offset >= total:
            break
    assert pages == list(range(19, -1, -1))


async def test_counts_follow_changes_and_deletions(db: Database, org_id: int):
    first, _ = await add(db, org_id), await add(db, org_id)
    assert await call_lists.count(db, org_id, CallFilter(status="in_progress")) == 2
    await finish(db, first, "failed")
    assert await call_lists.count(db, org_id, CallFilter(status="in_progress")) == 1
    assert await call_lists.count(db, org_id, CallFilter(status="failed")) == 1
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM calls WHERE id = ?", (first,))
    assert await call_lists.count(db, org_id, CallFilter()) == 1


async def test_numbers_of_either_side_are_listed_once_the_latest_first(db: Database, org_id: int):
    await add(db, org_id, from_number="+1415", to_number="+1", started_at=1)
    await add(db, org_id, from_number="+1", to_number="+1416", started_at=3)
    await add(db, org_id, from_number="+1415", to_number="+2", started_at=2)

    async def numbers(digits: str, limit: int = 10) -> list[str]:
        return [row["number"] for row in await call_lists.party_numbers(db, org_id, digits, limit)]

    assert await numbers("") == ["+1", "+1416", "+1415", "+2"]
    assert await numbers("41") == ["+1416", "+1415"]
    assert await numbers("41", 1) == ["+1416"]
    assert await call_lists.party_numbers(db, org_id + 1, "", 10) == []
