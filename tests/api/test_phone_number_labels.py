"""/v1/phone-number-labels."""

from __future__ import annotations

import pytest

from tests.api.conftest import Tenant

URL = "/v1/phone-number-labels"


async def test_a_label_is_written_and_listed(client):
    response = await client.post(URL, json={"phone_number": "+14155550100", "label": "Aetna"})
    assert response.status_code == 200
    made = response.json()
    assert made["created_at"] == made["updated_at"]
    assert (made["phone_number"], made["label"]) == ("+14155550100", "Aetna")
    assert list(made) == ["id", "phone_number", "label", "created_at", "updated_at"]
    assert (await client.get(URL)).json() == [made]


async def test_the_same_number_keeps_one_label(client):
    first, second = [
        (await client.post(URL, json={"phone_number": "+14155550100", "label": label})).json()
        for label in ("Aetna", "Cigna")
    ]
    assert (second["id"], second["created_at"]) == (first["id"], first["created_at"])
    assert second["updated_at"] > first["updated_at"]
    assert [one["label"] for one in (await client.get(URL)).json()] == ["Cigna"]


async def test_labels_come_by_number(client):
    for number in ("+491", "+141", "+151"):
        await client.post(URL, json={"phone_number": number, "label": "x"})
    assert [one["phone_number"] for one in (await client.get(URL)).json()] == [
        "+141", "+151", "+491",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ["phone_number", "label"]),
        ({"phone_number": "14155550100", "label": "x"}, ["phone_number"]),
        ({"phone_number": 1, "label": "x"}, ["phone_number"]),
        ({"phone_number": "+14155550100", "label": ""}, ["label"]),
        ({"phone_number": "+14155550100", "label": "x" * 101}, ["label"]),
    ],
)
async def test_wrong_fields_are_named(client, body, wrong):
    response = await client.post(URL, json=body)
    assert (response.status_code, list(response.json())) == (400, wrong)
    assert (await client.get(URL)).json() == []


async def test_a_label_is_deleted_once(client):
    body = {"phone_number": "+14155550100", "label": "Aetna"}
    url = f"{URL}/{(await client.post(URL, json=body)).json()['id']}"
    response = await client.delete(url)
    assert (response.status_code, response.content) == (204, b"")
    assert (await client.delete(url)).status_code == 404
    assert (await client.get(URL)).json() == []


async def test_organizations_label_the_same_number_apart(client, other: Tenant):
    body = {"phone_number": "+14155550100", "label": "Aetna"}
    mine = (await client.post(URL, json=body)).json()
    theirs = await client.post(URL, json=body | {"label": "Nobody"}, headers=other.headers)
    assert theirs.json()["id"] != mine["id"]
    assert (await client.delete(f"{URL}/{mine['id']}", headers=other.headers)).status_code == 404
    assert (await client.get(URL)).json() == [mine]
