"""`thunderbox users`: people and their passwords, straight in the database."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from thunderbox import passwords
from thunderbox.cli.database import first_organization, with_database
from thunderbox.cli.options import DEFAULT_DATA, DataOption, out
from thunderbox.errors import DuplicateError, ThunderBoxError
from thunderbox.store import members, organizations, tokens, users
from thunderbox.store.database import Database, Transaction

app = typer.Typer(
    help="List and add people, and reset their passwords, whether the box runs or not.",
    no_args_is_help=True,
)
PASSWORD = (
    f"The password ({passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters) is asked for, or "
    "read from standard input where that is no terminal."
)


class Role(StrEnum):
    """What a person may do in an organization."""

    owner = "owner"
    admin = "admin"
    member = "member"


EmailArgument = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@app.command("list")
def list_users(data: DataOption = DEFAULT_DATA) -> None:
    """Show everybody: whether they have a password, and where they belong in which role."""

    async def rows(db: Database) -> list[tuple[str, ...]]:
        return [
            (
                str(user.id),
                user.email,
                f"{user.first_name} {user.last_name}".strip(),
                "yes" if await users.password_hash(db, user.id) else "none",
                ", ".join(
                    f"{one.name} ({one.id}): {one.role}"
                    for one in await organizations.of_user(db, user.id)
                ),
            )
            for user in await users.page(db)
        ]

    table = Table("id", "e-mail", "name", "password", "organizations")
    for row in with_database(data, rows):
        table.add_row(*row)
    out.print(table)


@app.command("add", help=f"Add a person who can sign in. {PASSWORD}")
def add(
    email: EmailArgument,
    first_name: Annotated[str, typer.Option(help="The first name.")] = "",
    last_name: Annotated[str, typer.Option(help="The last name.")] = "",
    role: Annotated[Role, typer.Option(help="The role in the organization.")] = Role.member,
    organization: Annotated[
        int | None,
        typer.Option(help="The organization's id; the box's first one when left out."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Add a person who can sign in."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise ThunderBoxError(f'"{email}" is no e-mail address.')

    async def find(db: Database) -> int:
        if await users.by_email(db, email):
            raise ThunderBoxError(
                f"{email} has an account already. `thunderbox users reset-password` gives it "
                "another password."
            )
        org_id = organization if organization is not None else await first_organization(db)
        if await organizations.get(db, org_id) is None:
            raise ThunderBoxError(
                f"There is no organization {org_id}. `thunderbox users list` shows the ids."
            )
        if role is Role.owner and await users.owner(db, org_id):
            raise ThunderBoxError(
                f"Organization {org_id} has an owner; add an admin, who can be made the owner."
            )
        return org_id

    org_id = with_database(data, find)
    hashed = passwords.hash_now(_password())

    async def insert(db: Database) -> None:
        try:
            async with db.transaction() as tx:
                user = await users.insert(tx, email, first_name, last_name, hashed)
                await users.join(tx, org_id, user.id, role.value)
        except DuplicateError:
            raise ThunderBoxError(f"{email} was added by somebody else meanwhile.") from None

    with_database(data, insert)
    out.print(f"Added {email} as {role.value} of organization {org_id}.", markup=False)


@app.command(
    "reset-password", help=f"Give a person another password, and end their sessions. {PASSWORD}"
)
def reset_password(
    email: EmailArgument,
    end_tokens: Annotated[
        bool, typer.Option("--end-tokens", help="End their personal tokens and keys too.")
    ] = False,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Give a person another password, and end their sessions."""

    async def find(db: Database) -> users.User:
        user = await users.by_email(db, email)
        if user is None:
            raise ThunderBoxError(
                f"Nobody here has the e-mail address {email}. `thunderbox users list` shows "
                "everybody."
            )
        return user

    user = with_database(data, find)
    hashed = passwords.hash_now(_password())

    async def reset(db: Database) -> None:
        async with db.transaction() as tx:
            await users.set_password(tx, user.id, hashed)
            if end_tokens:
                await _end_everything(tx, user.id)
            else:
                await tokens.delete_sessions(tx, user.id)

    with_database(data, reset)
    out.print(f"{user.email} signs in with the new password from now on.", markup=False)


async def _end_everything(tx: Transaction, user_id: int) -> None:
    await tokens.delete_all(tx, user_id)
    for organization in await organizations.of_user(tx, user_id):
        await members.end_keys(tx, organization.id, user_id)


def _password() -> str:
    """Ask twice at a terminal; else take the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
