"""People of an API in memory: signed in, with a password that takes no time to check."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher

from thunderbox.store import members, tokens, users
from thunderbox.store.database import Database
from thunderbox.store.users import Role

PASSWORD = "correct horse battery"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass
class Person:
    """Somebody who is signed in."""

    user_id: int
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def within(self, org_id: int) -> dict[str, str]:
        """The headers to act in one of several organizations."""
        return {**self.headers, "X-ThunderPhone-Org": str(org_id)}


async def make_person(db: Database, email: str, **roles: Role) -> Person:
    """A person with a session; `org_7="admin"` makes them an admin of organization 7."""
    token = tokens.new_secret("session")
    async with db.transaction() as tx:
        user = await users.insert(tx, email, "Pat", "Doe", _HASH)
        for name, role in roles.items():
            await users.join(tx, int(name.removeprefix("org_")), user.id, role)
        await tokens.insert(tx, user.id, "session", "test", token)
    return Person(user.id, email, token)


async def make_member(db: Database, org_id: int, role: Role, email: str) -> tuple[Person, int]:
    """A person in an organization, and the id of the membership."""
    person = await make_person(db, email, **{f"org_{org_id}": role})
    member = await members.of_user(db, org_id, person.user_id)
    assert member is not None
    return person, member.id
