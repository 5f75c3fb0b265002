"""Trunks that come and go while the phone runs, at a real registrar that wants a password."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.process import until
from tests.peers.registrar import Registrar
from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, follow, phone
from thunderbox.calls.ports import Destination, Registration
from thunderbox.errors import LegError
from thunderbox.settings import TrunkSettings
from thunderbox.sip.accounts import ROOM
from thunderbox.sip.endpoint import Phone
from thunderbox.voice.leg import Answered, EndCause

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]
NUMBER = 5


def login(registrar: Registrar, **settings: object) -> TrunkSettings:
    """Settings for a registrar."""
    known = {"server": registrar.server, "user": "box", "password": registrar.password}
    return TrunkSettings(**{**known, "retry_seconds": 1, **settings})  # type: ignore[arg-type]


async def stands(running: Phone, registration: Registration, number: int = NUMBER) -> None:
    """Wait for a state of a trunk."""

    def reached() -> bool:
        state = running.trunk_state(number)
        return state is not None and state.registration is registration

    await until(reached, what=lambda: f"{registration}, it is {running.trunk_state(number)}")


async def test_it_registers_takes_calls_places_calls_and_goes(
    tmp_path: Path, free_port: Ports
) -> None:
    callee = free_port()
    registrar = Registrar(tmp_path / "pbx", port=free_port(), callee_port=callee)
    desk = Receptionist(speaks=0.5)
    async with registrar, phone(free_port(), desk) as running:
        assert running.trunk_state(NUMBER) is None
        await running.open_trunk(NUMBER, login(registrar))
        await stands(running, Registration.REGISTERED)

        uas = await Sipp.start(tmp_path / "callee", "callee_answers", port=callee)
        leg = await running.dial(Destination("+15550111", "+15550100", NUMBER), 10)
        call = await follow(leg)
        await until(lambda: call.has(Answered), what="the answer")
        await leg.hang_up()
        assert (await call.ended()).cause is EndCause.AGENT_END
        assert (await uas.score()).successful == 1

        uac = await Sipp.start(
            tmp_path / "caller", "uac", port=free_port(), remote=registrar.server, user="box"
        )
        assert (await uac.score()).successful == 1
        invitation = desk.calls[0].invitation
        assert invitation is not None
        assert (invitation.called, invitation.trunk, invitation.meant) == ("box", NUMBER, "box")

        await running.close_trunk(NUMBER)
        assert running.trunk_state(NUMBER) is None
        await until(lambda: registrar.peer.output.count("registered ") == 2, what="the farewell")
        with pytest.raises(LegError, match="none is configured"):
            await running.dial(Destination("+15550111", "+15550100", NUMBER), 10)


async def test_a_call_that_came_straight_has_no_trunk(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist(speaks=0.1)
    async with phone(port, desk):
        uac = await Sipp.start(tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}")
        assert (await uac.score()).successful == 1
    assert desk.calls[0].invitation is not None
    assert desk.calls[0].invitation.trunk is None


async def test_a_server_that_forgets_parameters_is_known_by_its_address(
    tmp_path: Path, free_port: Ports
) -> None:
    port = free_port()
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    desk = Receptionist(speaks=0.1)
    async with registrar, phone(port, desk) as running:
        await running.open_trunk(NUMBER, login(registrar))
        await stands(running, Registration.REGISTERED)
        for user in ("box", "somebody"):
            uac = await Sipp.start(
                tmp_path / user, "uac", port=free_port(), remote=f"127.0.0.1:{port}", user=user
            )
            assert (await uac.score()).successful == 1
        found = [call.invitation.trunk for call in desk.calls if call.invitation is not None]
        assert found == [NUMBER, None]


async def test_a_running_call_ends_with_its_trunk(tmp_path: Path, free_port: Ports) -> None:
    callee = free_port()
    registrar = Registrar(tmp_path / "pbx", port=free_port(), callee_port=callee)
    async with registrar, phone(free_port(), Receptionist()) as running:
        await running.open_trunk(NUMBER, login(registrar))
        await stands(running, Registration.REGISTERED)
        uas = await Sipp.start(tmp_path / "callee", "callee_answers", port=callee)
        call = await follow(await running.dial(Destination("+15550111", "", NUMBER), 10))
        await until(lambda: call.has(Answered), what="the answer")
        await running.close_trunk(NUMBER)
        await call.ended(5)
        assert (await uas.score()).successful == 1
        await running.open_trunk(NUMBER, login(registrar))
        await stands(running, Registration.REGISTERED)


async def test_places_are_used_again(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    async with registrar, phone(free_port(), Receptionist()) as running:
        for number in range(1, 2 * ROOM):
            await running.open_trunk(number, login(registrar))
            await stands(running, Registration.REGISTERED, number)
            await running.close_trunk(number)
        assert running.state().failures == 0


async def test_there_is_room_for_seven(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    async with registrar, phone(free_port(), Receptionist()) as running:
        for number in range(1, ROOM):
            await running.open_trunk(number, login(registrar, user=f"box{number}"))
        for number in range(1, ROOM):
            await stands(running, Registration.REGISTERED, number)
        with pytest.raises(LegError, match="room for 7 trunks"):
            await running.open_trunk(ROOM, login(registrar))
        with pytest.raises(LegError, match="room for 7 trunks"):
            await running.try_trunk(login(registrar))
        await running.open_trunk(1, login(registrar, user="another"))
        await stands(running, Registration.REGISTERED, 1)
        assert running.state().failures == 0


async def test_a_login_is_tried_and_undone(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    async with registrar, phone(free_port(), Receptionist()) as running:
        good = await running.try_trunk(login(registrar))
        assert (good.registration, good.status) == (Registration.REGISTERED, 200)
        await until(lambda: registrar.peer.output.count("registered ") == 2, what="the farewell")
        bad = await running.try_trunk(login(registrar, password="wrong"))
        assert (bad.registration, bad.status) == (Registration.FAILED, 401)
        lost = await running.try_trunk(login(registrar, server="pbx.invalid"))
        assert lost.registration is Registration.FAILED
        assert lost.text
    with pytest.raises(LegError, match="not running"):
        await running.try_trunk(login(registrar))


async def test_a_server_that_wants_no_registration_is_called_at_once(
    tmp_path: Path, free_port: Ports
) -> None:
    callee = free_port()
    registrar = Registrar(tmp_path / "pbx", port=free_port(), callee_port=callee)
    async with registrar, phone(free_port(), Receptionist()) as running:
        await running.open_trunk(NUMBER, login(registrar, register=False))
        await stands(running, Registration.NOT_NEEDED)
        uas = await Sipp.start(tmp_path / "callee", "callee_answers", port=callee)
        leg = await running.dial(Destination("+15550111", "+15550100", NUMBER), 10)
        call = await follow(leg)
        await until(lambda: call.has(Answered), what="the answer")
        await leg.hang_up()
        await call.ended()
        assert (await uas.score()).successful == 1
    assert "registered " not in registrar.peer.output


async def test_it_comes_back_after_a_crash_of_the_card(tmp_path: Path, free_port: Ports) -> None:
    registrar = Registrar(tmp_path / "pbx", port=free_port())
    async with registrar, phone(free_port(), Receptionist(), separate_process=True) as running:
        await running.open_trunk(NUMBER, login(registrar))
        await stands(running, Registration.REGISTERED)
        os.kill(running.state().process, signal.SIGKILL)
        await stands(running, Registration.FAILED)
        await stands(running, Registration.REGISTERED)
