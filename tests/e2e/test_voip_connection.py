"""A trunk of one's own, from the API to a real registrar that wants a password and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.box import Box
from tests.e2e.conftest import StartBox
from tests.peers.registrar import Registrar
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e

CALLEE = "+15550111"
OWN = "+4930123456"
PASSWORD = "horse-battery-staple"


async def connect(box: Box, registrar: Registrar) -> dict[str, Any]:
    """Try a trunk and make a connection of it."""
    given = {
        "provider": "manual",
        "credentials": {"password": registrar.password},
        "sip_config": {"server": registrar.server, "username": OWN},
    }
    tried = (await box.api.post("/v1/voip-connections/test", json=given)).json()
    assert tried["status"] == "pass", tried
    given["verification_evidence_id"] = tried["verification_evidence_id"]
    made = await box.api.post("/v1/voip-connections", json=given)
    assert made.status_code == 201, made.text
    assert registrar.password not in made.text
    connection: dict[str, Any] = made.json()
    return connection


async def connected(box: Box, connection_id: int) -> None:
    """Wait until a connection is registered."""
    async with asyncio.timeout(20):
        while (await box.get(f"/v1/voip-connections/{connection_id}"))["status"] != "connected":
            await asyncio.sleep(0.05)


async def test_a_trunk_is_tried_kept_called_through_and_taken_away(
    start_box: StartBox, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    callee = free_port()
    registrar = Registrar(
        tmp_path / "pbx",
        port=free_port(),
        password=PASSWORD,
        caller=OWN,
        callee=CALLEE,
        callee_port=callee,
    )
    async with registrar:
        box = await start_box()
        wrong = {"server": registrar.server, "username": OWN, "password": "wrong"}
        body = {"provider": "manual", "sip_config": wrong}
        tried = (await box.api.post("/v1/voip-connections/test", json=body)).json()
        assert (tried["status"], tried["checks"]["credentials_valid"]) == ("fail", False)
        assert "401" in tried["test_result"]["detail"]

        connection = await connect(box, registrar)
        await connected(box, connection["id"])
        path = f"/v1/voip-connections/{connection['id']}/import-numbers"
        [number] = (await box.api.post(path, json={"numbers": [OWN]})).json()["results"]
        agent = (await box.get("/v1/agents"))[0]["id"]
        path = f"/v1/phone-numbers/{number['id']}"
        verified = (await box.api.post(f"{path}/verify-voip")).json()
        assert (verified["status"], verified["voip_verification_status"]) == ("active", "verified")
        both = {"inbound_agent_id": agent, "outbound_agent_id": agent}
        changed = (await box.api.patch(path, json=both)).json()
        assert changed["outbound_eligible"] is True

        proof = (await box.api.post(f"{path}/test-inbound")).json()
        assert proof["voip_inbound_status"] == "passed", proof
        assert proof["inbound_probe"]["proves_outbound"] is True
        assert (await box.get("/v1/calls"))["total"] == 0, "a test is no call"

        uas = await Sipp.start(tmp_path / "callee", "callee_answers", port=callee)
        placed = await box.api.post("/v1/call", json={"from_number": OWN, "to_number": CALLEE})
        assert placed.status_code == 201, placed.text
        async with asyncio.timeout(20):
            while not (await box.get(f"/v1/calls/{placed.json()['call_id']}"))["sip_answered_at"]:
                await asyncio.sleep(0.05)
        await box.stop()
        score = await uas.score()
        assert score.successful == 1, score.messages
        assert f"From: <sip:{OWN}@127.0.0.1>" in score.messages

        box = await start_box()
        await connected(box, connection["id"])
        ready = await box.get("/readyz")
        assert ready["parts"][f"connection_{connection['id']}"]["registration"] == "registered"
        file = tmp_path / "data" / "thunderbox.db"
        kept = file.read_bytes() + file.with_name("thunderbox.db-wal").read_bytes()
        assert registrar.password.encode() not in kept
        assert (tmp_path / "data" / "secrets" / "vault-key").stat().st_mode & 0o777 == 0o600

        before = registrar.peer.output.count("registered ")
        gone = await box.api.delete(f"/v1/voip-connections/{connection['id']}")
        assert gone.status_code == 204
        async with asyncio.timeout(10):
            while registrar.peer.output.count("registered ") == before:
                await asyncio.sleep(0.05)
        assert (await box.api.get(path)).status_code == 404
        await box.stop()
