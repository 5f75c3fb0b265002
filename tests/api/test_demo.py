"""The appointment book of the agent that a fresh box starts with."""

from __future__ import annotations

import httpx
import pytest

SLOT = {"day": "Monday", "time": "3 pm"}


def from_address(app, host: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(host, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://10.0.0.5", headers=headers)


async def test_a_slot_is_booked_once(app):
    async with from_address(app, "127.0.0.1") as tool:
        booked = await tool.post("/demo/appointments", json=SLOT | {"name": "Jane"})
        assert (booked.status_code, booked.json()) == (
            201,
            {"status": "confirmed", "id": 1, "day": "Monday", "time": "3 pm"},
        )
        taken = await tool.post("/demo/appointments", json={"day": "monday ", "time": "3  PM"})
        assert (taken.status_code, taken.json()) == (409, {"error": "slot taken"})


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 201),
        ("127.0.0.9", {}, 201),
        ("::1", {}, 201),
        ("10.0.0.5", {}, 201),
        ("203.0.113.9", {}, 401),
        ("10.0.0.6", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 401),
        ("127.0.0.1", {"Origin": "https://evil.example"}, 401),
        ("localhost", {}, 401),
    ],
)
async def test_only_this_machine_books_without_a_key(app, host, headers, status):
    async with from_address(app, host, **headers) as caller:
        assert (await caller.post("/demo/appointments", json=SLOT)).status_code == status


async def test_others_book_and_read_with_a_key(client):
    assert (await client.post("/demo/appointments", json=SLOT)).status_code == 201
    [slot] = (await client.get("/demo/appointments")).json()
    assert (slot["day"], slot["time"], slot["name"]) == ("Monday", "3 pm", "")


async def test_reading_needs_a_key_everywhere(app):
    async with from_address(app, "127.0.0.1") as tool:
        assert (await tool.get("/demo/appointments")).status_code == 401


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, ["day", "time"]), ({"day": "", "time": "3"}, ["day"]), (SLOT | {"time": 3}, ["time"])],
)
async def test_wrong_fields_are_named(client, body, fields):
    response = await client.post("/demo/appointments", json=body)
    assert (response.status_code, list(response.json())) == (400, fields)
