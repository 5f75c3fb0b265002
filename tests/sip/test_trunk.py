"""The trunk: a real registrar that wants a password, goes away, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.process import until
from tests.peers.registrar import Registrar
from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, follow, phone
from thunderbox.calls.ports import Destination, Registration
from thunderbox.settings import TrunkSettings
from thunderbox.sip.endpoint import Phone
from thunderbox.voice.leg import Answered, EndCause

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


def trunk_to(registrar: Registrar, **settings: object) -> TrunkSettings:
    """Settings for a registrar."""
    known = {"server": registrar.server, "user": "box", "password": registrar.password}
    return TrunkSettings(**{**known, "retry_seconds": 1, **settings})  # type: ignore[arg-type]


async def stands(running: Phone, registration: Registration, seconds: float = 20) -> None:
    """Wait for a state of the trunk."""
    await until(
        lambda: running.state().trunk.registration is registration,
        seconds,
        lambda: f"{registration}, it is {running.state().trunk}",
    )


async def test_registers_and_calls_through(tmp_path: Path, free_port: Ports) -> None:
    callee = free_port()
    registrar = Registrar(tmp_path / "pbx", port=free_port(), callee_port=callee)
    desk = Receptionist()
    # By name, so that the phone has to find the address itself.
    settings = trunk_to(registrar, server=registrar.server.replace("127.0.0.1", "localhost"))
    async with registrar, phone(free_port(), desk, trunk=settings) as running:
        await stands(running, Registration.REGISTERED)
        assert running.state().trunk.status == 200

        uas = await Sipp.start(tmp_path / "callee", "callee_answers", port=callee)
        leg = await running.dial(Destination("+15550111", "+15550100"), 10)
        call = await follow(leg)
        await until(lambda: call.has(Answered), what="the answer")
        await leg.hang_up()
        assert (await call.ended()).cause is EndCause.AGENT_END
        score = await uas.score()
        assert score.successful == 1, score.messages
        assert "From: <sip:+15550100@localhost>;tag=" in score.messages
        assert "hide" not in score.messages

        uac = await Sipp.start(
            tmp_path / "caller", "uac", port=free_port(), remote=registrar.server, user="box"
        )
        assert (await uac.score()).successful == 1
        assert desk.calls[0].invitation is not None
        assert desk.calls[0].invitation.called == "box"
        before = registrar.peer.output.count("registered ")
    assert registrar.peer.output.count("registered ") == before + 1, "it unregisters"


async def test_a_wrong_password_is_reported(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    settings = trunk_to(registrar, password="wrong")
    async with registrar, phone(free_port(), Receptionist(), trunk=settings) as running:
        await stands(running, Registration.FAILED)
        assert running.state().trunk.status in (401, 403)
        call = await follow(await running.dial(Destination("+15550111", "+15550100"), 10))
        end = await call.ended()
        assert end.cause is EndCause.REGISTRATION_LOST
        assert end.sip_status == running.state().trunk.status


async def test_comes_back_after_a_loss(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    settings = trunk_to(registrar, transport="tcp", expires_seconds=10)
    async with phone(free_port(), Receptionist(), trunk=settings) as running:
        await stands(running, Registration.FAILED)
        await registrar.start()
        await stands(running, Registration.REGISTERED)
        since = running.state().trunk.since
        await registrar.stop()
        await stands(running, Registration.FAILED)
        assert running.state().trunk.since > since
        await registrar.start()
        await stands(running, Registration.REGISTERED)
    await registrar.stop()


async def test_a_server_whose_name_is_unknown(free_port: Ports) -> None:
    settings = TrunkSettings(server="pbx.invalid", user="box", retry_seconds=1)
    async with phone(free_port(), Receptionist(), trunk=settings) as running:
        await stands(running, Registration.FAILED)
        assert running.state().trunk.text
