"""A storm of calls and connections, which would otherwise end the process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, phone
from thunderbox.sip.throttle import CONNECTIONS, KEPT_SECONDS, MEDIA, OPEN, Throttle

Ports = Callable[[], int]


class Clock:
    """A time that tests set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_many_calls_pause_for_a_moment() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(MEDIA):
        assert not throttle.full
        throttle.call()
    assert throttle.full
    clock.now += KEPT_SECONDS + 0.01
    assert not throttle.full


def test_an_offer_of_much_media_counts_for_many() -> None:
    throttle = Throttle(Clock())
    throttle.call("INVITE\r\n\r\nv=0\r\n" + "m=audio 1 RTP/AVP 0\r\n" * (MEDIA - 1))
    assert not throttle.full
    throttle.call("INVITE\r\n\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n")
    assert throttle.full


def test_too_many_connections_are_to_be_closed() -> None:
    throttle = Throttle(Clock())
    assert [throttle.connected() for _ in range(OPEN + 1)] == [True] * OPEN + [False]
    throttle.closed()
    throttle.closed()
    assert throttle.connected()


def test_many_closed_connections_pause_for_a_moment() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    churned = 0
    while not throttle.full:
        throttle.connected()
        throttle.closed()
        churned += 1
    assert churned == CONNECTIONS
    clock.now += KEPT_SECONDS + 0.01
    assert not throttle.full


@pytest.mark.e2e
async def test_a_storm_of_forbidden_calls(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    async with phone(port, Receptionist(), allowed_networks=("10.0.0.0/8",)):
        sipp = await Sipp.start(
            tmp_path,
            "forbidden",
            port=free_port(),
            remote=f"127.0.0.1:{port}",
            calls=80,
            at_once=4,
            rate=500,
        )
        assert (await sipp.score()).successful == 80
