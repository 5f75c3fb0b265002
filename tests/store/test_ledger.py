"""The ledger: only ever added to, in order, and its sum is the balance."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from thunderbox.errors import DuplicateError, StoreError
from thunderbox.store import ledger
from thunderbox.store.database import Database
from thunderbox.store.ledger import NewEntry


async def add(db: Database, org_id: int, cents: int, **fields: object) -> ledger.Entry:
    values: dict = {"kind": "manual_topup", "amount_cents": cents, "description": "Top-up"}
    async with db.transaction() as tx:
        return await ledger.append(tx, org_id, NewEntry(**(values | fields)), at_ms=1_000)


async def total(db: Database, org_id: int) -> int:
    row = await db.fetch_one("SELECT sum(amount_cents) FROM ledger WHERE org_id = ?", (org_id,))
    return row[0]


async def test_the_sum_is_the_balance(db: Database, org_id: int):
    for cents in (500, -8, -16, 24):
        await add(db, org_id, cents)
    assert await ledger.balance(db, org_id) == await total(db, org_id) == 500


async def test_each_organization_has_its_own(db: Database):
    await add(db, 1, 500)
    await add(db, 2, 70)
    assert (await ledger.balance(db, 1), await ledger.balance(db, 2)) == (500, 70)
    assert await ledger.get(db, 2, (await add(db, 1, 1)).id) is None


async def test_entries_at_once_follow_each_other(db: Database, org_id: int):
    await asyncio.gather(*(add(db, org_id, n) for n in range(1, 51)))
    count, found = await ledger.page(db, org_id, 50, 0)
    assert count == 50
    assert [entry.seq for entry in found] == list(range(50, 0, -1))
    assert found[0].balance_cents == await total(db, org_id) == 1275


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET amount_cents = 1",
        "DELETE FROM ledger",
        "INSERT INTO ledger (org_id, seq, kind, amount_cents, balance_cents, description, "
        "metadata, created_at) VALUES (1, 2, 'adjustment', 5, 999, '', '{}', 0)",
        "INSERT INTO ledger (org_id, seq, kind, amount_cents, balance_cents, description, "
        "metadata, created_at) VALUES (1, 7, 'adjustment', 5, 505, '', '{}', 0)",
    ],
)
async def test_nobody_can_rewrite_it(db: Database, statement: str):
    await add(db, 1, 500)
    with pytest.raises(StoreError):
        async with db.transaction() as tx:
            await tx.execute(statement)
    assert await ledger.balance(db, 1) == 500


async def test_a_call_is_charged_once(db: Database, org_id: int):
    await add(db, org_id, -8, kind="call_usage", call_id=7)
    with pytest.raises(DuplicateError):
        await add(db, org_id, -8, kind="call_usage", call_id=7)
    assert await ledger.balance(db, org_id) == -8


async def test_an_idempotency_key_is_used_once_in_an_organization(db: Database):
    await add(db, 1, 5, idempotency_key="a")
    await add(db, 2, 5, idempotency_key="a")
    with pytest.raises(DuplicateError):
        await add(db, 1, 5, idempotency_key="a")


async def test_pages_go_from_the_newest(db: Database, org_id: int):
    for cents in range(1, 6):
        await add(db, org_id, cents)
    count, found = await ledger.page(db, org_id, 2, 1)
    assert (count, [entry.amount_cents for entry in found]) == (5, [4, 3])
    assert await ledger.page(db, org_id, 2, 9) == (5, [])


async def test_it_outlives_its_organization(db: Database, org_id: int):
    await add(db, org_id, 500)
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM organizations WHERE id = ?", (org_id,))
    assert await ledger.balance(db, org_id) == 500


KILLED = """
import asyncio, sys
from pathlib import Path
from thunderbox.calls.billing import Billing
from thunderbox.calls.closing import Closing
from thunderbox.calls.ports import SystemClock
from thunderbox.settings import Settings
from thunderbox.store import calls, organizations
from thunderbox.store.database import Database

async def main():
    db = await Database.open(Path(sys.argv[1]))
    closing = Closing(Billing(db, Settings(), SystemClock()), graded=True)
    async with db.transaction() as tx:
        org = await organizations.insert(tx, "Acme")
        ids = [
            await calls.insert(tx, calls.NewCall(
                org_id=org.id, agent_id=None, phone_number_id=None, direction="inbound",
                from_number="1", to_number="2", started_at=0, prompt="", voice="v",
                product="spark", thinking_level="base", tools=[]))
            for _ in range(2000)
        ]
        for call_id in ids:
            await calls.set_answered(tx, call_id, 0)
    async def end(call_id):
        async with db.transaction() as tx:
            await closing.close(tx, call_id, status="completed", end_reason="agent_end",
                                sip_status=None, ended_at=60_000)
        print(call_id, flush=True)
    for at in range(0, 2000, 100):
        await asyncio.gather(*(end(call_id) for call_id in ids[at:at + 100]))

asyncio.run(main())
"""


async def test_kill_in_between_loses_nothing_committed_and_charges_nothing_twice(tmp_path: Path):
    path = tmp_path / "thunderbox.db"
    ending = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, str(path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    told = [int(await ending.stdout.readline()) for _ in range(30)]
    ending.kill()
    told += [int(line) for line in (await ending.stdout.read()).split(b"\n")[:-1]]
    await ending.wait()
    db = await Database.open(path)
    rows = await db.fetch_all("SELECT call_id FROM ledger WHERE kind = 'call_usage'")
    charged = [row[0] for row in rows]
    ended = await db.fetch_all("SELECT id FROM calls WHERE status = 'completed'")
    assert set(told) <= set(charged)
    assert sorted(charged) == sorted(row[0] for row in ended)
    assert 30 <= len(charged) == len(set(charged)) < 2000
    assert await ledger.balance(db, 1) == await total(db, 1) == 100_000 - 8 * len(charged)
    assert await db.integrity() == []
    await db.close()
