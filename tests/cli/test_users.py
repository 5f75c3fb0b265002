"""`thunderbox users`: people are listed, added, and given another password."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from thunderbox import passwords
from thunderbox.store import api_keys, tokens, users
from thunderbox.store.database import Database

PASSWORD = "a long password"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts text where the commands read passwords from."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def ask(data: Path, question: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    async def inside() -> Any:
        db = await Database.open(data / "thunderbox.db")
        try:
            return await question(db)
        finally:
            await db.close()

    return asyncio.run(inside())


def stored_hash(data: Path, email: str) -> str | None:
    async def read(db: Database) -> str | None:
        user = await users.by_email(db, email)
        return await users.password_hash(db, user.id) if user else None

    return ask(data, read)


def test_a_person_is_added_and_can_sign_in(run: Run, box_data: Path, typed) -> None:
    typed(PASSWORD + "\n")
    added = run("users", "add", "pat@example.com", "--role", "admin", "--data", str(box_data))
    assert (added, run.out) == (0, "Added pat@example.com as admin of organization 1.\n")
    stored = stored_hash(box_data, "pat@example.com")
    assert asyncio.run(passwords.Passwords().is_right(stored, PASSWORD))
    assert run("users", "list", "--data", str(box_data)) == 0
    assert "My organization (1): admin" in run.out
    assert "owner@thunderbox.local" in run.out


@pytest.mark.parametrize(
    ("arguments", "text", "sentence"),
    [
        (["nobody"], PASSWORD, "is no e-mail address"),
        (["owner@thunderbox.local"], PASSWORD, "has an account already"),
        (["pat@example.com", "--organization", "9"], PASSWORD, "There is no organization 9"),
        (["pat@example.com", "--role", "owner"], PASSWORD, "has an owner"),
        (["pat@example.com"], "short", "A password has 10 to 256 characters."),
        (["pat@example.com"], "", "A password has 10 to 256 characters."),
    ],
)
def test_who_cannot_be_added(
    run: Run,
    box_data: Path,
    typed,
    arguments,
    text,
    sentence,
) -> None:
    typed(text + "\n")
    assert run("users", "add", *arguments, "--data", str(box_data)) == 1
    assert sentence in run.err


def test_another_password_ends_sessions(run: Run, box_data: Path, typed) -> None:
    async def begin(db: Database) -> None:
        async with db.transaction() as tx:
            for kind in ("session", "personal"):
                await tokens.insert(tx, 1, kind, "", tokens.new_secret(kind))

    async def kinds(db: Database) -> list[str]:
        return [k for k in ("session", "personal") if await tokens.page(db, 1, k)]

    async def active_keys(db: Database) -> int:
        return sum(key.revoked_at is None for key in await api_keys.page(db, 1))

    ask(box_data, begin)
    reset = ("users", "reset-password", "OWNER@thunderbox.local", "--data", str(box_data))
    typed(PASSWORD + "\n")
    assert run(*reset) == 0
    assert "signs in with the new password" in run.out
    assert (ask(box_data, kinds), ask(box_data, active_keys)) == (["personal"], 1)
    typed(PASSWORD + "\n")
    assert run(*reset, "--end-tokens") == 0
    assert (ask(box_data, kinds), ask(box_data, active_keys)) == ([], 0)


def test_a_password_for_nobody(run: Run, box_data: Path, typed) -> None:
    typed(PASSWORD)
    assert run("users", "reset-password", "x@example.com", "--data", str(box_data)) == 1
    assert "Nobody here has the e-mail address" in run.err


def test_there_is_no_box(run: Run, tmp_path: Path) -> None:
    assert run("users", "list", "--data", str(tmp_path)) == 1
    assert "There is no box" in run.err
