"""First start: what an empty box needs so that its first call can be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thunderbox.store import agents, api_keys, organizations, phone_numbers, users
from thunderbox.store.database import Database

NUMBER = "+15550100"
OWNER = "owner@thunderbox.local"
PROMPT = (
    "You are the receptionist of Bright Smile Dental. Answer callers briefly and kindly. "
    "We are open Monday to Friday from 9 am to 5 pm and Saturday from 10 am to 2 pm. "
    "We are closed on Sunday. We are at 12 Harbor Street. Parking is behind the building. "
    "A cleaning costs 80 dollars and a checkup costs 50 dollars. The dentist is Maria Lopez. "
    "We accept cash and cards."
)
BOOKING: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "book_appointment",
        "description": "Book an appointment in the practice's calendar.",
        "parameters": {
            "type": "object",
            "properties": {
                "day": {"type": "string", "description": "Day, as the caller said it"},
                "time": {"type": "string", "description": "Time, as the caller said it"},
            },
            "required": ["day", "time"],
        },
    },
    "endpoint": {"url": "/demo/appointments", "method": "POST"},
}


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What was made; the key is seen here only."""

    key: str
    number: str


async def prepare(db: Database, voice: str) -> FirstStart | None:
    """Fill an empty database: organization, owner, API key, the agent Reception, one number.

    Returns None when the box was started before.
    """
    if await organizations.count(db):
        return None
    key = api_keys.new_secret()
    async with db.transaction() as tx:
        organization = await organizations.insert(tx, "My organization")
        owner = await users.insert(tx, OWNER)
        await users.join(tx, organization.id, owner.id, "owner")
        await api_keys.insert(tx, organization.id, "First key", key, owner.id)
        agent = await agents.insert(
            tx,
            organization.id,
            agents.NewAgent(name="Reception", prompt=PROMPT, voice=voice, tools=[BOOKING]),
            OWNER,
        )
        await phone_numbers.insert(
            tx,
            organization.id,
            phone_numbers.NewPhoneNumber(
                number=NUMBER, inbound_agent_id=agent.id, outbound_agent_id=agent.id
            ),
            OWNER,
        )
    return FirstStart(key, NUMBER)


async def adopt_trunk_numbers(db: Database, numbers: tuple[str, ...]) -> list[str]:
    """Give the first organization the trunk's numbers of the config; returns the new ones."""
    added: list[str] = []
    first = await organizations.first(db)
    if first is None:
        return added
    for number in numbers:
        if await phone_numbers.by_number(db, number) is not None:
            continue
        async with db.transaction() as tx:
            await phone_numbers.insert(
                tx,
                first.id,
                phone_numbers.NewPhoneNumber(
                    number=number, source="voip", voip_verification_status="verified"
                ),
                "trunk.numbers",
            )
        added.append(number)
    return added
