"""Connections as tests ask for them."""

from __future__ import annotations

import httpx

URL = "/v1/voip-connections"
SIP = {"server": "pbx.example.com:5080", "username": "box"}
TRUNK = {"provider": "manual", "credentials": {"password": "hunter2"}, "sip_config": SIP}
OWN = "+4930123456"


async def tested(client: httpx.AsyncClient, **body: object) -> dict:
    """What a test of a connection found."""
    return (await client.post(f"{URL}/test", json=body)).json()


async def make(client: httpx.AsyncClient, **body: object) -> dict:
    """A connection, with the proof that it needs."""
    proof = await tested(client, **body)
    body["verification_evidence_id"] = proof["verification_evidence_id"]
    response = await client.post(URL, json=body)
    assert response.status_code == 201, response.text
    return response.json()
