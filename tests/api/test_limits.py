"""Limits: how often a key may ask and a password be guessed, what it costs, and what is told."""

from __future__ import annotations

import pytest

from tests.api.conftest import Tenant
from tests.api.people import PASSWORD, make_person
from tests.fakes.clock import Seconds
from thunderbox.api.limiter import Limiter, whole_seconds
from thunderbox.api.limits import Limits
from thunderbox.errors import TooManyError
from thunderbox.settings import LimitSettings


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


def test_a_burst_is_let_through_and_then_the_rate(clock: Seconds):
    limiter = Limiter(per_second=2, burst=3, clock=clock)
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert limiter.take("a") == 0
    assert limiter.take("a") == pytest.approx(0.5)


def test_a_refused_request_costs_nothing(clock: Seconds):
    limiter = Limiter(per_second=1, burst=1, clock=clock)
    limiter.take("a")
    for _ in range(50):
        limiter.take("a")
    clock.now += 1
    assert limiter.take("a") == 0


def test_every_key_has_a_bucket_of_its_own(clock: Seconds):
    limiter = Limiter(per_second=1, burst=1, clock=clock)
    assert [limiter.take(key) for key in "abc"] == [0, 0, 0]


def test_memory_is_bounded_and_keeps_the_busiest(clock: Seconds):
    limiter = Limiter(per_second=1, burst=1, clock=clock, remembered=10)
    limiter.take("busy")
    for number in range(1000):
        limiter.take(number)
        if number % 5 == 0:
            clock.now += 1
            limiter.take("busy")
    assert len(limiter) == 10
    assert limiter.take("busy") > 0


@pytest.mark.parametrize(("wait", "seconds"), [(0.01, 1), (1.0, 1), (1.2, 2), (180.0, 180)])
def test_a_wait_is_told_in_whole_seconds(wait, seconds):
    assert whole_seconds(wait) == seconds


async def test_a_key_that_asks_too_often_is_told_to_wait(
    app, client, other: Tenant, clock: Seconds
):
    app.state.limits = Limits(LimitSettings(requests_per_minute=60), clock)
    statuses = [(await client.get("/v1/agents")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = await client.get("/v1/agents")
    assert (refused.headers["retry-after"], list(refused.json())) == ("1", ["detail"])
    assert (await client.get("/v1/agents", headers=other.headers)).status_code == 200
    assert (await client.get("/v1/healthz")).status_code == 200
    clock.now += 1
    assert (await client.get("/v1/agents")).status_code == 200


async def test_the_limit_of_a_key_can_be_lifted(app, client, clock: Seconds):
    app.state.limits = Limits(LimitSettings(requests_per_minute=0), clock)
    assert {(await client.get("/v1/voices")).status_code for _ in range(20)} == {200}


async def test_wrong_passwords_have_to_wait(app, anonymous, db, clock: Seconds):
    app.state.limits = Limits(LimitSettings(sign_in_tries=3, sign_in_minutes=10), clock)
    await make_person(db, "pat@example.com")
    body = {"email": "pat@example.com", "password": "wrong"}
    statuses = [(await anonymous.post("/v1/auth/sign-in", json=body)).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    right = await anonymous.post("/v1/auth/sign-in", json=body | {"password": PASSWORD})
    assert (right.status_code, right.headers["retry-after"]) == (429, "200")
    assert "Try again in 200 s." in right.json()["detail"]
    clock.now += 200
    right = await anonymous.post("/v1/auth/sign-in", json=body | {"password": PASSWORD})
    assert right.status_code == 201


async def test_a_right_password_begins_anew(app, anonymous, db, clock: Seconds):
    app.state.limits = Limits(LimitSettings(sign_in_tries=2), clock)
    await make_person(db, "pat@example.com")
    body = {"email": "pat@example.com"}
    for password, status in (("x", 401), (PASSWORD, 201), ("x", 401), ("x", 401), ("x", 429)):
        response = await anonymous.post("/v1/auth/sign-in", json=body | {"password": password})
        assert response.status_code == status


def test_nobody_else_is_locked_out_by_who_guesses(clock: Seconds):
    limits = Limits(LimitSettings(sign_in_tries=2), clock)
    for _ in range(2):
        limits.count_sign_in("pat@example.com", "203.0.113.1")
    with pytest.raises(TooManyError):
        limits.count_sign_in("PAT@example.com", "203.0.113.1")
    limits.count_sign_in("pat@example.com", "203.0.113.2")
    limits.count_sign_in("kim@example.com", "203.0.113.1")


def test_one_address_cannot_try_every_account(clock: Seconds):
    limits = Limits(LimitSettings(sign_in_tries=1), clock)
    for number in range(10):
        limits.count_sign_in(f"{number}@example.com", "203.0.113.1")
    with pytest.raises(TooManyError):
        limits.count_sign_in("11@example.com", "203.0.113.1")


def test_many_addresses_cannot_try_one_account_for_ever(clock: Seconds):
    limits = Limits(LimitSettings(sign_in_tries=1), clock)
    for number in range(10):
        limits.count_sign_in("pat@example.com", f"203.0.113.{number}")
    with pytest.raises(TooManyError):
        limits.count_sign_in("pat@example.com", "203.0.113.11")
