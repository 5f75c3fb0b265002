"""`thunderbox billing`: an operator sees balances and adds credit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_users import ask
from thunderbox.cli.billing import usd
from thunderbox.store import ledger
from thunderbox.store.database import Database


async def entries(db: Database) -> list[tuple[str, int, str]]:
    _, found = await ledger.page(db, 1, 10, 0)
    return [(entry.kind, entry.amount_cents, entry.description) for entry in found]


def test_credit_is_an_entry_of_the_ledger_on_top_of_the_starting_credit(
    run: Run, box_data: Path
) -> None:
    assert run("billing", "list", "--data", str(box_data)) == 0
    assert "no account yet" in run.out
    given = run("billing", "credit", "25.5", "--note", "Refund of call 7", "--data", str(box_data))
    assert (given, run.out) == (
        0,
        "Credited 25.50 USD to My organization (1); its balance is 1,025.50 USD.\n",
    )
    assert ask(box_data, entries) == [
        ("adjustment", 2_550, "Refund of call 7"),
        ("adjustment", 100_000, "Starting credit"),
    ]
    assert run("billing", "list", "--data", str(box_data)) == 0
    assert "1,025.50 USD" in run.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["0"], "is no amount"),
        (["1.234"], "is no amount"),
        (["a lot"], "is no amount"),
        (["99999999"], "is no amount"),
        (["5", "--organization", "9"], "There is no organization 9"),
        (["5", "--note", " "], "A note has 1 to 200 characters"),
    ],
)
def test_what_is_no_credit(run: Run, box_data: Path, arguments: list[str], sentence: str) -> None:
    assert run("billing", "credit", *arguments, "--data", str(box_data)) == 1
    assert sentence in run.err
    assert ask(box_data, entries) == []


def test_amounts_are_written_in_dollars() -> None:
    assert [usd(cents) for cents in (0, 5, -1_234, 100_000)] == [
        "0.00 USD",
        "0.05 USD",
        "-12.34 USD",
        "1,000.00 USD",
    ]
