"""Access tokens: only what this box signed opens a room, and only in its time."""

from __future__ import annotations

import jwt
import pytest

from thunderbox.errors import UnauthorizedError
from thunderbox.rtc.tokens import EARLY_S, TOKEN_S, AccessTokens

SECRET = b"s" * 32
OTHER = b"o" * 32


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def now_ms(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> AccessTokens:
    return AccessTokens(SECRET, clock)


def claims(clock: Clock, **changes: object) -> dict[str, object]:
    now = int(clock.seconds)
    base: dict[str, object] = {
        "iss": "thunderbox",
        "sub": "visitor",
        "nbf": now,
        "exp": now + 60,
        "jti": "one",
        "video": {"room": "mic-1", "roomJoin": True},
    }
    base.update(changes)
    return {name: value for name, value in base.items() if value is not None}


def test_a_token_says_which_room_it_opens_and_for_whom(tokens: AccessTokens) -> None:
    grant = tokens.read(tokens.mint("mic-7", "visitor"))
    assert (grant.room, grant.identity, grant.hears_only) == ("mic-7", "visitor", False)


def test_a_supervisors_token_only_hears(tokens: AccessTokens) -> None:
    token = tokens.mint("listen-7", "supervisor", hears_only=True)
    video = jwt.decode(token, options={"verify_signature": False})["video"]
    assert tokens.read(token).hears_only
    assert (video["canPublish"], video["canPublishData"], video["hidden"]) == (False, False, True)


def test_a_visitors_token_permits_the_microphone_and_nothing_else(tokens: AccessTokens) -> None:
    video = jwt.decode(tokens.mint("mic-7", "v"), options={"verify_signature": False})["video"]
    assert video["canPublishSources"] == ["microphone"]
    assert not video["hidden"]


def test_two_tokens_of_a_room_are_told_apart(tokens: AccessTokens) -> None:
    first, second = (tokens.read(tokens.mint("mic-7", "visitor")) for _ in range(2))
    assert first.token_id != second.token_id


def test_a_token_expires_and_can_still_be_read(tokens: AccessTokens, clock: Clock) -> None:
    token = tokens.mint("mic-7", "visitor")
    clock.seconds += TOKEN_S - 1
    assert not tokens.has_expired(tokens.read(token))
    clock.seconds += 1
    assert tokens.has_expired(tokens.read(token))


def test_a_token_holds_a_little_before_it_was_made(tokens: AccessTokens, clock: Clock) -> None:
    token = tokens.mint("mic-7", "visitor")
    clock.seconds -= EARLY_S
    assert tokens.read(token).room == "mic-7"
    clock.seconds -= 1
    with pytest.raises(UnauthorizedError, match="not valid yet"):
        tokens.read(token)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"iss": "somebody"}, "not made by this box"),
        ({"iss": None}, "not made by this box"),
        ({"sub": None}, "not made by this box"),
        ({"sub": 7}, "not made by this box"),
        ({"jti": None}, "not made by this box"),
        ({"exp": None}, "not made by this box"),
        ({"nbf": None}, "not made by this box"),
        ({"exp": "soon"}, "no numbers"),
        ({"nbf": "then"}, "no numbers"),
        ({"video": None}, "does not allow"),
        ({"video": "all"}, "does not allow"),
        ({"video": {"room": "mic-1"}}, "does not allow"),
        ({"video": {"room": "mic-1", "roomJoin": "yes"}}, "does not allow"),
        ({"video": {"roomJoin": True}}, "does not allow"),
        ({"video": {"room": "", "roomJoin": True}}, "does not allow"),
    ],
)
def test_a_token_with_wrong_claims_is_refused(
    tokens: AccessTokens, clock: Clock, change: dict[str, object], says: str
) -> None:
    token = jwt.encode(claims(clock, **change), SECRET, algorithm="HS256")
    with pytest.raises(UnauthorizedError, match=says):
        tokens.read(token)


def test_a_token_of_another_secret_is_refused(tokens: AccessTokens, clock: Clock) -> None:
    with pytest.raises(UnauthorizedError, match="not made by this box"):
        tokens.read(jwt.encode(claims(clock), OTHER, algorithm="HS256"))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused(
    tokens: AccessTokens, clock: Clock, algorithm: str
) -> None:
    with pytest.raises(UnauthorizedError, match="not made by this box"):
        tokens.read(jwt.encode(claims(clock), SECRET * 2, algorithm=algorithm))


def test_a_token_without_a_signature_is_refused(tokens: AccessTokens, clock: Clock) -> None:
    unsigned = jwt.encode(claims(clock), "", algorithm="none")
    with pytest.raises(UnauthorizedError, match="not made by this box"):
        tokens.read(unsigned)
    header, body, _ = tokens.mint("mic-7", "visitor").split(".")
    with pytest.raises(UnauthorizedError, match="not made by this box"):
        tokens.read(f"{header}.{body}.")


@pytest.mark.parametrize("text", ["x", "a.b.c", "ä.ö.ü", "....", "\x00"])
def test_rubbish_is_refused(tokens: AccessTokens, text: str) -> None:
    with pytest.raises(UnauthorizedError, match="not made by this box"):
        tokens.read(text)


def test_no_token_and_an_endless_one_are_refused(tokens: AccessTokens) -> None:
    with pytest.raises(UnauthorizedError, match="No access token"):
        tokens.read("")
    with pytest.raises(UnauthorizedError, match="too long"):
        tokens.read("x" * 5000)
