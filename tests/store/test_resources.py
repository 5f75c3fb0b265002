"""Keys, people, agents, numbers, appointments."""

from __future__ import annotations

import pytest

from tests.data import new_call
from thunderbox.errors import DuplicateError
from thunderbox.store import agents, api_keys, calls, demo_appointments, phone_numbers, users
from thunderbox.store.agents import NewAgent
from thunderbox.store.database import Database
from thunderbox.store.phone_numbers import NewPhoneNumber

BY = "jane@example.com"


def reception(**fields: object) -> NewAgent:
    return NewAgent(**({"name": "Reception", "prompt": "Be brief.", "voice": "v"} | fields))


async def test_an_organization_has_one_owner(db: Database, org_id: int):
    async with db.transaction() as tx:
        jane, joe = await users.insert(tx, BY), await users.insert(tx, "joe@example.com")
        await users.join(tx, org_id, jane.id, "owner")
        with pytest.raises(DuplicateError):
            await users.join(tx, org_id, joe.id, "owner")
        await users.join(tx, org_id, joe.id, "member")
    assert (await users.owner(db, org_id)).email == BY


async def test_a_key_is_found_by_itself_and_not_kept(db: Database, org_id: int):
    secret = api_keys.new_secret()
    async with db.transaction() as tx:
        user = await users.insert(tx, BY)
        await users.join(tx, org_id, user.id, "admin")
        key = await api_keys.insert(tx, org_id, "CI", secret, user.id)
    holder = await api_keys.by_secret(db, secret)
    assert (holder.id, holder.org_id, holder.org_name) == (key.id, org_id, "Acme")
    assert (holder.email, holder.role) == (BY, "admin")
    assert (
        secret.encode()
        not in db.path.read_bytes() + db.path.with_name(db.path.name + "-wal").read_bytes()
    )


async def test_a_key_shows_its_first_fifteen_characters(db: Database, org_id: int):
    secret = api_keys.new_secret()
    async with db.transaction() as tx:
        key = await api_keys.insert(tx, org_id, "CI", secret)
    assert len(secret) == 8 + 48
    assert key.key_prefix == secret[:15]


async def test_a_revoked_key_opens_nothing_and_stays_listed(db: Database, org_id: int):
    secret = api_keys.new_secret()
    async with db.transaction() as tx:
        key = await api_keys.insert(tx, org_id, "CI", secret)
        assert await api_keys.revoke(tx, org_id, key.id)
        assert not await api_keys.revoke(tx, org_id, key.id)
    assert await api_keys.by_secret(db, secret) is None
    [listed] = await api_keys.page(db, org_id)
    assert listed.revoked_at is not None


async def test_an_agent_comes_back_as_it_was_written(db: Database, org_id: int):
    new = reception(tools=[{"type": "function"}], max_hold_seconds=30, widget_enabled=False)
    async with db.transaction() as tx:
        made = await agents.insert(tx, org_id, new, BY)
    found = await agents.get(db, org_id, made.id)
    assert found == made
    assert (found.tools, found.max_hold_seconds, found.widget_enabled) == (
        [{"type": "function"}],
        30,
        False,
    )


async def test_every_write_of_an_agent_leaves_a_version(db: Database, org_id: int):
    async with db.transaction() as tx:
        first = await agents.insert(tx, org_id, reception(), BY)
        second = await agents.update(tx, first, reception(prompt="Be kind.", name="Desk"), "joe")
    count, [newest, oldest] = await agents.versions(db, first.id, 20)
    assert (count, newest.revision, oldest.revision) == (2, 2, 1)
    assert (newest.created_by, sorted(newest.changed_fields)) == ("joe", ["name", "prompt"])
    assert (oldest.changed_fields, oldest.agent()) == ([], first)
    assert newest.agent() == second


async def test_two_writes_in_a_millisecond_differ(db: Database, org_id: int):
    async with db.transaction() as tx:
        agent = await agents.insert(tx, org_id, reception(), BY)
        stamps = {agent.updated_at}
        for _ in range(5):
            agent = await agents.update(tx, agent, reception(), BY)
            stamps.add(agent.updated_at)
    assert len(stamps) == 6


async def test_deleting_an_agent_clears_its_numbers_and_keeps_its_calls(db: Database, org_id: int):
    async with db.transaction() as tx:
        agent = await agents.insert(tx, org_id, reception(), BY)
        number = await phone_numbers.insert(
            tx,
            org_id,
            NewPhoneNumber(
                number="+15550100", inbound_agent_id=agent.id, outbound_agent_id=agent.id
            ),
        )
        call_id = await calls.insert(tx, new_call(org_id, agent_id=agent.id))
        assert await agents.delete(tx, org_id, agent.id)
        assert not await agents.delete(tx, org_id, agent.id)
    left = await phone_numbers.get(db, org_id, number.id)
    assert (left.inbound_agent_id, left.outbound_agent_id) == (None, None)
    assert (await calls.get(db, org_id, call_id)).agent_id == agent.id


async def test_an_inbound_call_finds_only_active_numbers(db: Database, org_id: int):
    async with db.transaction() as tx:
        await phone_numbers.insert(tx, org_id, NewPhoneNumber(number="+15550100"))
        await phone_numbers.insert(
            tx, org_id, NewPhoneNumber(number="+15550101", source="voip", status="provisioning")
        )
    assert (await phone_numbers.by_number(db, "+15550100")).org_id == org_id
    assert await phone_numbers.by_number(db, "+15550101") is None


async def test_a_released_number_is_gone_and_can_be_taken_again(db: Database, org_id: int):
    async with db.transaction() as tx:
        number = await phone_numbers.insert(tx, org_id, NewPhoneNumber(number="+15550100"))
        assert await phone_numbers.release(tx, org_id, number.id)
        assert not await phone_numbers.release(tx, org_id, number.id)
        assert await phone_numbers.get(tx, org_id, number.id) is None
        await phone_numbers.insert(tx, org_id, NewPhoneNumber(number="+15550100"))
    assert [found.number for found in await phone_numbers.page(db, org_id)] == ["+15550100"]


async def test_a_number_in_use_cannot_be_taken(db: Database, org_id: int):
    async with db.transaction() as tx:
        await phone_numbers.insert(tx, org_id, NewPhoneNumber(number="+15550100"))
        with pytest.raises(DuplicateError):
            await phone_numbers.insert(tx, org_id, NewPhoneNumber(number="+15550100"))


async def test_free_demo_numbers_do_not_repeat(db: Database, org_id: int):
    taken = []
    async with db.transaction() as tx:
        for _ in range(3):
            number = await phone_numbers.free_demo(tx)
            taken.append(number)
            await phone_numbers.insert(tx, org_id, NewPhoneNumber(number=number))
    assert taken == ["+15550100000", "+15550100001", "+15550100002"]


async def test_a_slot_is_booked_once(db: Database):
    async with db.transaction() as tx:
        await demo_appointments.insert(tx, "Monday", "3 pm", "Jane")
        with pytest.raises(DuplicateError):
            await demo_appointments.insert(tx, "monday", "3 PM", "Joe")
    [slot] = await demo_appointments.page(db)
    assert (slot.day, slot.time, slot.name) == ("Monday", "3 pm", "Jane")
