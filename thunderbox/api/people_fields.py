"""What people write about themselves, and what answers show of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from thunderbox import passwords
from thunderbox.store.users import User

Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$",
        description="an e-mail address",
    ),
]
Password = Annotated[
    str,
    Meta(
        min_length=passwords.MIN_LENGTH,
        max_length=passwords.MAX_LENGTH,
        description=f"a text of {passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters",
    ),
]
GivenPassword = Annotated[
    str,
    Meta(
        max_length=passwords.MAX_LENGTH,
        description=f"a text of at most {passwords.MAX_LENGTH} characters",
    ),
]
PersonName = Annotated[str, Meta(max_length=150, description="a text of at most 150 characters")]


class PersonView(Struct, kw_only=True):
    """A person."""

    id: int
    email: str
    first_name: str
    last_name: str


def view(user: User) -> PersonView:
    """A person as an answer shows them."""
    return PersonView(
        id=user.id, email=user.email, first_name=user.first_name, last_name=user.last_name
    )
