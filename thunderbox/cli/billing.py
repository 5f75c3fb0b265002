"""`thunderbox billing`: balances of organizations, and credit that an operator gives."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.table import Table

from thunderbox.calls.billing import Billing
from thunderbox.calls.ports import SystemClock
from thunderbox.cli.database import first_organization, with_database
from thunderbox.cli.options import DEFAULT_DATA, ConfigOption, DataOption, out, read_settings
from thunderbox.errors import ThunderBoxError
from thunderbox.store import billing_accounts, ledger, organizations
from thunderbox.store.database import Database

app = typer.Typer(
    help="See what organizations have left, and credit them, whether the box runs or not.",
    no_args_is_help=True,
)
MAX_DOLLARS = 10_000_000


@app.command("list")
def list_balances(data: DataOption = DEFAULT_DATA) -> None:
    """Show the balance of every organization."""

    async def rows(db: Database) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        for one in await organizations.page(db):
            opened = await billing_accounts.get(db, one.id) is not None
            balance = usd(await ledger.balance(db, one.id)) if opened else "no account yet"
            found.append((str(one.id), one.name, balance))
        return found

    table = Table("id", "organization", "balance")
    for row in with_database(data, rows):
        table.add_row(*row)
    out.print(table)


@app.command("credit")
def credit(
    amount: Annotated[str, typer.Argument(help="US dollars, such as 25 or 25.50.")],
    organization: Annotated[
        int | None,
        typer.Option(help="The organization's id; the box's first one when left out."),
    ] = None,
    note: Annotated[
        str, typer.Option(help="What the credit is for; the ledger shows it.")
    ] = "Credit by the operator",
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Add credit to an organization: an entry `adjustment` in its ledger."""
    cents = _cents(amount)
    if not 1 <= len(note.strip()) <= 200:
        raise ThunderBoxError("A note has 1 to 200 characters.")
    settings = read_settings(config)

    async def add(db: Database) -> tuple[str, int]:
        org_id = organization if organization is not None else await first_organization(db)
        found = await organizations.get(db, org_id)
        if found is None:
            raise ThunderBoxError(
                f"There is no organization {org_id}. `thunderbox billing list` shows the ids."
            )
        entry = await Billing(db, settings, SystemClock()).credit(org_id, cents, note.strip())
        return f"{found.name} ({org_id})", entry.balance_cents

    name, balance = with_database(data, add)
    out.print(f"Credited {usd(cents)} to {name}; its balance is {usd(balance)}.", markup=False)


def usd(cents: int) -> str:
    """Cents as dollars: -1234 is -12.34 USD."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02} USD"


def _cents(amount: str) -> int:
    """Dollars as cents. Raises ThunderBoxError."""
    found = re.fullmatch(r"(\d{1,8})(?:\.(\d{1,2}))?", amount, re.ASCII)
    cents = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not 0 < cents <= MAX_DOLLARS * 100:
        raise ThunderBoxError(
            f'"{amount}" is no amount: give US dollars such as 25 or 25.50, at most '
            f"{MAX_DOLLARS:,}."
        )
    return cents
